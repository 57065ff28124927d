// Ops that move or look at elements differently: reshape, transpose, slice, split, broadcast, concat, pad.
import type { DType } from "../../device/device.js";
import { ShapeError } from "../../errors.js";
import { blockArguments } from "../blocks.js";
import { type Emitter, node, type Op, type View } from "../op.js";
import {
  axisOf,
  broadcastShapes,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
  stridesOf,
  type Tensor,
} from "../tensor.js";
import { zeros } from "./elementwise.js";
import { sumTo } from "./reduce.js";

interface Empty {
  readonly none?: never;
}

/** True where a view's elements lie one after the other in row-major order. */
export function isDense(view: View): boolean {
  const dense = stridesOf(view.shape);
  return view.shape.every((n, i) => n === 1 || view.strides[i] === dense[i]);
}

const reshapeOp: Op<Empty> = {
  name: "reshape",
  gradient: (y, [dy]) => [reshape(dy as Tensor, y.inputs[0].shape)],
  view: (y, source) => (isDense(source) ? { ...source, shape: y.shape, strides: stridesOf(y.shape) } : undefined),
};

/** The same elements in row-major order under another shape. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (sizeOf(shape) !== sizeOf(x.shape))
    throw new ShapeError(
      `reshape: the new shape must hold ${sizeOf(x.shape)} elements of ${showShape(x.shape)}, was ${showShape(shape)}`,
    );
  if (sameShape(shape, x.shape)) return x;
  if (x.op === (reshapeOp as Op)) return reshape(x.inputs[0], shape);
  return node(reshapeOp, [x], shape, {}, { dtype: x.dtype });
}

const transposeOp: Op<{ readonly order: readonly number[] }> = {
  name: "transpose",
  gradient: (y, [dy]) => {
    const { order } = y.attributes;
    return [
      transpose(
        dy as Tensor,
        order.map((_, i) => order.indexOf(i)),
      ),
    ];
  },
  view: (y, source) => ({ ...source, shape: y.shape, strides: y.attributes.order.map((axis) => source.strides[axis]) }),
};

/** Axes in another order; reversed where no order is given. */
export function transpose(x: Tensor, order: readonly number[] = x.shape.map((_, i) => x.shape.length - 1 - i)): Tensor {
  const axes = order.map((axis) => axisOf("transpose", x.shape, axis));
  if (axes.length !== x.shape.length || new Set(axes).size !== axes.length)
    throw new ShapeError(
      `transpose: order must name every axis of ${showShape(x.shape)} once, was [${order.join(",")}]`,
    );
  return node(
    transposeOp,
    [x],
    axes.map((axis) => x.shape[axis]),
    { order: axes },
    { dtype: x.dtype },
  );
}

const sliceOp: Op<{ readonly axis: number; readonly from: number }> = {
  name: "slice",
  gradient: (y, [dy]) => {
    const { axis, from } = y.attributes;
    return [pad(dy as Tensor, axis, from, y.inputs[0].shape[axis] - from - y.shape[axis])];
  },
  view: (y, source) => {
    const { axis, from } = y.attributes;
    return { ...source, shape: y.shape, offset: source.offset + from * source.strides[axis] };
  },
};

/** Elements [from, to) of one axis. */
export function slice(x: Tensor, axis: number, from: number, to: number): Tensor {
  const a = axisOf("slice", x.shape, axis);
  if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to <= x.shape[a]))
    throw new ShapeError(
      `slice: range must lie in [0,${x.shape[a]}] of axis ${axis} of ${showShape(x.shape)}, was [${from},${to}]`,
    );
  if (from === 0 && to === x.shape[a]) return x;
  return node(
    sliceOp,
    [x],
    x.shape.map((n, i) => (i === a ? to - from : n)),
    { axis: a, from },
    { dtype: x.dtype },
  );
}

/** Element `index` of one axis; the axis goes. */
export function at(x: Tensor, axis: number, index: number): Tensor {
  const a = axisOf("at", x.shape, axis);
  return reshape(
    slice(x, a, index, index + 1),
    x.shape.filter((_, i) => i !== a),
  );
}

/** Equal parts of one axis (default the last). */
export function split(x: Tensor, parts: number, axis = -1): Tensor[] {
  const a = axisOf("split", x.shape, axis);
  const n = x.shape[a] / parts;
  if (!Number.isInteger(n))
    throw new ShapeError(
      `split: axis ${axis} of ${showShape(x.shape)} must divide into ${parts} parts, was ${x.shape[a]}`,
    );
  return Array.from({ length: parts }, (_, i) => slice(x, a, i * n, (i + 1) * n));
}

const broadcastOp: Op<Empty> = {
  name: "broadcast",
  gradient: (y, [dy]) => [sumTo(dy as Tensor, y.inputs[0].shape)],
  view: (y, source) => {
    const lead = y.shape.length - source.shape.length;
    const strides = y.shape.map((n, i) => (i < lead || source.shape[i - lead] !== n ? 0 : source.strides[i - lead]));
    return { ...source, shape: y.shape, strides };
  },
};

