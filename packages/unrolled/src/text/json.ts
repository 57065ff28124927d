// A strict JSON scanner for files that may be hostile: objects are Maps, a key that comes twice is refused, depth and size are bounded.
// JSON.parse can do neither, and it rounds integers above 2^53 without a word.
import { loneSurrogate, unitsToString } from "./utf8.js";

export type Json = null | boolean | number | string | readonly Json[] | ReadonlyMap<string, Json>;

export type JsonFault =
  | "json-syntax"
  | "json-duplicate-key"
  | "json-depth"
  | "json-values"
  | "json-control-character"
  | "json-lone-surrogate"
  | "json-negative"
  | "json-fraction"
  | "json-huge";

export interface JsonRules {
  readonly depth: number;
  readonly values: number;
  /** Only 0, 1, 2 ... 2^53 - 1, written without sign, point or exponent. */
  readonly naturals: boolean;
  /** Throws the error of the file being read. */
  readonly fail: (fault: JsonFault, message: string) => never;
}

interface Scan {
  readonly text: string;
  readonly rules: JsonRules;
  at: number;
  depth: number;
  values: number;
}

/** The one value that `text` holds, whitespace around it allowed. Throws what `rules.fail` throws. */
export function parseJson(text: string, rules: JsonRules): Json {
  const scan: Scan = { text, rules, at: 0, depth: 0, values: 0 };
  skipSpace(scan);
  const value = readValue(scan);
  skipSpace(scan);
  if (scan.at < text.length) wanted(scan, "the end");
  return value;
}

function wanted(scan: Scan, what: string): never {
  const unit = scan.text[scan.at];
  return scan.rules.fail(
    "json-syntax",
    `character ${scan.at} must be ${what}, was ${unit === undefined ? "the end" : JSON.stringify(unit)}`,
  );
}

function skipSpace(scan: Scan): void {
  for (;;) {
    const unit = scan.text.charCodeAt(scan.at);
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
    scan.at++;
  }
}

function readValue(scan: Scan): Json {
  if (++scan.values > scan.rules.values) scan.rules.fail("json-values", `more than ${scan.rules.values} values`);
  switch (scan.text[scan.at]) {
    case "{":
      return nested(scan, readObject);
    case "[":
      return nested(scan, readList);
    case '"':
      return readString(scan);
    case "t":
      return readWord(scan, "true", true);
    case "f":
      return readWord(scan, "false", false);
    case "n":
      return readWord(scan, "null", null);
    default:
      return readNumber(scan);
  }
}

function nested(scan: Scan, read: (scan: Scan) => Json): Json {
  if (++scan.depth > scan.rules.depth) {
    scan.rules.fail("json-depth", `nested deeper than ${scan.rules.depth} at character ${scan.at}`);
  }
  scan.at++;
  skipSpace(scan);
  const value = read(scan);
  scan.depth--;
  return value;
}

function readObject(scan: Scan): Json {
  const entries = new Map<string, Json>();
  if (scan.text[scan.at] === "}") {
    scan.at++;
    return entries;
  }
  for (;;) {
    if (scan.text[scan.at] !== '"') wanted(scan, "a key in quotes");
    const key = readString(scan);
    if (entries.has(key)) scan.rules.fail("json-duplicate-key", `the key ${JSON.stringify(key)} comes twice`);
    skipSpace(scan);
    if (scan.text[scan.at] !== ":") wanted(scan, "a colon");
    scan.at++;
    skipSpace(scan);
    entries.set(key, readValue(scan));
    if (!another(scan, "}")) return entries;
  }
}

function readList(scan: Scan): Json {
  const items: Json[] = [];
  if (scan.text[scan.at] === "]") {
    scan.at++;
    return items;
  }
  for (;;) {
    items.push(readValue(scan));
    if (!another(scan, "]")) return items;
  }
}

function another(scan: Scan, end: string): boolean {
  skipSpace(scan);
  const unit = scan.text[scan.at];
  if (unit !== "," && unit !== end) wanted(scan, `a comma or ${end}`);
  scan.at++;
  skipSpace(scan);
  return unit === ",";
}

