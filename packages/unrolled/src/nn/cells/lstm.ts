// Long short-term memory and its variants, one factory. Gates i,f,g,o. D input, H cells, P width of h, G gates that have weights.
import {
  add,
  concat,
  layerNorm,
  linear,
  lstm,
  lstmNorm,
  type LstmStates,
  mul,
  split,
  sub,
  zeros,
} from "../../graph/ops/index.js";
import type { Shape, Tensor } from "../../graph/tensor.js";
import { SpecError } from "../../errors.js";
import { activate } from "../activations.js";
import {
  type Cell,
  type CellSizes,
  type FusedOptions,
  type LayerInput,
  type LayerResult,
  type Named,
  project,
  projectWith,
  recurrent,
} from "../cell.js";
import { clipOf, filled, fusedActivation, openBias, turned } from "./fused.js";
import { recurrentInitial, recurrentValues, uniformIn } from "./initial.js";
import { changesStep, drawNoise, masked, noiseOptions, zonedOut } from "./noise.js";
import { activation, choice, flag, fraction, type OptionsOf, widthOrNull } from "./options.js";
import { clipOption, clipped, type StandardWeight } from "./standard.js";

export const lstmOptions = {
  /** First value of the forget gate's bias (Gers 2000; 1 by Jozefowicz 2015); null: drawn like the others (PyTorch). */
  forgetBias: { kind: "number", low: -100, high: 100, absent: "drawn like the other biases", fallback: 1 } as const,
  /**
   * Gates that see their own cell, element i to gate i only: "gers": i and f see c, o sees c' (Gers & Schmidhuber 2000, Greff
   * 2017, ONNX); "ng": all three see c (the Coursera lecture).
   */
  peephole: choice("none", ["none", "gers", "ng"]),
  /** One gate is what the other leaves: "f=1-i" (ONNX input_forget, Greff's CIFG) or "i=1-f" (NNAPI; the lecture's order f,o,g). */
  coupled: choice("none", ["none", "f=1-i", "i=1-f"]),
  /** False: the gate is 1 and has no weights (Greff's NIG, NFG, NOG). */
  inputGate: flag(true),
  forgetGate: flag(true),
  outputGate: flag(true),
  gateActivation: activation("sigmoid"),
  /** "linear" is Greff's NIAF. */
  candidateActivation: activation("tanh"),
  /** Of the cell on its way out. "linear" is Greff's NOAF. */
  outputActivation: activation("tanh"),
  clip: clipOption,
  /** P: h is the projection of the cell's output to this width (LSTMP, Sak 2014; PyTorch's proj_size). */
  projection: widthOrNull(null, "h is as wide as the cell"),
  /** Ba, Kiros, Hinton 2016: over the four sums together, input and recurrent part each; and over c' on its way out. */
  layerNorm: flag(false),
  /** The recurrent product reads m = (x W_m') * (h R_m') in place of h (Krause 2016). */
  multiplicative: flag(false),
  /** The gates see the three gates of the step before, too (Greff's FGR). */
  gateRecurrence: flag(false),
  recurrentInitial,
  ...noiseOptions,
  /** As `zoneout`, of the cell c. */
  zoneoutCell: fraction(0),
  /** Probability of dropping a unit of the candidate g, one mask per sequence (Semeniuta, Severyn, Barth 2016). */
  candidateDropout: fraction(0),
};
export type LstmOptions = OptionsOf<typeof lstmOptions>;

type Gate = "i" | "f" | "g" | "o";

/** The gates that have weights, in PyTorch's order. */
function gatesWithWeights(o: LstmOptions): readonly Gate[] {
  const has: Readonly<Record<Gate, boolean>> = {
    i: o.inputGate && o.coupled !== "i=1-f",
    f: o.forgetGate && o.coupled !== "f=1-i",
    g: true,
    o: o.outputGate,
  };
  return (["i", "f", "g", "o"] as const).filter((gate) => has[gate]);
}

