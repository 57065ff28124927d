// Minimal gated unit. Gates f,n. D input, H hidden.
import { add, linear, mul, sigmoid, slice, split, sub, tanh } from "../../graph/ops/index.js";
import type { Tensor } from "../../graph/tensor.js";
import type { Cell } from "../cell.js";
import { type StandardWeight, standardWeights } from "./standard.js";

/**
 * One gate both forgets and resets: f = sigma(x W_f' + h R_f' + b), n = tanh(x W_n' + (f * h) R_n' + b),
 * h' = (1-f) h + f n: f replaces the old state. x [N,D], h [N,H], weight_ih [2H,D], weight_hh [2H,H] with f before n.
 * Source: Zhou, Wu, Zhang, Zhou 2016, eq. 5.
 */
export const mguCell: Cell<StandardWeight, "h"> = {
  name: "mgu",
  weights: standardWeights(2),
  state: ({ H }) => ({ h: [H] }),
  step: ({ weight_ih, weight_hh, bias_ih, bias_hh }, x, { h }) => {
    const H = h.shape[1];
    const [af, an] = split(linear(x, weight_ih, bias_ih), 2);
    const gate = (of: Tensor, k: number): Tensor =>
      linear(of, slice(weight_hh, 0, k * H, (k + 1) * H), slice(bias_hh, 0, k * H, (k + 1) * H));
    const f = sigmoid(add(af, gate(h, 0)));
    const n = tanh(add(an, gate(mul(f, h), 1)));
    return { h: add(mul(sub(1, f), h), mul(f, n)), f, n };
  },
};
