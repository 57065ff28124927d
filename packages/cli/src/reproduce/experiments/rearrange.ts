// Copy, reverse and sort letters: what a network that reads all before it writes must hold, by length, with attention and without.
import { examples, type Pair, rearrangeTask } from "unrolled/tasks";
import { type Experiment, meanOf, rowOf } from "../experiment.js";
import { comparePairs, gruNet, type PairContender } from "../pair-rows.js";

const size = { embedding: 32, hidden: 128, batch: 64, rate: 4e-3 };
const stepsOf = (quick: boolean): number => (quick ? 40 : 2500);
const longest = 12;
/** Longest of all: no example to learn from is as long. */
const lengths = [4, 8, 12, 16] as const;
const manners = ["copy", "reverse", "sort"] as const;
const letters = "abcdefghijklmnopqrstuvwxyz";

const nameOf = (manner: string, attention: boolean): string => `${manner}, ${attention ? "attention" : "no attention"}`;

function contender(manner: (typeof manners)[number], attention: boolean, quick: boolean): PairContender {
  const of = (seed: number, minimum: number, length: number) => rearrangeTask({ manner, minimum, length, seed });
  const tests = lengths.map((length): readonly Pair[] => examples(of(9, length, length), "test", quick ? 50 : 500));
  return {
    name: nameOf(manner, attention),
    lesson: (seed) => {
      const task = of(seed, 3, longest);
      const validation = examples(task, "validation", 200);
      return {
        net: gruNet({ ...size, attention, ends: true }),
        letters: { source: letters, target: letters },
        steps: stepsOf(quick),
        batch: size.batch,
        rate: size.rate,
        training: (i) => task.example("training", i),
        validation: () => validation,
      };
    },
    measure: (writer) => tests.map((pairs) => writer.free(pairs).exact),
  };
}

export const rearrange: Experiment = {
  name: "rearrange",
  summary: "copy, reverse and sort letters, with attention and without, by length",
  minutes: 20,
  open: ({ quick }) => ({
    rows: "network",
    columns: lengths.map((length) => ({ title: `${length} letters`, unit: "%" })),
    claims: (rows) => {
      const of = (manner: string, attention: boolean, i: number): number =>
        meanOf(rowOf(rows, nameOf(manner, attention)).cells[i]);
      return manners.flatMap((manner) => [
        {
          text: `${manner}: with attention, ${longest} letters are written exactly in at least 95 %`,
          holds: of(manner, true, 2) >= 0.95,
        },
        {
          text: `${manner}: attention writes more of ${longest} letters exactly than no attention`,
          holds: of(manner, true, 2) > of(manner, false, 2),
        },
      ]);
    },
    notes: [
      `rows of 3 to ${longest} letters out of ${letters.length} to learn from; ${lengths.at(-1)} are more than it has learnt; 500 rows held out of each length; a row counts where all its letters and its end are right`,
      `embedding ${size.embedding}, a GRU of ${size.hidden} in both directions reads, one of ${size.hidden} writes (with Luong's general attention or none); ${stepsOf(quick)} steps of ${size.batch} rows, Adam ${size.rate}, cosine`,
    ],
  }),
  run: (bench) =>
    comparePairs(
      bench,
      manners.flatMap((manner) => [true, false].map((attention) => contender(manner, attention, bench.quick))),
    ),
};
