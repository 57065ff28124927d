// What is measured, as data: the workloads and the marks they are held to.
// H hidden, L layers, T time, N batch, V vocabulary.

export type WorkloadKind =
  | "training"
  | "forward"
  | "generation"
  | "generation-batch"
  | "custom-cell"
  | "bidirectional"
  | "beam-search"
  | "translation";

/** Least ratio to the named peer's tokens per second, two threads each. */
export interface Mark {
  readonly peer: "torch" | "numpy";
  readonly native: number;
  readonly wasm?: number;
}

export interface Workload {
  readonly name: string;
  readonly kind: WorkloadKind;
  readonly cell: "lstm" | "gru" | "rnn";
  readonly hidden: number;
  readonly layers: number;
  readonly sequence: number;
  readonly batch: number;
  readonly vocabulary: number;
  /** Of a beam search: hypotheses of each sentence, and how many sentences; `sequence` is the longest. */
  readonly beam?: number;
  readonly sentences?: number;
  /** Units between a translator's decoder and its head; 0: the head reads state, context and token themselves. */
  readonly readout?: number;
  /** How ours multiplies matrices; f32 where left out. Peers always do that. */
  readonly products?: "f32" | "bf16";
  readonly optimizer: "adam" | "adagrad";
  readonly clip: { readonly norm: number } | { readonly value: number };
  readonly marks: readonly Mark[];
  /** Least share of the peak of the multiply loop, native with two threads. */
  readonly peakMark?: number;
  readonly quick: boolean;
}

type Sizes = readonly [H: number, L: number, T: number, N: number];
type Rest = Partial<Omit<Workload, "name" | "cell" | "hidden" | "layers" | "sequence" | "batch">>;

function workload(
  name: string,
  cell: Workload["cell"],
  [hidden, layers, sequence, batch]: Sizes,
  rest: Rest,
): Workload {
  return {
    name,
    kind: "training",
    cell,
    hidden,
    layers,
    sequence,
    batch,
    vocabulary: 65,
    optimizer: "adam",
    clip: { norm: 5 },
    marks: [],
    quick: false,
    ...rest,
  }; // prettier-ignore
}

const torch = (native: number, wasm: number): readonly Mark[] => [{ peer: "torch", native, wasm }];

export const workloads: readonly Workload[] = [
  workload("lstm-512", "lstm", [512, 2, 64, 64], { marks: torch(1.7, 0.8), peakMark: 0.85, quick: true }),
  workload("lstm-512-3-layers", "lstm", [512, 3, 50, 50], { marks: torch(1.7, 0.8) }),
  workload("lstm-1024", "lstm", [1024, 1, 64, 64], { marks: torch(1.7, 0.8) }),
  workload("lstm-512-batch-16", "lstm", [512, 2, 64, 16], { marks: torch(2.5, 1) }),
  workload("lstm-256", "lstm", [256, 2, 50, 50], { marks: torch(1.7, 0.9) }),
  workload("lstm-128", "lstm", [128, 2, 50, 50], { marks: torch(2.2, 1.1), quick: true }),
  workload("lstm-100-batch-1", "lstm", [100, 1, 25, 1], { marks: torch(15, 10), quick: true }),
  workload("gru-128", "gru", [128, 2, 50, 50], { marks: torch(1.8, 0.9) }),
  workload("gru-256", "gru", [256, 2, 50, 50], { marks: torch(1.8, 0.9) }),
  workload("gru-512", "gru", [512, 2, 64, 64], { marks: torch(1.8, 0.9) }),
  workload("rnn-128", "rnn", [128, 2, 50, 50], { marks: torch(1.5, 0.7) }),
  workload("rnn-512", "rnn", [512, 2, 64, 64], { marks: torch(1.5, 0.7) }),
  workload("min-char-rnn", "rnn", [100, 1, 25, 1], {
    optimizer: "adagrad",
    clip: { value: 5 },
    marks: [...torch(15, 10), { peer: "numpy", native: 15 }],
    quick: true,
  }),
  workload("forward-lstm-512", "lstm", [512, 2, 64, 64], { kind: "forward", marks: torch(1.7, 0.8) }),
  workload("generate-lstm-128", "lstm", [128, 2, 1, 1], { kind: "generation", marks: torch(8, 5), quick: true }),
  workload("generate-lstm-512", "lstm", [512, 2, 1, 1], { kind: "generation", marks: torch(2.5, 1.2) }),
  workload("generate-lstm-1024", "lstm", [1024, 2, 1, 1], { kind: "generation", marks: torch(4, 2) }),
  workload("generate-64-lstm-512", "lstm", [512, 2, 1, 64], { kind: "generation-batch", marks: torch(2, 1) }),
  workload("words-lstm-256", "lstm", [256, 2, 35, 20], { vocabulary: 10_000, marks: torch(1.5, 0.7) }),
  workload("bidirectional-lstm-256", "lstm", [256, 2, 50, 50], { kind: "bidirectional", marks: torch(1.5, 0.7) }),
  workload("custom-lstm-128", "lstm", [128, 2, 50, 50], { kind: "custom-cell", marks: torch(1.5, 0.6) }),
  workload("translate-gru-256", "gru", [256, 1, 30, 64], {
    kind: "translation",
    vocabulary: 8000,
    readout: 256,
    clip: { norm: 1 },
    marks: [{ peer: "torch", native: 2 }],
    peakMark: 0.5,
  }),
  workload("translate-gru-256-wide", "gru", [256, 1, 30, 64], {
    kind: "translation",
    vocabulary: 8000,
    readout: 0,
    clip: { norm: 1 },
    marks: [{ peer: "torch", native: 2 }],
    peakMark: 0.5,
  }),
  workload("custom-lstm-512", "lstm", [512, 2, 64, 64], { kind: "custom-cell", marks: torch(1.5, 0.6) }),
  workload("beam-5-gru-256", "gru", [256, 1, 30, 32], {
    kind: "beam-search",
    vocabulary: 8000,
    beam: 5,
    sentences: 1000,
    marks: [{ peer: "torch", native: 5 }],
  }),
  workload("beam-5-gru-256-bf16", "gru", [256, 1, 30, 32], {
    kind: "beam-search",
    vocabulary: 8000,
    beam: 5,
    sentences: 1000,
    products: "bf16",
  }),
]; // prettier-ignore

/** The workloads of these names. Throws a RangeError that lists what there is. */
export function chooseWorkloads(names: readonly string[]): readonly Workload[] {
  return names.map((name) => {
    const found = workloads.find((w) => w.name === name);
    if (found) return found;
    throw new RangeError(`workload: must be one of ${workloads.map((w) => w.name).join(", ")}, was ${name}`);
  });
}

/** One line for people: "LSTM, H 512, L 2, T 64, N 64, V 65, training". */
export function describeWorkload(w: Workload): string {
  const sizes = w.kind.startsWith("generation") ? `N ${w.batch}` : `T ${w.sequence}, N ${w.batch}`;
  if (w.kind === "beam-search")
    return `${w.cell.toUpperCase()} encoder-decoder with attention, H ${w.hidden}, beam ${w.beam}, ${w.sentences} sentences of up to ${w.sequence} tokens, ${w.batch} at once, V ${w.vocabulary}${w.products === "bf16" ? ", products in bfloat16" : ""}`;
  const rest = w.kind === "training" && w.optimizer === "adagrad" ? ", Adagrad, clip by value" : "";
  return `${w.cell.toUpperCase()}, H ${w.hidden}, L ${w.layers}, ${sizes}, V ${w.vocabulary}, ${w.kind}${rest}`;
}
