// Windows over the chunks of parallel streams: the newest T ids and those before them that gradients still reach (k2 in all),
// some streams at a time. T steps of a chunk, N streams of a window.
import { DataError } from "../errors.js";
import type { Chunks } from "./batches.js";

export interface WindowSize {
  /** k2: ids a window reads in all, from T on. */
  readonly backward: number;
  /** Windows side by side that a chunk's streams are divided over. */
  readonly lanes: number;
}

/** The arrays hold until the next window is asked for. */
export interface Window {
  /** [reach,N] ids to read: k2 of them, fewer where an epoch begins. */
  readonly x: Int32Array;
  /** [T,N] the ids that follow the last T. */
  readonly y: Int32Array;
  /** Steps of x. */
  readonly reach: number;
}

/** Steps that the window of chunk `index` reads. */
export const windowReach = (T: number, backward: number, index: number): number => Math.min((index + 1) * T, backward);

/**
 * Steps from the start of a window to the start of the next one: where the state lies that the next one begins with. 0 where
 * both begin with the epoch.
 */
export const windowAdvance = (T: number, backward: number, reach: number): number =>
  reach < backward ? Math.max(0, reach + T - backward) : T;

/** The window of chunk `index` and lane `lane`. DataError `window` for sizes that make none. */
export function windows(chunks: Chunks, { backward, lanes }: WindowSize): (index: number, lane: number) => Window {
  const { sequence: T, batch } = chunks;
  const N = batch / lanes;
  if (!(Number.isInteger(backward) && backward >= T))
    throw new DataError(`backward: must be a whole number from ${T}, the new tokens of a step, was ${backward}`, {
      code: "window",
      hint: "gradients reach at least over the new tokens; leave it out for exactly those",
    });
  if (!Number.isInteger(N) || lanes < 1)
    throw new DataError(`batch: ${batch} streams must divide into ${lanes} lanes`, { code: "window" });
  const recent = new Map<number, { readonly x: Int32Array; readonly y: Int32Array }>();
  const chunk = (index: number) => {
    const known = recent.get(index);
    if (known) return known;
    const { x, y } = chunks.at(index);
    const kept = { x: x.slice(), y: y.slice() };
    recent.set(index, kept);
    for (const old of recent.keys()) if (old > index || old <= index - Math.ceil(backward / T) - 1) recent.delete(old);
    return kept;
  };
  return (index, lane) => {
    const end = (index + 1) * T;
    const reach = windowReach(T, backward, index);
    const x = new Int32Array(reach * N);
    for (let s = end - reach; s < end; s++) {
      const from = (s % T) * batch + lane * N;
      x.set(chunk(Math.floor(s / T)).x.subarray(from, from + N), (s - end + reach) * N);
    }
    const y = new Int32Array(T * N);
    for (let t = 0; t < T; t++) {
      const from = t * batch + lane * N;
      y.set(chunk(index).y.subarray(from, from + N), t * N);
    }
    return { x, y, reach };
  };
}