/** x repeated to a larger shape by the broadcasting rules. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes("broadcastTo", x.shape, shape), shape))
    throw new ShapeError(`broadcastTo: ${showShape(x.shape)} must broadcast to ${showShape(shape)}`);
  return node(broadcastOp, [x], shape, {}, { dtype: x.dtype });
}

const concatOp: Op<{ readonly axis: number }> = {
  name: "concat",
  gradient: (y, [dy]) => {
    let from = 0;
    return y.inputs.map((x) => {
      const n = x.shape[y.attributes.axis];
      from += n;
      return slice(dy as Tensor, y.attributes.axis, from - n, from);
    });
  },
  lower: (y, emit) => sideBySide(y, y.inputs, y.attributes.axis, emit),
};

/** Puts parts next to each other along an axis of the result; a part that can be is computed in its place. */
function sideBySide(y: Tensor, parts: readonly Tensor[], axis: number, emit: Emitter): void {
  const target = emit.write(y);
  const outer = sizeOf(y.shape.slice(0, axis));
  const row = sizeOf(y.shape.slice(axis));
  let offset = 0;
  for (const x of parts) {
    const words = sizeOf(x.shape.slice(axis));
    const part = { ...target, offset: target.offset + offset, words: outer === 0 ? 0 : (outer - 1) * row + words };
    if (outer === 1) emit.place(x, part);
    else if (words > 0)
      emit.call("copy", {
        y: part,
        x: emit.read(x),
        ...blockArguments([1, 1, outer, words], [0, 0, row, 1], [0, 0, words, 1]),
      });
    offset += words;
  }
}

/** Tensors one after the other along an axis (default the last). */
export function concat(xs: readonly Tensor[], axis = -1): Tensor {
  if (xs.length === 0) throw new ShapeError("concat: must have at least one tensor, was none");
  const a = axisOf("concat", xs[0].shape, axis);
  for (const x of xs)
    if (
      x.dtype !== xs[0].dtype ||
      x.shape.length !== xs[0].shape.length ||
      x.shape.some((n, i) => i !== a && n !== xs[0].shape[i])
    )
      throw new ShapeError(
        `concat: shapes must be equal but for axis ${axis}, were ${xs.map((t) => showShape(t.shape)).join(" and ")}`,
      );
  return xs.length === 1 ? xs[0] : (rejoined(xs, a) ?? concatenated(xs, a));
}

function concatenated(xs: readonly Tensor[], axis: number): Tensor {
  const total = xs.reduce((n, x) => n + x.shape[axis], 0);
  return node(
    concatOp,
    xs,
    xs[0].shape.map((n, i) => (i === axis ? total : n)),
    { axis },
    { dtype: xs[0].dtype },
  );
}

/** Neighbouring slices of one tensor, put together again, are a slice of it. */
function rejoined(xs: readonly Tensor[], axis: number): Tensor | undefined {
  const whole = xs[0].inputs[0];
  let next = xs[0].op === (sliceOp as Op) ? (xs[0].attributes as { from: number }).from : -1;
  const from = next;
  for (const x of xs) {
    const cut = x.attributes as { readonly axis: number; readonly from: number };
    if (x.op !== (sliceOp as Op) || x.inputs[0] !== whole || cut.axis !== axis || cut.from !== next) return undefined;
    next += x.shape[axis];
  }
  return slice(whole, axis, from, next);
}

/** Tensors of one shape along a new first axis. */
export function stack(xs: readonly Tensor[]): Tensor {
  return concat(
    xs.map((x) => reshape(x, [1, ...x.shape])),
    0,
  );
}

const padOp: Op<{ readonly axis: number; readonly before: number }> = {
  name: "pad",
  gradient: (y, [dy]) => {
    const { axis, before } = y.attributes;
    return [slice(dy as Tensor, axis, before, before + y.inputs[0].shape[axis])];
  },
  lower: (y, emit) => {
    const { axis, before } = y.attributes;
    const [x] = y.inputs;
    const edges = [before, y.shape[axis] - before - x.shape[axis]].map((n) =>
      x.shape.map((m, i) => (i === axis ? n : m)),
    );
    const [first, last] = edges.map((shape) => (shape[axis] > 0 ? [zeros(shape)] : []));
    sideBySide(y, [...first, x, ...last], axis, emit);
  },
};

/** Zeros before and after along one axis. */
export function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  const a = axisOf("pad", x.shape, axis);
  if (before === 0 && after === 0) return x;
  const shape = x.shape.map((n, i) => (i === a ? before + n + after : n));
  return node(padOp, [x], shape, { axis: a, before }, { dtype: x.dtype });
}

/** The axis and first element of a padded tensor's content. */
export const padding = (x: Tensor): { readonly axis: number; readonly before: number } | undefined =>
  x.op === (padOp as Op) ? (x.attributes as { axis: number; before: number }) : undefined;

const partOp: Op<{ readonly index: number }> = { name: "part" };

/** Result `index` of an op with several results (0: the node itself), and what it holds. */
export function part(x: Tensor, index: number, dtype: DType = "f32"): Tensor {
  return index === 0 ? x : node(partOp, [x], x.further[index - 1], { index }, { dtype });
}

export const isPart = (x: Tensor): x is Tensor<{ readonly index: number }> => x.op === (partOp as Op);

const stopGradientOp: Op<Empty> = {
  name: "stopGradient",
  gradient: () => [undefined],
  view: (_, source) => source,
};

/** The same values; no gradient flows back: where truncated BPTT cuts. */
export const stopGradient = (x: Tensor): Tensor => node(stopGradientOp, [x], x.shape, {}, { dtype: x.dtype });
