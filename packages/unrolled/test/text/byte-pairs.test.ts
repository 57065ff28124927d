// Byte-pair encoding: learning, encoding, decoding, vocabulary.json.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BytePairs, mergePiece, mergeTable, pairKey } from "../../src/text/byte-pairs.js";
import { bytePairVocabulary } from "../../src/text/byte-pair-train.js";
import { bytesToLetters } from "../../src/text/byte-letters.js";
import { encodeBlocks } from "../../src/text/blocks.js";
import { bytePairs } from "../../src/text/corpus.js";
import { decode, decoder } from "../../src/text/decode.js";
import { encode, encoder } from "../../src/text/encode.js";
import { pieceScanner } from "../../src/text/pieces.js";
import { decodeUtf8, encodeUtf8 } from "../../src/text/utf8.js";
import { bytePairVocabularyOf, type Vocabulary } from "../../src/text/vocabulary.js";
import { decodeVocabulary, encodeVocabulary } from "../../src/text/vocabulary-file.js";

const dataError = (code: string) => expect.objectContaining({ name: "DataError", code });

const piecesOf = (kind: Parameters<typeof pieceScanner>[0], text: string): string[] => {
  const pieces: string[] = [];
  pieceScanner(kind)(text, (start, end) => {
    pieces.push(text.slice(start, end));
  });
  return pieces;
};

const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom(..." '\"\n\t\r aAzé漢1२.,-_😀\u0301\u200d\u0085\u00a0\ufeff", "'s", "'ll", "  ", "don't", "<eos>"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 40,
});

describe("pieces", () => {
  test("of GPT-2 are those of its pattern", () => {
    const pattern =
      /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
    fc.assert(
      fc.property(nasty, (text) => {
        expect(piecesOf("gpt2", text)).toEqual(text.match(pattern) ?? []);
      }),
      { numRuns: 2000 },
    );
  });

  test("of words keep marks with letters, and contractions whole enough", () => {
    expect(piecesOf("words", " He said: e\u0301te\u0301 don't  go\n\n now 3.5")).toEqual([
      " He",
      " said",
      ":",
      " e\u0301te\u0301",
      " don",
      "'",
      "t",
      " ",
      " go",
      "\n\n",
      " now",
      " 3",
      ".",
      "5",
    ]);
  });

  test("of other kinds", () => {
    expect(piecesOf("whitespace", "  a_b's, c\n")).toEqual(["a_b", "'", "s", ",", "c"]);
    expect(piecesOf("spaces", "  a_b's, c\n")).toEqual(["a_b's,", "c"]);
    expect(piecesOf("metaspace", "▁a▁▁b")).toEqual(["▁a", "▁", "▁b"]);
    expect(piecesOf("none", "a b")).toEqual(["a b"]);
    for (const kind of ["whitespace", "spaces", "metaspace", "none"] as const) expect(piecesOf(kind, "")).toEqual([]);
  });

  test("put together are the text", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        for (const kind of ["gpt2", "words", "metaspace", "none"] as const)
          expect(piecesOf(kind, text).join("")).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });
});

/** The definition: count all pairs again after every merge. */
function learnNaively(text: string, size: number): string[] {
  let words = piecesOf("words", text).map((piece) => [...encodeUtf8(piece)]);
  const tokens = [...bytePairVocabulary("x", { size: 256 }).tokens];
  while (tokens.length < size) {
    const counts = new Map<number, number>();
    for (const word of words)
      for (let i = 0; i + 1 < word.length; i++) {
        const key = pairKey(word[i], word[i + 1]);
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    const [best] = [...counts].sort((x, y) => y[1] - x[1] || x[0] - y[0]);
    if (!best || best[1] < 2) break;
    const [a, b] = [Math.floor(best[0] / 2 ** 20), best[0] % 2 ** 20];
    const token = tokens[a] + tokens[b];
    const known = tokens.indexOf(token);
    const id = known >= 0 ? known : tokens.push(token) - 1;
    words = words.map((word) => mergedIn(word, a, b, id));
  }
  return tokens;
}

function mergedIn(word: readonly number[], a: number, b: number, id: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < word.length; i++) {
    const here = word[i] === a && word[i + 1] === b;
    out.push(here ? id : word[i]);
    if (here) i++;
  }
  return out;
}

