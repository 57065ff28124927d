// Fused recurrent layers: one layer, one direction, the whole sequence in one call. The input side (x W + b) is an
// ordinary matmul before it, so its gradient is one large product after it. T time, N batch, H hidden, G gates.
import { type RnnActivation, rnnActivations } from "../../device/kernels.js";
import { ShapeError } from "../../errors.js";
import { type Buffer, type Emitter, node, type Op, type PackLayout } from "../op.js";
import { type Shape, sameShape, showShape, type Tensor } from "../tensor.js";
import { add, zerosLike } from "./elementwise.js";
import { matmul } from "./matmul.js";
import { sumTo } from "./reduce.js";
import { part, reshape, slice } from "./shape.js";

export interface RecurrentOptions {
  /** Steps of each row, i32 [N]; a row past its length copies its state through. All T where left out. */
  readonly lengths?: Tensor;
  /** Run from the last step to the first. */
  readonly reverse?: boolean;
}

/** What a recurrent layer gives. States lie between the steps, so the slab has T+1 of them. */
export interface RecurrentStates {
  /** Hidden state after each step, at the step's own index [T,N,H]. */
  readonly y: Tensor;
  /** Hidden state after the last step taken [N,H]. */
  readonly h: Tensor;
  /** Activated gates [T,N,G*H]; not differentiable, for looking at. */
  readonly gates: Tensor;
}

interface LayerAttributes {
  readonly T: number;
  readonly N: number;
  readonly H: number;
  readonly reverse: boolean;
  readonly lengths: boolean;
}

const sizes = ({ T, N, H, reverse }: LayerAttributes): Record<string, number> => ({ T, N, H, reverse: reverse ? 1 : 0 });

/** R [G*H,H] as the matrix [H,G*H] that takes h to the gates, and as the matrix [G*H,H] that takes gradients back. */
const forwardLayout = (gates: number): PackLayout => ({ transposed: true, groups: gates });
const backwardLayout: PackLayout = { transposed: false, groups: 1 };

/** The optional lengths are the last input. */
const lengthsOf = (tensor: Tensor<LayerAttributes>, emit: Emitter): Buffer | undefined =>
  tensor.attributes.lengths ? emit.read(tensor.inputs[tensor.inputs.length - 1]) : undefined;
const lengthsInput = (tensor: Tensor<LayerAttributes>): readonly Tensor[] => (tensor.attributes.lengths ? tensor.inputs.slice(-1) : []);

/** States before each step [T,N,H], from a slab [T+1,N,H]. */
const before = (slab: Tensor, { T, reverse }: LayerAttributes): Tensor => (reverse ? slice(slab, 0, 1, T + 1) : slice(slab, 0, 0, T));
const after = (slab: Tensor, { T, reverse }: LayerAttributes): Tensor => (reverse ? slice(slab, 0, 0, T) : slice(slab, 0, 1, T + 1));
const last = (slab: Tensor, { T, reverse, N, H }: LayerAttributes): Tensor =>
  reshape(slice(slab, 0, reverse ? 0 : T, reverse ? 1 : T + 1), [N, H]);

/** dR [G*H,H] = sum over all steps and rows of (gradient of the gates)' (state before). */
function recurrentGradient(dGates: Tensor, hBefore: Tensor): Tensor {
  const rows = (t: Tensor): Tensor => reshape(t, [t.shape[0] * t.shape[1], t.shape[2]]);
  return matmul(rows(dGates), rows(hBefore), { transposeA: true });
}

const refuseGates = (where: string, dGates: Tensor | undefined): void => {
  if (dGates) throw new ShapeError(`${where}: gates are for looking at and must not be part of a loss`);
};

// --- rnn ------------------------------------------------------------------------------------------------------------

interface RnnAttributes extends LayerAttributes {
  readonly activation: number;
}

const rnnOp: Op<RnnAttributes> = {
  name: "rnn",
  gradient: (slab, [dh]) => {
    const [, R, h0] = slab.inputs;
    const { T, N, H, lengths } = slab.attributes;
    const dpre = node(rnnGradOp, [dh ?? zerosLike(slab), slab, R, ...lengthsInput(slab)], [T, N, H], slab.attributes, { further: [h0.shape] });
    const dR = recurrentGradient(dpre, before(slab, slab.attributes));
    return [dpre, dR, part(dpre, 1), ...(lengths ? [undefined] : [])];
  },
  lower: (slab, emit) => {
    const { activation } = slab.attributes;
    const [pre, h0] = [slab.inputs[0], slab.inputs[2]].map((t) => emit.read(t));
    const r = emit.packed(slab.inputs[1], forwardLayout(1));
    emit.call("rnn", { h: emit.write(slab), pre, r, h0, lengths: lengthsOf(slab, emit), ...sizes(slab.attributes), activation });
  },
};

