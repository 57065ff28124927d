// The tokenisation "13a" that machine translation is scored with (mteval-v13a, as sacreBLEU has it): punctuation apart from words, but a
// . or , between digits and a - that follows no digit stay. A linear scanner over code points.

const isDigit = (c: string | undefined): boolean => c !== undefined && c >= "0" && c <= "9";

/** Signs that always stand alone: { | } ~ [ \ ] ^ _ ` space to & ( to + : to @ and /. */
function standsAlone(c: string): boolean {
  const code = c.charCodeAt(0);
  return (
    (code >= 0x7b && code <= 0x7e) ||
    (code >= 0x5b && code <= 0x60) ||
    (code >= 0x20 && code <= 0x26) ||
    (code >= 0x28 && code <= 0x2b) ||
    (code >= 0x3a && code <= 0x40) ||
    code === 0x2f
  );
}

const entities: readonly (readonly [string, string])[] = [
  ["&quot;", '"'],
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
];

/** The tokens of one line. */
export function tokenize13a(line: string): readonly string[] {
  let text = line.replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  if (text.includes("&")) for (const [entity, sign] of entities) text = text.replaceAll(entity, sign);
  return separateDashes(separatePeriods(` ${text} `))
    .split(/\s+/u)
    .filter((token) => token !== "");
}

/**
 * Two rules of the original, each from left to right over pairs of characters that do not overlap: (no digit)(. or ,) and then
 * (. or ,)(no digit) get spaces around the sign.
 */
function separatePeriods(text: string): string {
  const alone = Array.from(text, (c) => (standsAlone(c) ? ` ${c} ` : c)).join("");
  const period = (c: string | undefined): boolean => c === "." || c === ",";
  const after = pairs(alone, (a, b) => (!isDigit(a) && period(b) ? `${a} ${b} ` : undefined));
  return pairs(after, (a, b) => (period(a) && !isDigit(b) ? ` ${a} ${b}` : undefined));
}

/** (digit)(-): a space before and after the dash. */
const separateDashes = (text: string): string =>
  pairs(text, (a, b) => (isDigit(a) && b === "-" ? `${a} ${b} ` : undefined));

/** Replaces pairs of neighbouring characters; a pair that is replaced is not looked at again. */
function pairs(text: string, replace: (a: string, b: string) => string | undefined): string {
  const all = Array.from(text);
  const out: string[] = [];
  for (let i = 0; i < all.length; i++) {
    const made = i + 1 < all.length ? replace(all[i]!, all[i + 1]!) : undefined;
    out.push(made ?? all[i]!);
    if (made !== undefined) i++;
  }
  return out.join("");
}
