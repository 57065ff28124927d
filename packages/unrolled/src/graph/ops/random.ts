// Draws by counter: the same key and stream give the same numbers, so a replay and a resume give the same bits.
import { ShapeError } from "../../errors.js";
import { node, type Op } from "../op.js";
import { type Shape, showShape, sizeOf, type Tensor } from "../tensor.js";

interface DropoutAttributes {
  readonly rate: number;
  readonly stream: number;
}

const dropoutOp: Op<DropoutAttributes> = {
  name: "dropout",
  gradient: (y, [dy]) => [node(dropoutOp, [dy as Tensor, y.inputs[1]], y.shape, y.attributes), undefined],
  lower: (y, emit) => {
    const [x, key] = y.inputs.map((t) => emit.read(t));
    emit.call("dropout", { y: emit.write(y), x, key, n: sizeOf(y.shape), ...y.attributes });
  },
};

function checkKey(where: string, key: Tensor): void {
  if (key.dtype !== "i32" || sizeOf(key.shape) !== 2)
    throw new ShapeError(`${where}: key must be two i32 (seed, step), was ${key.dtype} ${showShape(key.shape)}`);
}

export interface DropoutOptions {
  /** Probability of dropping an element, in [0,1). */
  readonly rate: number;
  /** i32 [2]: seed and step. */
  readonly key: Tensor;
  /** Tells the draws of one step apart. */
  readonly stream: number;
}

/** Zeroes each element with probability `rate` and scales the rest by 1/(1-rate). */
export function dropout(x: Tensor, { rate, key, stream }: DropoutOptions): Tensor {
  checkKey("dropout", key);
  if (!(rate >= 0 && rate < 1)) throw new ShapeError(`dropout: rate must be in [0,1), was ${rate}`);
  return rate === 0 ? x : node(dropoutOp, [x, key], x.shape, { rate, stream });
}

const randomOp: Op<{ readonly kind: 0 | 1; readonly stream: number }> = {
  name: "random",
  lower: (y, emit) =>
    emit.call("random", { y: emit.write(y), key: emit.read(y.inputs[0]), n: sizeOf(y.shape), ...y.attributes }),
};

/** Draws of Philox4x32-10: uniform in [0,1) or standard normal. */
export function random(
  kind: "uniform" | "normal",
  shape: Shape,
  options: { readonly key: Tensor; readonly stream: number },
): Tensor {
  checkKey("random", options.key);
  return node(randomOp, [options.key], shape, { kind: kind === "normal" ? 1 : 0, stream: options.stream });
}
