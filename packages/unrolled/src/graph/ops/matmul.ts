// Matrix product, batched, either side transposed. A right side made of weights alone is packed once per program.
import { ShapeError } from "../../errors.js";
import { blockArguments, spanOf } from "../blocks.js";
import { type Buffer, type Emitter, node, type Op, type View } from "../op.js";
import { broadcastShapes, type Shape, sameShape, showShape, sizeOf, stridesOf, type Tensor } from "../tensor.js";
import { broadcastTo, reshape } from "./shape.js";
import { sumTo } from "./reduce.js";

export interface MatmulOptions {
  /** Read the last two axes of a as [K,M]. */
  readonly transposeA?: boolean;
  /** Read the last two axes of b as [N,K]. */
  readonly transposeB?: boolean;
}

interface MatmulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** A third input [N] is added to every row. */
  readonly bias: boolean;
}

/** The last two axes of a view as a matrix: element (batch, row, col) at offset + batch*b + row*r + col*c. */
interface Matrix {
  readonly buffer: Buffer;
  readonly batch: number;
  readonly row: number;
  readonly col: number;
}

const matmulOp: Op<MatmulAttributes> = {
  name: "matmul",
  canAccumulate: (y) => !y.attributes.bias,
  gradient: (y, [dyMaybe]) => {
    const { transposeA: tA, transposeB: tB } = y.attributes;
    const [a, b] = y.inputs;
    const dy = dyMaybe as Tensor;
    // A[M,K] B[K,N]: dA = dY B', dB = A' dY, each in the order its operand is stored.
    const da = tA ? matmul(b, dy, { transposeA: tB, transposeB: true }) : matmul(dy, b, { transposeB: !tB });
    return [
      sumTo(da, a.shape),
      gradientOfRight(a, b, dy, tA, tB),
      ...(y.attributes.bias ? [sumTo(dy, y.inputs[2].shape)] : []),
    ];
  },
  lower: (y, emit) => {
    const [a, b] = y.inputs;
    if (y.shape.length > 2 && b.shape.length === 2 && !y.attributes.transposeA) return lowerFlat(y, a, b, emit);
    lowerGeneral(y, a, b, emit);
  },
};

/** dB; a right side without batch axes sees all rows of all batches as one long matrix. */
function gradientOfRight(a: Tensor, b: Tensor, dy: Tensor, tA: boolean, tB: boolean): Tensor {
  if (b.shape.length === 2 && a.shape.length > 2 && !tA) {
    const [rows, dRows] = [reshape(a, flat(a.shape)), reshape(dy, flat(dy.shape))];
    return tB ? matmul(dRows, rows, { transposeA: true }) : matmul(rows, dRows, { transposeA: true });
  }
  const db = tB ? matmul(dy, a, { transposeA: true, transposeB: tA }) : matmul(a, dy, { transposeA: !tA });
  return sumTo(db, b.shape);
}

/** All leading axes as rows. */
const flat = (shape: Shape): Shape => [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]];

/** Left side with leading axes, right side without: one product over all rows. */
function lowerFlat(y: Tensor<MatmulAttributes>, a: Tensor, b: Tensor, emit: Emitter): void {
  const [M, K] = flat(a.shape);
  const left: Matrix = { buffer: emit.read(a), batch: 0, row: K, col: 1 };
  const right = matrixOf(emit, b, y.attributes.transposeB, []);
  product(emit, y, left, right, { batch: 1, M, N: y.shape[y.shape.length - 1], K });
}

function lowerGeneral(y: Tensor<MatmulAttributes>, a: Tensor, b: Tensor, emit: Emitter): void {
  const { transposeA, transposeB } = y.attributes;
  const batchShape = y.shape.slice(0, -2);
  const [M, N] = y.shape.slice(-2);
  const K = a.shape[a.shape.length - (transposeA ? 2 : 1)];
  const left = matrixOf(emit, a, transposeA, batchShape);
  const right = matrixOf(emit, b, transposeB, batchShape);
  product(emit, y, left, right, { batch: sizeOf(batchShape), M, N, K });
}

