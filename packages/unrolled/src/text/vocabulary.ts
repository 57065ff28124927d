// Vocabularies: which symbols a model knows and their ids. V tokens, id = place in the list.
import { DataError } from "../errors.js";
import { limits } from "../limits.js";
import type { BytePairs } from "./byte-pairs.js";
import { compareCodePoints, loneSurrogate } from "./utf8.js";
import { endToken, scanWords, unknownToken } from "./words.js";

export type VocabularyKind = "char" | "word" | "byte" | "bpe";

/** Plain data. `unknown` and `end` are ids of `<unk>` and `<eos>` where the vocabulary has them. */
export interface Vocabulary {
  readonly kind: VocabularyKind;
  /** In id order. */
  readonly tokens: readonly string[];
  readonly unknown?: number;
  readonly end?: number;
  /** How pairs of tokens merge: kind "bpe" has it, and no other. */
  readonly pairs?: BytePairs;
}

export interface CharacterOptions {
  /** Adds `<unk>` as the last token. Default false: then a character that is not in the text has no id. */
  readonly unknown?: boolean;
}

/**
 * The Unicode code points of a text, sorted by code point.
 * DataError `empty-text`, `lone-surrogate` or `vocabulary-size`.
 */
export function characterVocabulary(text: string, options: CharacterOptions = {}): Vocabulary {
  if (text.length === 0)
    throw new DataError("text: must hold at least one character, was empty", { code: "empty-text" });
  const lone = loneSurrogate(text);
  if (lone >= 0) {
    throw new DataError(`text: must be whole characters, was half a surrogate pair at ${lone}`, {
      code: "lone-surrogate",
    });
  }
  const seen = new Uint8Array(0x110000);
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i)!;
    seen[point] = 1;
    if (point > 0xffff) i++;
  }
  return characterVocabularyOf(seen, options);
}

/** The same from code points that are found already: `seen[point]` is 1. DataError `vocabulary-size`. */
export function characterVocabularyOf(seen: Uint8Array, options: CharacterOptions = {}): Vocabulary {
  const tokens: string[] = [];
  for (let point = 0; point < seen.length; point++) if (seen[point] === 1) tokens.push(String.fromCodePoint(point));
  if (options.unknown === true) tokens.push(unknownToken);
  return checked(makeVocabulary("char", tokens));
}

export interface WordOptions {
  /** Words that come less often become `<unk>`. Default 1. */
  readonly minimumCount?: number;
}

/**
 * The words of a text: `<unk>`, `<eos>`, then by falling frequency, equal ones by code points.
 * DataError `empty-text`, `minimum-count` or `vocabulary-size`.
 */
export function wordVocabulary(text: string, options: WordOptions = {}): Vocabulary {
  const counts = new Map<string, number>();
  scanWords(text, (word) => counts.set(word, (counts.get(word) ?? 0) + 1));
  return wordVocabularyOf(counts, options);
}

/** The same from words that are counted already. */
export function wordVocabularyOf(counts: ReadonlyMap<string, number>, options: WordOptions = {}): Vocabulary {
  const minimum = options.minimumCount ?? 1;
  if (!Number.isSafeInteger(minimum) || minimum < 1) {
    throw new DataError(`minimum count: must be a whole number from 1, was ${minimum}`, { code: "minimum-count" });
  }
  if (counts.size === 0) throw new DataError("text: must hold at least one word, was empty", { code: "empty-text" });
  const kept: [string, number][] = [];
  for (const [word, count] of counts)
    if (count >= minimum && word !== unknownToken && word !== endToken) kept.push([word, count]);
  kept.sort((a, b) => b[1] - a[1] || compareCodePoints(a[0], b[0]));
  return checked(makeVocabulary("word", [unknownToken, endToken, ...kept.map(([word]) => word)]));
}

/** All 256 bytes; their tokens are written "<00>" to "<ff>". */
export function byteVocabulary(): Vocabulary {
  return makeVocabulary(
    "byte",
    Array.from({ length: 256 }, (_, byte) => `<${byte.toString(16).padStart(2, "0")}>`),
  );
}

/** A vocabulary of known kind from its tokens in id order; finds `<unk>` and `<eos>`. */
export function makeVocabulary(kind: Exclude<VocabularyKind, "bpe">, tokens: readonly string[]): Vocabulary {
  const unknown = kind === "byte" ? -1 : tokens.indexOf(unknownToken);
  const end = kind === "word" ? tokens.indexOf(endToken) : -1;
  return { kind, tokens, ...(unknown < 0 ? {} : { unknown }), ...(end < 0 ? {} : { end }) };
}

/** A vocabulary of byte-pair tokens. `pairs` is taken as right. */
export const bytePairVocabularyOf = (tokens: readonly string[], pairs: BytePairs, unknown?: number): Vocabulary => ({
  kind: "bpe",
  tokens,
  pairs,
  ...(unknown === undefined ? {} : { unknown }),
});

function checked(vocabulary: Vocabulary): Vocabulary {
  if (vocabulary.tokens.length <= limits.vocabulary) return vocabulary;
  throw new DataError(`vocabulary: must have at most ${limits.vocabulary} tokens, has ${vocabulary.tokens.length}`, {
    code: "vocabulary-size",
    hint: "count only words that come more than once (minimumCount 2), or use characters",
  });
}
