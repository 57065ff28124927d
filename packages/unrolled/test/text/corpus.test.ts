// Corpora, and the chunks that training and evaluation read.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Chunks, evaluationChunks, evaluationStreams, streams } from "../../src/text/batches.js";
import { bytes, characters, textOf, words } from "../../src/text/corpus.js";
import { decode } from "../../src/text/decode.js";
import { encodeUtf8 } from "../../src/text/utf8.js";

const dataError = (code: string, message: RegExp = /./) =>
  expect.objectContaining({ name: "DataError", code, message: expect.stringMatching(message) });

describe("a corpus", () => {
  test("of characters trains on the first part and knows the letters of all", () => {
    const { vocabulary, training, validation } = characters("aaaaabbbbz", { validation: 0.2 });
    expect(vocabulary.tokens).toEqual(["a", "b", "z"]);
    expect([decode(vocabulary, training), decode(vocabulary, validation)]).toEqual(["aaaaabbb", "bz"]);
    expect(characters("ab".repeat(50)).validation.length).toBe(10);
    expect(characters("ab", { validation: 0 }).validation.length).toBe(0);
    expect(characters("ab", { unknown: true }).vocabulary.unknown).toBe(2);
  });

  test("of words knows the words of the training part alone", () => {
    const { vocabulary, training, validation } = words("a b a c\na b d d d d", { validation: 0.4, minimumCount: 2 });
    expect(vocabulary.tokens).toEqual(["<unk>", "<eos>", "a"]);
    expect([...training]).toEqual([2, 0, 2, 0, 1, 2]);
    expect([...validation]).toEqual([0, 0, 0, 0, 0]);
  });

  test("of bytes knows all bytes", () => {
    const { vocabulary, training, validation } = bytes(Uint8Array.of(0, 255, 3, 4, 5), { validation: 0.5 });
    expect([vocabulary.tokens.length, ...training, ...validation]).toEqual([256, 0, 255, 3, 4, 5]);
  });

  test("is refused where nothing can be learnt", () => {
    for (const make of [characters, words]) {
      expect(() => make("")).toThrow(dataError("empty-text"));
      expect(() => make("ab", { validation: 0.91 })).toThrow(dataError("validation-fraction"));
      expect(() => make("ab", { validation: -0.1 })).toThrow(dataError("validation-fraction"));
      expect(() => make("ab", { validation: Number.NaN })).toThrow(dataError("validation-fraction"));
    }
    expect(() => characters("aaaa")).toThrow(dataError("one-symbol", /"a" \(4 times\)/));
    expect(() => words("the the the the the")).toThrow(dataError("one-symbol"));
    expect(() => bytes(new Uint8Array(9))).toThrow(dataError("one-symbol"));
    expect(() => bytes(new Uint8Array(0))).toThrow(dataError("empty-text"));
  });

  test("text of a file: UTF-8, without byte order mark; what is wrong is named with its place", () => {
    expect(textOf(encodeUtf8("\ufeffaé"), "f")).toBe("aé");
    expect(() => textOf(new Uint8Array(0), "f.txt")).toThrow(dataError("empty-text", /^f\.txt: /));
    expect(() => textOf(Uint8Array.of(97, 0, 98), "f.txt")).toThrow(dataError("binary-text", /zero byte at 1/));
    expect(() => textOf(Uint8Array.of(97, 10, 98, 0xe9, 99), "f.txt")).toThrow(
      dataError("invalid-utf8", /^f\.txt, line 2, column 2: .*0xe9 at 3/),
    );
  });
});

const counting = (length: number) => Int32Array.from({ length }, (_, i) => i);

/** Row n of all chunks one after another: [ids read, ids predicted]. */
function row(chunks: Chunks, n: number): [number[], number[]] {
  const read: number[] = [];
  const predicted: number[] = [];
  for (let k = 0; k < chunks.count; k++) {
    const { x, y } = chunks.at(k);
    for (let t = 0; t < chunks.sequence; t++) {
      read.push(x[t * chunks.batch + n]!);
      predicted.push(y[t * chunks.batch + n]!);
    }
  }
  return [read, predicted];
}