interface Sizes {
  readonly batch: number;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

function product(
  emit: Emitter,
  y: Tensor<MatmulAttributes>,
  a: Matrix,
  right: Matrix,
  { batch, M, N, K }: Sizes,
): void {
  const [b, c] = [y.inputs[1], emit.write(y)];
  if (M === 0 || N === 0 || batch === 0) return;
  const accumulate = emit.accumulates(y) ? 1 : 0;
  const bias = y.attributes.bias ? emit.read(y.inputs[2]) : undefined;
  if (batch === 1 && a.col === 1 && K > 0 && emit.fromVariables(b)) {
    const p = emit.packed(b, { transposed: y.attributes.transposeB, groups: 1 });
    emit.call("multiply", { c, a: a.buffer, p, bias, M, N, K, aRow: a.row, cRow: N, accumulate });
    return;
  }
  if (bias) emit.call("copy", { y: c, x: bias, ...blockArguments([1, batch, M, N], [0, M * N, N, 1], [0, 0, 0, 1]) });
  emit.call("gemm", {
    c,
    a: a.buffer,
    b: right.buffer,
    batch,
    M,
    N,
    K,
    aBatch: a.batch,
    aRow: a.row,
    aCol: a.col,
    bBatch: right.batch,
    bRow: right.row,
    bCol: right.col,
    cBatch: M * N,
    cRow: N,
    accumulate: bias ? 1 : accumulate,
  }); // prettier-ignore
}

/** The operand with its batch axes seen as one; copied dense where they cannot be. */
function matrixOf(emit: Emitter, tensor: Tensor, transposed: boolean, batchShape: Shape): Matrix {
  const seen = emit.view(tensor);
  const batch = batchStride(seen, batchShape);
  const view = batch === undefined ? denseView(emit.read(tensor), tensor.shape) : seen;
  const [row, col] = view.strides.slice(-2);
  return {
    buffer: spanOf(view),
    batch: batch ?? (batchStride(view, batchShape) as number),
    row: transposed ? col : row,
    col: transposed ? row : col,
  };
}

const denseView = (buffer: Buffer, shape: Shape): View => ({ ...buffer, shape, strides: stridesOf(shape) });

/** The one stride that walks all batch axes in order, or undefined. */
function batchStride(view: View, batchShape: Shape): number | undefined {
  const own = view.shape.slice(0, -2);
  if (own.every((n) => n === 1)) return 0;
  if (own.length !== batchShape.length || own.some((n, i) => n !== batchShape[i])) return undefined;
  const axes = own.flatMap((n, i) => (n > 1 ? [i] : []));
  for (let i = axes.length - 1; i > 0; i--)
    if (view.strides[axes[i - 1]] !== view.strides[axes[i]] * own[axes[i]]) return undefined;
  return view.strides[axes[axes.length - 1]];
}

/** a [...,M,K] times b [...,K,N] -> [...,M,N]; leading axes broadcast. */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const [transposeA, transposeB] = [options.transposeA ?? false, options.transposeB ?? false];
  if (a.shape.length < 2 || b.shape.length < 2)
    throw new ShapeError(
      `matmul: both sides must have at least two axes, were ${showShape(a.shape)} and ${showShape(b.shape)}`,
    );
  const [M, K] = transposeA ? [a.shape.at(-1), a.shape.at(-2)] : [a.shape.at(-2), a.shape.at(-1)];
  const [K2, N] = transposeB ? [b.shape.at(-1), b.shape.at(-2)] : [b.shape.at(-2), b.shape.at(-1)];
  if (K !== K2)
    throw new ShapeError(
      `matmul: inner sizes must be equal, were ${K} of ${showShape(a.shape)} and ${K2} of ${showShape(b.shape)}`,
    );
  const batch = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const spread = (t: Tensor): Tensor =>
    sizeOf(t.shape.slice(0, -2)) === 1 ? t : broadcastTo(t, [...batch, ...t.shape.slice(-2)]);
  return node(matmulOp, [spread(a), spread(b)], [...batch, M as number, N as number], {
    transposeA,
    transposeB,
    bias: false,
  });
}

/** For a product A'B of two matrices, or of a batch of them: the rows of A and B over which it sums. A weight's gradient is such. */
export function summedProduct(x: Tensor): readonly [Tensor, Tensor] | undefined {
  if (x.op !== (matmulOp as Op)) return undefined;
  const { transposeA, transposeB, bias } = x.attributes as MatmulAttributes;
  const [a, b] = x.inputs;
  const batches =
    a.shape.length === b.shape.length && (a.shape.length === 2 || (a.shape.length === 3 && a.shape[0] === b.shape[0]));
  return transposeA && !transposeB && !bias && batches ? [a, b] : undefined;
}

/** x W' + b: x [...,K], W [N,K] (PyTorch's layout), b [N] -> [...,N]. */
export function linear(x: Tensor, W: Tensor, b: Tensor): Tensor {
  const [N, K] = W.shape;
  if (W.shape.length !== 2 || x.shape.length < 2 || x.shape[x.shape.length - 1] !== K || !sameShape(b.shape, [N]))
    throw new ShapeError(
      `linear: must be x [...,K], W [N,K] and b [N], were ${showShape(x.shape)}, ${showShape(W.shape)} and ${showShape(b.shape)}`,
    );
  return node(matmulOp, [x, W, b], [...x.shape.slice(0, -1), N], { transposeA: false, transposeB: true, bias: true });
}