const rnnGradOp: Op<RnnAttributes> = {
  name: "rnnGrad",
  lower: (dpre, emit) => {
    const { activation } = dpre.attributes;
    const [dh, h] = dpre.inputs.slice(0, 2).map((t) => emit.read(t));
    const rT = emit.packed(dpre.inputs[2], backwardLayout);
    const outputs = { dpre: emit.write(dpre), dh0: emit.write(dpre, 1) };
    emit.call("rnnGrad", { ...outputs, dh, h, rT, lengths: lengthsOf(dpre, emit), ...sizes(dpre.attributes), activation });
  },
};

/**
 * h' = f(pre + h R'). pre [T,N,H] = x W' + b, R [H,H], h0 [N,H]; activation tanh (default), relu, sigmoid or linear.
 * Elman 1990. For linear and relu the slab's values decide the derivative.
 */
export function rnn(pre: Tensor, R: Tensor, h0: Tensor, options: RecurrentOptions & { readonly activation?: RnnActivation } = {}): RecurrentStates {
  const layer = checkLayer("rnn", 1, pre, R, [h0], options);
  const activation = rnnActivations.indexOf(options.activation ?? "tanh");
  const slab = node(rnnOp, [pre, R, h0, ...optional(options.lengths)], slabShape(layer), { ...layer, activation });
  return { y: after(slab, layer), h: last(slab, layer), gates: after(slab, layer) };
}

// --- lstm -----------------------------------------------------------------------------------------------------------

// Results: h slab, c slab, gates.
const lstmOp: Op<LayerAttributes> = {
  name: "lstm",
  gradient: (slab, upstream) => {
    const [, R, h0, c0] = slab.inputs;
    const { T, N, H, lengths } = slab.attributes;
    const [dh = zerosLike(slab), dc, dGates] = upstream;
    refuseGates("lstm", dGates);
    const inputs = [dh, part(slab, 2), part(slab, 1), R, ...optional(dc), ...lengthsInput(slab)];
    const dpre = node(lstmGradOp, inputs, [T, N, 4 * H], { ...slab.attributes, dc: dc !== undefined }, { further: [h0.shape, c0.shape] });
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
    emit.call("lstmGrad", { ...outputs, dh, dc, gates, c, rT, lengths: lengthsOf(dpre, emit), ...sizes(dpre.attributes) });
  },
};

/**
 * Gates i,f,g,o: c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c'). pre [T,N,4H] = x W' + b, R [4H,H],
 * h0 and c0 [N,H]. Hochreiter & Schmidhuber 1997 with the forget gate of Gers 2000; PyTorch's gate order.
 */
export function lstm(pre: Tensor, R: Tensor, h0: Tensor, c0: Tensor, options: RecurrentOptions = {}): RecurrentStates & { readonly c: Tensor; readonly cells: Tensor } {
  const layer = checkLayer("lstm", 4, pre, R, [h0, c0], options);
  const shape = slabShape(layer);
  const slab = node(lstmOp, [pre, R, h0, c0, ...optional(options.lengths)], shape, layer, { further: [shape, pre.shape] });
  const cells = part(slab, 1);
  return { y: after(slab, layer), h: last(slab, layer), c: last(cells, layer), cells: after(cells, layer), gates: part(slab, 2) };
}

// --- gru ------------------------------------------------------------------------------------------------------------

// Results: h slab, gates, q = h R_n + bR_n.
const gruOp: Op<LayerAttributes> = {
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
    emit.call("gru", { ...outputs, pre, r, bR, h0, lengths: lengthsOf(slab, emit), ...sizes(slab.attributes) });
  },
};

const gruGradOp: Op<LayerAttributes> = {
  name: "gruGrad",
  lower: (dpre, emit) => {
    const [dh, gates, q, h] = dpre.inputs.slice(0, 4).map((t) => emit.read(t));
    const rT = emit.packed(dpre.inputs[4], backwardLayout);
    const outputs = { dpre: emit.write(dpre), drec: emit.write(dpre, 1), dh0: emit.write(dpre, 2) };
    emit.call("gruGrad", { ...outputs, dh, gates, q, h, rT, lengths: lengthsOf(dpre, emit), ...sizes(dpre.attributes) });
  },
};

