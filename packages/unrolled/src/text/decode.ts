// Ids to text, all at once or as they come.
import { DataError } from "../errors.js";
import { type ByteDecoder, bytePairDecoder } from "./byte-pair-decode.js";
import { codePointOf, continues, sequenceLength } from "./utf8.js";
import type { Vocabulary } from "./vocabulary.js";
import { firstSpacing, joinWord } from "./words.js";

/** Turns ids into text one by one. Owns what is still open: half a UTF-8 sequence, the spacing of the line. */
export interface Decoder {
  /** The text that this id completes; empty in the middle of a UTF-8 sequence. DataError `token-id`. */
  readonly push: (id: number) => string;
  /** What was still open: U+FFFD for an unfinished UTF-8 sequence, else nothing. */
  readonly end: () => string;
}

/** The text of `ids`. Words are joined with spaces where English wants them, `<eos>` is a newline; bad UTF-8 becomes U+FFFD. */
export function decode(vocabulary: Vocabulary, ids: ArrayLike<number>): string {
  const { push, end } = decoder(vocabulary);
  let text = "";
  for (let i = 0; i < ids.length; i++) text += push(ids[i]!);
  return text + end();
}

export function decoder(vocabulary: Vocabulary): Decoder {
  switch (vocabulary.kind) {
    case "byte":
      return byteDecoder();
    case "word":
      return wordDecoder(vocabulary);
    case "char":
      return { push: (id) => tokenOf(vocabulary, id), end: () => "" };
    case "bpe":
      return pairDecoder(vocabulary);
    default:
      return vocabulary.kind satisfies never;
  }
}

function pairDecoder(vocabulary: Vocabulary): Decoder {
  const bytes = byteDecoder();
  const read = bytePairDecoder(vocabulary.pairs!, bytes);
  const added = new Set(vocabulary.pairs!.added);
  return { push: (id) => read(tokenOf(vocabulary, id), added.has(id)), end: bytes.end };
}

function tokenOf(vocabulary: Vocabulary, id: number): string {
  const token = vocabulary.tokens[id];
  if (token === undefined) throw badId(id, vocabulary.tokens.length);
  return token;
}

function badId(id: number, size: number): DataError {
  return new DataError(`token id: must be a whole number from 0 to ${size - 1}, was ${id}`, { code: "token-id" });
}

function wordDecoder(vocabulary: Vocabulary): Decoder {
  let spacing = firstSpacing;
  return {
    push: (id) => {
      const { text, after } = joinWord(tokenOf(vocabulary, id), spacing);
      spacing = after;
      return text;
    },
    end: () => "",
  };
}

// Replaces each maximal invalid part by one U+FFFD, as browsers do.
function byteDecoder(): ByteDecoder {
  const open: number[] = [];
  const push = (byte: number): string => {
    if (!Number.isInteger(byte) || byte < 0 || byte > 255) throw badId(byte, 256);
    if (open.length > 0) {
      if (continues(open[0]!, open.length, byte)) {
        open.push(byte);
        if (open.length < sequenceLength(open[0]!)) return "";
        const text = String.fromCodePoint(codePointOf(open, 0, open.length));
        open.length = 0;
        return text;
      }
      open.length = 0;
      return `\ufffd${push(byte)}`;
    }
    const length = sequenceLength(byte);
    if (length === 1) return String.fromCharCode(byte);
    if (length === 0) return "\ufffd";
    open.push(byte);
    return "";
  };
  return {
    push,
    open: () => open.length > 0,
    end: () => {
      const text = open.length > 0 ? "\ufffd" : "";
      open.length = 0;
      return text;
    },
  };
}
