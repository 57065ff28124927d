// Rows of a table by id (embedding), ids from numbers, and the sum of gradients back into the table.
import { ShapeError } from "../../errors.js";
import { node, type Op } from "../op.js";
import { showShape, sizeOf, type Tensor } from "../tensor.js";
import { linear } from "./matmul.js";
import { part } from "./shape.js";

interface Empty {
  readonly none?: never;
}

const gatherOp: Op<Empty> = {
  name: "gather",
  gradient: (y, [dy]) => [node(scatterAddOp, [dy as Tensor, y.inputs[1]], y.inputs[0].shape, {}), undefined],
  lower: (y, emit) => {
    const [table, ids] = y.inputs.map((t) => emit.read(t));
    const [V, D] = y.inputs[0].shape;
    emit.call("gather", { y: emit.write(y), table, ids, R: sizeOf(y.inputs[1].shape), D, V });
  },
};

const scatterAddOp: Op<Empty> = {
  name: "scatterAdd",
  lower: (table, emit) => {
    const [x, ids] = table.inputs.map((t) => emit.read(t));
    const [V, D] = table.shape;
    emit.call("scatterAdd", { table: emit.write(table), x, ids, R: sizeOf(table.inputs[1].shape), D, V });
  },
};

/** table [V,D], ids [...] (i32) -> [...,D]. An id outside [0,V) gives a row of zeros (the zero start input of the lectures). */
export function gather(table: Tensor, ids: Tensor): Tensor {
  if (table.shape.length !== 2 || ids.dtype !== "i32")
    throw new ShapeError(
      `gather: must be a table [V,D] and i32 ids, were ${showShape(table.shape)} and ${ids.dtype} ${showShape(ids.shape)}`,
    );
  return node(gatherOp, [table, ids], [...ids.shape, table.shape[1]], {});
}

const argmaxOp: Op<Empty> = {
  name: "argmax",
  gradient: () => [undefined],
  lower: (y, emit) => {
    const x = emit.read(y.inputs[0]);
    const n = y.inputs[0].shape.at(-1) as number;
    emit.call("argmax", { y: emit.write(y), x, R: sizeOf(y.shape), n });
  },
};

/** Index of the largest element of the last axis (the first of equals), i32. */
export function argmax(x: Tensor): Tensor {
  if (x.shape.length === 0) throw new ShapeError("argmax: input must have at least one axis, was a scalar");
  return node(argmaxOp, [x], x.shape.slice(0, -1), {}, { dtype: "i32" });
}

const topKOp: Op<{ readonly k: number }> = {
  name: "topK",
  gradient: () => [undefined, undefined],
  lower: (y, emit) => {
    const [x, asked] = y.inputs.map((t) => emit.read(t));
    const [R, n] = y.inputs[0].shape;
    const [values, ids, logAsked] = [0, 1, 2].map((i) => emit.write(y, i));
    emit.call("topK", { values, ids, logAsked, x, asked, R, n, k: y.attributes.k });
  },
};

export interface Likeliest {
  /** log softmax of the k largest of each row [R,k], best first; minus infinity where there are fewer. */
  readonly values: Tensor;
  /** Where they lie, i32 [R,k]; -1 where there are fewer. */
  readonly ids: Tensor;
  /** log softmax at the asked id of each row [R]; 0 where that is no place of the row. */
  readonly logAsked: Tensor;
}

/** The k likeliest of each row of scores x [R,n], and the log-probability of `asked` i32 [R]; not differentiable. */
export function topK(x: Tensor, k: number, asked: Tensor): Likeliest {
  const [R] = x.shape;
  if (x.shape.length !== 2 || asked.dtype !== "i32" || sizeOf(asked.shape) !== R || !Number.isInteger(k) || k < 1)
    throw new ShapeError(
      `topK: must be scores [R,n], i32 ids [R] and a whole number from 1, were ${showShape(x.shape)}, ${asked.dtype} ${showShape(asked.shape)} and ${k}`,
    );
  const values = node(topKOp, [x, asked], [R, k], { k }, { further: [[R, k], [R]] });
  return { values, ids: part(values, 1, "i32"), logAsked: part(values, 2) };
}

const topKLinearOp: Op<{ readonly k: number }> = {
  name: "topKLinear",
  gradient: (y) => y.inputs.map(() => undefined),
  lower: (y, emit) => {
    const [x, W, b, asked] = y.inputs;
    const [M, K] = x.shape;
    const [values, ids, logAsked] = [0, 1, 2].map((i) => emit.write(y, i));
    const given = { a: emit.read(x), p: emit.packed(W, { transposed: true, groups: 1 }), bias: emit.read(b) };
    emit.call("topKProduct", {
      values,
      ids,
      logAsked,
      ...given,
      asked: emit.read(asked),
      M,
      N: W.shape[0],
      K,
      k: y.attributes.k,
    });
  },
};

/** With fewer rows the scores are soon looked through, and threads do better to share the columns of the product. */
const fewestFusedRows = 32;

/** `topK(linear(x, W, b), k, asked)` to the same bits, for x [R,D]; of many rows the scores [R,n] are never stored. Not differentiable. */
export function topKLinear(x: Tensor, W: Tensor, b: Tensor, k: number, asked: Tensor): Likeliest {
  const [R] = x.shape;
  const whole = topK(linear(x, W, b), k, asked);
  if (R < fewestFusedRows || x.shape[1] === 0) return whole;
  const values = node(topKLinearOp, [x, W, b, asked], [R, k], { k }, { further: [[R, k], [R]] });
  return { values, ids: part(values, 1, "i32"), logAsked: part(values, 2) };
}

const toIdsOp: Op<Empty> = {
  name: "toIds",
  gradient: () => [undefined],
  lower: (y, emit) => {
    const x = emit.read(y.inputs[0]);
    emit.call("toIds", { y: emit.write(y), x, n: x.words });
  },
};

/** The largest integer not above each element, as i32; -1 for what is below 0, 2^31 or more, or NaN. */
export const toIds = (x: Tensor): Tensor => node(toIdsOp, [x], x.shape, {}, { dtype: "i32" });
