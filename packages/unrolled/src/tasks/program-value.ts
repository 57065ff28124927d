// What a generated program prints: an evaluator of its own for the language of learning to execute, exact at any size. The
// language is a small part of Python: assignments, one-line loops, +=, -=, print, and (a if b<c else d), +, -, * in brackets.
import { DataError } from "../errors.js";

/** Loops run at most this often in all: a hostile program ends. */
const patience = 1_000_000;

/** Brackets within brackets. */
const deepest = 500;

interface Reader {
  readonly text: string;
  at: number;
  depth: number;
}

interface Values {
  readonly of: Map<string, bigint>;
  /** Passes of loops so far. */
  passes: number;
}

/**
 * Runs lines such as `j=8584`, `for x in range(8):j+=920` and at last `print((b+7567))`; returns what is printed. Several
 * statements may share a line, parted by ";". Throws DataError where the text is not of the language.
 */
export function programOutput(program: string): string {
  const values: Values = { of: new Map(), passes: 0 };
  let printed: string | undefined;
  for (const line of program.split(/[\n;]/)) {
    if (line.trim() === "") continue;
    if (printed !== undefined) throw wrong(line, 0, "nothing after print");
    printed = runLine({ text: line.trim(), at: 0, depth: 0 }, values);
  }
  if (printed === undefined) throw wrong(program, program.length, "print(...)");
  return printed;
}

function runLine(reader: Reader, values: Values): string | undefined {
  if (accept(reader, "print(")) {
    const value = expression(reader, values);
    expect(reader, ")");
    atEnd(reader);
    return value.toString();
  }
  if (accept(reader, "for x in range(")) {
    const passes = expression(reader, values);
    expect(reader, "):");
    const body = reader.at;
    if (passes <= 0n) return undefined;
    for (let i = 0n; i < passes; i++) {
      if (++values.passes > patience) throw wrong(reader.text, body, `at most ${patience} passes of loops`);
      reader.at = body;
      assignment(reader, values);
    }
    return undefined;
  }
  assignment(reader, values);
  return undefined;
}

function assignment(reader: Reader, values: Values): void {
  const name = variableName(reader);
  const operator = ["+=", "-=", "="].find((each) => accept(reader, each));
  if (operator === undefined) throw wrong(reader.text, reader.at, "=, += or -=");
  const value = expression(reader, values);
  atEnd(reader);
  const old = operator === "=" ? 0n : lookUp(reader, values, name);
  values.of.set(name, operator === "-=" ? old - value : old + value);
}

/** A number, a variable, or in brackets: a sum, difference, product or choice; at the top the brackets may be left out. */
function expression(reader: Reader, values: Values): bigint {
  const first = atom(reader, values);
  if (accept(reader, "+")) return first + atom(reader, values);
  if (accept(reader, "-")) return first - atom(reader, values);
  if (accept(reader, "*")) return first * atom(reader, values);
  if (!accept(reader, " if ")) return first;
  const left = atom(reader, values);
  const comparison = ["<", ">", "=="].find((each) => accept(reader, each));
  if (comparison === undefined) throw wrong(reader.text, reader.at, "<, > or ==");
  const right = atom(reader, values);
  expect(reader, " else ");
  const other = atom(reader, values);
  const holds = comparison === "<" ? left < right : comparison === ">" ? left > right : left === right;
  return holds ? first : other;
}

function atom(reader: Reader, values: Values): bigint {
  if (accept(reader, "(")) {
    if (++reader.depth > deepest) throw wrong(reader.text, reader.at, `brackets at most ${deepest} deep`);
    const value = expression(reader, values);
    expect(reader, ")");
    reader.depth--;
    return value;
  }
  const negative = accept(reader, "-");
  const start = reader.at;
  while (isDigit(reader.text[reader.at])) reader.at++;
  if (reader.at === start) {
    const value = lookUp(reader, values, variableName(reader));
    return negative ? -value : value;
  }
  const value = BigInt(reader.text.slice(start, reader.at));
  return negative ? -value : value;
}

const isDigit = (c: string | undefined): boolean => c !== undefined && c >= "0" && c <= "9";

function variableName(reader: Reader): string {
  const name = reader.text[reader.at];
  if (name === undefined || name < "a" || name > "z") throw wrong(reader.text, reader.at, "a variable a-z or a number");
  reader.at++;
  return name;
}

function lookUp(reader: Reader, values: Values, name: string): bigint {
  const value = values.of.get(name);
  if (value === undefined) throw wrong(reader.text, reader.at, `a value for ${name} before it is used`);
  return value;
}

function accept(reader: Reader, text: string): boolean {
  if (!reader.text.startsWith(text, reader.at)) return false;
  reader.at += text.length;
  return true;
}

function expect(reader: Reader, text: string): void {
  if (!accept(reader, text)) throw wrong(reader.text, reader.at, JSON.stringify(text));
}

function atEnd(reader: Reader): void {
  if (reader.at < reader.text.length) throw wrong(reader.text, reader.at, "the end of the line");
}

const wrong = (text: string, at: number, expected: string): DataError =>
  new DataError(`program: must be ${expected} at character ${at + 1}, was ${JSON.stringify(text.slice(0, 80))}`, {
    code: "program",
  });
