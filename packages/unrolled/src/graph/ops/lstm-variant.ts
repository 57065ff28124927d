// The fused LSTM layer with options: peepholes, coupled gates, other activations, clipped sums. T time, N batch, H hidden,
// G gates: 4, or 3 where two are coupled.
import { ShapeError } from "../../errors.js";
import { node, type Op } from "../op.js";
import { sameShape, showShape, type Tensor } from "../tensor.js";
import { zerosLike } from "./elementwise.js";
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
  unitGradient,
} from "./layer.js";
import { concat, part, slice } from "./shape.js";

export interface LstmLayerOptions extends RecurrentOptions {
  /**
   * Peephole weights [3H] of i, f, o (coupled: [2H] of i, o). i and f see the cell before the step; o sees the new cell
   * ("gers": Gers & Schmidhuber 2000, ONNX) or that before the step, too ("ng": the Coursera lecture).
   */
  readonly peephole?: { readonly weights: Tensor; readonly form: "gers" | "ng" };
  /** f = 1 - i: gates i,g,o in pre [T,N,3H] and R [3H,H] (Greff's CIFG, ONNX input_forget). */
  readonly coupled?: boolean;
  /** Of the gates; sigmoid. */
  readonly gate?: LayerActivation;
  /** Of g; tanh. */
  readonly candidate?: LayerActivation;
  /** Of the cell on its way out; tanh. */
  readonly output?: LayerActivation;
  /** Limits what enters every activation to [-clip, clip]. Where it does, no gradient passes. */
  readonly clip?: number;
}

export interface LstmStates extends RecurrentStates {
  /** Cell after the last step taken [N,H]. */
  readonly c: Tensor;
  /** Cells after each step [T,N,H]. */
  readonly cells: Tensor;
}

/** What results h slab, c slab, gates of a node look like from outside. */
export function lstmStates(slab: Tensor, layer: LayerAttributes): LstmStates {
  const cells = part(slab, 1);
  return {
    y: after(slab, layer),
    h: last(slab, layer),
    c: last(cells, layer),
    cells: after(cells, layer),
    gates: part(slab, 2),
  };
}

interface VariantAttributes extends LayerAttributes {
  /** Options as the kernel's row has them. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Peepholes are input number 4. */
  readonly peepholes: boolean;
}

const gatesOf = ({ numbers }: VariantAttributes): number => 4 - numbers.coupled;

// Results: h slab, c slab, gates. Inputs: pre, R, h0, c0, peepholes, lengths.
const variantOp: Op<VariantAttributes> = {
  name: "lstmVariant",
  gradient: (slab, upstream) => {
    const [, R, h0, c0] = slab.inputs;
    const { attributes } = slab;
    const { T, N, H, lengths, peepholes } = attributes;
    const [dh = zerosLike(slab), dc, dGates] = upstream;
    refuseGates("lstm", dGates);
    const p = peepholes ? slab.inputs[4] : undefined;
    const inputs = [dh, part(slab, 2), part(slab, 1), R, ...optional(p), ...optional(dc), ...lengthsInput(slab)];
    const dpre = node(
      variantGradOp,
      inputs,
      [T, N, gatesOf(attributes) * H],
      { ...attributes, dc: dc !== undefined },
      { further: [h0.shape, c0.shape] },
    );
    const dR = recurrentGradient(dpre, before(slab, attributes));
    const dp = peepholes ? [peepholeGradient(dpre, part(slab, 1), attributes)] : [];
    return [dpre, dR, part(dpre, 1), part(dpre, 2), ...dp, ...(lengths ? [undefined] : [])];
  },
  lower: (slab, emit) => {
    const { attributes } = slab;
    const [pre, h0, c0] = [0, 2, 3].map((i) => emit.read(slab.inputs[i]));
    const r = emit.packed(slab.inputs[1], forwardLayout(gatesOf(attributes)));
    const p = attributes.peepholes ? emit.read(slab.inputs[4]) : undefined;
    const outputs = { h: emit.write(slab), c: emit.write(slab, 1), gates: emit.write(slab, 2) };
    const lengths = lengthsOf(slab, emit);
    emit.call("lstmVariant", { ...outputs, pre, r, p, h0, c0, lengths, ...sizes(attributes), ...attributes.numbers });
  },
};

const variantGradOp: Op<VariantAttributes & { readonly dc: boolean }> = {
  name: "lstmVariantGrad",
  lower: (dpre, emit) => {
    const { attributes, inputs } = dpre;
    const [dh, gates, c] = inputs.slice(0, 3).map((t) => emit.read(t));
    const rT = emit.packed(inputs[3], backwardLayout);
    const p = attributes.peepholes ? emit.read(inputs[4]) : undefined;
    const dc = attributes.dc ? emit.read(inputs[attributes.peepholes ? 5 : 4]) : undefined;
    const outputs = { dpre: emit.write(dpre), dh0: emit.write(dpre, 1), dc0: emit.write(dpre, 2) };
    const lengths = lengthsOf(dpre, emit);
    const numbers = { ...sizes(attributes), ...attributes.numbers };
    emit.call("lstmVariantGrad", { ...outputs, dh, dc, gates, c, rT, p, lengths, ...numbers });
  },
};

/** Gradients of the gates that see their own cell, times that cell: [3H] for i,f,o, coupled [2H] for i,o. */
function peepholeGradient(dpre: Tensor, cells: Tensor, attributes: VariantAttributes): Tensor {
  const { H, numbers } = attributes;
  const old = before(cells, attributes);
  const gate = (index: number): Tensor => slice(dpre, 2, index * H, (index + 1) * H);
  const early = numbers.coupled ? [0] : [0, 1];
  const seen = numbers.previous ? old : after(cells, attributes);
  return concat([...early.map((g) => unitGradient(gate(g), old)), unitGradient(gate(gatesOf(attributes) - 1), seen)]);
}

/** True where the plain kernel does not do. */
export const hasVariant = ({ peephole, coupled, gate, candidate, output, clip }: LstmLayerOptions): boolean =>
  peephole !== undefined || coupled === true || !isUsual({ gate, candidate, output }, clip);

/** See `lstm`. */
export function lstmVariant(pre: Tensor, R: Tensor, h0: Tensor, c0: Tensor, options: LstmLayerOptions): LstmStates {
  const { peephole, coupled = false, gate, candidate, output, clip } = options;
  const layer = checkLayer("lstm", coupled ? 3 : 4, pre, R, [h0, c0], options);
  const { H } = layer;
  const width = [(coupled ? 2 : 3) * H];
  if (peephole && !sameShape(peephole.weights.shape, width))
    throw new ShapeError(`lstm: peepholes must be ${showShape(width)}, was ${showShape(peephole.weights.shape)}`);
  const numbers = {
    ...activationNumbers("lstm", { gate, candidate, output }, clip),
    coupled: coupled ? 1 : 0,
    previous: peephole?.form === "ng" ? 1 : 0,
  };
  const attributes = { ...layer, numbers, peepholes: peephole !== undefined };
  const shape = slabShape(layer);
  const inputs = [pre, R, h0, c0, ...optional(peephole?.weights), ...optional(options.lengths)];
  return lstmStates(node(variantOp, inputs, shape, attributes, { further: [shape, pre.shape] }), layer);
}