/** Options that contradict each other. Throws SpecError. */
export function checkLstm(o: LstmOptions, path: string): void {
  const refuse = (key: keyof LstmOptions, must: string, hint: string): never => {
    throw new SpecError(`${path}.${key}: must be ${must}, was ${JSON.stringify(o[key])}`, { code: "spec-cell", hint });
  };
  if (o.coupled !== "none" && !(o.inputGate && o.forgetGate))
    refuse("coupled", '"none" without both gates', "coupling makes one of the input and forget gate from the other");
  if (o.gateRecurrence && gatesWithWeights(o).length < 4)
    refuse("gateRecurrence", "false without all gates", "full gate recurrence needs gates i, f and o of their own");
  if (o.multiplicative && o.layerNorm)
    refuse("multiplicative", "false with layerNorm", "no published LSTM says where such a cell normalises");
}

function shapesOf(o: LstmOptions, { D, H }: CellSizes): Readonly<Record<string, Shape>> {
  const gates = gatesWithWeights(o);
  const rows = gates.length * H;
  const P = o.projection ?? H;
  const peepholes = o.peephole === "none" ? [] : gates.filter((gate) => gate !== "g");
  return {
    weight_ih: [rows, D],
    weight_hh: [rows, o.multiplicative ? H : P],
    bias_ih: [rows],
    bias_hh: [rows],
    ...(o.projection !== null && { weight_hr: [P, H] }),
    ...Object.fromEntries(peepholes.map((gate) => [`peephole_${gate}`, [H]])),
    ...(o.layerNorm && { gain_ih: [rows], gain_hh: [rows], gain_c: [H], bias_c: [H] }),
    ...(o.multiplicative && { weight_mx: [H, D], weight_mh: [H, P] }),
    ...(o.gateRecurrence && { weight_gg: [3 * H, 3 * H] }),
  };
}

/**
 * x [N,D], h [N,P], c [N,H]. With a = x W' + b_ih + h R' + b_hh in gates i,f,g,o (each absent one 1, see the options):
 *
 *     i = sigma(a_i + p_i * c)    f = sigma(a_f + p_f * c)    g = tanh(a_g)
 *     c' = f c + i g
 *     o = sigma(a_o + p_o * c')   peephole "gers"; "ng": p_o * c; "none": no p at all
 *     h' = o tanh(c')             with projection: h' = (o tanh(c')) weight_hr'
 *
 * Sources: Hochreiter & Schmidhuber 1997, forget gate of Gers 2000, ablations of Greff 2017 (eq. 1-6), projection of Sak
 * 2014. With layerNorm a = LN(x W'; gain_ih, b_ih) + LN(h R'; gain_hh, b_hh), each over all gates together, and
 * h' = o tanh(LN(c'; gain_c, bias_c)): Ba 2016, supplement eq. 20-22, whose b is part of the two shifts; the carried c'
 * and what peepholes see are not normalised. With gateRecurrence a_i, a_f, a_o also get [i,f,o](t-1) weight_gg'. Clip
 * limits the input of every activation, so c' on its way through the output activation too, but not the carried c'.
 * Fused with peepholes, coupled gates, clip and the activations of fusedActivation in any mixture, and with layerNorm alone;
 * not with projection, multiplicative, gateRecurrence, or dropped or kept states.
 */
export function lstmCellOf(o: LstmOptions): Cell<StandardWeight, "h" | "c", string> {
  return {
    name: "lstm",
    weights: ((sizes) => shapesOf(o, sizes)) as Cell<StandardWeight>["weights"],
    state: ({ H }) => ({ h: [o.projection ?? H], c: [H], ...(o.gateRecurrence && { gates: [3 * H] }) }),
    begin: (weights, run) => {
      const H = weights.bias_ih.shape[0] / gatesWithWeights(o).length;
      return drawNoise(weights, run, o, { P: o.projection ?? H, H });
    },
    step: (weights, x, state, t) => lstmStep(o, weights as Named, x, state, t),
    fused: (weights, input, state, options) => fusedLstm(o, weights as Named, input, state, options),
    initial: (weight, sizes, uniform) => firstValues(o, weight, sizes, uniform),
  };
}