describe("learning", () => {
  test("is what counting everything again after every merge would learn", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "b", "c", " ", "é"), maxLength: 120 }), (text) => {
        fc.pre(text.length > 0);
        expect(bytePairVocabulary(text, { size: 280 }).tokens).toEqual(learnNaively(text, 280));
      }),
      { numRuns: 300 },
    );
  });

  test("of the example of Sennrich 2016: es, est, lo, low are the first merges", () => {
    const text = `${"low\n".repeat(5)}${"lower\n".repeat(2)}${"newest\n".repeat(6)}${"widest\n".repeat(3)}`;
    // es 9 (before st by its ids), est 9, lo 7 (before ow), low 7.
    const learnt = bytePairVocabulary(text, { size: 260 }).tokens.slice(256);
    expect(learnt).toEqual(["es", "est", "lo", "low"]);
  });

  test("does not depend on the order of the texts, and takes several", () => {
    const [a, b] = ["the cat sat on the mat ", "der Hund saß auf der Matte "];
    const together = bytePairVocabulary([a.repeat(3), b.repeat(3)], { size: 300 });
    expect(bytePairVocabulary([b.repeat(3), a.repeat(3)], { size: 300 })).toEqual(together);
    expect(bytePairVocabulary([a, a, a, b, b, b], { size: 300 })).toEqual(
      bytePairVocabulary([b, a, b, a, b, a], { size: 300 }),
    );
  });

  test("stops where no pair comes often enough", () => {
    expect(bytePairVocabulary("abcdefg", { size: 1000 }).tokens.length).toBe(256);
    expect(bytePairVocabulary("abab", { size: 1000 }).tokens.slice(256)).toEqual(["ab"]);
    expect(bytePairVocabulary("abab", { size: 1000, minimumCount: 3 }).tokens.slice(256)).toEqual([]);
  });

  test("refuses sizes and texts that make no vocabulary", () => {
    expect(() => bytePairVocabulary("", { size: 300 })).toThrow(dataError("empty-text"));
    expect(() => bytePairVocabulary([], { size: 300 })).toThrow(dataError("empty-text"));
    for (const size of [0, 255, 2e6, 300.5, Number.NaN])
      expect(() => bytePairVocabulary("a", { size })).toThrow(dataError("vocabulary-size"));
    expect(() => bytePairVocabulary("a", { size: 300, minimumCount: 0 })).toThrow(dataError("minimum-count"));
  });
});

