// Ragged rows as the batches of an epoch: buckets of about one length, and other rows together every epoch. T steps, N rows.
import { bucketBatches, fewBuckets, type RowBatch, wastedPart } from "../text/rows/buckets.js";
import type { Batch, Batches } from "./task.js";

export interface RowBatches {
  readonly batches: Batches;
  /** The part of the steps run that no row has. */
  readonly wasted: number;
}

/**
 * Every row once an epoch, N at a time; which rows lie together is drawn from seed and epoch alone. `arrange` gives the inputs of
 * some rows as one batch of N x T.
 */
export function rowBatches(
  lengths: readonly number[],
  { batch, seed }: { readonly batch: number; readonly seed: number },
  arrange: (rows: readonly number[], T: number, N: number) => Pick<Batch, "inputs" | "shapes">,
): RowBatches {
  const N = Math.min(batch, lengths.length);
  const buckets = fewBuckets(lengths);
  const drawn = (epoch: number): readonly RowBatch[] =>
    bucketBatches(lengths, { batch: N, buckets, seed: (Math.imul(seed, 0x9e3779b1) ^ (epoch + 1)) >>> 0 });
  let [held, present] = [0, drawn(0)];
  const longest = Math.max(...present.map(({ steps }) => steps));
  const wasted = wastedPart(lengths, present, N);
  return {
    wasted,
    batches: {
      count: present.length,
      order: "shuffled",
      largest: present.findIndex(({ steps }) => steps === longest),
      at: (index, epoch) => {
        if (epoch !== held) [held, present] = [epoch, drawn(epoch)];
        const { steps: T, rows } = present[index];
        const tokens = rows.reduce((sum, row) => sum + lengths[row], 0);
        return { ...arrange(rows, T, N), tokens, extent: { T, N } };
      },
    },
  };
}
