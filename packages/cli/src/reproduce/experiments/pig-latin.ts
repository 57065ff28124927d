// English to Pig Latin, letter by letter, with attention and without: whole words held out, made-up ones and English ones.
import { draws } from "unrolled";
import { examples, type Pair, pigLatinTask } from "unrolled/tasks";
import { commentWords } from "../declaration-text.js";
import { type Experiment, meanOf, rowOf } from "../experiment.js";
import { comparePairs, gruNet, type PairContender, samplesOf } from "../pair-rows.js";

const size = { embedding: 32, hidden: 128, batch: 64, rate: 5e-3 };
const stepsOf = (quick: boolean): number => (quick ? 60 : 8000);
const tested = 2000;
const letters = "abcdefghijklmnopqrstuvwxyz";
const [looking, blind] = ["attention", "no attention"];

const files = ["lib.es5.d.ts", "lib.dom.d.ts"] as const;
const englishWords = (): string[] => commentWords(files, "pig-latin");

/** All English words of the test part. */
function englishTest(words: readonly string[]): Pair[] {
  const task = pigLatinTask({ words, seed: 9 });
  const found = new Map(examples(task, "test", 6 * words.length).map((pair) => [pair.source, pair]));
  return [...found.values()].sort((a, b) => (a.source < b.source ? -1 : 1));
}

function contender(name: string, attention: boolean, quick: boolean): PairContender {
  const words = englishWords();
  return {
    name,
    lesson: (seed) => {
      const [made, english] = [pigLatinTask({ seed }), pigLatinTask({ words, seed })];
      const coin = draws(seed);
      const validation = [...examples(made, "validation", 100), ...examples(english, "validation", 100)];
      return {
        net: gruNet({ ...size, attention, ends: true }),
        letters: { source: letters, target: letters },
        steps: stepsOf(quick),
        batch: size.batch,
        rate: size.rate,
        training: (i) => (coin.uniform() < 0.5 ? made : english).example("training", i),
        validation: () => validation,
      };
    },
    measure: (writer, seconds) => [
      writer.free(examples(pigLatinTask({ seed: 9 }), "test", quick ? 200 : tested)).exact,
      writer.free(englishTest(words)).exact,
      seconds / 60,
    ],
    samples: (writer) =>
      samplesOf(
        writer,
        englishTest(words)
          .slice(0, 80)
          .filter((_, i) => i % 8 === 0),
      ), // prettier-ignore
  };
}

export const pigLatin: Experiment = {
  name: "pig-latin",
  summary: "English to Pig Latin: shopping, oppingshay",
  minutes: 16,
  open: ({ quick }) => {
    const words = englishWords();
    return {
      rows: "network",
      columns: [
        { title: "made-up words", unit: "%" },
        { title: "English words", unit: "%" },
        { title: "minutes to learn", unit: "value" },
      ],
      claims: (rows) => {
        const [made, english] = rowOf(rows, looking).cells.map(meanOf);
        const other = rowOf(rows, blind).cells.map(meanOf);
        return [
          { text: "with attention, at least 99 % of the made-up words held out are right", holds: made >= 0.99 },
          { text: "with attention, at least 99 % of the English words held out are right", holds: english >= 0.99 },
          { text: "attention writes more English words right than no attention", holds: english > other[1] },
        ];
      },
      notes: [
        `half of the words are made up of English syllables (${tested} held out), half are the ${words.length} English words in the comments of TypeScript's ${files.join(" and ")} (${englishTest(words).length} held out); a word counts where all its letters are right`,
        `letters, embedding ${size.embedding}, a GRU of ${size.hidden} in both directions reads, one of ${size.hidden} writes (with Luong's general attention or none); ${stepsOf(quick)} steps of ${size.batch} words, Adam ${size.rate}, cosine`,
      ],
    };
  },
  run: (bench) => comparePairs(bench, [contender(looking, true, bench.quick), contender(blind, false, bench.quick)]),
};