// Results: h slab, gates, rh = r h. Inputs: pre, R_rz [2H,H], R_n [H,H], h0.
const gruBeforeOp: Op<LayerAttributes> = {
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
    emit.call("gruBefore", { ...outputs, pre, rz, rn, h0, lengths: lengthsOf(slab, emit), ...sizes(slab.attributes) });
  },
};

const gruBeforeGradOp: Op<LayerAttributes> = {
  name: "gruBeforeGrad",
  lower: (dpre, emit) => {
    const [dh, gates, h] = dpre.inputs.slice(0, 3).map((t) => emit.read(t));
    const rzT = emit.packed(dpre.inputs[3], backwardLayout);
    const rnT = emit.packed(dpre.inputs[4], backwardLayout);
    const outputs = { dpre: emit.write(dpre), dh0: emit.write(dpre, 1) };
    emit.call("gruBeforeGrad", { ...outputs, dh, gates, h, rzT, rnT, lengths: lengthsOf(dpre, emit), ...sizes(dpre.attributes) });
  },
};

export interface GruOptions extends RecurrentOptions {
  /** "after" the recurrent product (cuDNN, PyTorch; default) or "before" it (Cho 2014, the lectures). */
  readonly reset?: "after" | "before";
}

/**
 * Gates r,z,n: h' = (1-z) n + z h, with n = tanh(pre_n + r (h R_n' + bR_n)) (reset after) or tanh(pre_n + (r h) R_n' + bR_n)
 * (before). pre [T,N,3H] = x W' + b, R [3H,H], bR [3H], h0 [N,H]. z keeps the old state: the lecture's update gate is 1-z.
 */
export function gru(pre: Tensor, R: Tensor, bR: Tensor, h0: Tensor, options: GruOptions = {}): RecurrentStates {
  const layer = checkLayer("gru", 3, pre, R, [h0], options);
  const { H } = layer;
  if (!sameShape(bR.shape, [3 * H])) throw new ShapeError(`gru: bR must be ${showShape([3 * H])}, was ${showShape(bR.shape)}`);
  const further = { further: [pre.shape, [layer.T, layer.N, H]] };
  const lengths = optional(options.lengths);
  const slab =
    options.reset === "before"
      ? node(gruBeforeOp, [add(pre, bR), slice(R, 0, 0, 2 * H), slice(R, 0, 2 * H, 3 * H), h0, ...lengths], slabShape(layer), layer, further)
      : node(gruOp, [pre, R, bR, h0, ...lengths], slabShape(layer), layer, further);
  return { y: after(slab, layer), h: last(slab, layer), gates: part(slab, 1) };
}

// --- shapes -----------------------------------------------------------------------------------------------------------

const slabShape = ({ T, N, H }: LayerAttributes): Shape => [T + 1, N, H];
const optional = (t: Tensor | undefined): readonly Tensor[] => (t ? [t] : []);

function checkLayer(where: string, gates: number, pre: Tensor, R: Tensor, states: readonly Tensor[], options: RecurrentOptions): LayerAttributes {
  const [T, N, GH] = pre.shape;
  const H = GH / gates;
  if (pre.shape.length !== 3 || !Number.isInteger(H)) throw new ShapeError(`${where}: pre-activations must be [T,N,${gates}H], was ${showShape(pre.shape)}`);
  if (!sameShape(R.shape, [gates * H, H])) throw new ShapeError(`${where}: recurrent weights must be ${showShape([gates * H, H])}, was ${showShape(R.shape)}`);
  for (const state of states)
    if (!sameShape(state.shape, [N, H])) throw new ShapeError(`${where}: initial state must be ${showShape([N, H])}, was ${showShape(state.shape)}`);
  const { lengths } = options;
  if (lengths && (lengths.dtype !== "i32" || !sameShape(lengths.shape, [N])))
    throw new ShapeError(`${where}: lengths must be i32 ${showShape([N])}, was ${lengths.dtype} ${showShape(lengths.shape)}`);
  return { T, N, H, reverse: options.reverse ?? false, lengths: lengths !== undefined };
}
