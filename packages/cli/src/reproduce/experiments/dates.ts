// Dates as forty languages write them, to 1979-05-03: right or wrong as a whole, and what each output field looks at.
import { type DatePair, dateLocales, datesTask, dateTexts, examples } from "unrolled/tasks";
import { type Experiment, meanOf, rowOf } from "../experiment.js";
import { comparePairs, gruNet, type PairContender, samplesOf } from "../pair-rows.js";
import type { Writer } from "../pairs.js";

const size = { embedding: 32, hidden: 128, batch: 64, rate: 5e-3 };
const tested = 2000;
const stepsOf = (quick: boolean): number => (quick ? 60 : 8000);
const looking = "attention";

/** Where a field stands in YYYY-MM-DD. */
const written = { year: [0, 4], month: [5, 7], day: [8, 10] } as const;
const fields = ["year", "month", "day"] as const;

const varied = { separators: "varied", weekdays: "varied", months: "varied" } as const;

/** Each seed holds out another eighth of the forms. */
const foldOf = (seed: number): number => seed % 8;
const held = (fold: number, seed = 1) => datesTask({ forms: "held out", fold, seed });

/** Mean share of the attention of each output field that lies on its field of the source. */
export function fieldMasses(writer: Writer, pairs: readonly DatePair[]): readonly number[] {
  const shown = writer.shown(
    pairs.map(({ source }) => source),
    10,
  );
  return fields.map((field) => {
    const [first, end] = written[field];
    const masses = pairs.flatMap((pair, n) => {
      const [from, to] = pair.fields[field];
      const rows = (shown[n].attention ?? []).slice(first, end);
      return rows.map((row) => row.subarray(from, to).reduce((sum, a) => sum + a, 0));
    });
    return masses.reduce((sum, mass) => sum + mass, 0) / masses.length;
  });
}

function contender(name: string, attention: boolean, quick: boolean): PairContender {
  return {
    name,
    lesson: (seed) => {
      const task = datesTask({ ...varied, fold: foldOf(seed), seed });
      const validation = examples(task, "validation", 200);
      return {
        net: gruNet({ ...size, attention, ends: false }),
        letters: lettersOf(),
        steps: stepsOf(quick),
        batch: size.batch,
        rate: size.rate,
        training: (i) => task.example("training", i),
        validation: () => validation,
      };
    },
    measure: (writer, seconds, seed) => {
      const count = quick ? 200 : tested;
      const fold = foldOf(seed);
      const [learnt, others] = [examples(datesTask({ fold }), "test", count), examples(held(fold), "test", count)];
      const fresh = others.filter(isNew(fold));
      const masses = attention ? fieldMasses(writer, learnt) : fields.map(() => Number.NaN);
      const exact = [learnt, others, fresh].map((pairs) => writer.free(pairs).exact);
      return [...exact, ...masses, seconds / 60];
    },
    samples: (writer, seed) => samplesOf(writer, examples(held(foldOf(seed), 2), "test", 6)),
  };
}

/** Whether a text is one that no form to learn from writes, in whatever language. */
function isNew(fold: number): (pair: DatePair) => boolean {
  const learnt = dateTexts({ fold });
  return ({ source, target }) => !learnt(target).includes(source);
}

/** Every character that any form of any day may have. */
function lettersOf(): { source: string; target: string } {
  const seen = new Set<string>();
  const all = datesTask({ ...varied, forms: "all", years: [2000, 2012], seed: 7 });
  for (const { source } of examples(all, "training", 20_000)) for (const letter of source) seen.add(letter);
  return { source: [...seen].sort().join(""), target: "-0123456789" };
}

export const dates: Experiment = {
  name: "dates",
  summary: "dates in forty languages, to 1979-05-03",
  minutes: 35,
  open: ({ quick }) => ({
    rows: "network",
    columns: [
      { title: "dates held out", unit: "%" },
      { title: "forms held out", unit: "%" },
      { title: "of these, new texts", unit: "%" },
      { title: "year on year", unit: "value" },
      { title: "month on month", unit: "value" },
      { title: "day on day", unit: "value" },
      { title: "minutes to learn", unit: "value" },
    ],
    claims: (rows) => {
      const [learnt, others, , year, month, day, minutes] = rowOf(rows, looking).cells.map(meanOf);
      return [
        { text: "with attention, dates held out are exactly right in at least 99.8 %", holds: learnt >= 0.998 },
        { text: "with attention, forms held out are exactly right in at least 99.8 %", holds: others >= 0.998 },
        {
          text: "each output field has at least .8 of its attention on its field of the source",
          holds: Math.min(year, month, day) >= 0.8,
        },
        { text: "learning takes less than 10 minutes", holds: minutes < 10 },
      ];
    },
    notes: [
      `${dateLocales.length} locales of 40 languages, written by Intl in five forms each, English in eight more; years 1950 to 2049, so that two digits are one year`,
      `${tested} dates of days that no example to learn from has; of the forms an eighth is held out, with each seed another: fold seed mod 8 of dateForms`,
      "new texts: some forms write what another one writes (3 May 79 in both manners of English); here those are left out",
      "to learn from, half of the dates have other spaces and marks between their fields than the form has, and numbers of one digit or two; half no day of the week, or one of any language in front or behind, a quarter of these with a number; half the month's name cut to its first letters, a quarter of these to its first consonants; but never so that the text is one that a held-out form of any language writes for that day",
      `characters, embedding ${size.embedding}, a GRU of ${size.hidden} in both directions reads, one of ${size.hidden} writes (with Luong's general attention or none); ${stepsOf(quick)} steps of ${size.batch} fresh pairs, Adam ${size.rate}, cosine`,
      "the last columns but one: share of the attention of the characters of a field that lies on that field as Intl marks it",
    ],
  }),
  run: (bench) =>
    comparePairs(bench, [contender(looking, true, bench.quick), contender("no attention", false, bench.quick)]),
};
