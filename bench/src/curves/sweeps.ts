// What the curves vary: one size at a time around a middle workload, native on one and two threads.
// H hidden, N batch, T time, V vocabulary.
import type { Workload } from "../workloads.js";

export interface Sweep {
  readonly name: "hidden" | "batch" | "sequence" | "vocabulary";
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly workload: Workload }[];
}

const middle = { hidden: 256, batch: 32, sequence: 64, vocabulary: 65 } as const;
const labels = {
  hidden: "H, hidden units",
  batch: "N, streams",
  sequence: "T, steps",
  vocabulary: "V, tokens",
} as const;
const values = {
  hidden: [64, 128, 256, 512, 1024, 2048],
  batch: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  sequence: [16, 32, 64, 128, 256, 512],
  vocabulary: [65, 500, 2000, 10_000, 50_000],
} as const;

function at(sizes: typeof middle | Record<keyof typeof middle, number>): Workload {
  return {
    name: "curve",
    kind: "training",
    cell: "lstm",
    layers: 2,
    optimizer: "adam",
    clip: { norm: 5 },
    marks: [],
    quick: false,
    ...sizes,
  }; // prettier-ignore
}

export const sweeps: readonly Sweep[] = (Object.keys(values) as Sweep["name"][]).map((name) => ({
  name,
  label: labels[name],
  points: values[name].map((x) => ({ x, workload: at({ ...middle, [name]: x }) })),
}));

export const middleText = `LSTM, 2 layers, H ${middle.hidden}, N ${middle.batch}, T ${middle.sequence}, V ${middle.vocabulary}`;