function firstValues(o: LstmOptions, weight: string, sizes: CellSizes, uniform: () => number): Float32Array {
  const { H } = sizes;
  const shape = shapesOf(o, sizes)[weight];
  if (weight.startsWith("gain")) return new Float32Array(shape[0]).fill(1);
  if (weight === "bias_c") return new Float32Array(shape[0]);
  if (weight === "weight_hh") return recurrentValues(o.recurrentInitial, shape, H, H, uniform);
  const values = uniformIn(shape, H, uniform);
  const forget = gatesWithWeights(o).indexOf("f") * H;
  if (o.forgetBias !== null && forget >= 0) {
    if (weight === "bias_ih") values.fill(o.forgetBias, forget, forget + H);
    if (weight === "bias_hh") values.fill(0, forget, forget + H);
  }
  return values;
}

/** The sums of all gates that have weights, before peepholes. */
function sumsOf(o: LstmOptions, w: Named, x: Tensor, h: Tensor, gates: Tensor | undefined): Record<Gate, Tensor> {
  const read = o.multiplicative ? mul(recurrent(x, w.weight_mx), recurrent(h, w.weight_mh)) : h;
  const all = o.layerNorm
    ? add(
        layerNorm(recurrent(x, w.weight_ih), w.gain_ih, w.bias_ih),
        layerNorm(recurrent(read, w.weight_hh), w.gain_hh, w.bias_hh),
      )
    : add(linear(x, w.weight_ih, add(w.bias_ih, w.bias_hh)), recurrent(read, w.weight_hh));
  const names = gatesWithWeights(o);
  const sums = Object.fromEntries(split(all, names.length).map((sum, k) => [names[k], sum])) as Record<Gate, Tensor>;
  if (!gates) return sums;
  const [i, f, out] = split(recurrent(gates, w.weight_gg), 3);
  return { i: add(sums.i, i), f: add(sums.f, f), g: sums.g, o: add(sums.o, out) };
}

/** x times a gate that may be absent, which is 1. */
const gated = (gate: Tensor | undefined, x: Tensor): Tensor => (gate ? mul(gate, x) : x);

function lstmStep(o: LstmOptions, w: Named, x: Tensor, state: Named, t: number): Named<"h" | "c"> & Named {
  const { h, c } = state;
  const sums = sumsOf(o, w, x, masked(h, w.mask_h), state.gates);
  const own = (gate: Gate, cell: Tensor): Tensor | undefined => {
    if (!sums[gate]) return undefined;
    const sum = o.peephole === "none" ? sums[gate] : add(sums[gate], mul(w[`peephole_${gate}`], cell));
    return activate(o.gateActivation, clipped(sum, o.clip));
  };
  const [input, forget] = [own("i", c), own("f", c)];
  const i = o.coupled === "i=1-f" ? sub(1, forget as Tensor) : input;
  const f = o.coupled === "f=1-i" ? sub(1, input as Tensor) : forget;
  const g = activate(o.candidateActivation, clipped(sums.g, o.clip));
  const next = add(gated(f, c), gated(i, masked(g, w.mask_g)));
  const out = own("o", o.peephole === "ng" ? c : next);
  const seen = o.layerNorm ? layerNorm(next, w.gain_c, w.bias_c) : next;
  const whole = gated(out, activate(o.outputActivation, clipped(seen, o.clip)));
  const shown = o.projection === null ? whole : recurrent(whole, w.weight_hr);
  return {
    h: zonedOut(h, shown, w.keep_h, o.zoneout, t),
    c: zonedOut(c, next, w.keep_c, o.zoneoutCell, t),
    ...(i && { i }),
    ...(f && { f }),
    g,
    ...(out && { o: out }),
    ...(i && f && out && o.gateRecurrence && { gates: concat([i, f, out]) }),
  };
}

