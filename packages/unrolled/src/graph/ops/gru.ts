// The fused GRU layers, reset after or before the recurrent product: h' = (1-z) n + z h. T time, N batch, H hidden.
import { ShapeError } from "../../errors.js";
import { node, type Op } from "../op.js";
import { sameShape, showShape, type Tensor } from "../tensor.js";
import { add, zerosLike } from "./elementwise.js";
import {
  activationNumbers,
  after,
  backwardLayout,
  before,
  checkLayer,
  forwardLayout,
  isUsual,
  type LayerActivation,
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
} from "./layer.js";
import { sumTo } from "./reduce.js";
import { part, slice } from "./shape.js";

interface GruAttributes extends LayerAttributes {
  /** Options as the rows of the kernels with options have them; absent: the plain kernels. */
  readonly numbers?: Readonly<Record<string, number>>;
}

const variant = ({ numbers }: GruAttributes): "" | "Variant" => (numbers ? "Variant" : "");

// Results: h slab, gates, q = h R_n + bR_n.
const gruOp: Op<GruAttributes> = {
  name: "gru",
  gradient: (slab, upstream) => {
    const [, R, bR, h0] = slab.inputs;
    const { T, N, H, lengths } = slab.attributes;
    refuseGates("gru", upstream[1]);
    const inputs = [upstream[0] ?? zerosLike(slab), part(slab, 1), part(slab, 2), slab, R, ...lengthsInput(slab)];
    const dpre = node(gruGradOp, inputs, [T, N, 3 * H], slab.attributes, { further: [[T, N, 3 * H], h0.shape] });
    const drec = part(dpre, 1);
    const dR = recurrentGradient(drec, before(slab, slab.attributes));
    return [dpre, dR, sumTo(drec, bR.shape), part(dpre, 2), ...(lengths ? [undefined] : [])];
  },
  lower: (slab, emit) => {
    const [pre, , bR, h0] = slab.inputs.map((t, i) => (i === 1 ? undefined : emit.read(t)));
    const r = emit.packed(slab.inputs[1], forwardLayout(3));
    const outputs = { h: emit.write(slab), gates: emit.write(slab, 1), q: emit.write(slab, 2) };
    const lengths = lengthsOf(slab, emit);
    const numbers = { ...sizes(slab.attributes), ...slab.attributes.numbers };
    emit.call(`gru${variant(slab.attributes)}`, { ...outputs, pre, r, bR, h0, lengths, ...numbers });
  },
};

const gruGradOp: Op<GruAttributes> = {
  name: "gruGrad",
  lower: (dpre, emit) => {
    const [dh, gates, q, h] = dpre.inputs.slice(0, 4).map((t) => emit.read(t));
    const rT = emit.packed(dpre.inputs[4], backwardLayout);
    const outputs = { dpre: emit.write(dpre), drec: emit.write(dpre, 1), dh0: emit.write(dpre, 2) };
    emit.call(`gru${variant(dpre.attributes)}Grad`, {
      ...outputs,
      dh,
      gates,
      q,
      h,
      rT,
      lengths: lengthsOf(dpre, emit),
      ...sizes(dpre.attributes),
      ...dpre.attributes.numbers,
    });
  },
};

