// Layer normalisation over the last axis (Ba, Kiros, Hinton 2016).
import { ShapeError } from "../../errors.js";
import { type Buffer, node, type Op } from "../op.js";
import { sameShape, showShape, sizeOf, type Tensor } from "../tensor.js";
import { part } from "./shape.js";

// Results: y, mean [R], 1/standard deviation [R].
const layerNormOp: Op<{ readonly epsilon: number }> = {
  name: "layerNorm",
  gradient: (y, [dy]) => {
    const [x, gain] = y.inputs;
    const dx = node(
      layerNormGradOp,
      [dy as Tensor, x, part(y, 1), part(y, 2), gain],
      x.shape,
      {},
      { further: [gain.shape, gain.shape] },
    );
    return [dx, part(dx, 1), part(dx, 2)];
  },
  lower: (y, emit) => {
    const [x, gain, bias] = y.inputs.map((t) => emit.read(t));
    const [out, mean, rstd] = [0, 1, 2].map((i) => emit.write(y, i));
    emit.call("layerNorm", { y: out, mean, rstd, x, gain, bias, ...rows(y), epsilon: y.attributes.epsilon });
  },
};

const layerNormGradOp: Op<{ readonly none?: never }> = {
  name: "layerNormGrad",
  lower: (grad, emit) => {
    const [dy, x, mean, rstd, gain] = grad.inputs.map((t) => emit.read(t));
    const [dx, dgain, dbias]: Buffer[] = [0, 1, 2].map((i) => emit.write(grad, i));
    emit.call("layerNormGrad", { dx, dgain, dbias, dy, x, mean, rstd, gain, ...rows(grad) });
  },
};

const rows = (x: Tensor): { R: number; n: number } => ({
  R: sizeOf(x.shape.slice(0, -1)),
  n: x.shape[x.shape.length - 1],
});

/** gain * (x - mean) / sqrt(variance + epsilon) + bias over the last axis; x [...,n], gain and bias [n]. */
export function layerNorm(x: Tensor, gain: Tensor, bias: Tensor, options: { readonly epsilon?: number } = {}): Tensor {
  const n = x.shape.slice(-1);
  if (n.length === 0 || !sameShape(gain.shape, n) || !sameShape(bias.shape, n))
    throw new ShapeError(
      `layerNorm: gain and bias must be ${showShape(n)} for ${showShape(x.shape)}, were ${showShape(gain.shape)} and ${showShape(bias.shape)}`,
    );
  const R = [sizeOf(x.shape.slice(0, -1))];
  return node(layerNormOp, [x, gain, bias], x.shape, { epsilon: options.epsilon ?? 1e-5 }, { further: [R, R] });
}
