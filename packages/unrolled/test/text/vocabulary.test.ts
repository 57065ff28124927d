// Vocabularies, text to ids and back, and vocabulary.json.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limits } from "../../src/limits.js";
import { decode, decoder } from "../../src/text/decode.js";
import { encode, encoder } from "../../src/text/encode.js";
import { compareCodePoints, decodeUtf8, encodeUtf8 } from "../../src/text/utf8.js";
import { byteVocabulary, characterVocabulary, makeVocabulary, wordVocabulary } from "../../src/text/vocabulary.js";
import { decodeVocabulary, encodeVocabulary } from "../../src/text/vocabulary-file.js";

const dataError = (code: string, message: RegExp = /./) =>
  expect.objectContaining({ name: "DataError", code, message: expect.stringMatching(message) });

describe("utf8", () => {
  test("agrees with the platform on any bytes: valid text, or the place of the first invalid byte", () => {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const hostile = fc.constantFrom(
      0x00,
      0x7f,
      0x80,
      0xbf,
      0xc0,
      0xc2,
      0xe0,
      0xa0,
      0xed,
      0x9f,
      0xef,
      0xf0,
      0x90,
      0xf4,
      0x8f,
      0xff,
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(hostile, fc.nat(255)), { maxLength: 12 }), (list) => {
        const bytes = Uint8Array.from(list);
        const { text, invalidAt } = decodeUtf8(bytes);
        const valid = invalidAt < 0 ? bytes : bytes.subarray(0, invalidAt);
        expect(strict.decode(valid)).toBe(text);
        if (invalidAt >= 0) expect(() => strict.decode(bytes)).toThrow();
      }),
      { numRuns: 3000 },
    );
  });

  test("agrees with the platform on long texts in both directions", () => {
    const text = "aé漢😀\n".repeat(5000);
    expect([...encodeUtf8(text)]).toEqual([...new TextEncoder().encode(text)]);
    expect(decodeUtf8(encodeUtf8(text))).toEqual({ text, invalidAt: -1 });
    expect([...encodeUtf8("a\ud800b\udc00")]).toEqual([...new TextEncoder().encode("a\ud800b\udc00")]);
  });

  test("orders by code points, not by UTF-16 units", () => {
    expect(["😀", "\uffff", "a", "ab", ""].sort(compareCodePoints)).toEqual(["", "a", "ab", "\uffff", "😀"]);
  });
});

describe("characters", () => {
  test("are code points in order", () => {
    const vocabulary = characterVocabulary("b😀a\uffffb\n");
    expect(vocabulary).toEqual({ kind: "char", tokens: ["\n", "a", "b", "\uffff", "😀"] });
    expect([...encode(vocabulary, "ab😀\uffff\n")]).toEqual([1, 2, 4, 3, 0]);
  });

  test("any text comes back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
        const vocabulary = characterVocabulary(text);
        const ids = encode(vocabulary, text);
        expect(ids.length).toBe(Array.from(text).length);
        expect(decode(vocabulary, ids)).toBe(text);
      }),
    );
  });

  test("one that is unknown is named with its place", () => {
    const vocabulary = characterVocabulary("abc\n😀");
    expect(() => encode(vocabulary, "ab\n😀bé")).toThrow(
      dataError("unknown-token", /line 2, column 3.*"é" \(U\+00E9\)/),
    );
    expect(() => encode(vocabulary, "ab\u0007")).toThrow(dataError("unknown-token", /"\\u0007" \(U\+0007\)/));
    expect(() => encode(vocabulary, "a🎉")).toThrow(dataError("unknown-token", /"🎉" \(U\+1F389\)/));
    expect(() => encode(vocabulary, "a\ud83d")).toThrow(dataError("unknown-token", /U\+D83D/));
    expect(() => encode(vocabulary, "aé", { allowUnknown: true })).toThrow(dataError("no-unknown-token"));
  });

  test("with <unk> have an id for all others, and <unk> written out is five characters", () => {
    const vocabulary = characterVocabulary("ab", { unknown: true });
    expect(vocabulary).toEqual({ kind: "char", tokens: ["a", "b", "<unk>"], unknown: 2 });
    expect([...encode(vocabulary, "a<é😀b", { allowUnknown: true })]).toEqual([0, 2, 2, 2, 1]);
    expect([...encode(vocabulary, "a\ud83db", { allowUnknown: true })]).toEqual([0, 2, 1]);
    expect(() => encode(vocabulary, "<")).toThrow(dataError("unknown-token", /"<"/));
  });

  test("of an empty or broken text are refused", () => {
    expect(() => characterVocabulary("")).toThrow(dataError("empty-text"));
    expect(() => characterVocabulary("a\ud800")).toThrow(dataError("lone-surrogate"));
  });
});

