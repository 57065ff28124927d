// First values of weights.
import type { Draws } from "../draws.js";
import { type Shape, sizeOf } from "../graph/tensor.js";
import type { Cell, CellSizes } from "./cell.js";

/** Uniform in [-bound, bound). */
export const uniformValues = (shape: Shape, bound: number, draws: Draws): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, () => (2 * draws.uniform() - 1) * bound);

/** Normal with mean 0. */
export const normalValues = (shape: Shape, deviation: number, draws: Draws): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, () => draws.normal() * deviation);

/** A cell's own first values, or uniform in +-1/sqrt(H) (PyTorch's choice for recurrent layers). */
export function cellValues<W extends string>(
  cell: Cell<W, string>,
  weight: W,
  sizes: CellSizes,
  draws: Draws,
): Float32Array {
  const shape = cell.weights(sizes)[weight];
  return cell.initial
    ? cell.initial(weight, sizes, draws.uniform)
    : uniformValues(shape, 1 / Math.sqrt(sizes.H), draws);
}
