// The adding problem at T = 200: two marked numbers among two hundred, their sum at the end.
import { addingTask, examples, type Valued } from "unrolled/tasks";
import { compare, threeCells } from "../compare.js";
import { type Experiment, meanOf, type Row, rowOf } from "../experiment.js";
import { chronoGates } from "../gates.js";
import type { Sequence } from "../net.js";

const T = 200;
const size = { hidden: 64, batch: 50, rate: 5e-3 };
const stepsOf = (quick: boolean): number => (quick ? 100 : 2500);

const contenders = threeCells(size.hidden).map((contender) =>
  contender.name === "lstm" ? { ...contender, bias: (seed: number) => chronoGates(T, seed) } : contender,
);

const encode = ({ x, y }: Valued): Sequence => ({ steps: x.length / 2, input: x, target: y });

export const adding: Experiment = {
  name: "adding",
  summary: "the adding problem, T = 200: the sum of two marked numbers",
  minutes: 8,
  open: ({ quick }) => ({
    rows: "cell",
    columns: [
      { title: "mse", unit: "mse" },
      { title: "steps", unit: "" },
    ],
    claims: (rows: readonly Row[]) =>
      (["gru", "lstm"] as const).map((cell) => ({
        text: `${cell}: mse below .01`,
        holds: meanOf(rowOf(rows, cell).cells[0]) < 0.01,
      })),
    notes: [
      "mean squared error on 1,000 held-out sequences; chance (always 1) is exactly 1/6 = .1667",
      `one layer of ${size.hidden} units, at most ${stepsOf(quick)} steps of ${size.batch} fresh sequences, Adam ${size.rate}, clip 1; ended early below .002`,
      "the lstm's gates begin with memories of all lengths up to T (chrono initialisation, Tallec & Ollivier 2018)",
    ],
  }),
  run: (bench) =>
    compare(bench, contenders, (seed) => {
      const task = addingTask({ length: T, seed });
      return {
        net: { input: { width: 2 }, output: "number", read: "last" },
        steps: stepsOf(bench.quick),
        batch: size.batch,
        rate: size.rate,
        training: (i) => encode(task.example("training", i)),
        validation: examples(task, "validation", 200).map(encode),
        every: 100,
        enough: ({ loss }) => loss < 0.002,
        measure: (learned) => [learned.measure(examples(task, "test", 1000).map(encode)).loss, learned.steps],
      };
    }),
};
