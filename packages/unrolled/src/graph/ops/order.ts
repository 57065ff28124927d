// Ops that change no value, only when and where it is there: what recomputation is made of.
import { copyDense } from "../blocks.js";
import { node, type Op } from "../op.js";
import { sizeOf, type Tensor } from "../tensor.js";

interface Empty {
  readonly none?: never;
}

const copyOp: Op<Empty> = {
  name: "copyOf",
  gradient: (_, [dy]) => [dy],
  lower: (y, emit) => {
    const target = emit.write(y);
    if (sizeOf(y.shape) > 0) copyDense(emit.view(y.inputs[0]), target, emit);
  },
};

/** The same values in memory of their own: what they were cut from need not be kept for them. */
export const copyOf = (x: Tensor): Tensor => node(copyOp, [x], x.shape, {}, { dtype: x.dtype });

const afterOp: Op<{ readonly number: number }> = {
  name: "after",
  waits: true,
  gradient: (y, [dy]) => y.inputs.map((_, i) => (i === 0 ? dy : undefined)),
  view: (_, source) => source,
};

/**
 * The same values, to be used when `others` are computed. Never equal to x or to another number's: what follows from it is
 * computed again. Differentiable in x.
 */
export const after = (x: Tensor, others: readonly Tensor[], number: number): Tensor =>
  node(afterOp, [x, ...others], x.shape, { number }, { dtype: x.dtype });
