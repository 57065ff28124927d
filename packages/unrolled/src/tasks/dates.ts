// Dates as people write them in forty languages, to 1979-05-03. Source of the task: the attention exercise of Coursera's
// Sequence Models.
import { chosenForms, type DateFormsOptions, dateLocales, type Written } from "./date-forms.js";
import { variation } from "./date-variation.js";
import { below, checkInteger, type GeneratedTask, generatedTask, type Pair, pick } from "./task.js";

export interface DatesOptions extends DateFormsOptions {
  /** First and last year; within a hundred, so that two digits tell which. */
  readonly years?: readonly [first: number, last: number];
  /**
   * "varied": in half of the examples other spaces and marks stand between the fields than the form has ("May-3/1979"); where all
   * fields are numbers, marks alone ("1979/05/03"). Never so that the text is one that a held-out form of any language writes.
   */
  readonly separators?: "as written" | "varied";
  /**
   * "varied": in half of the examples the day of the week is left out, or one stands in front or behind as some form of some language
   * writes it ("1979/05/03, jeudi"), a quarter of these with a number ("jeudi 5"). Never so that the text is one that a held-out
   * form of any language writes.
   */
  readonly weekdays?: "as written" | "varied";
  /**
   * "varied": in half of the examples the name of the month is cut to its first letters, a quarter of them to its first consonants,
   * where these tell it ("abe. 21", "3 mrt 1979").
   */
  readonly months?: "as written" | "varied";
  readonly seed?: number;
}

export interface DatePair extends Pair, Written {
  readonly locale: string;
  /** Name of the form, "long" or "3rd of May". */
  readonly form: string;
}

/**
 * Source: the date as written; target: YYYY-MM-DD. No date is in two parts, in whatever form. Chance of a date being
 * wholly right: one in the number of dates.
 */
export function datesTask(options: DatesOptions = {}): GeneratedTask<DatePair> {
  const { locales = dateLocales, years = [1950, 2049], seed = 1 } = options;
  const [first, last] = years;
  checkInteger("dates.years: first", first, 1000, 9999);
  checkInteger("dates.years: last", last, first, Math.min(9999, first + 99));
  const chosen = chosenForms(options);
  const dayNumber = (year: number): number => Date.UTC(year, 0, 1) / 86_400_000;
  const days = dayNumber(last + 1) - dayNumber(first);
  const varied = (key: "separators" | "weekdays" | "months"): boolean => options[key] === "varied";
  const vary = variation(options, {
    separators: varied("separators"),
    weekdays: varied("weekdays"),
    months: varied("months"),
  });
  return generatedTask<DatePair>({
    name: `dates in ${locales.length} locales`,
    seed,
    chance: { measure: "exact", value: 1 / days, predictor: "always the same date" },
    draw: (random) => {
      const date = new Date((dayNumber(first) + below(random, days)) * 86_400_000);
      const form = pick(random, chosen);
      const day = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
      const { locale, form: name } = form;
      return { ...vary(random, form, day), target: date.toISOString().slice(0, 10), locale, form: name };
    },
    key: ({ target }) => target,
  });
}
