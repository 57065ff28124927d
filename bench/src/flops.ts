// Floating-point operations of the matrix products of a workload, two for a multiply-add. Everything else (gates, softmax,
// optimizer) counts nothing. G gates, D = H input width, V vocabulary.
import type { Workload } from "./workloads.js";

const gates = { rnn: 1, gru: 3, lstm: 4 } as const;

/**
 * Per token, the same for every program that is measured: each layer's input and recurrent products and the head, times
 * three for training (forward, gradient of the inputs, gradient of the weights).
 */
export function modelFlops(w: Workload): number {
  const { hidden: H, layers: L, vocabulary: V } = w;
  const forward = L * 2 * gates[w.cell] * H * (H + H) + 2 * H * V;
  return forward * passes(w);
}

/**
 * Per token, what remains to be multiplied where the first layer's input product is done once per row of the embedding
 * [V,D] instead of once per token, as ours does where V <= T*N, and not at all in a program whose weights are frozen.
 * Only this figure says how near a program is to the machine's limit.
 */
export function leastFlops(w: Workload): number {
  const { hidden: H, sequence: T, batch: N, vocabulary: V } = w;
  const first = 2 * gates[w.cell] * H * H * passes(w);
  if (w.kind === "custom-cell") return modelFlops(w);
  if (w.kind !== "training") return modelFlops(w) - first;
  return V <= T * N ? modelFlops(w) - first * (1 - V / (T * N)) : modelFlops(w);
}

const passes = ({ kind }: Workload): number => (kind === "training" || kind === "custom-cell" ? 3 : 1);
