// Vanilla (Elman) cell: h' = f(x W' + b + h R'). Sources: Elman 1990; PyTorch's nn.RNN. D input, H hidden.
import { add, linear, rnn } from "../../graph/ops/index.js";
import { activate } from "../activations.js";
import { type Cell, project, recurrent } from "../cell.js";
import { clipOf, fusedActivation } from "./fused.js";
import { recurrentInitial, recurrentValues, uniformIn } from "./initial.js";
import { changesStep, drawNoise, masked, noiseOptions, noNoise, zonedOut } from "./noise.js";
import { activation, type OptionsOf } from "./options.js";
import { clipOption, clipped, type StandardWeight, standardWeights } from "./standard.js";

export const rnnOptions = {
  /** f. "hard-threshold" only runs forward. */
  activation: activation("tanh"),
  clip: clipOption,
  /** "identity" with activation "relu" is the IRNN of Le, Jaitly, Hinton 2015. */
  recurrentInitial,
  ...noiseOptions,
};
export type RnnOptions = OptionsOf<typeof rnnOptions>;

/**
 * Elman's cell: h' = f(x W' + b_ih + h R' + b_hh). x [N,D], h [N,H], W weight_ih [H,D], R weight_hh [H,H]. Convention of
 * PyTorch's nn.RNN: two biases that only ever act as their sum. Fused for the activations of
 * fusedActivation, clipped or not, without dropped or kept states.
 */
export function rnnCellOf(o: RnnOptions): Cell<StandardWeight, "h", string> {
  const noise = { ...noNoise, ...o };
  const f = fusedActivation(o.activation);
  return {
    name: "rnn",
    weights: standardWeights(1),
    state: ({ H }) => ({ h: [H] }),
    begin: (weights, run) => drawNoise(weights, run, noise, widthsOf(weights.weight_hh.shape)),
    step: (w, x, { h }, t) => {
      const sum = add(linear(x, w.weight_ih, add(w.bias_ih, w.bias_hh)), recurrent(masked(h, w.mask_h), w.weight_hh));
      return { h: zonedOut(h, activate(o.activation, clipped(sum, o.clip)), w.keep_h, o.zoneout, t) };
    },
    fused: ({ weight_ih, weight_hh, bias_ih, bias_hh }, input, { h }, options) => {
      if (!f || changesStep(o)) return undefined;
      const pre = project(input, weight_ih, add(bias_ih, bias_hh));
      const states = rnn(pre, weight_hh, h, { ...options, activation: f, ...clipOf(o.clip) });
      return { y: states.y, state: { h: states.h }, trace: { h: states.y } };
    },
    initial: (weight, { D, H }, uniform) =>
      weight === "weight_hh"
        ? recurrentValues(o.recurrentInitial, [H, H], H, H, uniform)
        : uniformIn(standardWeights(1)({ D, H })[weight], H, uniform),
  };
}

const widthsOf = ([, H]: readonly number[]): { readonly P: number; readonly H: number } => ({ P: H, H });
