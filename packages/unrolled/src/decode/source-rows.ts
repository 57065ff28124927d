// Sources side by side, as programs read them. S source steps, N sentences.
import { DataError } from "../errors.js";

/** Ids time-major; -1 past a sentence's end. */
export function fill(
  sources: readonly Int32Array[],
  into: { source: Int32Array; lengths: Int32Array; S: number; N: number; reversed: boolean },
): void {
  const { source, lengths, S, N, reversed } = into;
  source.fill(-1);
  lengths.fill(0);
  for (const [n, ids] of sources.entries()) {
    if (ids.length > S)
      throw new DataError(`sentence ${n + 1}: must have at most ${S} tokens, has ${ids.length}`, {
        code: "sentence-length",
      });
    lengths[n] = ids.length;
    for (let s = 0; s < ids.length; s++) source[s * N + n] = ids[reversed ? ids.length - 1 - s : s];
  }
}
