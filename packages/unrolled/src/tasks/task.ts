// What all generated tasks share: examples by part and number, a split that cannot overlap, and the chance level.
import { type Draws, draws } from "../draws.js";
import { DataError, SpecError } from "../errors.js";

export type Part = "training" | "validation" | "test";
export const parts = ["training", "validation", "test"] as const;

/** What the best predictor that does not look at the input reaches; computed from the task's own law, not measured. */
export interface Chance {
  /** Share right, share of examples wholly right, mean nats, or mean squared error. */
  readonly measure: "accuracy" | "exact" | "nats" | "mse";
  readonly value: number;
  /** How that predictor goes about it. */
  readonly predictor: string;
}

/** One label for a sequence. */
export interface Labelled {
  readonly tokens: readonly string[];
  readonly label: string;
}

/** One tag for each token. */
export interface Tagged {
  readonly tokens: readonly string[];
  readonly tags: readonly string[];
  /** The steps that the chance level speaks of, in order. */
  readonly measured: readonly number[];
}

/** A sequence of vectors x [T,D] and what to say of it: y [1] after the last step or [T] at each. */
export interface Valued {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** A sequence and the one to make of it. */
export interface Pair {
  readonly source: string;
  readonly target: string;
}

export interface GeneratedTask<E> {
  readonly name: string;
  readonly chance: Chance;
  /** The i-th example of a part, i from 0: the same options, seed, part and i give the same example. */
  readonly example: (part: Part, i: number) => E;
  /** What the split goes by: no key is in two parts, whatever the seeds. */
  readonly key: (example: E) => string;
}

/** Tasks over a closed set of tokens and answers name them, so that a vocabulary needs no data. */
export interface TokenTask<E> extends GeneratedTask<E> {
  readonly tokens: readonly string[];
  readonly answers: readonly string[];
}

export interface Law<E> {
  readonly name: string;
  readonly seed: number;
  readonly chance: Chance;
  readonly draw: (random: Draws, part: Part) => E;
  readonly key: (example: E) => string;
  /** Where a key belongs; by default four fifths training, a tenth validation, a tenth test, by the key's hash. */
  readonly partOf?: (key: string) => Part;
}

/** Draws that may fall into other parts before one is found in the part that is asked for. */
const patience = 10_000;

/** A task from its law: draws until an example belongs to the part. Throws DataError where none seems to. */
export function generatedTask<E>({ name, seed, chance, draw, key, partOf = tenths }: Law<E>): GeneratedTask<E> {
  return {
    name,
    chance,
    key,
    example(part, i) {
      const random = draws(hash53(`${name}/${seed}/${part}/${i}`));
      for (let tries = 0; tries < patience; tries++) {
        const drawn = draw(random, part);
        if (partOf(key(drawn)) === part) return drawn;
      }
      throw new DataError(`${name}: must have examples for ${part}, none found in ${patience} draws`, {
        code: "task-too-small",
        hint: "ask for longer sequences: there are too few different ones to be split",
      });
    },
  };
}

/** `count` examples of a part, from number `from` on. */
export const examples = <E>(task: GeneratedTask<E>, part: Part, count: number, from = 0): E[] =>
  Array.from({ length: count }, (_, i) => task.example(part, from + i));

const tenths = (key: string): Part => {
  const tenth = hash32(key, 0) % 10;
  return tenth < 8 ? "training" : tenth === 8 ? "validation" : "test";
};

/** Training, validation and test by the hash modulo 3, as in learning to execute. */
export const thirds = (key: string): Part => parts[hash32(key, 0) % 3];

/** FNV-1a over UTF-16 units, finished as in MurmurHash3: 32 bits that look independent of the text. */
export function hash32(text: string, salt: number): number {
  let h = 0x811c9dc5 ^ salt;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const hash53 = (text: string): number => (hash32(text, 0x5bd1e995) & 0x1fffff) * 2 ** 32 + hash32(text, 0);

/** An integer from 0 to n-1. */
export const below = (random: Draws, n: number): number => Math.floor(n * random.uniform());
/** An integer from `low` to `high`. */
export const between = (random: Draws, low: number, high: number): number => low + below(random, high - low + 1);
export const pick = <T>(random: Draws, list: readonly T[]): T => list[below(random, list.length)];

/** Throws SpecError unless `value` is an integer in the range. */
export function checkInteger(where: string, value: number, low: number, high = 1_000_000): number {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return value;
  throw new SpecError(`${where}: must be an integer from ${low} to ${high}, was ${value}`, { code: "task-option" });
}
