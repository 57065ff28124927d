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
  /** Which eighth of the forms is held out, 0 (the default) to 7: no form is in two of them. */
  readonly fold?: number;
  /**
   * "varied": in half of the examples other spaces and marks stand between the fields than the form has ("May-3/1979"); where all
   * fields are numbers, marks alone ("1979/05/03"). Never so that the text is one that a held-out form writes.
   */
  readonly separators?: "as written" | "varied";
  readonly seed?: number;
}

export interface DatePair extends Pair {
  readonly locale: string;
  /** Name of the form, "long" or "3rd of May". */
  readonly form: string;
  /** Where day, month and year stand in `source`. */
  readonly fields: Readonly<Record<DateField, DateSpan>>;
}

export type DateField = "year" | "month" | "day";
/** Characters of a text, the end not counted. */
export type DateSpan = readonly [from: number, to: number];

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
/** A part of a written date: a field, or what stands between fields. */
interface Piece {
  readonly field?: DateField;
  readonly text: string;
}
type Write = (date: Day) => readonly Piece[];
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

const dateFields: readonly string[] = ["year", "month", "day"] satisfies DateField[];
const piece = (type: string, text: string): Piece =>
  dateFields.includes(type) ? { field: type as DateField, text } : { text };

/** Writes a layout such as "day month year", its fields as English has them or as `how` says. */
function laidOut(layout: string, how: Partial<Record<DateField, (date: Day) => string>> = {}): Write {
  const write = { year: (d: Day) => String(d.year), month: monthOf, day: (d: Day) => String(d.day), ...how };
  const parts = layout.split(/(year|month|day)/);
  return (date) => parts.map((part) => piece(part, part in write ? write[part as DateField](date) : part));
}

const ordinalDay = (d: Day): string => ordinal(d.day);
const shortYear = (d: Day): string => two(d.year);
const shortMonth = (d: Day): string => monthOf(d).slice(0, 3);

