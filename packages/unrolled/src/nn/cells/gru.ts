// Gated recurrent unit. r,z,n: h' = (1-z) n + z h. `after` resets the product (cuDNN, PyTorch), `before` the state (Cho 2014).
// The lectures' update gate is 1 - z.
import { add, gru, linear, mul, sigmoid, slice, split, sub, tanh } from "../../graph/ops/index.js";
import type { Tensor } from "../../graph/tensor.js";
import { type Cell, type Named, project, recurrent } from "../cell.js";
import { type StandardWeight, standardWeights } from "./standard.js";

/** n from the input part, the reset gate and the state: the only place where the two forms differ. */
type Candidate = (xn: Tensor, r: Tensor, h: Tensor, weights: Named<StandardWeight>) => Tensor;

const thirds = (t: Tensor): [Tensor, Tensor, Tensor] => {
  const H = t.shape[0] / 3;
  return [slice(t, 0, 0, H), slice(t, 0, H, 2 * H), slice(t, 0, 2 * H, 3 * H)];
};

const candidates: Readonly<Record<"after" | "before", Candidate>> = {
  after: (xn, r, h, { weight_hh, bias_hh }) =>
    tanh(add(xn, mul(r, linear(h, thirds(weight_hh)[2], thirds(bias_hh)[2])))),
  before: (xn, r, h, { weight_hh, bias_hh }) =>
    tanh(add(xn, linear(mul(r, h), thirds(weight_hh)[2], thirds(bias_hh)[2]))),
};

export const gruCell = (reset: "after" | "before" = "after"): Cell<StandardWeight, "h"> => ({
  name: "gru",
  weights: standardWeights(3),
  state: ({ H }) => ({ h: [H] }),
  step: (weights, x, { h }) => {
    const { weight_ih, weight_hh, bias_ih, bias_hh } = weights;
    const [xr, xz, xn] = split(linear(x, weight_ih, bias_ih), 3);
    const [Rr, Rz] = thirds(weight_hh);
    const [br, bz] = thirds(bias_hh);
    const r = sigmoid(add(xr, add(recurrent(h, Rr), br)));
    const z = sigmoid(add(xz, add(recurrent(h, Rz), bz)));
    const n = candidates[reset](xn, r, h, weights);
    return { h: add(mul(sub(1, z), n), mul(z, h)), r, z, n };
  },
  fused: ({ weight_ih, weight_hh, bias_ih, bias_hh }, input, { h }, { lengths, reverse }) => {
    const ragged = lengths && { lengths };
    const states = gru(project(input, weight_ih, bias_ih), weight_hh, bias_hh, h, { reset, reverse, ...ragged });
    const [r, z, n] = split(states.gates, 3);
    return { y: states.y, state: { h: states.h }, trace: { h: states.y, r, z, n } };
  },
});