describe("words", () => {
  const split = (text: string) => {
    const vocabulary = wordVocabulary(text);
    return [...encode(vocabulary, text)].map((id) => vocabulary.tokens[id]);
  };

  test.each([
    ["The cat, which ate, was full.", ["The", "cat", ",", "which", "ate", ",", "was", "full", "."]],
    ["don't stop\nwell-known", ["don't", "stop", "<eos>", "well-known"]],
    ["3.14 and 1,000: x2", ["3.14", "and", "1,000", ":", "x", "2"]],
    ["wait... no -- (yes)", ["wait", "...", "no", "--", "(", "yes", ")"]],
    ["end. 'tis -x- ....", ["end", ".", "'", "tis", "-", "x", "-", "...", "."]],
    ["naïve Привет 漢字 e\u0301te", ["naïve", "Привет", "漢字", "e\u0301te"]],
    ["a\r\nb\tc\u00a0d", ["a", "<eos>", "b", "c", "d"]],
    ["the <unk> cat<eos>", ["the", "<unk>", "cat", "<eos>"]],
    ["😀😀 a_b", ["😀", "😀", "a", "_", "b"]],
  ])("%j", (text, words) => {
    expect(split(text)).toEqual(words);
  });

  test("are ordered by frequency, then by code points, after <unk> and <eos>", () => {
    const vocabulary = wordVocabulary("b a b c a d\n\uffff 😀", { minimumCount: 1 });
    expect(vocabulary.tokens).toEqual(["<unk>", "<eos>", "a", "b", "c", "d", "\uffff", "😀"]);
    expect(vocabulary).toMatchObject({ kind: "word", unknown: 0, end: 1 });
    expect(wordVocabulary("b a b c a d\n", { minimumCount: 2 }).tokens).toEqual(["<unk>", "<eos>", "a", "b"]);
    expect(() => wordVocabulary("a", { minimumCount: 0 })).toThrow(dataError("minimum-count"));
    expect(() => wordVocabulary(" ")).toThrow(dataError("empty-text"));
  });

  test("that are unknown are named, or become <unk>", () => {
    const vocabulary = wordVocabulary("one two");
    expect(() => encode(vocabulary, "one\n two three")).toThrow(
      dataError("unknown-token", /line 2, column 6.*"three"/),
    );
    expect([...encode(vocabulary, "one\nthree", { allowUnknown: true })]).toEqual([2, 1, 0]);
  });

  test("with names that every object has are plain words", () => {
    const text = "constructor __proto__ then toString hasOwnProperty";
    const vocabulary = wordVocabulary(text);
    expect(decode(vocabulary, encode(vocabulary, "then constructor"))).toBe("then constructor");
    expect(() => encode(vocabulary, "valueOf")).toThrow(dataError("unknown-token"));
  });

  test.each([
    'He said, "Oh (really) - yes!" and left.',
    "It costs $5, don't it?\nYes: 3.14%; well-known.",
    'a "b" "c d"\n"e"',
  ])("are joined again as they were: %j", (text) => {
    const vocabulary = wordVocabulary(text);
    expect(decode(vocabulary, encode(vocabulary, text))).toBe(text);
  });

  test("are cut where they never end, in linear time", () => {
    const families = ["a", "é", "1", ".", "-", "a-", "1,", "<", '"', "\n", " ", "a ", "😀", "<unk", "'"];
    for (const family of families) {
      const long = family.repeat(Math.ceil(200_000 / family.length));
      const started = performance.now();
      const vocabulary = wordVocabulary(`${long} x`);
      expect(Math.max(...vocabulary.tokens.map((token) => token.length))).toBeLessThanOrEqual(66);
      encode(vocabulary, long);
      expect(performance.now() - started, family).toBeLessThan(5000);
    }
  });
});

