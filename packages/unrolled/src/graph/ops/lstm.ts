// The fused LSTM layer: c' = f c + i g, h' = o tanh(c'). T time, N batch, H hidden.
import { node, type Op } from "../op.js";
import type { Tensor } from "../tensor.js";
import { zerosLike } from "./elementwise.js";
import {
  backwardLayout,
  before,
  checkLayer,
  forwardLayout,
  type LayerAttributes,
  lengthsInput,
  lengthsOf,
  optional,
  recurrentGradient,
  refuseGates,
  sizes,
  slabShape,
} from "./layer.js";
import { hasVariant, type LstmLayerOptions, type LstmStates, lstmStates, lstmVariant } from "./lstm-variant.js";
import { part } from "./shape.js";

// Results: h slab, c slab, gates.
const lstmOp: Op<LayerAttributes> = {
  name: "lstm",
  gradient: (slab, upstream) => {
    const [, R, h0, c0] = slab.inputs;
    const { T, N, H, lengths } = slab.attributes;
    const [dh = zerosLike(slab), dc, dGates] = upstream;
    refuseGates("lstm", dGates);
    const inputs = [dh, part(slab, 2), part(slab, 1), R, ...optional(dc), ...lengthsInput(slab)];
    const dpre = node(
      lstmGradOp,
      inputs,
      [T, N, 4 * H],
      { ...slab.attributes, dc: dc !== undefined },
      { further: [h0.shape, c0.shape] },
    );
    const dR = recurrentGradient(dpre, before(slab, slab.attributes));
    return [dpre, dR, part(dpre, 1), part(dpre, 2), ...(lengths ? [undefined] : [])];
  },
  lower: (slab, emit) => {
    const [pre, , h0, c0] = slab.inputs.map((t, i) => (i === 1 ? undefined : emit.read(t)));
    const r = emit.packed(slab.inputs[1], forwardLayout(4));
    const outputs = { h: emit.write(slab), c: emit.write(slab, 1), gates: emit.write(slab, 2) };
    emit.call("lstm", { ...outputs, pre, r, h0, c0, lengths: lengthsOf(slab, emit), ...sizes(slab.attributes) });
  },
};

const lstmGradOp: Op<LayerAttributes & { readonly dc: boolean }> = {
  name: "lstmGrad",
  lower: (dpre, emit) => {
    const [dh, gates, c] = dpre.inputs.slice(0, 3).map((t) => emit.read(t));
    const dc = dpre.attributes.dc ? emit.read(dpre.inputs[4]) : undefined;
    const rT = emit.packed(dpre.inputs[3], backwardLayout);
    const outputs = { dpre: emit.write(dpre), dh0: emit.write(dpre, 1), dc0: emit.write(dpre, 2) };
    emit.call("lstmGrad", {
      ...outputs,
      dh,
      dc,
      gates,
      c,
      rT,
      lengths: lengthsOf(dpre, emit),
      ...sizes(dpre.attributes),
    });
  },
};

/**
 * Gates i,f,g,o: c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c'). pre [T,N,4H] = x W' + b, R [4H,H],
 * h0 and c0 [N,H]. Hochreiter & Schmidhuber 1997 with the forget gate of Gers 2000; PyTorch's gate order. Options: see
 * LstmLayerOptions.
 */
export function lstm(pre: Tensor, R: Tensor, h0: Tensor, c0: Tensor, options: LstmLayerOptions = {}): LstmStates {
  if (hasVariant(options)) return lstmVariant(pre, R, h0, c0, options);
  const layer = checkLayer("lstm", 4, pre, R, [h0, c0], options);
  const shape = slabShape(layer);
  const slab = node(lstmOp, [pre, R, h0, c0, ...optional(options.lengths)], shape, layer, {
    further: [shape, pre.shape],
  });
  return lstmStates(slab, layer);
}
