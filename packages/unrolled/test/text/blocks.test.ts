// Texts in blocks: the same vocabulary and ids as in one piece, wherever they are cut.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  countBytes,
  countCharacters,
  countPieces,
  countWords,
  encodeBlocks,
  type Reading,
} from "../../src/text/blocks.js";
import { bytes, characters, trainingLength, words } from "../../src/text/corpus.js";
import { bytePairVocabulary, bytePairVocabularyFrom } from "../../src/text/byte-pair-train.js";
import { encode } from "../../src/text/encode.js";
import { decodePoints, decodeUtf8, encodeUtf8, wholeCharacters } from "../../src/text/utf8.js";
import { type Vocabulary, wordVocabularyOf } from "../../src/text/vocabulary.js";

const dataError = (code: string, message: RegExp = /./) =>
  expect.objectContaining({ name: "DataError", code, message: expect.stringMatching(message) });

/** Letters of one to four bytes, and what words are made of and end at. */
const pieces = [
  ...[
    "a",
    "word",
    "é",
    "слово",
    "漢",
    "字",
    "हिन्दी",
    "😀",
    "𠀀",
    "don't",
    "well-known",
    "3.14",
    "1,000.",
    "x".repeat(70),
  ],
  ...[" ", "  ", "\n", "\t", ".", "...", "....", "--", "'", "<unk>", "<eos>", "<un", "\ufeff"],
];
const someText = fc.array(fc.constantFrom(...pieces), { minLength: 2, maxLength: 60 }).map((all) => all.join(""));
const somePlaces = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 8 });

/** Feeds `data` in blocks that end between characters, near the given places; what is cut off a block comes with the next. */
function feed<T>(reading: Reading<T>, data: Uint8Array, places: readonly number[]): T {
  let from = 0;
  for (const place of [...places].sort((a, b) => a - b)) {
    const to = from + wholeCharacters(data.subarray(from, Math.min(place, data.length)));
    if (to <= from) continue;
    expect(reading.add(data.slice(from, to))).toBe(-1);
    from = to;
  }
  if (from < data.length) expect(reading.add(data.slice(from))).toBe(-1);
  return reading.end();
}

function idsOf(vocabulary: Vocabulary, data: Uint8Array, places: readonly number[]): number[] {
  const ids: number[] = [];
  const made = feed(
    encodeBlocks(vocabulary, (some) => ids.push(...some)),
    data,
    places,
  );
  expect(made).toBe(ids.length);
  return ids;
}

