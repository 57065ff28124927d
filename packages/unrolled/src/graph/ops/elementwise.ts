// Elementwise ops with broadcasting. Chains of them become one `map` call, run block by block in cache.
import type { MapOpcode } from "../../device/kernels.js";
import { ShapeError } from "../../errors.js";
import { node, type Op } from "../op.js";
import { broadcastShapes, type Scalar, type Tensor, type TensorLike } from "../tensor.js";
import { sumTo } from "./reduce.js";

interface Empty {
  readonly constant?: never;
}
const none: Empty = {};

/** A scalar that is part of the program. */
export const constantOp: Op<{ readonly value: number }> = {
  name: "constant",
  lower: (tensor, emit) => emit.call("fill", { y: emit.write(tensor), n: 1, value: tensor.attributes.value }),
};

export function constant(value: number): Scalar {
  // JSON has no NaN or infinities, and constants are merged by value: name them by their text.
  return node(constantOp, [], [], { value }) as Scalar;
}

/** The tensor itself, or a scalar constant for a number. */
export const tensorOf = (x: TensorLike): Tensor => (typeof x === "number" ? constant(x) : x);

type Derivative = (inputs: readonly Tensor[], y: Tensor, dy: Tensor) => readonly (Tensor | undefined)[];

interface Elementwise {
  (a: Scalar | number): Scalar;
  (a: TensorLike): Tensor;
}
interface Elementwise2 {
  (a: Scalar | number, b: Scalar | number): Scalar;
  (a: TensorLike, b: TensorLike): Tensor;
}

function elementwise(map: MapOpcode, derivative: Derivative | undefined): (...inputs: TensorLike[]) => Tensor {
  const op: Op<Empty> = {
    name: map,
    map,
    ...(derivative && {
      gradient: (y: Tensor<Empty>, [dy]: readonly (Tensor | undefined)[]) =>
        derivative(y.inputs, y, dy as Tensor).map((dx, i) => dx && sumTo(dx, y.inputs[i].shape)),
    }),
  };
  return (...inputs) => {
    const tensors = inputs.map(tensorOf);
    if (tensors.some((t) => t.dtype !== "f32")) throw new ShapeError(`${map}: inputs must be f32, was i32`);
    const shape = tensors.map((t) => t.shape).reduce((a, b) => broadcastShapes(map, a, b));
    return node(op, tensors, shape, none);
  };
}

const unary = (map: MapOpcode, derivative?: Derivative): Elementwise => elementwise(map, derivative) as Elementwise;
const binary = (map: MapOpcode, derivative?: Derivative): Elementwise2 => elementwise(map, derivative) as Elementwise2;

const isConstant = (x: Tensor, value: number): boolean =>
  (x.op as Op) === (constantOp as Op) && (x.attributes as { value: number }).value === value;

const plainAdd = binary("add", (_, __, dy) => [dy, dy]);
const plainMul = binary("mul", ([a, b], _, dy) => [mul(dy, b), mul(dy, a)]);

/** a + b, broadcasting. */
export const add = ((a: TensorLike, b: TensorLike) => {
  const [x, y] = [tensorOf(a), tensorOf(b)];
  return isConstant(x, 0) ? y : isConstant(y, 0) ? x : plainAdd(x, y);
}) as Elementwise2;

/** a - b, broadcasting. */
export const sub = binary("sub", (_, __, dy) => [dy, neg(dy)]);

/** a * b elementwise, broadcasting. */
export const mul = ((a: TensorLike, b: TensorLike) => {
  const [x, y] = [tensorOf(a), tensorOf(b)];
  return isConstant(x, 1) ? y : isConstant(y, 1) ? x : plainMul(x, y);
}) as Elementwise2;

/** a / b elementwise, broadcasting. */
export const div = binary("div", ([, b], y, dy) => [div(dy, b), neg(div(mul(dy, y), b))]);

/** Smaller of the two; at a tie the gradient goes to a. */
export const minimum = binary("minimum", ([a, b], _, dy) => [mul(dy, lessEqual(a, b)), mul(dy, less(b, a))]);

/** Larger of the two; at a tie the gradient goes to a. */
export const maximum = binary("maximum", ([a, b], _, dy) => [mul(dy, lessEqual(b, a)), mul(dy, less(a, b))]);

/** a to the power b; the gradient of b needs a > 0. */
export const power = binary("power", ([a, b], y, dy) => [
  mul(dy, mul(b, power(a, sub(b, 1)))),
  (b.op as Op) === (constantOp as Op) ? undefined : mul(dy, mul(y, log(a))),
]);

export const neg = unary("negate", (_, __, dy) => [neg(dy)]);
export const abs = unary("absolute", ([a], _, dy) => [mul(dy, sign(a))]);
export const exp = unary("exp", (_, y, dy) => [mul(dy, y)]);
export const log = unary("log", ([a], _, dy) => [div(dy, a)]);
export const sqrt = unary("sqrt", (_, y, dy) => [div(dy, mul(2, y))]);
export const tanh = unary("tanh", (_, y, dy) => [mul(dy, sub(1, mul(y, y)))]);
/** 1 / (1 + exp(-a)), the logistic function. */
export const sigmoid = unary("sigmoid", (_, y, dy) => [mul(dy, mul(y, sub(1, y)))]);
export const relu = unary("relu", ([a], _, dy) => [mul(dy, less(0, a))]);
/** log(1 + exp(a)). */
export const softplus = unary("softplus", ([a], _, dy) => [mul(dy, sigmoid(a))]);
/** -1, 0 or 1; gradient zero. */
export const sign = unary("sign", () => [undefined]);
/** Largest integer not above a; gradient zero. */
export const floor = unary("floor", () => [undefined]);
export const square = ((a: TensorLike) => mul(a, a)) as Elementwise;

/** 1 where a = b, else 0; gradient zero, like the other comparisons. */
export const equal = binary("equal", () => [undefined, undefined]);
export const less = binary("less", () => [undefined, undefined]);
export const lessEqual = binary("lessEqual", () => [undefined, undefined]);
const step = binary("less", () => {
  throw new ShapeError("gradient: a hard threshold has none (its slope is 0 or infinite): it only runs forward", {
    code: "no-gradient",
    hint: "train with sigmoid or tanh, or keep the loss from depending on the weights below the threshold",
  });
});
/** 1 where a > 0, else 0: the unit of the first networks. Runs forward only: asking for its gradient throws ShapeError. */
export const hardThreshold = ((a: TensorLike) => step(0, a)) as Elementwise;
/** 1 where a is neither NaN nor infinite, else 0; gradient zero. */
export const finite = unary("finite", () => [undefined]);

const choose = elementwise("where", ([condition], _, dy) => [
  undefined,
  where(condition, dy, 0),
  where(condition, 0, dy),
]);

/** a where the condition is not 0, else b; broadcasting. */
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  return choose(condition, a, b);
}

/** a limited to [low, high]; the gradient passes inside the limits. */
export const clamp = (a: TensorLike, low: number, high: number): Tensor => minimum(maximum(a, low), high);

/** A tensor of one value. */
export const full = (shape: readonly number[], value: number): Tensor => node(fullOp, [], shape, { value });

const fullOp: Op<{ readonly value: number }> = {
  name: "full",
  lower: (tensor, emit) => {
    const y = emit.write(tensor);
    emit.call("fill", { y, n: y.words, value: tensor.attributes.value });
  },
};

export const zeros = (shape: readonly number[]): Tensor => full(shape, 0);
export const zerosLike = (tensor: Tensor): Tensor => full(tensor.shape, 0);
