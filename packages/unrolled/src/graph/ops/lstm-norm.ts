// The fused LSTM layer with layer normalisation (Ba 2016, supplement eq. 20-22). T time, N batch, H hidden.
import { ShapeError } from "../../errors.js";
import { node, type Op } from "../op.js";
import { sameShape, type Shape, showShape, type Tensor } from "../tensor.js";
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
  type RecurrentOptions,
  recurrentGradient,
  refuseGates,
  sizes,
  slabShape,
  unitGradient,
} from "./layer.js";
import { type LstmStates, lstmStates } from "./lstm-variant.js";
import { sumTo } from "./reduce.js";
import { part } from "./shape.js";

interface NormAttributes extends LayerAttributes {
  readonly epsilon: number;
}

// Results: h slab, c slab, gates, normalised product, normalised cell, 1/standard deviations.
// Inputs: pre, R, gain, cellGain, cellBias, h0, c0, lengths.
const normOp: Op<NormAttributes> = {
  name: "lstmNorm",
  gradient: (slab, upstream) => {
    const [pre, R, gain, cellGain, cellBias, h0, c0] = slab.inputs;
    const { attributes } = slab;
    const [dh = zerosLike(slab), dc, dGates] = upstream;
    refuseGates("lstm", dGates);
    const [c, gates, normal, cell, rstd] = [1, 2, 3, 4, 5].map((index) => part(slab, index));
    const saved = [dh, gates, normal, cell, rstd, c, R, gain, cellGain, cellBias];
    const dpre = node(
      normGradOp,
      [...saved, ...optional(dc), ...lengthsInput(slab)],
      pre.shape,
      { ...attributes, dc: dc !== undefined },
      { further: [pre.shape, cell.shape, h0.shape, c0.shape] },
    );
    const dcell = part(dpre, 2);
    return [
      dpre,
      recurrentGradient(part(dpre, 1), before(slab, attributes)),
      unitGradient(dpre, normal),
      unitGradient(dcell, cell),
      sumTo(dcell, cellBias.shape),
      part(dpre, 3),
      part(dpre, 4),
      ...(attributes.lengths ? [undefined] : []),
    ];
  },
  lower: (slab, emit) => {
    const { attributes } = slab;
    const [pre, gain, cellGain, cellBias, h0, c0] = [0, 2, 3, 4, 5, 6].map((i) => emit.read(slab.inputs[i]));
    const r = emit.packed(slab.inputs[1], forwardLayout(4));
    const [h, c, gates, normal, cell, rstd] = [0, 1, 2, 3, 4, 5].map((index) => emit.write(slab, index));
    const buffers = { h, c, gates, normal, cell, rstd, pre, r, gain, cellGain, cellBias, h0, c0 };
    const { epsilon } = attributes;
    emit.call("lstmNorm", { ...buffers, lengths: lengthsOf(slab, emit), ...sizes(attributes), epsilon });
  },
};

const normGradOp: Op<NormAttributes & { readonly dc: boolean }> = {
  name: "lstmNormGrad",
  lower: (dpre, emit) => {
    const { attributes, inputs } = dpre;
    const [dh, gates, normal, cell, rstd, c] = inputs.slice(0, 6).map((t) => emit.read(t));
    const rT = emit.packed(inputs[6], backwardLayout);
    const [gain, cellGain, cellBias] = inputs.slice(7, 10).map((t) => emit.read(t));
    const dc = attributes.dc ? emit.read(inputs[10]) : undefined;
    const [out, drec, dcell, dh0, dc0] = [0, 1, 2, 3, 4].map((index) => emit.write(dpre, index));
    const outputs = { dpre: out, drec, dcell, dh0, dc0 };
    const buffers = { dh, dc, gates, normal, cell, rstd, c, rT, gain, cellGain, cellBias };
    emit.call("lstmNormGrad", { ...outputs, ...buffers, lengths: lengthsOf(dpre, emit), ...sizes(attributes) });
  },
};

/** gain [4H] of the normalised product; cellGain and cellBias [H] of the normalised cell on its way out. */
export interface LstmNormWeights {
  readonly gain: Tensor;
  readonly cellGain: Tensor;
  readonly cellBias: Tensor;
}

/**
 * `lstm` whose gates see pre + gain LN(h R') and whose h' = o tanh(cellGain LN(c') + cellBias), LN(x) = (x - mean) /
 * sqrt(variance + epsilon) over the 4H sums of all gates together, and over the H cells. pre [T,N,4H] holds the input's part,
 * normalised by itself, and every bias. Ba, Kiros, Hinton 2016, supplement eq. 20-22. ShapeError where shapes do not fit.
 */
export function lstmNorm(
  pre: Tensor,
  R: Tensor,
  weights: LstmNormWeights,
  h0: Tensor,
  c0: Tensor,
  options: RecurrentOptions & { readonly epsilon?: number } = {},
): LstmStates {
  const layer = checkLayer("lstmNorm", 4, pre, R, [h0, c0], options);
  const { T, N, H } = layer;
  const { gain, cellGain, cellBias } = weights;
  checkWidths("lstmNorm", { gain, cellGain, cellBias }, { gain: [4 * H], cellGain: [H], cellBias: [H] });
  const shape = slabShape(layer);
  const inputs = [pre, R, gain, cellGain, cellBias, h0, c0, ...optional(options.lengths)];
  const attributes = { ...layer, epsilon: options.epsilon ?? 1e-5 };
  const further = [shape, pre.shape, pre.shape, [T, N, H], [T, N, 2]];
  return lstmStates(node(normOp, inputs, shape, attributes, { further }), layer);
}

export function checkWidths(
  where: string,
  weights: Readonly<Record<string, Tensor>>,
  shapes: Readonly<Record<string, Shape>>,
): void {
  for (const [name, { shape }] of Object.entries(weights))
    if (!sameShape(shape, shapes[name]))
      throw new ShapeError(`${where}: ${name} must be ${showShape(shapes[name])}, was ${showShape(shape)}`);
}
