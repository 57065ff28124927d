// The fused GRU layer with layer normalisation, reset after the product (Ba 2016, supplement eq. 26-29). T time, N batch,
// H hidden.
import { node, type Op } from "../op.js";
import type { Tensor } from "../tensor.js";
import { mul, zerosLike } from "./elementwise.js";
import {
  after,
  backwardLayout,
  before,
  checkLayer,
  forwardLayout,
  type LayerAttributes,
  last,
  lengthsInput,
  lengthsOf,
  optional,
  type RecurrentOptions,
  type RecurrentStates,
  recurrentGradient,
  refuseGates,
  sizes,
  slabShape,
  unitGradient,
} from "./layer.js";
import { checkWidths } from "./lstm-norm.js";
import { sumTo } from "./reduce.js";
import { concat, part, slice } from "./shape.js";

interface NormAttributes extends LayerAttributes {
  readonly epsilon: number;
}

// Results: h slab, gates, normalised product, 1/standard deviations. Inputs: pre, R, gain, bR, h0, lengths.
const normOp: Op<NormAttributes> = {
  name: "gruNorm",
  gradient: (slab, upstream) => {
    const [pre, R, gain, bR, h0] = slab.inputs;
    const { attributes } = slab;
    const { H } = attributes;
    refuseGates("gru", upstream[1]);
    const [gates, normal, rstd] = [1, 2, 3].map((index) => part(slab, index));
    const saved = [upstream[0] ?? zerosLike(slab), gates, normal, rstd, slab, R, gain, bR];
    const dpre = node(normGradOp, [...saved, ...lengthsInput(slab)], pre.shape, attributes, {
      further: [pre.shape, h0.shape],
    });
    // What the shift of the product gets: its third part is behind the reset gate.
    const [dn, r] = [slice(dpre, 2, 2 * H, 3 * H), slice(gates, 2, 0, H)];
    const [dEarly, dLast] = [slice(dpre, 2, 0, 2 * H), mul(dn, r)];
    const [early, late] = [slice(normal, 2, 0, 2 * H), slice(normal, 2, 2 * H, 3 * H)];
    return [
      dpre,
      recurrentGradient(part(dpre, 1), before(slab, attributes)),
      concat([unitGradient(dEarly, early), unitGradient(dLast, late)]),
      concat([sumTo(dEarly, [2 * H]), sumTo(dLast, [H])]),
      part(dpre, 2),
      ...(attributes.lengths ? [undefined] : []),
    ];
  },
  lower: (slab, emit) => {
    const { attributes } = slab;
    const [pre, gain, bR, h0] = [0, 2, 3, 4].map((i) => emit.read(slab.inputs[i]));
    const r = emit.packed(slab.inputs[1], forwardLayout(3));
    const [h, gates, normal, rstd] = [0, 1, 2, 3].map((index) => emit.write(slab, index));
    const buffers = { h, gates, normal, rstd, pre, r, gain, bR, h0, lengths: lengthsOf(slab, emit) };
    emit.call("gruNorm", { ...buffers, ...sizes(attributes), epsilon: attributes.epsilon });
  },
};

const normGradOp: Op<NormAttributes> = {
  name: "gruNormGrad",
  lower: (dpre, emit) => {
    const { inputs } = dpre;
    const [dh, gates, normal, rstd, h] = inputs.slice(0, 5).map((t) => emit.read(t));
    const rT = emit.packed(inputs[5], backwardLayout);
    const [gain, bR] = inputs.slice(6, 8).map((t) => emit.read(t));
    const outputs = { dpre: emit.write(dpre), drec: emit.write(dpre, 1), dh0: emit.write(dpre, 2) };
    const buffers = { dh, gates, normal, rstd, h, rT, gain, bR, lengths: lengthsOf(dpre, emit) };
    emit.call("gruNormGrad", { ...outputs, ...buffers, ...sizes(dpre.attributes) });
  },
};

/** gain and bR [3H] of the normalised product. */
export interface GruNormWeights {
  readonly gain: Tensor;
  readonly bR: Tensor;
}

/**
 * `gru`, reset after the product, with gain LN(h R') + bR in place of h R' + bR: LN(x) = (x - mean) / sqrt(variance + epsilon)
 * over the 2H sums of r and z together, and over those of n. pre [T,N,3H] holds the input's part, normalised by itself, and
 * its bias. Ba, Kiros, Hinton 2016, supplement eq. 26-29. ShapeError where shapes do not fit.
 */
export function gruNorm(
  pre: Tensor,
  R: Tensor,
  weights: GruNormWeights,
  h0: Tensor,
  options: RecurrentOptions & { readonly epsilon?: number } = {},
): RecurrentStates {
  const layer = checkLayer("gruNorm", 3, pre, R, [h0], options);
  const { T, N, H } = layer;
  const { gain, bR } = weights;
  checkWidths("gruNorm", { gain, bR }, { gain: [3 * H], bR: [3 * H] });
  const inputs = [pre, R, gain, bR, h0, ...optional(options.lengths)];
  const further = [pre.shape, pre.shape, [T, N, 2]];
  const slab = node(normOp, inputs, slabShape(layer), { ...layer, epsilon: options.epsilon ?? 1e-5 }, { further });
  return { y: after(slab, layer), h: last(slab, layer), gates: part(slab, 1) };
}
