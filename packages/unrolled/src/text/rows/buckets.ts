// Ragged rows side by side: few lengths that all rows are rounded up to, so that few programs serve them and little is wasted.
// T steps of a batch, N its rows.
import { DataError } from "../../errors.js";
import { shuffle } from "./split.js";

/** Some rows of about one length, run together. */
export interface RowBatch {
  /** T: what every row is filled up to. */
  readonly steps: number;
  /** Places of the rows; at most N. */
  readonly rows: readonly number[];
}

/** The part of the steps that a few buckets may waste, and their number at most. */
const goal = { waste: 0.08, most: 16 } as const;

/** As few lengths as waste less than 8 % of the steps, but at most 16: every length is a program to compile. */
export function fewBuckets(lengths: ArrayLike<number>): readonly number[] {
  const all = Array.from(lengths);
  const used = all.reduce((sum, n) => sum + n, 0);
  for (let count = 1; ; count++) {
    const buckets = bucketLengths(all, count);
    const run = all.reduce((sum, n) => sum + buckets.find((top) => n <= top)!, 0);
    if (1 - used / run < goal.waste || count === goal.most) return buckets;
  }
}

/** Lengths that are looked at, at most: more are first rounded up to that many. */
const candidates = 256;

/**
 * At most `count` lengths to round the given ones up to, ascending, the last the longest: those that waste the fewest steps,
 * found by dynamic programming over the lengths there are.
 */
export function bucketLengths(lengths: ArrayLike<number>, count: number): readonly number[] {
  const { tops, rows, steps } = histogram(lengths);
  const M = tops.length;
  if (M <= count) return tops;
  // What it wastes to fill all rows above candidate a, up to candidate b, up to the length of b.
  const waste = (a: number, b: number): number => (rows[b + 1]! - rows[a]!) * tops[b]! - (steps[b + 1]! - steps[a]!);
  let least = Array.from({ length: M }, (_, b) => waste(0, b));
  const choices: number[][] = [];
  for (let k = 1; k < count; k++) {
    const chosen: number[] = [];
    const before = least;
    least = tops.map((_, b) => {
      let best = before[b]!;
      chosen[b] = -1;
      for (let a = 1; a <= b; a++) {
        const total = before[a - 1]! + waste(a, b);
        if (total < best) [best, chosen[b]] = [total, a];
      }
      return best;
    });
    choices.push(chosen);
  }
  const result: number[] = [];
  for (let b = M - 1, k = count - 1; b >= 0; k--) {
    // -1: fewer buckets did as well.
    while (k > 0 && choices[k - 1]![b] === -1) k--;
    result.unshift(tops[b]!);
    b = k > 0 ? choices[k - 1]![b]! - 1 : -1;
  }
  return result;
}

/** The different lengths, at most `candidates` of them, and the sums over rows of at most each: how many, and their steps. */
function histogram(lengths: ArrayLike<number>): { tops: number[]; rows: number[]; steps: number[] } {
  const sorted = Array.from(lengths).sort((a, b) => a - b);
  if (sorted.length === 0) throw new DataError("rows: must be at least one, were none", { code: "no-rows" });
  const distinct = [...new Set(sorted)];
  const stride = Math.ceil(distinct.length / candidates);
  const tops = distinct.filter((_, i) => (distinct.length - 1 - i) % stride === 0);
  const [rows, steps] = [[0], [0]];
  let at = 0;
  let sum = 0;
  for (const top of tops) {
    while (at < sorted.length && sorted[at]! <= top) sum += sorted[at++]!;
    rows.push(at);
    steps.push(sum);
  }
  return { tops, rows, steps };
}

export interface BatchOptions {
  /** N. */
  readonly batch: number;
  /** From `bucketLengths`. */
  readonly buckets: readonly number[];
  /** The order of rows and batches; as they come, where left out. */
  readonly seed?: number;
}

/**
 * All rows once, in batches of N. Rows that fill no batch of their bucket go with the next longer ones: only the last batch of
 * the longest may have fewer than N.
 */
export function bucketBatches(
  lengths: ArrayLike<number>,
  { batch: N, buckets, seed }: BatchOptions,
): readonly RowBatch[] {
  const order = Array.from({ length: lengths.length }, (_, row) => row);
  if (seed !== undefined) shuffle(order, seed);
  const waiting: number[][] = buckets.map(() => []);
  for (const row of order) {
    const bucket = buckets.findIndex((steps) => lengths[row]! <= steps);
    if (bucket < 0)
      throw new DataError(`rows: must be at most ${buckets.at(-1)} steps long, row ${row} has ${lengths[row]}`, {
        code: "bucket-length",
      });
    waiting[bucket]!.push(row);
  }
  const batches: RowBatch[] = [];
  let rest: number[] = [];
  for (const [b, steps] of buckets.entries()) {
    const rows = [...rest, ...waiting[b]!];
    const last = b === buckets.length - 1;
    const whole = last ? rows.length : rows.length - (rows.length % N);
    for (let from = 0; from < whole; from += N)
      batches.push({ steps, rows: rows.slice(from, Math.min(from + N, whole)) });
    rest = rows.slice(whole);
  }
  if (seed === undefined) return batches;
  return shuffle(
    batches.map((_, i) => i),
    seed + 1,
  ).map((i) => batches[i]!);
}

/** The part of the steps run that no row has: filled up in length, and rows that a batch of N lacks. */
export function wastedPart(lengths: ArrayLike<number>, batches: readonly RowBatch[], N: number): number {
  let [used, run] = [0, 0];
  for (const { steps, rows } of batches) {
    run += steps * N;
    for (const row of rows) used += lengths[row]!;
  }
  return run === 0 ? 0 : 1 - used / run;
}
