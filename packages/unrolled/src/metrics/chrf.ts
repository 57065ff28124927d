// chrF and chrF++ (Popovic 2015, 2017) as sacreBLEU computes them: F-score of character n-grams of 1 to 6 (and words of 1 to 2), white
// space left out, recall weighing beta = 2 times as much as precision.
import { DataError } from "../errors.js";

export interface ChrfOptions {
  /** Longest runs of words: 0 (chrF, default) or 2 (chrF++). */
  readonly words?: number;
  readonly lowercase?: boolean;
}

const characterOrder = 6;
const beta = 2;

/** For each order: runs of the hypothesis, of the reference, and those in both. */
interface Counts {
  readonly hypothesis: number[];
  readonly reference: number[];
  readonly matched: number[];
}

/** chrF of a whole corpus in percent, one reference a sentence. DataError where the numbers differ. */
export function corpusChrf(
  hypotheses: readonly string[],
  references: readonly string[],
  options: ChrfOptions = {},
): number {
  if (hypotheses.length !== references.length)
    throw new DataError(
      `chrf: must be as many references as hypotheses, were ${references.length} and ${hypotheses.length}`,
      { code: "uneven-pairs" },
    );
  const orders = characterOrder + (options.words ?? 0);
  const zeros = (): number[] => new Array<number>(orders).fill(0);
  const counts: Counts = { hypothesis: zeros(), reference: zeros(), matched: zeros() };
  for (const [i, hypothesis] of hypotheses.entries()) {
    const [own, other] = [runsOf(hypothesis, options), runsOf(references[i]!, options)];
    for (let n = 0; n < orders; n++) add(counts, n, own[n]!, other[n]!);
  }
  return fScore(counts);
}

function add(counts: Counts, n: number, own: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): void {
  for (const times of other.values()) counts.reference[n]! += times;
  // What no run of the reference could match is not held against the hypothesis.
  if (other.size === 0) return;
  for (const [run, times] of own) {
    counts.hypothesis[n]! += times;
    counts.matched[n]! += Math.min(times, other.get(run) ?? 0);
  }
}

/** Runs of characters without white space, then runs of words with punctuation at their ends apart. */
function runsOf(line: string, { words = 0, lowercase = false }: ChrfOptions): readonly ReadonlyMap<string, number>[] {
  const text = lowercase ? line.toLowerCase() : line;
  const parts = text.split(/\s+/u).filter((part) => part !== "");
  const characters = parts.flatMap((part) => Array.from(part));
  const separate = words > 0 ? parts.flatMap(wordAndSign) : [];
  return [
    ...Array.from({ length: characterOrder }, (_, n) => runs(characters, n + 1, "")),
    ...Array.from({ length: words }, (_, n) => runs(separate, n + 1, " ")),
  ];
}

const signs = new Set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

/** One sign at a word's end, or else at its beginning, stands apart. */
function wordAndSign(part: string): readonly string[] {
  if (part.length === 1) return [part];
  const [first, last] = [part[0]!, part[part.length - 1]!];
  if (signs.has(last)) return [part.slice(0, -1), last];
  return signs.has(first) ? [first, part.slice(1)] : [part];
}

function runs(list: readonly string[], n: number, between: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (let i = 0; i + n <= list.length; i++) {
    const run = list.slice(i, i + n).join(between);
    found.set(run, (found.get(run) ?? 0) + 1);
  }
  return found;
}

/** Means of precision and recall over the orders that both sides have, then their F-score. */
function fScore({ hypothesis, reference, matched }: Counts): number {
  let [orders, precision, recall] = [0, 0, 0];
  for (const [n, both] of matched.entries()) {
    if (hypothesis[n] === 0 || reference[n] === 0) continue;
    orders++;
    precision += both / hypothesis[n]!;
    recall += both / reference[n]!;
  }
  if (orders === 0 || precision + recall === 0) return 0;
  const [p, r] = [precision / orders, recall / orders];
  return (100 * (1 + beta ** 2) * p * r) / (beta ** 2 * p + r);
}
