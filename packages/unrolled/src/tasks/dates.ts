// Dates as people write them in forty languages, to 1979-05-03. Source of the task: the attention exercise of Coursera's
// Sequence Models; the forms come from `Intl.DateTimeFormat`, and English has some of its own.
import type { Draws } from "../draws.js";
import { DataError } from "../errors.js";
import { below, checkInteger, type GeneratedTask, generatedTask, hash32, type Pair, pick } from "./task.js";

export interface DatesOptions {
  /** BCP 47 tags; the default is forty languages, English in two manners. */
  readonly locales?: readonly string[];
  /** First and last year; within a hundred, so that two digits tell which. */
  readonly years?: readonly [first: number, last: number];
  /** Which forms to draw: those kept for training, those held out, or all. Training never sees those held out. */
  readonly forms?: "kept" | "held out" | "all";
  readonly seed?: number;
}

export interface DatePair extends Pair {
  readonly locale: string;
  /** Name of the form, "long" or "3rd of May". */
  readonly form: string;
}

export const dateLocales = [
  "ar",
  "bg",
  "ca",
  "cs",
  "da",
  "de",
  "el",
  "en-GB",
  "en-US",
  "es",
  "et",
  "eu",
  "fi",
  "fr",
  "gl",
  "he",
  "hi",
  "hr",
  "hu",
  "id",
  "is",
  "it",
  "ja",
  "ko",
  "lt",
  "lv",
  "ms",
  "nb",
  "nl",
  "pl",
  "pt",
  "ro",
  "ru",
  "sk",
  "sl",
  "sv",
  "th",
  "tr",
  "uk",
  "vi",
  "zh",
] as const; // prettier-ignore

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}
type Write = (date: Day) => string;
interface Form {
  readonly locale: string;
  readonly form: string;
  readonly write: Write;
}

const intlForms: Readonly<Record<string, Intl.DateTimeFormatOptions>> = {
  long: { day: "numeric", month: "long", year: "numeric" },
  short: { day: "numeric", month: "short", year: "numeric" },
  weekday: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  "short weekday": { weekday: "short", day: "numeric", month: "short", year: "numeric" },
  padded: { day: "2-digit", month: "long", year: "numeric" },
};

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
]; // prettier-ignore
const ordinal = (n: number): string =>
  `${n}${n % 10 === 1 && n !== 11 ? "st" : n % 10 === 2 && n !== 12 ? "nd" : n % 10 === 3 && n !== 13 ? "rd" : "th"}`;
const two = (n: number): string => String(n % 100).padStart(2, "0");
const monthOf = ({ month }: Day): string => months[month - 1];

/** What `Intl` does not write: the day's ordinal, two digits of the year, no comma. */
const englishForms: Readonly<Record<string, Write>> = {
  "May 3 1979": (d) => `${monthOf(d)} ${d.day} ${d.year}`,
  "3 May 79": (d) => `${d.day} ${monthOf(d)} ${two(d.year)}`,
  "the 3rd of May, 79": (d) => `the ${ordinal(d.day)} of ${monthOf(d)}, ${two(d.year)}`,
  "the 3rd of May 1979": (d) => `the ${ordinal(d.day)} of ${monthOf(d)} ${d.year}`,
  "May 3rd, 1979": (d) => `${monthOf(d)} ${ordinal(d.day)}, ${d.year}`,
  "3-may-1979": (d) => `${d.day}-${monthOf(d).slice(0, 3).toLowerCase()}-${d.year}`,
  "3 may 1979": (d) => `${d.day} ${monthOf(d).toLowerCase()} ${d.year}`,
  "3.MAY.1979": (d) => `${d.day}.${monthOf(d).slice(0, 3).toUpperCase()}.${d.year}`,
};

function formsOf(locale: string): Form[] {
  if (!isKnown(locale))
    throw new DataError(
      `dates: locale must be one that the platform can write dates in, was ${JSON.stringify(locale)}`,
      {
        code: "task-language",
        hint: "use tags such as de or en-GB; Node needs its full ICU data",
      },
    );
  const written = Object.entries(intlForms).map(([form, options]): Form => {
    const format = new Intl.DateTimeFormat(locale, {
      ...options,
      timeZone: "UTC",
      calendar: "gregory",
      numberingSystem: "latn",
    });
    return { locale, form, write: ({ year, month, day }) => format.format(Date.UTC(year, month - 1, day)) };
  });
  if (locale !== "en" && !locale.startsWith("en-")) return written;
  return [...written, ...Object.entries(englishForms).map(([form, write]) => ({ locale, form, write }))];
}

function isKnown(locale: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(locale).length === 1;
  } catch {
    return false; // not even the form of a tag
  }
}

/** One form in eight of a locale is held out. */
const isHeldOut = ({ locale, form }: Form): boolean => hash32(`${locale}/${form}`, 7) % 8 === 0;

/**
 * Source: the date as written; target: YYYY-MM-DD. No date is in two parts, in whatever form. Chance of a date being
 * wholly right: one in the number of dates.
 */
export function datesTask(options: DatesOptions = {}): GeneratedTask<DatePair> {
  const { locales = dateLocales, years = [1950, 2049], forms = "kept", seed = 1 } = options;
  const [first, last] = years;
  checkInteger("dates.years: first", first, 1000, 9999);
  checkInteger("dates.years: last", last, first, Math.min(9999, first + 99));
  const all = locales.flatMap(formsOf);
  const chosen = all.filter((form) => forms === "all" || isHeldOut(form) === (forms === "held out"));
  const dayNumber = (year: number): number => Date.UTC(year, 0, 1) / 86_400_000;
  const days = dayNumber(last + 1) - dayNumber(first);
  return generatedTask<DatePair>({
    name: `dates in ${locales.length} locales`,
    seed,
    chance: { measure: "exact", value: 1 / days, predictor: "always the same date" },
    draw: (random) => drawDate(random, chosen, dayNumber(first), days),
    key: ({ target }) => target,
  });
}

function drawDate(random: Draws, forms: readonly Form[], first: number, days: number): DatePair {
  const date = new Date((first + below(random, days)) * 86_400_000);
  const { locale, form, write } = pick(random, forms);
  const day = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
  return { source: write(day).normalize("NFC"), target: date.toISOString().slice(0, 10), locale, form };
}
