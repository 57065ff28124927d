// Text to ids. Characters go through a table over U+0000..U+FFFF and a Map above it; words through a Map.
import { DataError } from "../errors.js";
import { bytePairEncoder } from "./byte-pair-encode.js";
import { encodeUtf8 } from "./utf8.js";
import type { Vocabulary } from "./vocabulary.js";
import { scanWords } from "./words.js";

export interface EncodeOptions {
  /** Symbols the vocabulary lacks become `<unk>` instead of an error. Default false. */
  readonly allowUnknown?: boolean;
  /** The id of allowed unknown symbols where the vocabulary has no `<unk>`; an error where left out. */
  readonly missing?: number;
}

export type Encoder = (text: string, options?: EncodeOptions) => Int32Array;

/**
 * The ids of a text. DataError `unknown-token` names the first symbol that the vocabulary lacks, its line and column;
 * `no-unknown-token` where unknown symbols are allowed and the vocabulary has no `<unk>` to stand for them.
 * Encoding many short texts: make an `encoder` once.
 */
export function encode(vocabulary: Vocabulary, text: string, options: EncodeOptions = {}): Int32Array {
  return encoder(vocabulary)(text, options);
}

/** A reusable `encode` with its lookup table made once. */
export function encoder(vocabulary: Vocabulary): Encoder {
  switch (vocabulary.kind) {
    case "byte":
      return (text) => Int32Array.from(encodeUtf8(text));
    case "word":
      return wordEncoder(vocabulary);
    case "char":
      return characterEncoder(vocabulary);
    case "bpe":
      return pairEncoder(vocabulary);
    default:
      return vocabulary.kind satisfies never;
  }
}

function pairEncoder(vocabulary: Vocabulary): Encoder {
  const read = bytePairEncoder(vocabulary.tokens, vocabulary.pairs!);
  return (text, options = {}) => read(text, (unit, all, at) => unknownId(vocabulary, options, all, at, unit));
}

function characterEncoder(vocabulary: Vocabulary): Encoder {
  const table = new Int32Array(0x10000).fill(-1);
  const above = new Map<number, number>();
  vocabulary.tokens.forEach((token, id) => {
    const point = token.codePointAt(0) ?? -1;
    if (id === vocabulary.unknown || point < 0) return;
    if (point > 0xffff) above.set(point, id);
    else table[point] = id;
  });
  return (text, options = {}) => {
    const ids = new Int32Array(text.length);
    let count = 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      let id = table[unit]!;
      const start = i;
      if (id < 0 && (unit & 0xfc00) === 0xd800) {
        const point = text.codePointAt(i)!;
        if (point > 0xffff) i++;
        id = above.get(point) ?? -1;
      }
      ids[count++] =
        id >= 0 ? id : unknownId(vocabulary, options, text, start, String.fromCodePoint(text.codePointAt(start)!));
    }
    return count === ids.length ? ids : ids.slice(0, count);
  };
}

function wordEncoder(vocabulary: Vocabulary): Encoder {
  const table = new Map(vocabulary.tokens.map((token, id) => [token, id]));
  return (text, options = {}) => {
    let ids = new Int32Array(Math.max(16, text.length >> 2));
    let count = 0;
    scanWords(text, (word, start) => {
      if (count === ids.length) {
        const larger = new Int32Array(ids.length * 2);
        larger.set(ids);
        ids = larger;
      }
      ids[count++] = table.get(word) ?? unknownId(vocabulary, options, text, start, word);
    });
    return ids.slice(0, count);
  };
}

function unknownId(vocabulary: Vocabulary, options: EncodeOptions, text: string, at: number, token: string): number {
  const allowed = options.allowUnknown === true;
  if (allowed && vocabulary.unknown !== undefined) return vocabulary.unknown;
  if (allowed && options.missing !== undefined) return options.missing;
  const { line, column } = placeIn(text, at);
  const what = vocabulary.kind === "char" || vocabulary.kind === "bpe" ? nameCharacter(token) : JSON.stringify(token);
  const place = `line ${line}, column ${column}`;
  if (allowed) {
    throw new DataError(`${place}: ${what} is not in the vocabulary, and the vocabulary has no <unk> to stand for it`, {
      code: "no-unknown-token",
      hint: "leave it out of the text; a model that shall meet unknown characters must be trained with <unk>",
    });
  }
  throw new DataError(`${place}: must be one of the ${vocabulary.tokens.length} known tokens, was ${what}`, {
    code: "unknown-token",
    hint:
      vocabulary.unknown === undefined
        ? "the model never saw it in training; leave it out"
        : "the model never saw it in training; leave it out, or allow unknown tokens to read it as <unk>",
  });
}

/** Line and column, both from 1, columns in code points. */
export function placeIn(text: string, at: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let lineStart = 0;
  for (let next = text.indexOf("\n"); next >= 0 && next < at; next = text.indexOf("\n", lineStart)) {
    line++;
    lineStart = next + 1;
  }
  return { line, column: Array.from(text.slice(lineStart, at)).length + 1 };
}

/** A character as people and programs can both read it: `"é" (U+00E9)`. */
export function nameCharacter(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  const visible = /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character) ? `"${character}"` : JSON.stringify(character);
  return `${visible} (U+${point.toString(16).toUpperCase().padStart(4, "0")})`;
}
