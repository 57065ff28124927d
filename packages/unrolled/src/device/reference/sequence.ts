// The walk over time that all recurrent reference kernels share: which slot a step reads and writes, rows past their
// length, and the gradient carried back from slot to slot. T time, N batch, H hidden.

export interface Sequence {
  readonly T: number;
  readonly N: number;
  readonly H: number;
  readonly reverse: number;
  readonly lengths: Float64Array | null;
}

/** One row at one time step: where its state lies in a slab [T+1,N,H] and its row t*N+n in a [T,N,..] buffer. */
export interface Place {
  readonly row: number;
  /** First word of the state that the step reads, and of the one that it writes. */
  readonly from: number;
  readonly to: number;
}

/** Batch row n of the step-th step taken, and whether the row is still within its length. */
function placeOf({ T, N, H, reverse, lengths }: Sequence, step: number, n: number): Place & { readonly live: boolean } {
  const t = reverse ? T - 1 - step : step;
  const read = reverse ? t + 1 : t;
  const write = reverse ? t : t + 1;
  const live = lengths === null || t < lengths[n];
  return { row: t * N + n, from: (read * N + n) * H, to: (write * N + n) * H, live };
}

/** First word of the slot that the initial state fills, and of the slot that is written last. */
const firstSlot = ({ T, N, H, reverse }: Sequence): number => (reverse ? T * N * H : 0);
const lastSlot = ({ T, N, H, reverse }: Sequence): number => (reverse ? 0 : T * N * H);

/** Fills the first slot of each slab, then takes every step; a row past its length copies its state and is `skip`ped. */
export function walkForward(
  sequence: Sequence,
  slabs: readonly (readonly [slab: Float64Array, initial: Float64Array])[],
  step: (place: Place) => void,
  skip: (row: number) => void,
): void {
  const { T, N, H } = sequence;
  for (const [slab, initial] of slabs) slab.set(initial.subarray(0, N * H), firstSlot(sequence));
  for (let i = 0; i < T; i++)
    for (let n = 0; n < N; n++) {
      const place = placeOf(sequence, i, n);
      if (place.live) step(place);
      else {
        for (const [slab] of slabs) slab.copyWithin(place.to, place.from, place.from + H);
        skip(place.row);
      }
    }
}

/** A gradient carried backwards: ends in `result` [N,H] as that of the first slot; `external` [T+1,N,H] joins slot by slot. */
export interface Carry {
  readonly result: Float64Array;
  readonly external: Float64Array | null;
}

/**
 * Takes the steps of walkForward in the opposite order. `step` finds the gradients of its `to` slot in the N*H words of
 * each carry from `at` on, and leaves there what flows to its `from` slot through the step itself.
 */
export function walkBackward(
  sequence: Sequence,
  carries: readonly Carry[],
  step: (place: Place, at: number) => void,
  skip: (row: number) => void,
): void {
  const { T, N, H } = sequence;
  for (const { result, external } of carries) {
    const last = lastSlot(sequence);
    if (external) result.set(external.subarray(last, last + N * H));
    else result.fill(0, 0, N * H);
  }
  for (let i = T - 1; i >= 0; i--)
    for (let n = 0; n < N; n++) {
      const place = placeOf(sequence, i, n);
      if (place.live) step(place, n * H);
      else skip(place.row);
      for (const { result, external } of carries) {
        if (external) for (let j = 0; j < H; j++) result[n * H + j] += external[place.from + j];
      }
    }
}
