// The fused vanilla layer: h' = f(pre + h R'). T time, N batch, H hidden.
import { type RnnActivation, rnnActivations } from "../../device/kernels.js";
import { node, type Op } from "../op.js";
import type { Tensor } from "../tensor.js";
import { zerosLike } from "./elementwise.js";
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
  sizes,
  slabShape,
} from "./layer.js";
import { part } from "./shape.js";

interface RnnAttributes extends LayerAttributes {
  readonly activation: number;
}

const rnnOp: Op<RnnAttributes> = {
  name: "rnn",
  gradient: (slab, [dh]) => {
    const [, R, h0] = slab.inputs;
    const { T, N, H, lengths } = slab.attributes;
    const dpre = node(rnnGradOp, [dh ?? zerosLike(slab), slab, R, ...lengthsInput(slab)], [T, N, H], slab.attributes, {
      further: [h0.shape],
    });
    const dR = recurrentGradient(dpre, before(slab, slab.attributes));
    return [dpre, dR, part(dpre, 1), ...(lengths ? [undefined] : [])];
  },
  lower: (slab, emit) => {
    const { activation } = slab.attributes;
    const [pre, h0] = [slab.inputs[0], slab.inputs[2]].map((t) => emit.read(t));
    const r = emit.packed(slab.inputs[1], forwardLayout(1));
    emit.call("rnn", {
      h: emit.write(slab),
      pre,
      r,
      h0,
      lengths: lengthsOf(slab, emit),
      ...sizes(slab.attributes),
      activation,
    });
  },
};

const rnnGradOp: Op<RnnAttributes> = {
  name: "rnnGrad",
  lower: (dpre, emit) => {
    const { activation } = dpre.attributes;
    const [dh, h] = dpre.inputs.slice(0, 2).map((t) => emit.read(t));
    const rT = emit.packed(dpre.inputs[2], backwardLayout);
    const outputs = { dpre: emit.write(dpre), dh0: emit.write(dpre, 1) };
    emit.call("rnnGrad", {
      ...outputs,
      dh,
      h,
      rT,
      lengths: lengthsOf(dpre, emit),
      ...sizes(dpre.attributes),
      activation,
    });
  },
};

/**
 * h' = f(pre + h R'). pre [T,N,H] = x W' + b, R [H,H], h0 [N,H]; activation tanh (default), relu, sigmoid or linear.
 * Elman 1990. For linear and relu the slab's values decide the derivative.
 */
export function rnn(
  pre: Tensor,
  R: Tensor,
  h0: Tensor,
  options: RecurrentOptions & { readonly activation?: RnnActivation } = {},
): RecurrentStates {
  const layer = checkLayer("rnn", 1, pre, R, [h0], options);
  const activation = rnnActivations.indexOf(options.activation ?? "tanh");
  const slab = node(rnnOp, [pre, R, h0, ...optional(options.lengths)], slabShape(layer), { ...layer, activation });
  return { y: after(slab, layer), h: last(slab, layer), gates: after(slab, layer) };
}