function readWord<T extends Json>(scan: Scan, word: string, value: T): T {
  if (!scan.text.startsWith(word, scan.at)) wanted(scan, "a value");
  scan.at += word.length;
  return value;
}

function readString(scan: Scan): string {
  const { text } = scan;
  const from = ++scan.at;
  const escapes = toClosingQuote(scan);
  const end = scan.at++;
  if (!escapes) return text.slice(from, end);
  // One array for all units: pieces of text joined one by one would take many times the memory of the file.
  const units = new Uint16Array(end - from);
  let count = 0;
  const inside: Scan = { ...scan, at: from };
  while (inside.at < end) {
    if (text.charCodeAt(inside.at) === 0x5c) units[count++] = readEscape(inside);
    else units[count++] = text.charCodeAt(inside.at++);
  }
  const value = unitsToString(units, count);
  if (loneSurrogate(value) >= 0) {
    scan.rules.fail("json-lone-surrogate", `half a surrogate pair in the text that ends at character ${end}`);
  }
  return value;
}

/** Moves to the quote that ends a text; says whether an escape lies before it. */
function toClosingQuote(scan: Scan): boolean {
  const { text, rules } = scan;
  let escapes = false;
  for (;;) {
    const unit = text.charCodeAt(scan.at);
    if (unit === 0x22) return escapes;
    if (unit === 0x5c) escapes = true;
    if (Number.isNaN(unit)) wanted(scan, "a closing quote");
    if (unit < 0x20) rules.fail("json-control-character", `a bare control character in the text at ${scan.at}`);
    scan.at += unit === 0x5c ? 2 : 1;
  }
}

const escapeLetters = '"\\/bfnrt';
const escapedLetters = '"\\/\b\f\n\r\t';

/** The UTF-16 unit that an escape stands for. */
function readEscape(scan: Scan): number {
  const letter = scan.text[scan.at + 1]!;
  if (letter === "u") {
    let code = 0;
    for (let i = 2; i < 6; i++) {
      const digit = "0123456789abcdef".indexOf((scan.text[scan.at + i] ?? "?").toLowerCase());
      if (digit < 0) wanted(scan, "an escape with four hexadecimal digits");
      code = code * 16 + digit;
    }
    scan.at += 6;
    return code;
  }
  const place = escapeLetters.indexOf(letter);
  if (place < 0) wanted(scan, "a known escape");
  scan.at += 2;
  return escapedLetters.charCodeAt(place);
}

function digits(scan: Scan): number {
  const from = scan.at;
  while (scan.text.charCodeAt(scan.at) >= 0x30 && scan.text.charCodeAt(scan.at) <= 0x39) scan.at++;
  return scan.at - from;
}

function readNumber(scan: Scan): number {
  const { text, rules } = scan;
  const from = scan.at;
  const negative = text[scan.at] === "-";
  if (negative) scan.at++;
  const leadingZero = text[scan.at] === "0";
  const whole = digits(scan);
  if (whole === 0 || (leadingZero && whole > 1)) {
    scan.at = from;
    wanted(scan, "a value");
  }
  let fraction = false;
  if (text[scan.at] === ".") {
    fraction = true;
    scan.at++;
    if (digits(scan) === 0) wanted(scan, "a digit");
  }
  if (text[scan.at] === "e" || text[scan.at] === "E") {
    fraction = true;
    scan.at++;
    if (text[scan.at] === "+" || text[scan.at] === "-") scan.at++;
    if (digits(scan) === 0) wanted(scan, "a digit");
  }
  const value = Number(text.slice(from, scan.at));
  if (!rules.naturals && !Number.isFinite(value)) rules.fail("json-huge", `the number at ${from} is too large`);
  if (rules.naturals) {
    if (negative) rules.fail("json-negative", `the number at character ${from} must not be negative`);
    if (fraction) rules.fail("json-fraction", `the number at character ${from} must be written as a whole number`);
    if (value > Number.MAX_SAFE_INTEGER) rules.fail("json-huge", `the number at character ${from} is above 2^53 - 1`);
  }
  return value;
}
