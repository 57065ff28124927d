// The small tasks of the literature, each a table of the three cells beside the task's own chance.
import {
  copyMemoryTask,
  countingTask,
  dyckTask,
  embeddedReberTask,
  examples,
  type GeneratedTask,
  type Labelled,
  parityTask,
  reberTask,
  type Tagged,
  temporalOrderTask,
  type TokenTask,
} from "unrolled/tasks";
import { compare, threeCells } from "../compare.js";
import { labelEncoder, tagEncoder } from "../encode.js";
import { type Column, type Experiment, meanOf, rowOf } from "../experiment.js";
import type { Measured } from "../learn.js";
import type { Sequence } from "../net.js";

type AnyTask = TokenTask<Labelled> | TokenTask<Tagged>;

interface Small {
  readonly name: string;
  readonly summary: string;
  readonly minutes: number;
  readonly hidden: number;
  readonly batch: number;
  readonly steps: number;
  readonly rate: number;
  /** The task to learn, and those to be tried afterwards: a column each. */
  readonly task: (seed: number) => AnyTask;
  readonly trials: readonly Trial[];
  /** What the gated cells must reach in each column, and the words for it. */
  readonly claim: {
    readonly text: string;
    readonly holds: (values: readonly number[]) => boolean;
    /** Both gated ones where left out. */
    readonly cells?: readonly string[];
  };
  readonly notes: readonly string[];
  /** Nats at which it ends early, all answers of the validation being right. */
  readonly enough?: number;
}

interface Trial extends Column {
  readonly measure: keyof Measured;
  /** The task itself where left out. */
  readonly task?: (seed: number) => AnyTask;
}

function encoderOf(task: AnyTask): (example: Labelled | Tagged) => Sequence {
  const [label, tags] = [labelEncoder(task), tagEncoder(task)];
  return (example) => ("label" in example ? label(example) : tags(example));
}

const drawn = (task: AnyTask): Labelled | Tagged => task.example("training", 0);

function experimentOf(small: Small): Experiment {
  const { name, summary, minutes, hidden, batch, rate, trials } = small;
  const stepsOf = (quick: boolean): number => (quick ? Math.ceil(small.steps / 20) : small.steps);
  const { chance } = small.task(1);
  return {
    name,
    summary,
    minutes,
    open: ({ quick }) => ({
      rows: "cell",
      columns: trials,
      claims: (rows) =>
        (small.claim.cells ?? ["gru", "lstm"]).map((cell) => ({
          text: `${cell}: ${small.claim.text}`,
          holds: rowOf(rows, cell).cells.length > 0 && small.claim.holds(rowOf(rows, cell).cells.map(meanOf)),
        })),
      notes: [
        `chance: ${chance.measure} ${Number(chance.value.toPrecision(4))} (${chance.predictor})`,
        ...small.notes,
        `one layer of ${hidden} units, at most ${stepsOf(quick)} steps of ${batch} fresh sequences, Adam ${rate}, clip 1`,
      ],
    }),
    run: (bench) =>
      compare(bench, threeCells(hidden), (seed) => {
        const task = small.task(seed);
        const encode = encoderOf(task);
        const some = (from: GeneratedTask<Labelled> | GeneratedTask<Tagged>, part: "validation" | "test", n: number) =>
          examples(from as GeneratedTask<Labelled | Tagged>, part, n).map(encode);
        return {
          net: {
            input: { tokens: task.tokens, embedding: 16 },
            output: task.answers,
            read: "label" in drawn(task) ? "last" : "each",
          },
          steps: stepsOf(bench.quick),
          batch,
          rate,
          training: (i) => encode(task.example("training", i)),
          validation: some(task, "validation", 100),
          enough: ({ whole, loss }) => whole === 1 && loss < (small.enough ?? 1e-3),
          measure: (learned) =>
            trials.map((trial) => learned.measure(some(trial.task?.(seed) ?? task, "test", 200))[trial.measure]),
        };
      }),
  };
}

const copyTask = (seed: number) => copyMemoryTask({ delay: 10, length: 5, seed });
const reber = reberTask({ words: 8 });

