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
  if (w.kind === "translation") return translatorFlops(w) * passes(w);
  return (L * layer(H) + 2 * H * V) * passes(w);
}

/**
 * Per target token, where a source has as many: both directions of the encoder, the keys of the places, the decoder with token and
 * context as its input, the query, scores and context over all places, the readout of state, context and token, and the head.
 */
function translatorFlops({ cell, hidden: H, sequence: S, vocabulary: V, readout = 0 }: Workload): number {
  const layer = (D: number): number => 2 * gates[cell] * H * (D + H);
  const places = 2 * H;
  const attention = 2 * H * places + 2 * H * H + 2 * S * (H + places);
  const parts = H + places + H;
  const head = readout === 0 ? 2 * parts * V : 2 * parts * readout + 2 * readout * V;
  return 2 * layer(H) + layer(H + places) + attention + head;
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
  if (w.kind === "beam-search") return beamFlops(w).all - beamFlops(w).known;
  if (w.kind === "custom-cell" || w.kind === "translation") return modelFlops(w);
  if (w.kind !== "training" && w.kind !== "bidirectional") return modelFlops(w) - first;
  return V <= T * N ? modelFlops(w) - first * (1 - V / (T * N)) : modelFlops(w);
}

/**
 * Per token of the results: a source token read both ways and its key, then a step of each hypothesis. Known before a step: what first
 * layer and readout make of its token, and of the context where they are multiplied with each source token once.
 */
function beamFlops({ cell, hidden: H, vocabulary: V, sequence, beam = 5 }: Workload): { all: number; known: number } {
  const G = gates[cell];
  const read = 2 * 2 * G * H * 2 * H + 2 * H * 2 * H;
  const look = 2 * H * H + 2 * 3 * H * 0.7 * sequence;
  const write = 2 * G * H * 4 * H + 2 * H * 4 * H + 2 * H * V;
  const ofToken = 2 * (G + 1) * H * H;
  const ofContext = 2 * (G + 1) * H * 2 * H;
  return { all: read + beam * (look + write), known: beam * ofToken + (beam - 1) * ofContext };
}

const trained: ReadonlySet<Workload["kind"]> = new Set(["training", "custom-cell", "bidirectional", "translation"]);
const passes = ({ kind }: Workload): number => (trained.has(kind) ? 3 : 1);
