// Which steps of a ragged batch are there: lengths as masks. T time, N batch.
import { ShapeError } from "../errors.js";
import { add, concat, full, gather, less, maximum, reshape, slice, zeros } from "../graph/ops/index.js";
import { sameShape, showShape, type Tensor } from "../graph/tensor.js";

/** 0, 1, ... count-1 as f32 [count]. */
export function counting(count: number): Tensor {
  let numbers: Tensor = zeros([1]);
  for (let n = 1; n < count; n *= 2) numbers = concat([numbers, add(numbers, n)], 0);
  return slice(numbers, 0, 0, count);
}

/** i32 [N] from 0 to T as f32 [N]. */
const asNumbers = (lengths: Tensor, T: number): Tensor =>
  reshape(gather(reshape(counting(T + 1), [T + 1, 1]), lengths), lengths.shape);

/** lengths i32 [N] (0..T) -> f32 [T,N]: 1 at the steps a row has, 0 past its end. */
export function stepMask(lengths: Tensor, T: number): Tensor {
  const [N] = lengths.shape;
  return less(reshape(counting(T), [T, 1]), reshape(asNumbers(lengths, T), [1, N]));
}

/** lengths i32 [N] (0..T) -> how many steps each row has, at least 1: what a mean over the steps is divided by. f32 [N]. */
export const stepCounts = (lengths: Tensor, T: number): Tensor => maximum(asNumbers(lengths, T), full([], 1));

/** ShapeError unless lengths are i32 [N]. Their values must be from 0 to T, which only who makes them can check. */
export function checkLengths(where: string, lengths: Tensor, N: number): void {
  if (lengths.dtype !== "i32" || !sameShape(lengths.shape, [N]))
    throw new ShapeError(
      `${where}: lengths must be i32 ${showShape([N])}, was ${lengths.dtype} ${showShape(lengths.shape)}`,
    );
}

/** lengths i32 [N] (0..T) -> f32 [N]: 1 for a row that has any step. */
export const startedRows = (lengths: Tensor, T: number): Tensor => less(0, asNumbers(lengths, T));
