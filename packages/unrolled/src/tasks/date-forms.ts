// Forms in which people write dates: those of `Intl.DateTimeFormat` in forty languages, and English ones beside them. Some are held out
// of training, an eighth of them at a time.
import { DataError } from "../errors.js";
import { checkInteger, hash32 } from "./task.js";

export interface DateFormsOptions {
  /** BCP 47 tags; the default is forty languages, English in two manners. */
  readonly locales?: readonly string[];
  /** Those kept for training, those held out, or all. Training never sees those held out. */
  readonly forms?: "kept" | "held out" | "all";
  /** Which eighth of the forms is held out, 0 (the default) to 7: no form is in two of them. */
  readonly fold?: number;
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

export type DateField = "year" | "month" | "day";
/** Characters of a text, the end not counted. */
export type DateSpan = readonly [from: number, to: number];

export interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}
/** A part of a written date: a field, the day of the week, or what stands between. */
export interface Piece {
  readonly field?: DateField;
  readonly weekday?: true;
  readonly text: string;
}
export type Write = (date: Day) => readonly Piece[];
export interface Form {
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
  dateFields.includes(type)
    ? { field: type as DateField, text }
    : { text, ...(type === "weekday" && { weekday: true }) };

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

export function chosenForms({ locales = dateLocales, forms = "kept", fold = 0 }: DateFormsOptions): readonly Form[] {
  checkInteger("dates.fold", fold, 0, folds - 1);
  return locales.flatMap(formsOf).filter((f) => forms === "all" || (foldOf(f) === fold) === (forms === "held out"));
}

/** The forms by name, "en-GB 3rd of May". Throws as `datesTask`. */
export const dateForms = (options: DateFormsOptions = {}): readonly string[] =>
  chosenForms(options).map(({ locale, form }) => `${locale} ${form}`);

/** All texts that the forms write for a date YYYY-MM-DD. Throws as `datesTask`. */
export function dateTexts(options: DateFormsOptions = {}): (date: string) => readonly string[] {
  const chosen = chosenForms(options);
  return (date) => {
    const [year, month, day] = date.split("-").map(Number);
    return chosen.map(({ write }) => joined(write({ year, month, day })).source);
  };
}

export interface Written {
  readonly source: string;
  /** Where day, month and year stand in `source`. */
  readonly fields: Readonly<Record<DateField, DateSpan>>;
}

/** The pieces as one text, and where its fields lie. */
export function joined(pieces: readonly Piece[]): Written {
  const fields: Record<DateField, DateSpan> = { year: [0, 0], month: [0, 0], day: [0, 0] };
  let source = "";
  for (const { field, text } of pieces) {
    const from = source.length;
    source += text.normalize("NFC");
    if (field) fields[field] = [from, source.length];
  }
  return { source, fields };
}
