// Texts that come in blocks of bytes, too long to be held: counted in a first reading, turned into ids in a second.
// A block ends between two characters; the ids are those of the same text in one piece.
import { DataError } from "../errors.js";
import { limits } from "../limits.js";
import { oneSymbol } from "./corpus.js";
import { encoder } from "./encode.js";
import { pieceScanner } from "./pieces.js";
import { decodePoints, decodeUtf8, unitsToString } from "./utf8.js";
import { byteVocabulary, characterVocabularyOf, type Vocabulary } from "./vocabulary.js";
import { scanWords } from "./words.js";

/** One reading of a text from its first block to its last. */
export interface Reading<T> {
  /** Takes the next block. Returns the place in it of the first byte that is no UTF-8, -1 where all are. */
  readonly add: (block: Uint8Array) => number;
  /** Called after the last block. */
  readonly end: () => T;
}

export interface Counted {
  readonly tokens: number;
  readonly vocabulary: Vocabulary;
}

/** The characters of a text. `end` throws DataError `empty-text`, `one-symbol`, `vocabulary-size`. */
export function countCharacters(): Reading<Counted> {
  const seen = new Uint8Array(0x110000);
  const points = growing();
  let tokens = 0;
  return {
    add: (block) => {
      const into = points(block.length);
      const count = decodePoints(block, into);
      if (count < 0) return -1 - count;
      for (let i = 0; i < count; i++) seen[into[i]!] = 1;
      tokens += count;
      return -1;
    },
    end: () => {
      if (tokens === 0)
        throw new DataError("text: must hold at least one character, was empty", { code: "empty-text" });
      const vocabulary = characterVocabularyOf(seen);
      if (vocabulary.tokens.length === 1) throw oneSymbol(vocabulary.tokens[0]!, tokens);
      return { tokens, vocabulary };
    },
  };
}

/** The bytes of a text, or of anything. `end` throws DataError `empty-text`, `one-symbol`. */
export function countBytes(): Reading<Counted> {
  let first: number | undefined;
  let different = false;
  let tokens = 0;
  return {
    add: (block) => {
      first ??= block[0];
      different ||= block.some((byte) => byte !== first);
      tokens += block.length;
      return -1;
    },
    end: () => {
      if (first === undefined)
        throw new DataError("data: must hold at least one byte, was empty", { code: "empty-text" });
      const vocabulary = byteVocabulary();
      if (!different) throw oneSymbol(vocabulary.tokens[first]!, tokens);
      return { tokens, vocabulary };
    },
  };
}

export interface CountedWords {
  /** All of the text. */
  readonly tokens: number;
  /** How often each word comes among the first `upTo`. */
  readonly counts: ReadonlyMap<string, number>;
}

/** The words of a text; those among the first `upTo` are counted one by one. DataError `distinct-words`. */
export function countWords(upTo: number, most = limits.distinctWords): Reading<CountedWords> {
  const counts = new Map<string, number>();
  let tokens = 0;
  const scan = scanBlocks((word) => {
    if (tokens++ >= upTo) return;
    const count = counts.get(word);
    if (count === undefined && counts.size === most) {
      throw new DataError(`text: must have at most ${most} different words, has more`, {
        code: "distinct-words",
        hint: "learn its characters (--tokens char) or bytes (--tokens byte)",
      });
    }
    // A word that is there already keeps the key it came with.
    if (count === undefined) counts.set(ownCopy(word), 1);
    else counts.set(word, count + 1);
  });
  return {
    add: scan.add,
    end: () => {
      scan.end();
      return { tokens, counts };
    },
  };
}

/**
 * The ids of a text whose vocabulary is known, a block at a time: `take` gets them in order in an array that is reused. Words
 * that the vocabulary lacks are `<unk>`. DataError `unknown-token` for a character that it lacks. `end` says how many ids it were.
 */
export function encodeBlocks(vocabulary: Vocabulary, take: (ids: Int32Array) => void): Reading<number> {
  let made = 0;
  const counting = (ids: Int32Array): void => {
    made += ids.length;
    take(ids);
  };
  const { add, end } = encodeKind(vocabulary, counting);
  return {
    add,
    end: () => {
      end();
      return made;
    },
  };
}

function encodeKind(vocabulary: Vocabulary, take: (ids: Int32Array) => void): Reading<void> {
  switch (vocabulary.kind) {
    case "char":
      return encodeCharacterBlocks(vocabulary, take);
    case "word":
      return encodeWordBlocks(vocabulary, take);
    case "byte": {
      const space = growing();
      return {
        add: (block) => {
          const ids = space(block.length).subarray(0, block.length);
          ids.set(block);
          take(ids);
          return -1;
        },
        end: () => {},
      };
    }
    case "bpe":
      return encodePairBlocks(vocabulary, take);
    default:
      return vocabulary.kind satisfies never;
  }
}

function encodePairBlocks(vocabulary: Vocabulary, take: (ids: Int32Array) => void): Reading<void> {
  const read = encoder(vocabulary);
  return stretches((text) => take(read(text)));
}

