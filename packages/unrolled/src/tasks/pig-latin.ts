// English to Pig Latin, the translation of CSC321's assignment: team -> eamtay, impress -> impressway, shopping ->
// oppingshay.
import type { Draws } from "../draws.js";
import { DataError } from "../errors.js";
import { below, checkInteger, type GeneratedTask, generatedTask, type Pair, pick } from "./task.js";

/** Pairs that move together. */
export const pigLatinBlocks = [
  "bl",
  "br",
  "ch",
  "cl",
  "cr",
  "dr",
  "fl",
  "fr",
  "gh",
  "gl",
  "gr",
  "ph",
  "pl",
  "pr",
  "qu",
  "sc",
  "sh",
  "sk",
  "sl",
  "sm",
  "sn",
  "sp",
  "st",
  "sw",
  "th",
  "tr",
  "tw",
  "wh",
  "wr",
] as const; // prettier-ignore

const blocks: ReadonlySet<string> = new Set(pigLatinBlocks);
const isVowel = (letter: string): boolean => "aeiou".includes(letter);

/**
 * One lower-case word. A vowel first: "way" is added; else the first consonant, or the block that begins the word, moves to
 * the end before "ay". With `cluster`, all consonants before the first vowel move (y is a vowel but at the start, and u
 * goes with q): street -> eetstray, not reetstay.
 */
export function pigLatin(word: string, cluster = false): string {
  if (word === "") return "";
  if (isVowel(word[0])) return `${word}way`;
  let end = blocks.has(word.slice(0, 2)) ? 2 : 1;
  if (cluster) {
    while (end < word.length && !isVowel(word[end]) && word[end] !== "y") end++;
    if (word[end] === "u" && word[end - 1] === "q") end++;
  }
  return `${word.slice(end)}${word.slice(0, end)}ay`;
}

export interface PigLatinOptions {
  /** Lower-case words a-z to translate, the words of a text for one; made-up ones with English syllables where left out. */
  readonly words?: readonly string[];
  /** Words in one example. */
  readonly count?: number;
  readonly seed?: number;
}

const onsets = [
  "",
  "",
  "b",
  "c",
  "d",
  "f",
  "g",
  "h",
  "j",
  "k",
  "l",
  "m",
  "n",
  "p",
  "r",
  "s",
  "t",
  "v",
  "w",
  "y",
  "z",
  ...pigLatinBlocks,
]; // prettier-ignore
const nuclei = ["a", "e", "i", "o", "u", "ai", "ea", "ee", "oo", "ou", "ie"] as const;
const codas = [
  "",
  "",
  "b",
  "d",
  "g",
  "l",
  "m",
  "n",
  "ng",
  "nd",
  "nt",
  "p",
  "r",
  "rd",
  "s",
  "st",
  "t",
  "ck",
  "x",
] as const;

const mostSyllables = 5;
/** Share of syllables within a word that end in a coda; the last one always draws one. */
const closed = 0.3;

const inventWord = (random: Draws): string =>
  Array.from(
    { length: 1 + below(random, mostSyllables) },
    () => pick(random, onsets) + pick(random, nuclei) + (random.uniform() < closed ? pick(random, codas) : ""),
  )
    .join("")
    .concat(pick(random, codas));

const shareOfNothing = (parts: readonly string[]): number => parts.filter((part) => part === "").length / parts.length;

/** Of the likeliest made-up word: one syllable of two vowels and nothing else, or the two vowels as two syllables. */
function likeliestInvention(): number {
  const open = 1 - closed + closed * shareOfNothing(codas);
  const bare = (shareOfNothing(onsets) / nuclei.length) * open;
  return ((bare + bare ** 2) / mostSyllables) * shareOfNothing(codas);
}

/**
 * No word is in two parts (with `count` 1; with more, no line of words is). Chance of an example being wholly right: how
 * often the likeliest one is drawn.
 */
export function pigLatinTask({ words, count = 1, seed = 1 }: PigLatinOptions = {}): GeneratedTask<Pair> {
  checkInteger("pigLatin.count", count, 1, 1_000);
  const bad = words?.find((word) => !/^[a-z]+$/.test(word));
  if (bad !== undefined || words?.length === 0)
    throw new DataError(`pigLatin.words: must be words of a-z, at least one, was ${JSON.stringify(bad ?? "none")}`, {
      code: "task-words",
    });
  const distinct = words && [...new Set(words)];
  return generatedTask<Pair>({
    name: "pig latin",
    seed,
    chance: {
      measure: "exact",
      value: (distinct ? 1 / distinct.length : likeliestInvention()) ** count,
      predictor: "always the same words",
    },
    draw: (random) => {
      const line = Array.from({ length: count }, () => (distinct ? pick(random, distinct) : inventWord(random)));
      return { source: line.join(" "), target: line.map((word) => pigLatin(word)).join(" ") };
    },
    key: ({ source }) => source,
  });
}
