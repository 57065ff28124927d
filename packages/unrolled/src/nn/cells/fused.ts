// What of a cell's options the fused kernels can do. G gates, H hidden.
import { concat, full, type LayerActivation, neg, slice } from "../../graph/ops/index.js";
import type { Tensor } from "../../graph/tensor.js";
import type { Activation } from "../activations.js";

/** The activation as the kernels know it; undefined where they do not: their slopes need one that grows. */
export function fusedActivation(activation: Activation): LayerActivation | undefined {
  if (typeof activation === "string")
    return activation === "softsign" || activation === "softplus" || activation === "hard-threshold"
      ? undefined
      : activation;
  if (activation.name === "leaky-relu") return activation.alpha >= 0 ? activation : undefined;
  if (activation.name === "hard-sigmoid") return activation.alpha > 0 ? activation : undefined;
  if (activation.name === "scaled-tanh") return activation.alpha > 0 && activation.beta > 0 ? activation : undefined;
  return undefined;
}

/** A limit as the fused layers take it. */
export const clipOf = (clip: number | null): { readonly clip?: number } => (clip === null ? {} : { clip });

/** t [G*H,...] with the sign of one gate's rows turned: sigmoid(-a) = 1 - sigmoid(a). */
export function turned(t: Tensor, gate: number, gates: number): Tensor {
  const H = t.shape[0] / gates;
  const rows = (from: number, to: number): Tensor[] => (to > from ? [slice(t, 0, from * H, to * H)] : []);
  return concat([...rows(0, gate), neg(slice(t, 0, gate * H, (gate + 1) * H)), ...rows(gate + 1, gates)], 0);
}

/** Its sigmoid is 1 to the last digit of float64, its slope 0: the bias of a gate that is not there. */
export const openBias = 40;

/** Rows t [g*H,...] of some gates as rows of all gates [G*H,...], those of the absent ones filled with a value. */
export function filled(t: Tensor, present: readonly string[], all: readonly string[], value: number): Tensor {
  if (present.length === all.length) return t;
  const H = t.shape[0] / present.length;
  const rows = all.map((name) => {
    const k = present.indexOf(name);
    return k < 0 ? full([H, ...t.shape.slice(1)], value) : slice(t, 0, k * H, (k + 1) * H);
  });
  return concat(rows, 0);
}
