// Sums, means and maxima over axes.
import { node, type Op } from "../op.js";
import { axisOf, type Scalar, type Shape, sameShape, sizeOf, type Tensor } from "../tensor.js";
import { div, equal, mul } from "./elementwise.js";
import { broadcastTo, reshape } from "./shape.js";

interface ReduceAttributes {
  readonly kind: "sum" | "max";
  /** The input seen as [outer, n, inner]; the middle goes. */
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

const reduceOp: Op<ReduceAttributes> = {
  name: "reduce",
  gradient: (y, [dy]) => {
    const { kind, outer, n, inner } = y.attributes;
    const x = y.inputs[0];
    const spread = (t: Tensor): Tensor =>
      reshape(broadcastTo(reshape(t, [outer, 1, inner]), [outer, n, inner]), x.shape);
    if (kind === "sum") return [spread(dy as Tensor)];
    const chosen = equal(x, spread(y)); // equal maxima share the gradient
    return [mul(chosen, spread(div(dy as Tensor, reduceMiddle(chosen, "sum", outer, n, inner, y.shape))))];
  },
  lower: (y, emit) => {
    const { kind, outer, n, inner } = y.attributes;
    const x = emit.read(y.inputs[0]);
    emit.call("reduce", { y: emit.write(y), x, outer, n, inner, kind: kind === "sum" ? 0 : 1, scale: 1 });
  },
};

function reduceMiddle(x: Tensor, kind: "sum" | "max", outer: number, n: number, inner: number, shape: Shape): Tensor {
  return node(reduceOp, [x], shape, { kind, outer, n, inner });
}

/** For a sum over leading axes: the rows that it adds, as a matrix [n, inner]. */
export function summedRows(sums: Tensor): Tensor | undefined {
  const x = sums.op.name === "reshape" ? sums.inputs[0] : sums;
  if (x.op !== (reduceOp as Op)) return undefined;
  const { kind, outer, n, inner } = x.attributes as ReduceAttributes;
  return kind === "sum" && outer === 1 ? reshape(x.inputs[0], [n, inner]) : undefined;
}

export interface ReduceOptions {
  /** Axes to reduce; all where left out. Negative axes count from the end. */
  readonly axes?: readonly number[];
  /** Keep reduced axes with size 1. */
  readonly keep?: boolean;
}

function reduce(where: string, x: Tensor, kind: "sum" | "max", options: ReduceOptions): Tensor {
  const axes = [...new Set((options.axes ?? x.shape.map((_, i) => i)).map((a) => axisOf(where, x.shape, a)))].sort(
    (a, b) => a - b,
  );
  let result = x;
  const shape: number[] = [...x.shape];
  // One call for each run of neighbouring axes, from the last run to the first.
  for (let last = axes.length - 1; last >= 0; ) {
    let first = last;
    while (first > 0 && axes[first - 1] === axes[first] - 1) first--;
    const [from, to] = [axes[first], axes[last] + 1];
    const [outer, n, inner] = [shape.slice(0, from), shape.slice(from, to), shape.slice(to)].map(sizeOf);
    shape.fill(1, from, to);
    result = reduceMiddle(result, kind, outer, n, inner, [...shape]);
    last = first - 1;
  }
  return options.keep
    ? result
    : reshape(
        result,
        x.shape.filter((_, i) => !axes.includes(i)),
      );
}

/** Sum over axes (all: a scalar). */
export function sum(x: Tensor): Scalar;
export function sum(x: Tensor, options: ReduceOptions): Tensor;
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduce("sum", x, "sum", options);
}

/** Mean over axes (all: a scalar). */
export function mean(x: Tensor): Scalar;
export function mean(x: Tensor, options: ReduceOptions): Tensor;
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const total = reduce("mean", x, "sum", options);
  return mul(total, sizeOf(total.shape) / sizeOf(x.shape));
}

/** Maximum over axes (all: a scalar); equal maxima share the gradient. */
export function max(x: Tensor): Scalar;
export function max(x: Tensor, options: ReduceOptions): Tensor;
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduce("max", x, "max", options);
}

/** Sums a broadcast gradient back to the shape it came from. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((n, i) => (i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : []));
  return reshape(axes.length > 0 ? sum(x, { axes }) : x, shape);
}
