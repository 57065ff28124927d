// Assignment to variables: how state is carried and weights are updated. All reads of a program see the old values.
import { ShapeError } from "../../errors.js";
import { type Emitter, node, type Op } from "../op.js";
import { type Scalar, sameShape, showShape, sizeOf, type Tensor, type Variable } from "../tensor.js";
import { isVariable } from "../variable.js";

interface Empty {
  readonly none?: never;
}

const assignOp: Op<Empty> = {
  name: "assign",
  writes: true,
  lower: (update, emit) => {
    const [target, value] = update.inputs.map((t) => emit.read(t));
    if (target.words > 0) emit.call("assign", { y: target, x: value, guard: emit.guard, n: target.words });
  },
};

/** Sets a variable to a value of its shape when the program has run. */
export function assign(variable: Variable, value: Tensor): Tensor {
  if (!sameShape(variable.shape, value.shape) || variable.dtype !== value.dtype)
    throw new ShapeError(
      `assign ${variable.name}: must be ${variable.dtype} ${showShape(variable.shape)}, was ${value.dtype} ${showShape(value.shape)}`,
    );
  return node(assignOp, [variable, value], variable.shape, {}, { dtype: variable.dtype });
}

const sumSquaresOp: Op<Empty> = {
  name: "sumSquares",
  lower: (y, emit) => {
    const x = emit.read(y.inputs[0]);
    emit.call("sumSquares", { y: emit.write(y), x, n: x.words });
  },
};

/** Sum of squares of all elements, in an order that does not depend on threads; not differentiable. */
export const sumSquares = (x: Tensor): Scalar => node(sumSquaresOp, [x], [], {}) as Scalar;

interface UpdateAttributes {
  readonly kernel: "sgd" | "adagrad" | "rmsprop" | "adam";
  /** The kernel's names for the state vectors, in input order. */
  readonly state: readonly string[];
  /** Numbers of the kernel's row. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly scaled: boolean;
}

const updateOp: Op<UpdateAttributes> = {
  name: "update",
  writes: true,
  lower: (update: Tensor<UpdateAttributes>, emit: Emitter) => {
    const { kernel, state, numbers, scaled } = update.attributes;
    const buffers = update.inputs.map((t) => emit.read(t));
    const [w, g, rate] = buffers;
    const scale = scaled ? buffers[3] : undefined;
    const states = Object.fromEntries(state.map((name, i) => [name, buffers[(scaled ? 4 : 3) + i]]));
    emit.call(kernel, { w, ...states, g, rate, scale, guard: emit.guard, n: w.words, ...numbers });
  },
};

export interface UpdateRule {
  readonly kernel: UpdateAttributes["kernel"];
  /** State vectors by the kernel's names, each as long as the weights. */
  readonly state: Readonly<Record<string, Variable>>;
  readonly numbers: Readonly<Record<string, number>>;
}

/** What is done to a gradient before an optimizer sees it: elements kept within +-limit, then all times scale. */
export interface Tamed {
  readonly scale?: Tensor | undefined;
  readonly limit?: number | undefined;
}

/** One optimizer step over a whole storage: weights w, gradient g [words], rates as the kernel's row says. */
export function update(w: Variable, g: Tensor, rate: Tensor, { scale, limit }: Tamed, rule: UpdateRule): Tensor {
  const states = Object.values(rule.state);
  for (const vector of [g, ...states])
    if (sizeOf(vector.shape) !== sizeOf(w.shape))
      throw new ShapeError(
        `${rule.kernel}: gradient and state must have ${sizeOf(w.shape)} elements, was ${showShape(vector.shape)}`,
      );
  if (!isVariable(w)) throw new ShapeError(`${rule.kernel}: weights must be a variable`);
  const attributes = {
    kernel: rule.kernel,
    state: Object.keys(rule.state),
    numbers: { ...rule.numbers, limit: limit ?? 0 },
    scaled: scale !== undefined,
  };
  return node(updateOp, [w, g, rate, ...(scale ? [scale] : []), ...states], w.shape, attributes);
}
