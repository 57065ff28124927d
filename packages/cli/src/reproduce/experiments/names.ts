// Which language is this name in: countries, languages and currencies as the platform names them in sixteen languages.
import { draws, layer } from "unrolled";
import { namesTask } from "unrolled/tasks";
import { type Contender, compare } from "../compare.js";
import { labelEncoder } from "../encode.js";
import { type Experiment, meanOf, rowOf } from "../experiment.js";

const size = { embedding: 32, hidden: 64, batch: 64, rate: 4e-3 };
const stepsOf = (quick: boolean): number => (quick ? 60 : 1200);
const bag = "bag of letters";

const contenders: readonly Contender[] = [
  { name: bag, layers: [] },
  { name: "rnn", layers: [layer({ cell: "rnn", hidden: size.hidden })] },
  { name: "gru", layers: [layer({ cell: "gru", hidden: size.hidden, dropout: 0.3 })] },
  { name: "lstm", layers: [layer({ cell: "lstm", hidden: size.hidden, dropout: 0.3 })] },
  { name: "lstm, both ways", layers: [layer({ cell: "lstm", hidden: size.hidden, direction: "both", dropout: 0.3 })] },
];

export const names: Experiment = {
  name: "names",
  summary: "which language is this name in: sixteen languages, 6,500 names",
  minutes: 4,
  open: ({ quick }) => {
    const { chance, languages, training, test } = namesTask();
    return {
      rows: "network",
      columns: [{ title: "right", unit: "%" }],
      claims: (rows) => [
        {
          text: "the lstm is right more often than a bag of letters",
          holds: meanOf(rowOf(rows, "lstm").cells[0]) > meanOf(rowOf(rows, bag).cells[0]),
        },
        {
          text: "the lstm is right five times as often as chance",
          holds: meanOf(rowOf(rows, "lstm").cells[0]) > 5 * chance.value,
        },
      ],
      notes: [
        `${languages.join(" ")}: ${training.length} names to learn from, ${test.length} held out; chance (${chance.predictor}) ${(100 * chance.value).toFixed(1)} %`,
        `characters, ${size.hidden} units, ${stepsOf(quick)} steps of ${size.batch} names, Adam ${size.rate}`,
      ],
    };
  },
  run: (bench) =>
    compare(bench, contenders, (seed) => {
      const set = namesTask();
      const random = draws(seed);
      const tokens = [...new Set(set.training.flatMap((name) => name.tokens))].sort();
      const encode = labelEncoder({ tokens, answers: set.languages });
      const [training, validation, test] = [set.training, set.validation, set.test].map((list) => list.map(encode));
      return {
        net: { input: { tokens, embedding: size.embedding }, output: set.languages, read: "last" },
        steps: stepsOf(bench.quick),
        batch: size.batch,
        rate: size.rate,
        training: () => training[Math.floor(random.uniform() * training.length)],
        validation,
        measure: (learned) => [learned.measure(test).accuracy],
      };
    }),
};