/**
 * The pieces of a text that byte pairs are learnt from, those of its first `upTo` characters, and how often each comes. DataError
 * `distinct-words` where there are too many.
 */
export function countPieces(upTo: number, most = limits.distinctWords): Reading<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const scan = pieceScanner("words");
  let left = upTo;
  const { add, end } = stretches((text) => {
    if (left <= 0) return;
    const own = firstCharacters(text, left);
    left -= own.count;
    scan(own.text, (start, to) => {
      const piece = own.text.slice(start, to);
      const count = counts.get(piece);
      if (count === undefined && counts.size === most) throw tooManyPieces(most);
      counts.set(count === undefined ? ownCopy(piece) : piece, (count ?? 0) + 1);
    });
  });
  return {
    add,
    end: () => {
      end();
      return counts;
    },
  };
}

const tooManyPieces = (most: number): DataError =>
  new DataError(`text: must have at most ${most} different pieces, has more`, {
    code: "distinct-words",
    hint: "learn its characters (--tokens char) or bytes (--tokens byte)",
  });

/** At most `most` code points of a text, and how many they are. */
function firstCharacters(text: string, most: number): { readonly text: string; readonly count: number } {
  let [count, at] = [0, 0];
  for (; at < text.length && count < most; count++) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return { text: text.slice(0, at), count };
}

/** A text is cut where white space follows something visible: no piece reaches across. */
function stretches(take: (text: string) => void): Reading<void> {
  const waiting: string[] = [];
  return {
    add: (block) => {
      const { text, invalidAt } = decodeUtf8(block);
      if (invalidAt >= 0) return invalidAt;
      let cut = text.length - 1;
      while (cut > 0 && !(space.test(text[cut]!) && !space.test(text[cut - 1]!))) cut--;
      if (cut <= 0) waiting.push(text);
      else {
        take(waiting.join("") + text.slice(0, cut));
        waiting.splice(0, waiting.length, text.slice(cut));
      }
      return -1;
    },
    end: () => {
      const rest = waiting.join("");
      if (rest.length > 0) take(rest);
    },
  };
}

const space = /^[ \t\n\r]$/;

function encodeCharacterBlocks(vocabulary: Vocabulary, take: (ids: Int32Array) => void): Reading<void> {
  const table = new Int32Array(0x110000).fill(-1);
  vocabulary.tokens.forEach((token, id) => {
    if (id !== vocabulary.unknown) table[token.codePointAt(0)!] = id;
  });
  const space = growing();
  return {
    add: (block) => {
      const into = space(block.length);
      const count = decodePoints(block, into);
      if (count < 0) return -1 - count;
      let unknown = 0;
      for (let i = 0; i < count; i++) {
        const id = table[into[i]!]!;
        into[i] = id;
        unknown |= id;
      }
      if (unknown < 0) {
        throw new DataError(`text: must be of the ${vocabulary.tokens.length} known characters, was not`, {
          code: "unknown-token",
        });
      }
      take(into.subarray(0, count));
      return -1;
    },
    end: () => {},
  };
}

function encodeWordBlocks(vocabulary: Vocabulary, take: (ids: Int32Array) => void): Reading<void> {
  const table = new Map(vocabulary.tokens.map((token, id) => [token, id]));
  const ids = new Int32Array(1 << 16);
  let count = 0;
  const flush = (): void => {
    if (count > 0) take(ids.subarray(0, count));
    count = 0;
  };
  const scan = scanBlocks((word) => {
    ids[count++] = table.get(word) ?? vocabulary.unknown!;
    if (count === ids.length) flush();
  });
  return {
    add: scan.add,
    end: () => {
      scan.end();
      flush();
    },
  };
}

/** How far the scanner of words may look ahead of a word's beginning: 64 units of it and what follows. */
const lookAhead = 128;

/** Words of blocks. One that begins near a block's end waits for the next block: what follows decides where it ends. */
function scanBlocks(token: (word: string) => void): Reading<void> {
  let waiting = "";
  return {
    add: (block) => {
      const { text: more, invalidAt } = decodeUtf8(block);
      if (invalidAt >= 0) return invalidAt;
      const text = waiting + more;
      const certain = text.length - lookAhead;
      let rest = text.length;
      scanWords(text, (word, start) => {
        if (start < certain) token(word);
        else rest = Math.min(rest, start);
      });
      waiting = text.slice(rest);
      return -1;
    },
    end: () => scanWords(waiting, (word) => token(word)),
  };
}

/** A part of a string may keep all of it in memory; this one does not. */
function ownCopy(word: string): string {
  const units = Uint16Array.from({ length: word.length }, (_, i) => word.charCodeAt(i));
  return unitsToString(units, units.length);
}

/** Room that is taken again and again, larger when more is asked for. */
function growing(): (length: number) => Int32Array {
  let room = new Int32Array(0);
  return (length) => {
    if (room.length < length) room = new Int32Array(length);
    return room;
  };
}