describe("bytes", () => {
  test("any text comes back, in one piece and streamed", () => {
    const vocabulary = byteVocabulary();
    expect(vocabulary.tokens.length).toBe(256);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const ids = encode(vocabulary, text);
        expect(decode(vocabulary, ids)).toBe(text);
        const { push, end } = decoder(vocabulary);
        const pieces = [...ids].map(push);
        expect(pieces.every((piece) => piece === "" || Array.from(piece).length === 1)).toBe(true);
        expect(pieces.join("") + end()).toBe(text);
      }),
    );
  });

  test("that are no UTF-8 become U+FFFD as the platform makes them", () => {
    const vocabulary = byteVocabulary();
    const platform = new TextDecoder("utf-8", { ignoreBOM: true });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0xe2, 0x82, 0xf0, 0x9f, 0xed, 0xa0, 0xc2)), { maxLength: 10 }),
        (list) => {
          expect(decode(vocabulary, list)).toBe(platform.decode(Uint8Array.from(list)));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("ids outside the vocabulary are refused", () => {
    for (const vocabulary of [byteVocabulary(), characterVocabulary("ab"), wordVocabulary("ab")]) {
      for (const id of [-1, 256, 0.5, Number.NaN]) {
        expect(() => decode(vocabulary, [id])).toThrow(dataError("token-id"));
      }
    }
  });
});

describe("an encoder", () => {
  test("may be used again and again", () => {
    const read = encoder(characterVocabulary("abc"));
    expect([...read("ab"), ...read("ca")]).toEqual([0, 1, 2, 0]);
  });
});