/** What `Intl` does not write: the day's ordinal, two digits of the year, no comma. */
const englishForms: Readonly<Record<string, Write>> = {
  "May 3 1979": laidOut("month day year"),
  "3 May 79": laidOut("day month year", { year: shortYear }),
  "the 3rd of May, 79": laidOut("the day of month, year", { day: ordinalDay, year: shortYear }),
  "the 3rd of May 1979": laidOut("the day of month year", { day: ordinalDay }),
  "May 3rd, 1979": laidOut("month day, year", { day: ordinalDay }),
  "3-may-1979": laidOut("day-month-year", { month: (d) => shortMonth(d).toLowerCase() }),
  "3 may 1979": laidOut("day month year", { month: (d) => monthOf(d).toLowerCase() }),
  "3.MAY.1979": laidOut("day.month.year", { month: (d) => shortMonth(d).toUpperCase() }),
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
    const write: Write = ({ year, month, day }) =>
      format.formatToParts(Date.UTC(year, month - 1, day)).map(({ type, value }) => piece(type, value));
    return { locale, form, write };
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

/** In how many parts the forms fall; one of them is held out. */
const folds = 8;
const foldOf = ({ locale, form }: Form): number => hash32(`${locale}/${form}`, 7) % folds;

function chosenForms(locales: readonly string[], forms: "kept" | "held out" | "all", fold: number): readonly Form[] {
  checkInteger("dates.fold", fold, 0, folds - 1);
  return locales.flatMap(formsOf).filter((f) => forms === "all" || (foldOf(f) === fold) === (forms === "held out"));
}

/** The forms of a locale by name, "en-GB 3rd of May": those of a fold that are kept or held out. Throws as `datesTask`. */
export const dateForms = ({
  locales = dateLocales,
  forms = "kept",
  fold = 0,
}: Pick<DatesOptions, "locales" | "forms" | "fold"> = {}): readonly string[] =>
  chosenForms(locales, forms, fold).map(({ locale, form }) => `${locale} ${form}`);

/** All texts that the forms write for a date YYYY-MM-DD. Throws as `datesTask`. */
export function dateTexts({
  locales = dateLocales,
  forms = "kept",
  fold = 0,
}: Pick<DatesOptions, "locales" | "forms" | "fold"> = {}): (date: string) => readonly string[] {
  const chosen = chosenForms(locales, forms, fold);
  return (date) => {
    const [year, month, day] = date.split("-").map(Number);
    return chosen.map(({ write }) => joined(write({ year, month, day })).source);
  };
}

/**
 * Source: the date as written; target: YYYY-MM-DD. No date is in two parts, in whatever form. Chance of a date being
 * wholly right: one in the number of dates.
 */
export function datesTask(options: DatesOptions = {}): GeneratedTask<DatePair> {
  const { locales = dateLocales, years = [1950, 2049], forms = "kept", fold = 0 } = options;
  const { separators = "as written", seed = 1 } = options;
  const [first, last] = years;
  checkInteger("dates.years: first", first, 1000, 9999);
  checkInteger("dates.years: last", last, first, Math.min(9999, first + 99));
  const chosen = chosenForms(locales, forms, fold);
  const dayNumber = (year: number): number => Date.UTC(year, 0, 1) / 86_400_000;
  const days = dayNumber(last + 1) - dayNumber(first);
  const varied = separators === "varied" ? variedBy(locales, fold) : undefined;
  return generatedTask<DatePair>({
    name: `dates in ${locales.length} locales`,
    seed,
    chance: { measure: "exact", value: 1 / days, predictor: "always the same date" },
    draw: (random) => {
      const date = new Date((dayNumber(first) + below(random, days)) * 86_400_000);
      const { locale, form, write } = pick(random, chosen);
      const day = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
      const pieces = write(day);
      const text = varied && random.uniform() < 0.5 ? varied(random, locale, day, pieces) : joined(pieces);
      return { ...text, target: date.toISOString().slice(0, 10), locale, form };
    },
    key: ({ target }) => target,
  });
}

const marks = [" ", ", ", ". ", ".", "-", "/"] as const;
const isMark = /^[\p{P}\p{Z}]+$/u;
const languageOf = (locale: string): string => locale.split("-")[0];
const isNumeric = (pieces: readonly Piece[]): boolean =>
  pieces.every(({ field, text }) => field === undefined || /^\d+$/.test(text));

/** Other marks between the pieces; as they are where a held-out form writes the same text, in whatever case. */
function variedBy(locales: readonly string[], fold: number) {
  const held = chosenForms(locales, "held out", fold).map(({ locale, write }) => {
    return { language: languageOf(locale), write, numeric: isNumeric(write({ year: 2000, month: 1, day: 1 })) };
  });
  return (random: Draws, locale: string, day: Day, pieces: readonly Piece[]): Written => {
    const numeric = isNumeric(pieces);
    const text = joined(numeric ? otherNumbers(random, pieces) : otherMarks(random, pieces));
    const wanted = text.source.toLowerCase();
    const like = held.filter((form) => form.language === languageOf(locale) || (numeric && form.numeric));
    const isHeld = like.some(({ write }) => joined(write(day)).source.toLowerCase() === wanted);
    return isHeld ? joined(pieces) : text;
  };
}

const otherMarks = (random: Draws, pieces: readonly Piece[]): readonly Piece[] =>
  pieces.map((each, at) => {
    const isBetween = at > 0 && at < pieces.length - 1;
    return each.field === undefined && isBetween && isMark.test(each.text) ? { text: pick(random, marks) } : each;
  });

/** Three numbers need no more than marks; day and month have two digits or as few as they need. */
function otherNumbers(random: Draws, pieces: readonly Piece[]): readonly Piece[] {
  const fields = pieces.filter(({ field }) => field !== undefined);
  const digits = random.uniform() < 0.5 ? 2 : 1;
  return fields.flatMap((each, i) => {
    const number = each.field === "year" ? each : { ...each, text: String(Number(each.text)).padStart(digits, "0") };
    return i === 0 ? [number] : [{ text: pick(random, marks) }, number];
  });
}

type Written = Pick<DatePair, "source" | "fields">;

/** The pieces as one text, and where its fields lie. */
function joined(pieces: readonly Piece[]): Written {
  const fields: Record<DateField, DateSpan> = { year: [0, 0], month: [0, 0], day: [0, 0] };
  let source = "";
  for (const { field, text } of pieces) {
    const from = source.length;
    source += text.normalize("NFC");
    if (field) fields[field] = [from, source.length];
  }
  return { source, fields };
}
