// Number agreement over a clause: "the cat which already ate the fish ... was", "the cats ... were". The lecture's picture
// of a long dependency, with the words between noun and verb as a knob.
import type { Draws } from "../draws.js";
import { between, checkInteger, generatedTask, type Labelled, pick, type TokenTask } from "./task.js";

export interface AgreementOptions {
  /** Words between the noun and its verb: one number, or the shortest and the longest. */
  readonly gap: number | readonly [shortest: number, longest: number];
  readonly seed?: number;
}

export interface Agreement extends Labelled {
  /** Words strictly between the noun and the verb. */
  readonly gap: number;
  /** The verb that agrees and the one that does not. */
  readonly verb: string;
  readonly wrong: string;
  /** How the sentence goes on after the verb. */
  readonly rest: readonly string[];
}

const nouns: readonly (readonly [singular: string, plural: string])[] = [
  ["cat", "cats"],
  ["dog", "dogs"],
  ["bird", "birds"],
  ["horse", "horses"],
  ["child", "children"],
  ["mouse", "mice"],
  ["woman", "women"],
  ["farmer", "farmers"],
  ["teacher", "teachers"],
  ["goose", "geese"],
  ["wolf", "wolves"],
  ["pony", "ponies"],
];
const verbs: readonly (readonly [singular: string, plural: string, rest: readonly string[]])[] = [
  ["was", "were", ["full", "tired", "happy", "outside"]],
  ["is", "are", ["full", "tired", "happy", "outside"]],
  ["has", "have", ["slept", "left", "eaten", "returned"]],
];
/** The same for one and for many. */
const past = ["ate", "saw", "chased", "found", "heard", "followed", "met", "liked"] as const;
const adverbs = ["already", "yesterday", "often", "outside", "again", "quietly"] as const;
const short = ["at home", "in town", "by night", "on foot", "for fun"].map((words) => words.split(" "));
const prepositions = ["near", "behind", "beside", "without", "like"] as const;
const adjectives = ["old", "small", "white", "hungry", "young", "friendly"] as const;

const asides: readonly string[] = [...adverbs, ...short.flat()];
export const agreementWords: readonly string[] = [
  ...new Set(["the", "which", "and", ...nouns.flat(), ...past, ...asides, ...prepositions, ...adjectives]),
].sort();

/**
 * Tokens: the words up to the verb; the label: "one" or "many", what its subject is. Every noun of the clause is one or
 * many with equal chance and nothing else in it knows the subject's number, so a network that has forgotten the noun is
 * right half of the time: chance 1/2, exactly (a sentence and its twin of the other number are in the same part).
 */
export function agreementTask({ gap, seed = 1 }: AgreementOptions): TokenTask<Agreement> {
  const [shortest, longest] = typeof gap === "number" ? [gap, gap] : gap;
  checkInteger("agreement.gap", longest, 0, 10_000);
  checkInteger("agreement.gap", shortest, 0, longest);
  const task = generatedTask<Agreement>({
    name: `agreement gap ${shortest === longest ? longest : `${shortest}-${longest}`}`,
    seed,
    chance: { measure: "accuracy", value: 1 / 2, predictor: "always the same number" },
    draw: (random) => {
      const many = random.uniform() < 0.5 ? 0 : 1;
      const words = between(random, shortest, longest);
      const clause = drawClause(random, words);
      const [singular, plural, rest] = pick(random, verbs);
      const forms = [singular, plural];
      return {
        tokens: ["the", pick(random, nouns)[many], ...clause],
        label: many === 1 ? "many" : "one",
        gap: words,
        verb: forms[many],
        wrong: forms[1 - many],
        rest: [pick(random, rest)],
      };
    },
    key: ({ tokens }) => [lemma(tokens[1]), ...tokens.slice(2)].join(" "),
  });
  return { ...task, tokens: agreementWords, answers: ["one", "many"] };
}

/** The whole sentence with the verb that agrees, or with the other. */
export const agreementSentence = (e: Agreement, form: "verb" | "wrong" = "verb"): string =>
  [...e.tokens, e[form], ...e.rest].join(" ");

const lemma = (noun: string): string => nouns.find((forms) => forms.includes(noun))?.[0] ?? noun;

const anyNoun = (random: Draws): string => pick(random, pick(random, nouns));

/** Exactly `left` words that may stand between a noun and its verb. */
function drawClause(random: Draws, left: number): string[] {
  if (left < 4) return drawAsides(random, left, false);
  const adverb = left > 4 && random.uniform() < 0.5 ? [pick(random, adverbs)] : [];
  const start = ["which", ...adverb, pick(random, past), "the", anyNoun(random)];
  return [...start, ...drawAsides(random, left - start.length, true)];
}

/** Adverbs, "at home", "near the dogs", "near the old dogs" and, within a clause, "and saw the mice". */
function drawAsides(random: Draws, words: number, clause: boolean): string[] {
  const made: string[] = [];
  for (let left = words; left > 0; ) {
    const kinds = [1, 2, 3, 3, 4, 4].filter((n) => n <= left);
    const size = pick(random, kinds.length > 2 ? kinds.slice(2) : kinds);
    made.push(...drawAside(random, size, clause));
    left -= size;
  }
  return made;
}

function drawAside(random: Draws, size: number, clause: boolean): readonly string[] {
  if (size === 1) return [pick(random, adverbs)];
  if (size === 2) return pick(random, short);
  if (size === 3) return [pick(random, prepositions), "the", anyNoun(random)];
  if (clause && random.uniform() < 0.5) return ["and", pick(random, past), "the", anyNoun(random)];
  return [pick(random, prepositions), "the", pick(random, adjectives), anyNoun(random)];
}