describe("training streams", () => {
  test("are contiguous, time-major, and predict the next token", () => {
    const chunks = streams(counting(24), { batch: 2, sequence: 3 });
    expect([chunks.count, chunks.tokens, chunks.dropped]).toEqual([3, 18, 5]);
    expect([...chunks.at(0).x]).toEqual([0, 11, 1, 12, 2, 13]);
    expect([...chunks.at(0).y]).toEqual([1, 12, 2, 13, 3, 14]);
    expect(row(chunks, 0)[0]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(row(chunks, 1)[1]).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20]);
  });

  test("reuse their arrays, and any chunk can be the first", () => {
    const chunks = streams(counting(50), { batch: 2, sequence: 5 });
    const { x } = chunks.at(3);
    const third = [...x];
    expect(chunks.at(0).x).toBe(x);
    expect([...chunks.at(3).x]).toEqual(third);
    expect(third[0]).toBe(15);
    for (const index of [-1, 4, 0.5]) expect(() => chunks.at(index)).toThrow(dataError("chunk-index"));
  });

  test("every token but the dropped is predicted once, whatever the sizes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 200 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 9 }),
        (length, batch, sequence) => {
          if (length < batch * sequence + 1) return;
          const chunks = streams(counting(length), { batch, sequence });
          const seen: number[] = [];
          for (let n = 0; n < batch; n++) {
            const [read, predicted] = row(chunks, n);
            expect(predicted).toEqual(read.map((id) => id + 1));
            expect(read).toEqual(read.map((_, i) => read[0]! + i));
            seen.push(...predicted);
          }
          expect(new Set(seen).size).toBe(chunks.tokens);
          expect(chunks.tokens + chunks.dropped).toBe(length - 1);
          expect(chunks.dropped).toBeLessThan(batch * sequence + batch);
        },
      ),
    );
  });

  test("of too little text say how much is needed and what to change", () => {
    const size = { batch: 4, sequence: 10 };
    expect(streams(counting(41), size).count).toBe(1);
    expect(() => streams(counting(40), size)).toThrow(dataError("too-short", /at least 41 tokens.*was 40/));
    const hint = (length: number) => {
      try {
        streams(counting(length), size);
      } catch (error) {
        return (error as { hint: string }).hint;
      }
      return "";
    };
    expect(hint(40)).toContain("--batch 3");
    expect(streams(counting(40), { batch: 3, sequence: 10 }).count).toBe(1);
    expect(hint(7)).toContain("--batch 1 --sequence 6");
    expect(streams(counting(7), { batch: 1, sequence: 6 }).count).toBe(1);
    expect(hint(0)).toBe("use more text");
    expect(() => streams(counting(9), { batch: 0, sequence: 1 })).toThrow(dataError("batch-size"));
    expect(() => streams(counting(9), { batch: 1, sequence: 1.5 })).toThrow(dataError("sequence-length"));
  });
});

describe("evaluation", () => {
  test("in one stream predicts every token after the first once, in order", () => {
    const chunks = evaluationChunks(counting(8), { sequence: 3 });
    expect([chunks.batch, chunks.count, chunks.tokens, chunks.dropped]).toEqual([1, 3, 7, 0]);
    expect(row(chunks, 0)).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 0, 0],
      [1, 2, 3, 4, 5, 6, 7, -1, -1],
    ]);
    expect([0, 1, 2].map((k) => chunks.at(k).tokens)).toEqual([3, 3, 1]);
    expect(() => evaluationChunks(counting(1), { sequence: 3 })).toThrow(dataError("too-short"));
  });

  test("in several streams predicts every token after the first once", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        (length, batch, sequence) => {
          const chunks = evaluationStreams(counting(length), { batch, sequence });
          const seen: number[] = [];
          for (let n = 0; n < batch; n++) {
            const [read, predicted] = row(chunks, n);
            predicted.forEach((id, i) => {
              if (id >= 0) expect(id).toBe(read[i]! + 1);
              else expect(read[i]).toBe(0);
            });
            const real = predicted.filter((id) => id >= 0);
            expect(real).toEqual(real.map((_, i) => real[0]! + i));
            seen.push(...real);
          }
          expect(seen.sort((a, b) => a - b)).toEqual([...counting(length).subarray(1)]);
          expect(chunks.tokens).toBe(length - 1);
          const counted = Array.from({ length: chunks.count }, (_, k) => chunks.at(k).tokens);
          expect(counted.reduce((a, b) => a + b)).toBe(chunks.tokens);
        },
      ),
    );
  });
});