describe("encoding", () => {
  const learnt = bytePairVocabulary("the theme of this thesis is that those thistles thrive, naïve 漢字 ".repeat(4), {
    size: 320,
  });

  test("gives any text back exactly, in one piece and streamed", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const ids = encode(learnt, text);
        const whole = decodeUtf8(encodeUtf8(text)).text; // halves of pairs become U+FFFD
        expect(decode(learnt, ids)).toBe(whole);
        const { push, end } = decoder(learnt);
        expect([...ids].map(push).join("") + end()).toBe(whole);
      }),
      { numRuns: 1000 },
    );
  });

  test("uses what was learnt", () => {
    const tokens = [...encode(learnt, "the thesis")].map((id) => learnt.tokens[id]);
    expect(tokens.join("")).toBe("theĠthesis");
    expect(tokens.length).toBeLessThan(6);
  });

  test("merges the lowest rank first, the leftmost of equals, in short and long pieces alike", () => {
    const tokens = ["a", "b", "ab", "aa", "aba", "bb", "aab"];
    const merges = [
      [0, 0],
      [0, 1],
      [1, 1],
      [2, 0],
      [3, 1],
    ] as const;
    const table = mergeTable(tokens, merges);
    const naive = (ids: readonly number[]): number[] => {
      let now = [...ids];
      for (;;) {
        const ranks = now.slice(1).map((b, i) => merges.findIndex(([x, y]) => x === now[i] && y === b));
        const best = Math.min(...ranks.map((rank) => (rank < 0 ? 99 : rank)), 99);
        if (best === 99) return now;
        const at = ranks.indexOf(best);
        const [x, y] = merges[best];
        now = [...now.slice(0, at), tokens.indexOf(tokens[x] + tokens[y]), ...now.slice(at + 2)];
      }
    };
    fc.assert(
      fc.property(fc.array(fc.nat(1), { maxLength: 70 }), (ids) => {
        const work = Int32Array.from(ids);
        expect([...work.subarray(0, mergePiece(work, work.length, table))]).toEqual(naive(ids));
      }),
      { numRuns: 500 },
    );
  });

  test("remembers pieces without mixing them up", () => {
    const read = encoder(learnt);
    const texts = ["constructor __proto__ then toString", "the the the", "__proto__", ""];
    for (const text of [...texts, ...texts]) {
      expect([...read(text)]).toEqual([...encode(learnt, text)]);
      expect(decode(learnt, read(text))).toBe(text);
    }
  });

  test("cuts added tokens out of the text first, the longest of those that begin at a place", () => {
    const pairs: BytePairs = { ...(learnt.pairs as BytePairs), added: [0, 1, 2].map((i) => learnt.tokens.length + i) };
    const vocabulary = bytePairVocabularyOf([...learnt.tokens, "<s>", "<s>!", "then"], pairs);
    const names = (text: string) => [...encode(vocabulary, text)].map((id) => vocabulary.tokens[id]);
    expect(names("<s>!then<s> <s")).toEqual(["<s>!", "then", "<s>", "Ġ", "<", "s"]);
    expect(decode(vocabulary, encode(vocabulary, "é<s>!then<s> <s"))).toBe("é<s>!then<s> <s");
  });

  test("of blocks is that of the text in one piece", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 12 }), { maxLength: 6 }), (blocks) => {
        const made: number[] = [];
        const reading = encodeBlocks(learnt, (ids) => {
          made.push(...ids);
        });
        const texts = blocks.map((text) => decodeUtf8(encodeUtf8(text)).text);
        for (const text of texts) reading.add(encodeUtf8(text));
        expect(reading.end()).toBe(made.length);
        expect(made).toEqual([...encode(learnt, texts.join(""))]);
      }),
      { numRuns: 500 },
    );
  });

  test("a corpus learns its tokens from its training part", () => {
    const corpus = bytePairs(`${"abab ".repeat(90)}${"cdcd ".repeat(10)}`, { size: 300, validation: 0.1 });
    expect(corpus.vocabulary.tokens.some((token) => token.includes("ab"))).toBe(true);
    expect(corpus.vocabulary.tokens.some((token) => token.includes("cd"))).toBe(false);
    expect(decode(corpus.vocabulary, corpus.training)).toBe("abab ".repeat(90));
    expect(decode(corpus.vocabulary, corpus.validation)).toBe("cdcd ".repeat(10));
    expect(() => bytePairs("aaaa", { size: 256, validation: 0 })).toThrow(dataError("one-symbol"));
  });

  test("bytes become letters and back", () => {
    expect(bytesToLetters(" aé\n")).toBe("ĠaÃ©Ċ");
    expect(new Set(learnt.tokens.slice(0, 256)).size).toBe(256);
  });
});

describe("in linear time", () => {
  const families = ["a", "ab", "é", "1", " ", "\n", "a ", "'s", "<", "😀", "the ", "\u0301"];

  test("learns and encodes what never ends", () => {
    const pairs = (vocabulary: Vocabulary): Vocabulary =>
      bytePairVocabularyOf([...vocabulary.tokens, "<<<<<<<<!"], {
        ...(vocabulary.pairs as BytePairs),
        added: [vocabulary.tokens.length],
      });
    for (const family of families) {
      const time = (units: number): number => {
        const long = family.repeat(units / family.length);
        const started = performance.now();
        const vocabulary = pairs(bytePairVocabulary(long, { size: 270 }));
        encode(vocabulary, long);
        return performance.now() - started;
      };
      time(20_000);
      // Generous: other work shares the machine. Quadratic time would make it 16 times.
      expect(time(160_000), family).toBeLessThan(9 * time(40_000) + 300);
    }
  });
});

