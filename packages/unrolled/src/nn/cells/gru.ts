// Gated recurrent unit in its forms: reset gate before or after the recurrent product or none, update gate in either sense.
// Gates r,z,n. D input, H hidden, G gates.
import {
  add,
  concat,
  gru,
  gruNorm,
  layerNorm,
  linear,
  mul,
  type RecurrentStates,
  slice,
  split,
  sub,
} from "../../graph/ops/index.js";
import type { Shape, Tensor } from "../../graph/tensor.js";
import { activate } from "../activations.js";
import {
  type Cell,
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
import { changesStep, drawNoise, masked, noiseOptions, noNoise, zonedOut } from "./noise.js";
import { activation, choice, flag, type OptionsOf } from "./options.js";
import { clipOption, clipped, type StandardWeight, standardWeights } from "./standard.js";

export const gruOptions = {
  /**
   * Where the reset gate acts: "after" the recurrent product (cuDNN, PyTorch), "before" it (Cho 2014, the lectures), or
   * "none": no reset gate (the lecture's simplified GRU; weights are [2H,...], z before n).
   */
  reset: choice("after", ["after", "before", "none"]),
  /** What an update gate of 1 does: "keep" the old state (CS231n, PyTorch, ONNX) or "replace" it by the candidate (Coursera). */
  update: choice("keep", ["keep", "replace"]),
  gateActivation: activation("sigmoid"),
  candidateActivation: activation("tanh"),
  clip: clipOption,
  /** Ba, Kiros, Hinton 2016, on the sums: input and recurrent part each, r and z together, n by itself. */
  layerNorm: flag(false),
  recurrentInitial,
  ...noiseOptions,
};
export type GruOptions = OptionsOf<typeof gruOptions>;

type Weights = Named<StandardWeight | "gain_ih" | "gain_hh" | "mask_h" | "keep_h">;

/**
 * x [N,D], h [N,H]. With a = x W' + b_ih and sigma, tanh as the gates' and the candidate's activation:
 *
 *     r = sigma(a_r + h R_r' + bR_r)    z = sigma(a_z + h R_z' + bR_z)
 *     n = tanh(a_n + r * (h R_n' + bR_n))   reset "after" (cuDNN, PyTorch)
 *     n = tanh(a_n + (r * h) R_n' + bR_n)   reset "before" (Cho 2014 eq. 5-8)
 *     n = tanh(a_n + h R_n' + bR_n)         reset "none"
 *     h' = (1-z) n + z h                    update "keep": z keeps the old state
 *     h' = z n + (1-z) h                    update "replace": the lecture's Gamma_u
 *
 * With layerNorm the sums become LN(x W'; gain_ih, b_ih) + LN(h R'; gain_hh, bR), the product with r outside LN: Ba 2016,
 * supplement eq. 26-29, whose shifts beta are the two biases. Fused with clip and the activations of fusedActivation,
 * and with layerNorm alone after the product; not with dropped or kept states.
 */
export function gruCellOf(o: GruOptions): Cell<StandardWeight, "h", string> {
  const gates = o.reset === "none" ? 2 : 3;
  const noise = { ...noNoise, ...o };
  const shapes = ({ D, H }: { readonly D: number; readonly H: number }): Readonly<Record<string, Shape>> => ({
    ...standardWeights(gates)({ D, H }),
    ...(o.layerNorm && { gain_ih: [gates * H], gain_hh: [gates * H] }),
  });
  return {
    name: "gru",
    weights: shapes as Cell<StandardWeight>["weights"],
    state: ({ H }) => ({ h: [H] }),
    begin: (weights, run) => {
      const H = weights.weight_hh.shape[1];
      return drawNoise(weights, run, noise, { P: H, H });
    },
    step: (weights, x, { h }, t) => {
      const w = weights as Weights;
      const { r, z, n } = gatesOf(o, w, x, masked(h, w.mask_h));
      const next = o.update === "keep" ? add(mul(sub(1, z), n), mul(z, h)) : add(mul(z, n), mul(sub(1, z), h));
      return { h: zonedOut(h, next, w.keep_h, o.zoneout, t), ...(r && { r }), z, n };
    },
    fused: (weights, input, { h }, options) => fusedGru(o, weights as Weights, input, h, options),
    initial: (weight, { D, H }, uniform) => {
      const shape = shapes({ D, H })[weight];
      if (weight.startsWith("gain")) return new Float32Array(shape[0]).fill(1);
      return weight === "weight_hh"
        ? recurrentValues(o.recurrentInitial, shape, H, H, uniform)
        : uniformIn(shape, H, uniform);
    },
  };
}

/** Sums of gates [from,to) of one side: x W' + b, or its layer norm with b as the shift. */
function sumsOf(o: GruOptions, x: Tensor, W: Tensor, b: Tensor, gain: Tensor, from: number, to: number): Tensor {
  const H = W.shape[0] / (o.reset === "none" ? 2 : 3);
  const rows = (t: Tensor): Tensor => slice(t, 0, from * H, to * H);
  return o.layerNorm ? layerNorm(recurrent(x, rows(W)), rows(gain), rows(b)) : linear(x, rows(W), rows(b));
}

/** The gates of one step, from the input and the state as the recurrent products read it. */
function gatesOf(o: GruOptions, w: Weights, x: Tensor, h: Tensor): { r?: Tensor; z: Tensor; n: Tensor } {
  const last = o.reset === "none" ? 1 : 2;
  const input = (from: number, to: number): Tensor => sumsOf(o, x, w.weight_ih, w.bias_ih, w.gain_ih, from, to);
  const state = (from: number, to: number, of = h): Tensor =>
    sumsOf(o, of, w.weight_hh, w.bias_hh, w.gain_hh, from, to);
  const candidate = (part: Tensor): Tensor =>
    activate(o.candidateActivation, clipped(add(input(last, last + 1), part), o.clip));
  const gates = activate(o.gateActivation, clipped(add(input(0, last), state(0, last)), o.clip));
  if (last === 1) return { z: gates, n: candidate(state(1, 2)) };
  const [r, z] = split(gates, 2);
  return { r, z, n: candidate(o.reset === "before" ? state(2, 3, mul(r, h)) : mul(r, state(2, 3))) };
}

function fusedGru(
  o: GruOptions,
  w: Weights,
  input: LayerInput,
  h: Tensor,
  options: FusedOptions,
): LayerResult<"h"> | undefined {
  const [gate, candidate] = [fusedActivation(o.gateActivation), fusedActivation(o.candidateActivation)];
  if (!gate || !candidate || changesStep(o)) return undefined;
  // Without a reset gate: one that is open, which takes a sigmoid whose sum is not limited.
  if (o.reset === "none" && (gate !== "sigmoid" || o.clip !== null)) return undefined;
  // The kernel's z keeps: the other sense is the same gate with the sign of its sum turned.
  if (o.update === "replace" && gate !== "sigmoid") return undefined;
  const present = o.reset === "none" ? ["z", "n"] : ["r", "z", "n"];
  const sense = (t: Tensor, value = 0): Tensor => {
    const rows = filled(t, present, ["r", "z", "n"], value);
    return o.update === "keep" ? rows : turned(rows, 1, 3);
  };
  const normal = o.layerNorm ? normalisedGru(o, w, input, h, sense, options) : undefined;
  if (o.layerNorm && !normal) return undefined;
  const reset = o.reset === "before" ? "before" : "after";
  const pre = (): Tensor => project(input, sense(w.weight_ih), sense(w.bias_ih, openBias));
  const states =
    normal ??
    gru(pre(), sense(w.weight_hh), sense(w.bias_hh), h, { ...options, reset, gate, candidate, ...clipOf(o.clip) });
  const [r, z, n] = split(states.gates, 3);
  return {
    y: states.y,
    state: { h: states.h },
    trace: { h: states.y, ...(o.reset !== "none" && { r }), z: o.update === "keep" ? z : sub(1, z), n },
  };
}

/** The layer with layer normalisation: r and z together, n by itself; only with the usual activations, reset after. */
function normalisedGru(
  o: GruOptions,
  w: Weights,
  input: LayerInput,
  h: Tensor,
  sense: (t: Tensor) => Tensor,
  options: FusedOptions,
): RecurrentStates | undefined {
  const usual = o.gateActivation === "sigmoid" && o.candidateActivation === "tanh" && o.clip === null;
  if (!usual || o.reset !== "after") return undefined;
  const [W, gain, b] = [w.weight_ih, sense(w.gain_ih), sense(w.bias_ih)];
  const H = h.shape[1];
  const pre = projectWith(input, 3 * H, (x) => {
    const part = (from: number, to: number): Tensor => {
      const rows = (t: Tensor): Tensor => slice(t, 0, from * H, to * H);
      return layerNorm(recurrent(x, rows(W)), rows(gain), rows(b));
    };
    return concat([part(0, 2), part(2, 3)], x.shape.length - 1);
  });
  return gruNorm(pre, w.weight_hh, { gain: sense(w.gain_hh), bR: sense(w.bias_hh) }, h, options);
}
