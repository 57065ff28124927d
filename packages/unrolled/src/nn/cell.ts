// A cell is one step of a recurrent network as a pure function of weights, input and state, written in ops. `unroll` runs
// it over a sequence: T copies, tied weights. T time, N batch, D input, H hidden.
import { ShapeError } from "../errors.js";
import { concat, gather, linear, matmul, reshape, slice, stack, zeros } from "../graph/ops/index.js";
import { type Shape, sameShape, showShape, sizeOf, type Tensor } from "../graph/tensor.js";

export interface CellSizes {
  readonly D: number;
  readonly H: number;
}

export type Named<K extends string = string> = Readonly<Record<K, Tensor>>;

/**
 * What goes into a layer: a sequence [T,N,D], or ids [T,N] into a table [V,D] that need not be looked up one by one; the
 * id V stands for the zero vector.
 * `frozen` says that the table and the weights do not change from run to run.
 */
export type LayerInput = Tensor | { readonly table: Tensor; readonly ids: Tensor; readonly frozen: boolean };

export interface LayerResult<S extends string = string> {
  /** The first state after each step [T,N,H]. */
  readonly y: Tensor;
  /** Every state after the last step. */
  readonly state: Named<S>;
}

export interface Cell<W extends string = string, S extends string = string> {
  readonly name: string;
  readonly weights: (sizes: CellSizes) => Readonly<Record<W, Shape>>;
  /** Shapes of the states without the batch axis; the first is what the layer above sees. */
  readonly state: (sizes: CellSizes) => Readonly<Record<S, Shape>>;
  /** x [N,D], states [N,...] -> states of the same shapes. */
  readonly step: (weights: Named<W>, x: Tensor, state: Named<S>) => Named<S>;
  /** The whole sequence in fused kernels; equal to `unroll`. */
  readonly fused?: (weights: Named<W>, input: LayerInput, state: Named<S>) => LayerResult<S>;
  /** First values of one weight; uniform in +-1/sqrt(H) where left out. */
  readonly initial?: (weight: W, sizes: CellSizes, uniform: () => number) => Float32Array;
}

/** Checks nothing, changes nothing: gives a cell its types. */
export const cell = <const W extends string, const S extends string>(
  definition: Omit<Cell<W, S>, "name"> & { readonly name?: string },
): Cell<W, S> => ({
  name: "cell",
  ...definition,
});

/** The input as a sequence of vectors [T,N,D]. */
export const sequenceOf = (input: LayerInput): Tensor => ("table" in input ? gather(input.table, input.ids) : input);

/** A table multiplied out ahead of time may hold this many numbers (64 MiB of float32). */
const preparedLimit = 2 ** 24;

/**
 * x W' + b for a whole sequence [T,N,D] -> [T,N,G*H]. Where the input is ids into a table with fewer rows than the
 * sequence has (or one that is multiplied out once for all runs), the table is multiplied and its rows are looked up.
 */
export function project(input: LayerInput, W: Tensor, b: Tensor): Tensor {
  if ("table" in input) {
    const [[V, D], width] = [input.table.shape, W.shape[0]];
    if (V <= sizeOf(input.ids.shape) || (input.frozen && V * width <= preparedLimit)) {
      const table = concat([input.table, zeros([1, D])], 0); // the zero vector has a row too: it becomes b, not 0
      return gather(linear(table, W, b), input.ids);
    }
  }
  return linear(sequenceOf(input), W, b);
}

/** Runs a cell over a sequence step by step: the unrolled graph of the lectures. */
export function unroll<W extends string, S extends string>(
  c: Cell<W, S>,
  weights: Named<W>,
  input: LayerInput,
  state: Named<S>,
): LayerResult<S> {
  const xs = sequenceOf(input);
  const [T, ...rest] = xs.shape;
  const outputs: Tensor[] = [];
  let current = state;
  for (let t = 0; t < T; t++) {
    const next = c.step(weights, reshape(slice(xs, 0, t, t + 1), rest), current);
    for (const name of Object.keys(state) as S[])
      if (!next[name] || !sameShape(next[name].shape, state[name].shape))
        throw new ShapeError(
          `${c.name}: step must keep the shape of state ${name} ${showShape(state[name].shape)}, was ${next[name] ? showShape(next[name].shape) : "absent"}`,
        );
    outputs.push(Object.values<Tensor>(next)[0]);
    current = next;
  }
  return { y: stack(outputs), state: current };
}

/** Runs a cell over a sequence: fused where it can be, else unrolled. */
export function runLayer<W extends string, S extends string>(
  c: Cell<W, S>,
  weights: Named<W>,
  input: LayerInput,
  state: Named<S>,
): LayerResult<S> {
  return c.fused ? c.fused(weights, input, state) : unroll(c, weights, input, state);
}

/** h [N,H] times R' for recurrent weights R [G*H,H] in PyTorch's layout. */
export const recurrent = (h: Tensor, R: Tensor): Tensor => matmul(h, R, { transposeB: true });
