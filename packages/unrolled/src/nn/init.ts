// First values of weights.
import { type Draws, draws } from "../draws.js";
import { type Shape, sizeOf, type Variable } from "../graph/tensor.js";
import { variables } from "../graph/variable.js";
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

/** Variables in one storage with values uniform in +-1/sqrt(the last axis), drawn from a seed: weights for a cell of one's own. */
export function drawnVariables<const K extends string>(
  name: string,
  shapes: Readonly<Record<K, Shape>>,
  seed: number,
): Readonly<Record<K, Variable>> {
  const stream = draws(seed);
  const entries = Object.entries<Shape>(shapes).map(([key, shape]) => {
    const bound = 1 / Math.sqrt(shape[shape.length - 1] ?? 1);
    return [key, { shape, initial: () => uniformValues(shape, bound, stream) }] as const;
  });
  return variables(name, Object.fromEntries(entries) as Record<K, { shape: Shape; initial: () => Float32Array }>);
}