// Results: h slab, gates, rh = r h. Inputs: pre, R_rz [2H,H], R_n [H,H], h0.
const gruBeforeOp: Op<GruAttributes> = {
  name: "gruBefore",
  gradient: (slab, upstream) => {
    const [, Rrz, Rn, h0] = slab.inputs;
    const { T, N, H, lengths } = slab.attributes;
    refuseGates("gru", upstream[1]);
    const inputs = [upstream[0] ?? zerosLike(slab), part(slab, 1), slab, Rrz, Rn, ...lengthsInput(slab)];
    const dpre = node(gruBeforeGradOp, inputs, [T, N, 3 * H], slab.attributes, { further: [h0.shape] });
    const dRrz = recurrentGradient(slice(dpre, 2, 0, 2 * H), before(slab, slab.attributes));
    const dRn = recurrentGradient(slice(dpre, 2, 2 * H, 3 * H), part(slab, 2));
    return [dpre, dRrz, dRn, part(dpre, 1), ...(lengths ? [undefined] : [])];
  },
  lower: (slab, emit) => {
    const [pre, h0] = [slab.inputs[0], slab.inputs[3]].map((t) => emit.read(t));
    const rz = emit.packed(slab.inputs[1], forwardLayout(2));
    const rn = emit.packed(slab.inputs[2], forwardLayout(1));
    const outputs = { h: emit.write(slab), gates: emit.write(slab, 1), rh: emit.write(slab, 2) };
    const lengths = lengthsOf(slab, emit);
    const numbers = { ...sizes(slab.attributes), ...slab.attributes.numbers };
    emit.call(`gruBefore${variant(slab.attributes)}`, { ...outputs, pre, rz, rn, h0, lengths, ...numbers });
  },
};

const gruBeforeGradOp: Op<GruAttributes> = {
  name: "gruBeforeGrad",
  lower: (dpre, emit) => {
    const [dh, gates, h] = dpre.inputs.slice(0, 3).map((t) => emit.read(t));
    const rzT = emit.packed(dpre.inputs[3], backwardLayout);
    const rnT = emit.packed(dpre.inputs[4], backwardLayout);
    const outputs = { dpre: emit.write(dpre), dh0: emit.write(dpre, 1) };
    emit.call(`gruBefore${variant(dpre.attributes)}Grad`, {
      ...outputs,
      dh,
      gates,
      h,
      rzT,
      rnT,
      lengths: lengthsOf(dpre, emit),
      ...sizes(dpre.attributes),
      ...dpre.attributes.numbers,
    });
  },
};

export interface GruOptions extends RecurrentOptions {
  /** "after" the recurrent product (cuDNN, PyTorch; default) or "before" it (Cho 2014, the lectures). */
  readonly reset?: "after" | "before";
  /** Of r and z; sigmoid. */
  readonly gate?: LayerActivation;
  /** Of n; tanh. */
  readonly candidate?: LayerActivation;
  /** Limits what enters every activation to [-clip, clip]. Where it does, no gradient passes. */
  readonly clip?: number;
}

/**
 * Gates r,z,n: h' = (1-z) n + z h, with n = tanh(pre_n + r (h R_n' + bR_n)) (reset after) or tanh(pre_n + (r h) R_n' + bR_n)
 * (before). pre [T,N,3H] = x W' + b, R [3H,H], bR [3H], h0 [N,H]. z keeps the old state: the lecture's update gate is 1-z.
 */
export function gru(pre: Tensor, R: Tensor, bR: Tensor, h0: Tensor, options: GruOptions = {}): RecurrentStates {
  const { gate, candidate, clip } = options;
  const plain = checkLayer("gru", 3, pre, R, [h0], options);
  const layer: GruAttributes = isUsual({ gate, candidate }, clip)
    ? plain
    : { ...plain, numbers: activationNumbers("gru", { gate, candidate }, clip) };
  const { H } = layer;
  if (!sameShape(bR.shape, [3 * H]))
    throw new ShapeError(`gru: bR must be ${showShape([3 * H])}, was ${showShape(bR.shape)}`);
  const further = { further: [pre.shape, [layer.T, layer.N, H]] };
  const lengths = optional(options.lengths);
  const slab =
    options.reset === "before"
      ? node(
          gruBeforeOp,
          [add(pre, bR), slice(R, 0, 0, 2 * H), slice(R, 0, 2 * H, 3 * H), h0, ...lengths],
          slabShape(layer),
          layer,
          further,
        )
      : node(gruOp, [pre, R, bR, h0, ...lengths], slabShape(layer), layer, further);
  return { y: after(slab, layer), h: last(slab, layer), gates: part(slab, 1) };
}
