// A text made ready to learn from: its vocabulary, the ids of its first part for training and of its last part for validation.
import { DataError } from "../errors.js";
import { type BytePairOptions, bytePairVocabulary } from "./byte-pair-train.js";
import { encode, encoder, placeIn } from "./encode.js";
import type { Ids } from "./ids.js";
import { decodeUtf8 } from "./utf8.js";
import {
  byteVocabulary,
  type CharacterOptions,
  characterVocabulary,
  type Vocabulary,
  type WordOptions,
  wordVocabularyOf,
} from "./vocabulary.js";
import { scanWords } from "./words.js";

/** `Corpus<Ids>`: its ids may lie in a file. */
export interface Corpus<I extends Ids = Int32Array> {
  readonly vocabulary: Vocabulary;
  readonly training: I;
  /** Empty where the validation fraction is 0. */
  readonly validation: I;
}

export interface SplitOptions {
  /** The part of the tokens, at the end, that is held out: 0 to 0.9. Default 0.1. */
  readonly validation?: number;
}

/**
 * Characters (Unicode code points). The vocabulary is that of the whole text, so that the held-out part can be read.
 * DataError `empty-text`, `one-symbol`, `validation-fraction`, `lone-surrogate`.
 */
export function characters(text: string, options: SplitOptions & CharacterOptions = {}): Corpus {
  const fraction = checkFraction(options.validation);
  const vocabulary = characterVocabulary(text, options);
  return split(vocabulary, encode(vocabulary, text), fraction);
}

/**
 * Words. The vocabulary is that of the training part alone; words of the held-out part that it lacks are `<unk>`.
 * DataError `empty-text`, `one-symbol`, `validation-fraction`, `minimum-count`.
 */
export function words(text: string, options: SplitOptions & WordOptions = {}): Corpus {
  const fraction = checkFraction(options.validation);
  const all: string[] = [];
  scanWords(text, (word) => {
    all.push(word);
  });
  const trained = trainingLength(all.length, fraction);
  const counts = new Map<string, number>();
  for (let i = 0; i < trained; i++) counts.set(all[i]!, (counts.get(all[i]!) ?? 0) + 1);
  const vocabulary = wordVocabularyOf(counts, options);
  const table = new Map(vocabulary.tokens.map((token, id) => [token, id]));
  const ids = Int32Array.from(all, (word) => table.get(word) ?? vocabulary.unknown!);
  return split(vocabulary, ids, fraction);
}

/**
 * Byte-pair tokens. They are learnt from the training part of the text, which is its first characters; `size` is how many there may
 * be. DataError `empty-text`, `one-symbol`, `validation-fraction`, `vocabulary-size`, `minimum-count`.
 */
export function bytePairs(text: string, options: SplitOptions & BytePairOptions): Corpus {
  const fraction = checkFraction(options.validation);
  let cut = trainingLength(text.length, fraction);
  if (cut > 0 && (text.charCodeAt(cut - 1) & 0xfc00) === 0xd800) cut++;
  const vocabulary = bytePairVocabulary(text.slice(0, cut), options);
  const read = encoder(vocabulary);
  const [training, validation] = [read(text.slice(0, cut)), read(text.slice(cut))];
  if (training.every((id) => id === training[0])) throw oneSymbol(vocabulary.tokens[training[0]!]!, training.length);
  return { vocabulary, training, validation };
}

/** Bytes, each its own token. DataError `empty-text`, `one-symbol`, `validation-fraction`. */
export function bytes(data: Uint8Array, options: SplitOptions = {}): Corpus {
  const fraction = checkFraction(options.validation);
  if (data.length === 0) throw new DataError("data: must hold at least one byte, was empty", { code: "empty-text" });
  return split(byteVocabulary(), Int32Array.from(data), fraction);
}

/** DataError `validation-fraction`. */
export function checkFraction(fraction = 0.1): number {
  if (fraction >= 0 && fraction <= 0.9) return fraction;
  throw new DataError(`validation: must be a fraction from 0 to 0.9, was ${fraction}`, {
    code: "validation-fraction",
    hint: "0.1 holds out the last tenth of the text",
  });
}

/** How many of the tokens, from the first on, are learnt from. */
export function trainingLength(tokens: number, fraction: number): number {
  return Math.floor(tokens * (1 - fraction));
}

function split(vocabulary: Vocabulary, ids: Int32Array, fraction: number): Corpus {
  if (ids.every((id) => id === ids[0])) throw oneSymbol(vocabulary.tokens[ids[0]!]!, ids.length);
  const trained = trainingLength(ids.length, fraction);
  return { vocabulary, training: ids.subarray(0, trained), validation: ids.subarray(trained) };
}

export const oneSymbol = (symbol: string, times: number): DataError =>
  new DataError(`text: must hold at least two different tokens, was only ${JSON.stringify(symbol)} (${times} times)`, {
    code: "one-symbol",
    hint: "there is nothing to learn from a text of one symbol",
  });

/**
 * The text in a file's bytes; a byte order mark at its start is dropped. `where` names the file in errors.
 * DataError `empty-text`, `binary-text` (a zero byte), `invalid-utf8` with line and column.
 */
export function textOf(data: Uint8Array, where: string): string {
  if (data.length === 0) throw new DataError(`${where}: must hold text, was empty`, { code: "empty-text" });
  const zero = data.indexOf(0);
  if (zero >= 0) throw binaryText(where, zero);
  const { text, invalidAt } = decodeUtf8(data);
  if (invalidAt >= 0) throw invalidUtf8(where, placeIn(text, text.length), data[invalidAt]!, invalidAt);
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

export const binaryText = (where: string, zero: number): DataError =>
  new DataError(`${where}: must be text, was binary (a zero byte at ${zero})`, {
    code: "binary-text",
    hint: "bytes of any kind can be learnt with --tokens byte",
  });

/** Line and column from 1, columns in code points. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export const invalidUtf8 = (where: string, { line, column }: Place, byte: number, at: number): DataError =>
  new DataError(
    `${where}, line ${line}, column ${column}: must be UTF-8, was byte 0x${byte.toString(16).padStart(2, "0")} at ${at}`,
    {
      code: "invalid-utf8",
      hint: "convert the file to UTF-8 (iconv -f latin1 -t utf-8), or learn its bytes with --tokens byte",
    },
  );