describe("a text in blocks", () => {
  test("of byte pairs, which are learnt from its first characters", () => {
    fc.assert(
      fc.property(someText, somePlaces, fc.integer({ min: 0, max: 3 }), (text, places, tenths) => {
        const data = encodeUtf8(text.replace(/^\ufeff/, ""));
        const own = decodeUtf8(data).text;
        const trained = trainingLength([...own].length, tenths / 10);
        const counts = feed(countPieces(trained), data, places);
        expect([...counts].reduce((sum, [piece, count]) => sum + count * [...piece].length, 0)).toBe(trained);
        if (trained === 0) return;
        const first = [...own].slice(0, trained).join("");
        const whole = bytePairVocabulary(first, { size: 300 });
        const vocabulary = bytePairVocabularyFrom(counts, { size: 300 });
        expect(vocabulary.tokens).toEqual(whole.tokens);
        expect(idsOf(vocabulary, data, places)).toEqual([...encode(whole, own)]);
      }),
    );
  });
  test("of characters", () => {
    fc.assert(
      fc.property(someText, somePlaces, (text, places) => {
        fc.pre(new Set(text).size > 1);
        const whole = characters(text, { validation: 0 });
        const data = encodeUtf8(text);
        const counted = feed(countCharacters(), data, places);
        expect(counted).toEqual({ tokens: whole.training.length, vocabulary: whole.vocabulary });
        expect(idsOf(counted.vocabulary, data, places)).toEqual([...whole.training]);
      }),
    );
  });

  test("of words, those of the held-out part unknown", () => {
    fc.assert(
      fc.property(someText, somePlaces, fc.constantFrom(0, 0.3, 0.9), (text, places, validation) => {
        const data = encodeUtf8(text);
        const { tokens } = feed(countWords(0), data, places);
        const { counts } = feed(countWords(trainingLength(tokens, validation)), data, places);
        fc.pre(counts.size > 0);
        const vocabulary = wordVocabularyOf(counts, { minimumCount: 2 });
        const ids = idsOf(vocabulary, data, places);
        fc.pre(new Set(ids).size > 1);
        const whole = words(text, { validation, minimumCount: 2 });
        expect(vocabulary).toEqual(whole.vocabulary);
        expect(ids).toEqual([...whole.training, ...whole.validation]);
      }),
    );
  });

  test("of bytes of any kind", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 300 }), somePlaces, (data, places) => {
        fc.pre(new Set(data).size > 1);
        const counted = feed(countBytes(), data, places);
        expect(counted).toEqual({ tokens: data.length, vocabulary: bytes(data).vocabulary });
        expect(idsOf(counted.vocabulary, data, places)).toEqual([...data]);
      }),
    );
  });

  test("in many blocks of many words", () => {
    const text = Array.from({ length: 90_000 }, (_, i) => `w${(i * i) % 977}`).join(" ");
    const data = encodeUtf8(text);
    const whole = words(text, { validation: 0 });
    const places = Array.from({ length: 400 }, (_, i) => i * 1500);
    expect(idsOf(whole.vocabulary, data, places)).toEqual([...whole.training]);
  });

  test("is refused where nothing can be learnt from it, or it is too much", () => {
    for (const reading of [countCharacters(), countBytes()]) {
      expect(() => reading.end()).toThrow(dataError("empty-text"));
      reading.add(encodeUtf8("aaaa"));
      reading.add(encodeUtf8("aaaaa"));
      expect(() => reading.end()).toThrow(dataError("one-symbol", /9 times/));
    }
    expect(() => feed(countPieces(10, 1), encodeUtf8("a b c"), [])).toThrow(
      dataError("distinct-words", /at most 1 different pieces/),
    );
    const few = countWords(10, 2);
    expect(() => {
      few.add(encodeUtf8("a b a b"));
      few.add(encodeUtf8(` c${" ".repeat(200)}`));
    }).toThrow(dataError("distinct-words", /at most 2 different words/));
    const { vocabulary } = characters("ab");
    expect(() => encodeBlocks(vocabulary, () => {}).add(encodeUtf8("abc"))).toThrow(dataError("unknown-token"));
  });

  test("says where it is no UTF-8", () => {
    const broken = Uint8Array.of(97, 0xc3, 0xa9, 0xff, 98);
    expect(countCharacters().add(broken)).toBe(3);
    expect(countWords(9).add(broken)).toBe(3);
    expect(encodeBlocks(characters("ab").vocabulary, () => {}).add(broken)).toBe(3);
  });
});

describe("UTF-8", () => {
  /** Bytes that are often nearly right. */
  const nearly = fc
    .array(
      fc.oneof(
        fc.constantFrom(...pieces).map((text) => [...encodeUtf8(text)]),
        fc.array(fc.nat(255), { maxLength: 3 }),
      ),
    )
    .map((parts) => Uint8Array.from(parts.flat()));

  test("to code points is strict like UTF-8 to strings", () => {
    fc.assert(
      fc.property(nearly, (data) => {
        const { text, invalidAt } = decodeUtf8(data);
        const into = new Int32Array(data.length);
        const count = decodePoints(data, into);
        if (invalidAt >= 0) expect(count).toBe(-1 - invalidAt);
        else expect([...into.subarray(0, count)]).toEqual(Array.from(text, (c) => c.codePointAt(0)));
      }),
      { numRuns: 1000 },
    );
  });

  test("every two, three and four bytes that a quick look could take for a character", () => {
    const into = new Int32Array(8);
    const seconds = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
    for (let lead = 0x80; lead < 0x100; lead++)
      for (const second of seconds)
        for (const third of seconds)
          for (const fourth of [0x7f, 0x80, 0xbf, 0xc0]) {
            const data = Uint8Array.of(lead, second, third, fourth, 97, 98, 99, 100);
            const { text, invalidAt } = decodeUtf8(data);
            const count = decodePoints(data, into);
            const points = Array.from(text, (c) => c.codePointAt(0));
            if (invalidAt >= 0 ? count !== -1 - invalidAt : points.some((point, i) => point !== into[i]))
              throw new Error(`bytes ${data}: ${count} and ${into}, must be ${invalidAt} and ${points}`);
          }
  });

  test("cut anywhere is cut between characters", () => {
    const data = encodeUtf8("aé漢😀");
    const ends = Array.from({ length: data.length + 1 }, (_, end) => wholeCharacters(data.subarray(0, end)));
    expect(ends).toEqual([0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10]);
    for (const bad of [[0xff], [0xc0, 0x80], [0x80, 0x80, 0x80, 0x80]])
      expect(wholeCharacters(Uint8Array.from(bad))).toBe(bad.length);
  });
});
