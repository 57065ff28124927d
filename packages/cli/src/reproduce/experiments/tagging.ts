// Teddy bears and Teddy Roosevelt: whether the word begins a name is told by what follows. Forwards, backwards, both.
import { layer } from "unrolled";
import { examples, teddyTask } from "unrolled/tasks";
import { type Contender, compare } from "../compare.js";
import { tagEncoder } from "../encode.js";
import { type Experiment, meanOf, rowOf } from "../experiment.js";

const size = { embedding: 16, hidden: 32, batch: 32, rate: 5e-3 };
const stepsOf = (quick: boolean): number => (quick ? 60 : 400);

const contenders: readonly Contender[] = [
  { name: "gru, forward", layers: [layer({ cell: "gru", hidden: size.hidden })] },
  { name: "gru, both ways", layers: [layer({ cell: "gru", hidden: size.hidden / 2, direction: "both" })] },
  { name: "lstm, forward", layers: [layer({ cell: "lstm", hidden: size.hidden })] },
  { name: "lstm, both ways", layers: [layer({ cell: "lstm", hidden: size.hidden / 2, direction: "both" })] },
];

export const tagging: Experiment = {
  name: "tagging",
  summary: "finding names: Teddy bears or Teddy Roosevelt, reading forwards and both ways",
  minutes: 1,
  open: ({ quick }) => ({
    rows: "network",
    columns: [
      { title: "the ambiguous word", unit: "%" },
      { title: "all words", unit: "%" },
    ],
    claims: (rows) =>
      (["gru", "lstm"] as const).flatMap((cell) => {
        const [forward, both] = [`${cell}, forward`, `${cell}, both ways`].map((name) =>
          meanOf(rowOf(rows, name).cells[0]),
        ); // prettier-ignore
        return [
          { text: `${cell}: reading both ways tells more than 99 % of the ambiguous words`, holds: both > 0.99 },
          {
            text: `${cell}: reading forwards stays at chance there (40 to 60 %)`,
            holds: forward > 0.4 && forward < 0.6,
          },
        ];
      }),
    notes: [
      "share of right tags in 500 held-out sentences; chance at the ambiguous word is exactly 50 %",
      `one layer, ${size.hidden} units forwards or ${size.hidden / 2} each way, at most ${stepsOf(quick)} steps of ${size.batch} fresh sentences, Adam ${size.rate}`,
    ],
  }),
  run: (bench) =>
    compare(bench, contenders, (seed) => {
      const task = teddyTask({ seed });
      const encode = tagEncoder(task);
      const tests = examples(task, "test", 500).map(encode);
      return {
        net: { input: { tokens: task.tokens, embedding: size.embedding }, output: task.answers, read: "each" },
        steps: stepsOf(bench.quick),
        batch: size.batch,
        rate: size.rate,
        training: (i) => encode(task.example("training", i)),
        validation: examples(task, "validation", 200).map(encode),
        enough: ({ accuracy, loss }) => accuracy === 1 && loss < 1e-3,
        measure: (learned) => [
          learned.measure(tests).accuracy,
          learned.measure(tests.map(({ measured: _, ...rest }) => rest)).accuracy,
        ],
      };
    }),
};