function fusedLstm(
  o: LstmOptions,
  w: Named,
  input: LayerInput,
  { h, c }: Named<"h" | "c">,
  options: FusedOptions,
): LayerResult<"h" | "c"> | undefined {
  if (o.projection !== null || o.multiplicative || o.gateRecurrence || changesStep(o)) return undefined;
  const states = o.layerNorm ? normalisedLstm(o, w, input, h, c, options) : plainLstm(o, w, input, h, c, options);
  if (!states) return undefined;
  const gates = split(states.gates, o.coupled === "none" ? 4 : 3);
  const [first, g, out] = o.coupled === "none" ? [gates[0], gates[2], gates[3]] : gates;
  const forget = o.coupled === "none" ? gates[1] : sub(1, first);
  return {
    y: states.y,
    state: { h: states.h, c: states.c },
    trace: {
      h: states.y,
      c: states.cells,
      ...(o.inputGate && { i: first }),
      ...(o.forgetGate && { f: forget }),
      g,
      ...(o.outputGate && { o: out }),
    },
  };
}

/** The layer without layer normalisation, where the kernels know its activations. */
function plainLstm(
  o: LstmOptions,
  w: Named,
  input: LayerInput,
  h: Tensor,
  c: Tensor,
  options: FusedOptions,
): LstmStates | undefined {
  const gate = fusedActivation(o.gateActivation);
  const candidate = fusedActivation(o.candidateActivation);
  const output = fusedActivation(o.outputActivation);
  if (!gate || !candidate || !output) return undefined;
  // The kernel couples f = 1 - i; i = 1 - f is the same with the sign of the gate's sum turned.
  if (o.coupled === "i=1-f" && gate !== "sigmoid") return undefined;
  const own = gatesWithWeights(o);
  const all: readonly Gate[] = o.coupled === "none" ? ["i", "f", "g", "o"] : [own[0], "g", "o"];
  // A gate that is not there is one that is open: that takes a sigmoid whose sum is not limited.
  if (own.length < all.length && (gate !== "sigmoid" || o.clip !== null)) return undefined;
  const sense = (t: Tensor, value = 0): Tensor => {
    const rows = filled(t, own, all, value);
    return o.coupled === "i=1-f" ? turned(rows, 0, 3) : rows;
  };
  const [W, R, b] = [sense(w.weight_ih), sense(w.weight_hh), sense(add(w.bias_ih, w.bias_hh), openBias)];
  const seen = all.flatMap((name) => (name === "g" ? [] : [w[`peephole_${name}`] ?? zeros(c.shape.slice(1))]));
  const peepholes = (): Tensor => (o.coupled === "i=1-f" ? turned(concat(seen), 0, 2) : concat(seen));
  return lstm(project(input, W, b), R, h, c, {
    ...options,
    gate,
    candidate,
    output,
    ...clipOf(o.clip),
    coupled: o.coupled !== "none",
    ...(o.peephole !== "none" && {
      peephole: { weights: peepholes(), form: o.peephole },
    }),
  });
}

/** The layer with layer normalisation, where nothing else differs from the usual. */
function normalisedLstm(
  o: LstmOptions,
  w: Named,
  input: LayerInput,
  h: Tensor,
  c: Tensor,
  options: FusedOptions,
): LstmStates | undefined {
  const usual =
    o.peephole === "none" &&
    gatesWithWeights(o).length === 4 &&
    o.gateActivation === "sigmoid" &&
    o.candidateActivation === "tanh" &&
    o.outputActivation === "tanh" &&
    o.clip === null;
  if (!usual) return undefined;
  const pre = projectWith(input, w.weight_ih.shape[0], (x) =>
    layerNorm(recurrent(x, w.weight_ih), w.gain_ih, add(w.bias_ih, w.bias_hh)),
  );
  const weights = { gain: w.gain_hh, cellGain: w.gain_c, cellBias: w.bias_c };
  return lstmNorm(pre, w.weight_hh, weights, h, c, options);
}
