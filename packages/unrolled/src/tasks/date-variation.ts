// Dates written otherwise than their forms have them, to learn from: other marks between the fields, another day of the week or none, months cut short.
import type { Draws } from "../draws.js";
import {
  chosenForms,
  type DateFormsOptions,
  type Day,
  type Form,
  joined,
  type Piece,
  type Write,
  type Written,
} from "./date-forms.js";
import { below, pick } from "./task.js";

const marks = [" ", ", ", ". ", ".", "-", "/"] as const;
const isMark = /^[\p{P}\p{Z}]+$/u;
const isNumeric = (pieces: readonly Piece[]): boolean =>
  pieces.every(({ field, text }) => field === undefined || /^\d+$/.test(text));

/** What is varied, in half of the cases each. */
export interface Varied {
  readonly separators: boolean;
  readonly weekdays: boolean;
  readonly months: boolean;
}

/** What is written instead of a form's own; as the form has it where a held-out form of any language writes that for the day, in whatever case. */
export function variation(
  options: DateFormsOptions,
  { separators, weekdays, months }: Varied,
): (random: Draws, form: Form, day: Day) => Written {
  const held = chosenForms({ ...options, forms: "held out" }).map(({ write }) => ({ write, months: monthsOf(write) }));
  const named = chosenForms({ ...options, forms: "kept" }).flatMap(({ write }) =>
    write(someDay).some(({ weekday }) => weekday) ? [write] : [],
  );
  return (random, { write }, day) => {
    const pieces = write(day);
    const numeric = isNumeric(pieces);
    let now = pieces;
    if (months && !numeric && random.uniform() < 0.5) now = shortMonth(random, now, write, day);
    if (separators && random.uniform() < 0.5) now = numeric ? otherNumbers(random, now) : otherMarks(random, now);
    if (weekdays && named.length > 0 && random.uniform() < 0.5)
      now = otherWeekday(random, now, pick(random, named)(day));
    if (now === pieces) return joined(pieces);
    const text = joined(now);
    const wanted = text.source.toLowerCase();
    const like = held.filter(({ months }) => wanted.includes(months[day.month - 1]));
    const isHeld = like.some(({ write }) => joined(write(day)).source.toLowerCase() === wanted);
    return isHeld ? joined(pieces) : text;
  };
}

const someDay: Day = { year: 2000, month: 1, day: 1 };

/** How a form writes the twelve months, in lower case. */
const monthsOf = (write: Write): readonly string[] =>
  Array.from({ length: 12 }, (_, i) => {
    const month = write({ ...someDay, month: i + 1 }).find(({ field }) => field === "month");
    return month?.text.toLowerCase() ?? "";
  });

/**
 * The month's name cut to its first letters, with a point or without, all of them (sept) or those that are no vowels
 * behind the first (mrt for maart); as it was where another month of the form would begin so.
 */
function shortMonth(random: Draws, pieces: readonly Piece[], write: Write, day: Day): readonly Piece[] {
  const length = 3 + below(random, 3);
  const end = pick(random, ["", "."]);
  const letters = random.uniform() < 0.25 ? consonants : (name: string) => name;
  const others = Array.from({ length: 12 }, (_, i) => i + 1).filter((month) => month !== day.month);
  return pieces.map((each) => {
    const start = letters(each.text).slice(0, length);
    if (each.field !== "month" || !isWord.test(each.text) || start.length < 3 || start === each.text) return each;
    const isShared = others.some((month) => monthIn(write({ ...day, month }), start));
    return isShared ? each : { ...each, text: start + end };
  });
}

const isWord = /^\p{L}+$/u;
const monthIn = (pieces: readonly Piece[], start: string): boolean =>
  pieces.some(({ field, text }) => field === "month" && (text.startsWith(start) || consonants(text).startsWith(start)));

const isVowel = /^[aeiouyаеёиоуыэюяіїєαεηιουω]/u;

/** The first letter, and of the others those that are no vowels, whatever marks they carry. */
const consonants = (name: string): string =>
  [...name].filter((letter, i) => i === 0 || !isVowel.test(letter.normalize("NFD").toLowerCase())).join("");

/** Without its day of the week; or with one that another form has, of whatever language, in front or behind, some with a number. */
function otherWeekday(random: Draws, pieces: readonly Piece[], other: readonly Piece[]): readonly Piece[] {
  const plain = withoutWeekday(pieces);
  if (plain.length < pieces.length && random.uniform() < 0.5) return plain;
  const named = other.filter(({ weekday }) => weekday);
  const name = random.uniform() < 0.25 ? named.map((each) => numbered(random, each)) : named;
  const mark = { text: pick(random, [" ", ", "]) };
  return random.uniform() < 0.5 ? [...name, mark, ...plain] : [...plain, mark, ...name];
}

/** The name, or its first word, with a number behind, as Vietnamese counts the days (Thứ 5) and Portuguese does in words. */
function numbered(random: Draws, name: Piece): Piece {
  const word = random.uniform() < 0.5 ? name.text : name.text.split(" ")[0];
  return { ...name, text: `${word} ${1 + below(random, 7)}` };
}

/** And without what stands between it and the rest. */
function withoutWeekday(pieces: readonly Piece[]): readonly Piece[] {
  if (pieces[0]?.weekday) return pieces.slice(2);
  return pieces.at(-1)?.weekday ? pieces.slice(0, -2) : pieces.filter(({ weekday }) => !weekday);
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
