// A fixed window in place of memory: what a feed-forward language model sees. K window, D input, H hidden.
import { add, linear, pad, reshape, slice, tanh, transpose, zeros } from "../../graph/ops/index.js";
import { type Cell, project } from "../cell.js";
import { uniformIn } from "./initial.js";
import type { OptionsOf } from "./options.js";

export const windowOptions = {
  /** K: inputs seen at once, this one and those before it. */
  window: { kind: "integer", low: 2, high: 64, fallback: 5 },
} as const;
export type WindowOptions = OptionsOf<typeof windowOptions>;

/**
 * h_t = tanh(sum over k < K of x_t-k W_k' + b), zeros before the first input. x [N,D], W weight_ih [K*H,D] with W_0, of the newest
 * input, first, b bias_ih [H]. Not recurrent: h feeds nothing back, and its other state `ahead` [N,(K-1)*H] is what the inputs so
 * far add to the next K-1 steps. So a network with memory can be held against one without, everything else alike. Source:
 * Bengio, Ducharme, Vincent, Jauvin 2003, eq. 1, without the direct connections. Fused as one product over all steps.
 */
export function windowCellOf({ window: K }: WindowOptions): Cell<"weight_ih" | "bias_ih", "h" | "ahead"> {
  return {
    name: "window",
    weights: ({ D, H }) => ({ weight_ih: [K * H, D], bias_ih: [H] }),
    state: ({ H }) => ({ h: [H], ahead: [(K - 1) * H] }),
    step: ({ weight_ih, bias_ih }, x, { h, ahead }) => {
      const H = h.shape[1];
      const sums = add(linear(x, weight_ih, zeros([K * H])), pad(ahead, 1, 0, H));
      return { h: tanh(add(slice(sums, 1, 0, H), bias_ih)), ahead: slice(sums, 1, H, K * H) };
    },
    fused: ({ weight_ih, bias_ih }, input, { h, ahead }, { lengths, reverse }) => {
      if (lengths || reverse) return undefined;
      const [N, H] = h.shape;
      const products = project(input, weight_ih, zeros([K * H]));
      const [T] = products.shape;
      const before = pad(transpose(reshape(ahead, [N, K - 1, H]), [1, 0, 2]), 0, 0, T);
      // What each step gets, and the K-1 after the last one will get: [T+K-1,N,H].
      const sums = Array.from({ length: K }, (_, k) =>
        pad(slice(products, 2, k * H, (k + 1) * H), 0, k, K - 1 - k),
      ).reduce((a, b) => add(a, b), before);
      const y = tanh(add(slice(sums, 0, 0, T), bias_ih));
      const rest = transpose(slice(sums, 0, T, T + K - 1), [1, 0, 2]);
      const last = reshape(slice(y, 0, T - 1, T), [N, H]);
      return { y, state: { h: last, ahead: reshape(rest, [N, (K - 1) * H]) }, trace: { h: y } };
    },
    initial: (weight, { D, H }, uniform) => uniformIn(weight === "bias_ih" ? [H] : [K * H, D], K * D, uniform),
  };
}
