// The values of options, read strictly: each function takes the text and says what it must be.
import { UsageError } from "./exit.js";
import { quoted } from "./format.js";

const numeral = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function must(option: string, what: string, text: string, hint?: string): never {
  throw new UsageError(`${option}: must be ${what}, was ${quoted(text)}`, { hint });
}

const read = (text: string): number => (numeral.test(text) ? Number(text) : Number.NaN);

/** An integer from `low` to `high`; "1e6" is one too. */
export function integer(option: string, low: number, high: number = Number.MAX_SAFE_INTEGER) {
  const what = high === Number.MAX_SAFE_INTEGER ? `an integer, at least ${low}` : `an integer from ${low} to ${high}`;
  return (text: string): number => {
    const value = read(text);
    return Number.isSafeInteger(value) && value >= low && value <= high ? value : must(option, what, text);
  };
}

export interface Range {
  readonly from?: number;
  readonly above?: number;
  readonly below?: number;
  readonly upTo?: number;
}

/** A finite number in a range. */
export function real(option: string, { from, above, below, upTo }: Range) {
  const bounds = [
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
    ...(upTo === undefined ? [] : [`up to ${upTo}`]),
  ];
  return (text: string): number => {
    const value = read(text);
    const high =
      Number.isFinite(value) && (below === undefined || value < below) && (upTo === undefined || value <= upTo);
    const low = (from === undefined || value >= from) && (above === undefined || value > above);
    return high && low ? value : must(option, `a number ${bounds.join(", ")}`.trimEnd(), text);
  };
}

/** One of a closed set; a near miss is named in the hint. */
export function choice<const T extends string>(option: string, choices: readonly T[]) {
  return (text: string): T => {
    const found = choices.find((known) => known === text);
    if (found !== undefined) return found;
    const near = choices.find((known) => distance(known, text.toLowerCase()) <= Math.max(1, known.length >> 2));
    const what = `${choices.slice(0, -1).join(", ")}${choices.length > 1 ? " or " : ""}${choices.at(-1)}`;
    return must(option, what, text, near === undefined ? undefined : `did you mean ${near}?`);
  };
}

/** "lstm" or "lstm,gru". */
export const names =
  (option: string) =>
  (text: string): readonly string[] =>
    text.split(",").map((name) => name.trim() || must(option, "names with commas between them", text));

/** "256" or "256,128": hidden sizes from the input upwards. */
export function sizes(option: string) {
  const one = integer(option, 1);
  return (text: string): readonly number[] => text.split(",").map((size) => one(size.trim()));
}

/** "0.5,-1,3". */
export const reals = (option: string) => {
  const one = real(option, {});
  return (text: string): readonly number[] => text.split(",").map((each) => one(each.trim()));
};

/** Insertions, deletions and changes between two short words. */
function distance(a: string, b: string): number {
  if (b.length > 32) return b.length;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length];
}