export const synthetic: readonly Experiment[] = [
  experimentOf({
    name: "copy",
    summary: "copy memory: five symbols, ten blanks, the five again",
    minutes: 4,
    hidden: 96,
    batch: 64,
    steps: 2000,
    rate: 5e-3,
    enough: 0.01,
    task: copyTask,
    trials: [{ title: "nats a step", unit: "nats", measure: "loss" }],
    claim: { text: "less than half of the chance level", holds: ([nats]) => nats < copyTask(1).chance.value / 2 },
    notes: [],
  }),
  experimentOf({
    name: "parity",
    summary: "parity of the bits so far: learnt on 1 to 16 bits, tried on 100",
    minutes: 2,
    hidden: 32,
    batch: 64,
    steps: 2000,
    rate: 1e-2,
    task: (seed) => parityTask({ minimum: 4, length: 16, seed }),
    trials: [
      { title: "to 16 bits", unit: "%", measure: "accuracy" },
      { title: "100 bits", unit: "%", measure: "accuracy", task: (seed) => parityTask({ length: 100, seed }) },
    ],
    claim: { text: "more than 99 % at both lengths", holds: ([short, long]) => short > 0.99 && long > 0.99 },
    notes: [],
  }),
  experimentOf({
    name: "dyck",
    summary: "brackets of two kinds, four deep: which one closes next",
    minutes: 3,
    hidden: 48,
    batch: 32,
    steps: 1000,
    rate: 5e-3,
    task: (seed) => dyckTask({ kinds: 2, depth: 4, length: 30, seed }),
    trials: [
      { title: "30 symbols", unit: "%", measure: "accuracy" },
      {
        title: "60 symbols",
        unit: "%",
        measure: "accuracy",
        task: (seed) => dyckTask({ kinds: 2, depth: 4, length: 60, seed }),
      },
    ],
    claim: { text: "more than 99 % at the length it was taught", holds: ([taught]) => taught > 0.99 },
    notes: [],
  }),
  experimentOf({
    name: "reber",
    summary: "Reber's grammar: the next symbol as well as the grammar lets it be known",
    minutes: 2,
    hidden: 32,
    batch: 32,
    steps: 600,
    rate: 5e-3,
    task: (seed) => reberTask({ words: 8, seed }),
    trials: [{ title: "nats a symbol", unit: "nats", measure: "loss" }],
    claim: {
      text: `within 2 % of the grammar's own entropy, ${reber.floor.toFixed(4)} nats`,
      holds: ([nats]) => nats < 1.02 * reber.floor,
    },
    notes: [`perfect prediction: ${reber.floor.toFixed(4)} nats, the entropy of the grammar's choices`],
  }),
  experimentOf({
    name: "embedded-reber",
    summary: "the embedded Reber grammar: the second symbol comes again at the last but one",
    minutes: 2,
    hidden: 32,
    batch: 32,
    steps: 1500,
    rate: 5e-3,
    task: (seed) => embeddedReberTask({ seed }),
    trials: [{ title: "last but one", unit: "%", measure: "accuracy" }],
    claim: { text: "more than 99 %", holds: ([share]) => share > 0.99 },
    notes: [],
  }),
  experimentOf({
    name: "order",
    summary: "temporal order: X or Y early, X or Y later, in noise of 40 symbols",
    minutes: 3,
    hidden: 48,
    batch: 32,
    steps: 1500,
    rate: 5e-3,
    task: (seed) => temporalOrderTask({ length: 40, seed }),
    trials: [{ title: "right", unit: "%", measure: "accuracy" }],
    claim: { text: "more than 99 %", holds: ([share]) => share > 0.99 },
    notes: [],
  }),
  experimentOf({
    name: "counting",
    summary: "a^n b^n: learnt to n = 16, tried on n = 17 to 32",
    minutes: 2,
    hidden: 16,
    batch: 32,
    steps: 2000,
    rate: 1e-2,
    task: (seed) => countingTask({ letters: 2, maximum: 16, seed }),
    trials: [
      { title: "n to 16", unit: "%", measure: "whole", task: (seed) => heldOut(countingTask({ maximum: 16, seed })) },
      { title: "n 17 to 32", unit: "%", measure: "whole" },
    ],
    claim: {
      text: "every n to 16 that was left out of training is counted (above 95 %)",
      holds: ([seen]) => seen > 0.95,
      cells: ["lstm"],
    },
    notes: [
      "share of words whose end is foreseen exactly; n to 16 are the multiples of 4, held out",
      "an lstm's cell can count without bound, a gru's state cannot (Weiss, Goldberg & Yahav 2018): no claim for the gru",
    ],
  }),
];

/** The validation part in the place of the test. */
const heldOut = (task: TokenTask<Tagged>): TokenTask<Tagged> => ({
  ...task,
  example: (_, i) => task.example("validation", i),
});
