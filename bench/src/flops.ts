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
  const layer = (D: number): number => 2 * gates[w.cell] * H * (D + H);
  if (w.kind === "beam-search") return beamFlops(w).all;
  // Two directions, and from the second layer on an input of both.
  if (w.kind === "bidirectional") return (2 * layer(H) + 2 * (L - 1) * layer(2 * H) + 2 * 2 * H * V) * passes(w);
  return (L * layer(H) + 2 * H * V) * passes(w);
}

/**
 * Per token, what remains to be multiplied where the first layer's input product is done once per row of the embedding
 * [V,D] instead of once per token, as ours does where V <= T*N, and not at all in a program whose weights are frozen.
 * Only this figure says how near a program is to the machine's limit.
 */
export function leastFlops(w: Workload): number {
  const { hidden: H, sequence: T, batch: N, vocabulary: V } = w;
  const directions = w.kind === "bidirectional" ? 2 : 1;
  const first = directions * 2 * gates[w.cell] * H * H * passes(w);
  if (w.kind === "custom-cell") return modelFlops(w);
  if (w.kind === "beam-search") return beamFlops(w).all - beamFlops(w).tokens;
  if (w.kind !== "training" && w.kind !== "bidirectional") return modelFlops(w) - first;
  return V <= T * N ? modelFlops(w) - first * (1 - V / (T * N)) : modelFlops(w);
}

/** Per token of the results: a source token read both ways and its key, then a step of each hypothesis; what of it depends on tokens alone. */
function beamFlops({ cell, hidden: H, vocabulary: V, sequence, beam = 5 }: Workload): { all: number; tokens: number } {
  const G = gates[cell];
  const read = 2 * 2 * G * H * 2 * H + 2 * H * 2 * H;
  const look = 2 * H * H + 2 * 3 * H * 0.7 * sequence;
  const write = 2 * G * H * 4 * H + 2 * H * 4 * H + 2 * H * V;
  return { all: read + beam * (look + write), tokens: beam * 2 * G * H * H };
}

const trained: ReadonlySet<Workload["kind"]> = new Set(["training", "custom-cell", "bidirectional"]);
const passes = ({ kind }: Workload): number => (trained.has(kind) ? 3 : 1);
