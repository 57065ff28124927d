// The fused vanilla layer: h' = f(pre + h R'). T time, N batch, H hidden.
import { rnnActivations } from "../../device/kernels.js";
import { node, type Op } from "../op.js";
import type { Tensor } from "../tensor.js";
import { zerosLike } from "./elementwise.js";
import {
  activationNumbers,
  after,
  backwardLayout,
  before,
  checkLayer,
  forwardLayout,
  type LayerActivation,
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
  /** The options of the row, of the plain kernel or of the one with options. */
  readonly numbers: Readonly<Record<string, number>>;
}

const kernelOf = ({ numbers }: RnnAttributes): "rnn" | "rnnVariant" => ("activation" in numbers ? "rnn" : "rnnVariant");

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
    const [pre, h0] = [slab.inputs[0], slab.inputs[2]].map((t) => emit.read(t));
    const r = emit.packed(slab.inputs[1], forwardLayout(1));
    emit.call(kernelOf(slab.attributes), {
      h: emit.write(slab),
      pre,
      r,
      h0,
      lengths: lengthsOf(slab, emit),
      ...sizes(slab.attributes),
      ...slab.attributes.numbers,
    });
  },
};

const rnnGradOp: Op<RnnAttributes> = {
  name: "rnnGrad",
  lower: (dpre, emit) => {
    const [dh, h] = dpre.inputs.slice(0, 2).map((t) => emit.read(t));
    const rT = emit.packed(dpre.inputs[2], backwardLayout);
    const outputs = { dpre: emit.write(dpre), dh0: emit.write(dpre, 1) };
    emit.call(`${kernelOf(dpre.attributes)}Grad`, {
      ...outputs,
      dh,
      h,
      rT,
      lengths: lengthsOf(dpre, emit),
      ...sizes(dpre.attributes),
      ...dpre.attributes.numbers,
    });
  },
};

export interface RnnLayerOptions extends RecurrentOptions {
  readonly activation?: LayerActivation;
  /** Limits what enters the activation to [-clip, clip]. Where it does, no gradient passes. */
  readonly clip?: number;
}

/**
 * h' = f(pre + h R'). pre [T,N,H] = x W' + b, R [H,H], h0 [N,H]; activation tanh where left out. Elman 1990. The slab's
 * values decide the derivative.
 */
export function rnn(pre: Tensor, R: Tensor, h0: Tensor, options: RnnLayerOptions = {}): RecurrentStates {
  const { activation = "tanh", clip } = options;
  const layer = checkLayer("rnn", 1, pre, R, [h0], options);
  const plain = clip === undefined ? rnnActivations.findIndex((name) => name === activation) : -1;
  const numbers = plain >= 0 ? { activation: plain } : activationNumbers("rnn", { candidate: activation }, clip);
  const slab = node(rnnOp, [pre, R, h0, ...optional(options.lengths)], slabShape(layer), { ...layer, numbers });
  return { y: after(slab, layer), h: last(slab, layer), gates: after(slab, layer) };
}
