// Softmax, log-softmax and fused cross-entropy over the last axis. V classes.
import { ShapeError } from "../../errors.js";
import { node, type Op } from "../op.js";
import { type Scalar, sameShape, showShape, sizeOf, type Tensor } from "../tensor.js";
import { add, mul, neg } from "./elementwise.js";
import { mean, sum } from "./reduce.js";
import { part, reshape } from "./shape.js";

interface SoftmaxAttributes {
  readonly log: 0 | 1;
}

const rowsOf = (x: Tensor): { R: number; n: number } => ({
  R: sizeOf(x.shape.slice(0, -1)),
  n: x.shape[x.shape.length - 1],
});

const softmaxOp: Op<SoftmaxAttributes> = {
  name: "softmax",
  gradient: (y, [dy]) => [node(softmaxGradOp, [dy as Tensor, y], y.shape, y.attributes)],
  lower: (y, emit) => {
    const x = emit.read(y.inputs[0]);
    emit.call("softmax", { y: emit.write(y), x, ...rowsOf(y), log: y.attributes.log });
  },
};

const softmaxGradOp: Op<SoftmaxAttributes> = {
  name: "softmaxGrad",
  lower: (dx, emit) => {
    const [dy, y] = dx.inputs.map((t) => emit.read(t));
    emit.call("softmaxGrad", { dx: emit.write(dx), dy, y, ...rowsOf(dx), log: dx.attributes.log });
  },
};

function rowwise(where: string, x: Tensor, log: 0 | 1): Tensor {
  if (x.shape.length === 0) throw new ShapeError(`${where}: input must have at least one axis, was a scalar`);
  return node(softmaxOp, [x], x.shape, { log });
}

/** exp(x) / sum exp(x) over the last axis, the maximum subtracted first. */
export const softmax = (x: Tensor): Tensor => rowwise("softmax", x, 0);

/** log softmax(x) over the last axis. */
export const logSoftmax = (x: Tensor): Tensor => rowwise("logSoftmax", x, 1);

interface CrossEntropyAttributes {
  readonly ignore: number;
}

// Results: loss [R], logSumExp [R], weight [R] (1 where the row counts).
const crossEntropyOp: Op<CrossEntropyAttributes> = {
  name: "crossEntropy",
  gradient: (y, [dloss]) => {
    const [logits, targets] = y.inputs;
    return [
      dloss && node(crossEntropyGradOp, [logits, part(y, 1), targets, dloss], logits.shape, y.attributes),
      undefined,
    ];
  },
  lower: (y, emit) => {
    const [logits, targets] = y.inputs.map((t) => emit.read(t));
    const { R, n: V } = rowsOf(y.inputs[0]);
    const [loss, lse, weight] = [0, 1, 2].map((i) => emit.write(y, i));
    emit.call("crossEntropy", { loss, lse, weight, logits, targets, R, V, ignore: y.attributes.ignore });
  },
};

const crossEntropyGradOp: Op<CrossEntropyAttributes> = {
  name: "crossEntropyGrad",
  lower: (dx, emit) => {
    const [logits, lse, targets, dloss] = dx.inputs.map((t) => emit.read(t));
    const { R, n: V } = rowsOf(dx);
    emit.call("crossEntropyGrad", {
      dlogits: emit.write(dx),
      logits,
      lse,
      targets,
      dloss,
      R,
      V,
      ignore: dx.attributes.ignore,
    });
  },
};

export interface CrossEntropy {
  /** Nats, summed over the rows that count. */
  readonly sum: Scalar;
  /** How many rows count; divide once. */
  readonly count: Scalar;
  /** Nats of each row [R], 0 where ignored. */
  readonly each: Tensor;
}

/**
 * -log softmax(logits)[target] of each row. logits [...,V], targets [...] (i32). A target equal to `ignore` (default -1)
 * or outside [0,V) counts for nothing.
 */
export function crossEntropy(
  logits: Tensor,
  targets: Tensor,
  options: { readonly ignore?: number } = {},
): CrossEntropy {
  const { counted: _, ...result } = countedCrossEntropy(logits, targets, options);
  return result;
}

/** The same, and 1 for each row [R] that counts, 0 for others. */
function countedCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  options: { readonly ignore?: number },
): CrossEntropy & { readonly counted: Tensor } {
  if (targets.dtype !== "i32" || !sameShape(logits.shape.slice(0, -1), targets.shape))
    throw new ShapeError(
      `crossEntropy: targets must be i32 ${showShape(logits.shape.slice(0, -1))}, was ${targets.dtype} ${showShape(targets.shape)}`,
    );
  const rows = [sizeOf(targets.shape)];
  const loss = node(
    crossEntropyOp,
    [logits, targets],
    rows,
    { ignore: options.ignore ?? -1 },
    { further: [rows, rows] },
  );
  return { sum: sum(loss), count: sum(part(loss, 2)), each: reshape(loss, targets.shape), counted: part(loss, 2) };
}

/**
 * Cross-entropy with the target distribution (1-e) onehot + e/V (Szegedy 2016, label smoothing): (1-e) of the cross-entropy
 * and e of the mean of -log softmax over all classes. `each` and `count` are those of the plain cross-entropy. e in [0,1).
 */
export function smoothedCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  e: number,
  options: { readonly ignore?: number } = {},
): CrossEntropy {
  if (!(e >= 0 && e < 1)) throw new ShapeError(`smoothedCrossEntropy: the share must be in [0,1), was ${e}`);
  const { counted, ...plain } = countedCrossEntropy(logits, targets, options);
  if (e === 0) return plain;
  const weight = reshape(counted, targets.shape);
  const spread = sum(mul(weight, neg(mean(logSoftmax(logits), { axes: [logits.shape.length - 1] }))));
  return { ...plain, sum: add(mul(plain.sum, 1 - e), mul(spread, e)) as Scalar };
}