describe("vocabulary.json", () => {
  const json = (value: unknown) => encodeUtf8(JSON.stringify(value));
  const bytesTokens = byteVocabulary().tokens;
  const many = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`);

  test("comes back", () => {
    for (const vocabulary of [
      characterVocabulary('a"\\\n😀\u2028', { unknown: true }),
      wordVocabulary("__proto__ a\nb"),
      byteVocabulary(),
    ]) {
      expect(decodeVocabulary(encodeVocabulary(vocabulary), vocabulary.kind)).toEqual(vocabulary);
      expect(JSON.parse(decodeUtf8(encodeVocabulary(vocabulary)).text)).toEqual(vocabulary.tokens);
    }
    const empty = makeVocabulary("word", ["", "then", "__proto__"]);
    expect(decodeVocabulary(encodeVocabulary(empty), "word")).toEqual(empty);
  });

  const hostile: readonly (readonly [string, string, "char" | "word" | "byte", () => Uint8Array])[] = [
    ["nothing", "json-syntax", "char", () => new Uint8Array(0)],
    ["spaces", "json-syntax", "char", () => encodeUtf8("  ")],
    ["a byte order mark", "json-syntax", "char", () => encodeUtf8('\ufeff["a"]')],
    ["an object", "not-list", "char", () => encodeUtf8('{"a":"b"}')],
    ["an object with __proto__", "not-list", "char", () => encodeUtf8('{"__proto__":"b"}')],
    ["a text", "not-list", "char", () => json("ab")],
    ["null", "not-list", "char", () => json(null)],
    ["a number", "not-list", "char", () => json(3)],
    ["an empty list", "size", "char", () => json([])],
    ["a number as token", "not-string", "char", () => json(["a", 1])],
    ["null as token", "not-string", "char", () => json(["a", null])],
    ["true as token", "not-string", "word", () => json([true])],
    ["a list as token", "json-depth", "char", () => json([["a"]])],
    ["an object as token", "json-depth", "char", () => json([{ a: "b" }])],
    ["deep lists", "json-depth", "word", () => encodeUtf8("[".repeat(1_000_000))],
    ["a token twice", "duplicate", "char", () => json(["a", "b", "a"])],
    ["a word twice", "duplicate", "word", () => json(["<unk>", "a", "<unk>"])],
    ["a token twice, once escaped", "duplicate", "char", () => encodeUtf8('["a","\\u0061"]')],
    ["an empty character", "not-character", "char", () => json([""])],
    ["two characters", "not-character", "char", () => json(["ab"])],
    ["a letter with its accent apart", "not-character", "char", () => json(["e\u0301"])],
    ["a flag of two code points", "not-character", "char", () => json(["🇩🇪"])],
    ["<eos> among characters", "not-character", "char", () => json(["a", "<eos>"])],
    ["an escaped half surrogate", "json-lone-surrogate", "char", () => encodeUtf8('["\\ud83d"]')],
    ["an escaped second half", "json-lone-surrogate", "word", () => encodeUtf8('["\\ude00"]')],
    ["halves in wrong order", "json-lone-surrogate", "word", () => encodeUtf8('["\\ude00\\ud83d"]')],
    ["a surrogate in UTF-8", "utf8", "char", () => Uint8Array.of(0x5b, 0x22, 0xed, 0xa0, 0xbd, 0x22, 0x5d)],
    ["overlong UTF-8", "utf8", "char", () => Uint8Array.of(0x5b, 0x22, 0xc1, 0xa1, 0x22, 0x5d)],
    ["Latin-1", "utf8", "char", () => Uint8Array.of(0x5b, 0x22, 0xe9, 0x22, 0x5d)],
    ["UTF-16", "utf8", "char", () => Uint8Array.of(0xff, 0xfe, 0x5b, 0x00)],
    ["a sequence cut off", "utf8", "char", () => Uint8Array.of(0x5b, 0x22, 0xe2, 0x82)],
    ["above U+10FFFF", "utf8", "char", () => Uint8Array.of(0x5b, 0x22, 0xf4, 0x90, 0x80, 0x80, 0x22, 0x5d)],
    ["a bare newline in a token", "json-control-character", "char", () => encodeUtf8('["\n"]')],
    ["a zero byte in a token", "json-control-character", "char", () => encodeUtf8('["\u0000"]')],
    ["an unknown escape", "json-syntax", "char", () => encodeUtf8('["\\x61"]')],
    ["an escape cut off", "json-syntax", "char", () => encodeUtf8('["\\u00"]')],
    ["an escape at the end", "json-syntax", "char", () => encodeUtf8('["\\')],
    ["a list cut off", "json-syntax", "char", () => encodeUtf8('["a","b"')],
    ["a token cut off", "json-syntax", "char", () => encodeUtf8('["a","b')],
    ["a comma at the end", "json-syntax", "char", () => encodeUtf8('["a",]')],
    ["no commas", "json-syntax", "char", () => encodeUtf8('["a" "b"]')],
    ["single quotes", "json-syntax", "char", () => encodeUtf8("['a']")],
    ["more after the list", "json-syntax", "char", () => encodeUtf8('["a"]["b"]')],
    ["a zero byte after the list", "json-syntax", "char", () => encodeUtf8('["a"]\u0000')],
    ["a token without end", "token-length", "word", () => json(["a".repeat(limits.tokenUnits + 1)])],
    ["too many tokens", "json-values", "word", () => json(many(limits.vocabulary + 1))],
    ["too many bytes", "bytes", "word", () => new Uint8Array(limits.vocabularyBytes + 1)],
    ["255 bytes", "not-bytes", "byte", () => json(bytesTokens.slice(1))],
    ["257 bytes", "not-bytes", "byte", () => json([...bytesTokens, "<100>"])],
    ["bytes in another order", "not-bytes", "byte", () => json([...bytesTokens].reverse())],
    ["bytes in capitals", "not-bytes", "byte", () => json(bytesTokens.map((token) => token.toUpperCase()))],
  ];

  test("has more than forty hostile forms", () => {
    expect(new Set(hostile.map(([name]) => name)).size).toBeGreaterThan(40);
  });

  test.each(hostile)("%s: %s", (_, code, kind, make) => {
    const file = make();
    const started = performance.now();
    expect(() => decodeVocabulary(file, kind)).toThrow(
      expect.objectContaining({ name: "CheckpointError", code: `vocabulary-${code}` }),
    );
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