describe("vocabulary.json of byte-pair tokens", () => {
  const learnt = bytePairVocabulary("low lower lowest __proto__ ".repeat(3), { size: 270 });
  const good = JSON.parse(new TextDecoder().decode(encodeVocabulary(learnt))) as Record<string, unknown>;
  const changed = (change: object) => encodeUtf8(JSON.stringify({ ...good, ...change }));

  test("comes back", () => {
    expect(decodeVocabulary(encodeVocabulary(learnt), "bpe")).toEqual(learnt);
    const other = bytePairVocabularyOf(
      ["__proto__", "constructor", "", "a", "b", "ab", "[UNK]"],
      {
        units: "characters",
        pieces: "metaspace",
        prefix: "first",
        suffix: "</w>",
        byteFallback: true,
        fuseUnknown: true,
        wholePieces: true,
        join: "metaspace",
        added: [0, 1],
        merges: [[3, 4]],
      },
      6,
    );
    expect(decodeVocabulary(encodeVocabulary(other), "bpe")).toEqual(other);
  });

  const hostile: readonly (readonly [string, string, () => Uint8Array])[] = [
    ["nothing", "json-syntax", () => new Uint8Array(0)],
    ["a list", "not-object", () => encodeUtf8('["a"]')],
    ["a text", "not-object", () => encodeUtf8('"a"')],
    ["an empty object", "not-list", () => encodeUtf8("{}")],
    ["another key", "key", () => changed({ more: 1 })],
    ["__proto__ as key", "key", () => encodeUtf8('{"__proto__":{"tokens":["a"]},"tokens":["a"]}')],
    ["a key twice", "json-duplicate-key", () => encodeUtf8('{"tokens":[],"tokens":[]}')],
    ["no tokens", "size", () => changed({ tokens: [] })],
    ["tokens that are no list", "not-list", () => changed({ tokens: { a: 0 } })],
    ["a number as token", "not-string", () => changed({ tokens: [1] })],
    ["a token twice", "duplicate", () => changed({ tokens: ["a", "a"] })],
    ["a token without end", "token-length", () => changed({ tokens: ["a".repeat(2000)] })],
    ["no merges", "value", () => changed({ merges: null })],
    ["merges of text", "merge", () => changed({ merges: ["a b"] })],
    ["a merge of one", "merge", () => changed({ merges: [[1]] })],
    ["a merge of three", "merge", () => changed({ merges: [[1, 2, 3]] })],
    ["a merge outside", "merge", () => changed({ merges: [[1, 270]] })],
    ["a merge of a huge id", "merge", () => changed({ merges: [[1, 2 ** 40]] })],
    ["a negative id", "json-negative", () => changed({ merges: [[-1, 2]] })],
    ["a fraction", "json-fraction", () => changed({ merges: [[0.5, 2]] })],
    ["a merge that makes no token", "merge", () => changed({ merges: [[1, 2]] })],
    [
      "a merge twice",
      "merge",
      () => changed({ merges: [...(good.merges as unknown[]), (good.merges as unknown[])[0]] }),
    ],
    ["a merge with nothing", "merge", () => changed({ tokens: ["", "a"], added: [], merges: [[0, 1]] })],
    ["a deep merge", "json-depth", () => changed({ merges: [[[1]]] })],
    ["an added token outside", "merge", () => changed({ added: [270] })],
    ["an added text", "merge", () => changed({ added: ["a"] })],
    ["unknown outside", "merge", () => changed({ unknown: 270 })],
    ["other units", "value", () => changed({ units: "toString" })],
    ["other pieces", "value", () => changed({ pieces: 3 })],
    ["another prefix", "value", () => changed({ prefix: null })],
    ["another join", "value", () => changed({ join: ["bytes"] })],
    ["a flag of text", "value", () => changed({ byteFallback: "true" })],
    ["a flag of one", "value", () => changed({ wholePieces: 1 })],
    ["no flag", "value", () => changed({ fuseUnknown: undefined })],
    ["a suffix of numbers", "value", () => changed({ suffix: 1 })],
    ["a suffix without end", "value", () => changed({ suffix: "a".repeat(2000) })],
    ["half a surrogate", "json-lone-surrogate", () => encodeUtf8('{"tokens":["\\ud800"]}')],
    ["Latin-1", "utf8", () => Uint8Array.of(0x7b, 0x22, 0xe9, 0x22)],
    ["cut off", "json-syntax", () => encodeVocabulary(learnt).slice(0, -20)],
    ["more after it", "json-syntax", () => encodeUtf8(`${JSON.stringify(good)}{}`)],
    ["deep", "json-depth", () => encodeUtf8("[".repeat(100_000))],
  ];

  test("has more than forty hostile forms", () => expect(hostile.length).toBeGreaterThan(40));

  test.each(hostile)("%s: %s", (_, code, make) => {
    expect(() => decodeVocabulary(make(), "bpe")).toThrow(
      expect.objectContaining({ name: "CheckpointError", code: `vocabulary-${code}` }),
    );
  });
});
