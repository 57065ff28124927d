// The n-gram baseline: by hand, against a direct reading of the formula, on real text, and its file.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32 } from "../../src/io/crc32.js";
import { decodeNgram, encodeNgram } from "../../src/io/ngram-file.js";
import { close } from "../../src/testing/close.js";
import { characters } from "../../src/text/corpus.js";
import { bestNgram, fitNgram, ngramScorer } from "../../src/text/ngram.js";

const dataError = (code: string) => expect.objectContaining({ name: "DataError", code });

/** The formula word for word, with texts as keys. */
function direct(training: readonly number[], heldOut: readonly number[], order: number, V: number): number {
  const followers = new Map<string, Map<number, number>>();
  training.forEach((token, i) => {
    for (let k = 0; k <= order && k <= i; k++) {
      const context = training.slice(i - k, i).join(",");
      const seen = followers.get(`${k}:${context}`) ?? new Map<number, number>();
      followers.set(`${k}:${context}`, seen.set(token, (seen.get(token) ?? 0) + 1));
    }
  });
  const probability = (token: number, context: readonly number[]): number => {
    const shorter = context.length === 0 ? 1 / V : probability(token, context.slice(1));
    const seen = followers.get(`${context.length}:${context.join(",")}`);
    if (seen === undefined) return shorter;
    const total = [...seen.values()].reduce((a, b) => a + b);
    return ((seen.get(token) ?? 0) + seen.size * shorter) / (total + seen.size);
  };
  let nats = 0;
  heldOut.forEach((token, i) => {
    if (i > 0) nats -= Math.log(probability(token, heldOut.slice(Math.max(0, i - order), i)));
  });
  return nats / (heldOut.length - 1);
}

describe("an n-gram model", () => {
  test("of order 0 and 1 on a text of four letters, by hand", () => {
    // a a b a: n(a) = 3, n(b) = 1, d = 2. After a: a once, b once. After b: a once.
    const model = fitNgram(Int32Array.of(0, 0, 1, 0), { order: 1, vocabularySize: 2 });
    const a = (3 + 2 / 2) / (4 + 2);
    const b = (1 + 2 / 2) / (4 + 2);
    const aAfterA = (1 + 2 * a) / (2 + 2);
    const bAfterA = (1 + 2 * b) / (2 + 2);
    const aAfterB = (1 + 1 * a) / (1 + 1);
    close(
      ngramScorer(model).nats(Int32Array.of(0, 0, 1, 0)),
      [-(Math.log(a) * 2 + Math.log(b)) / 3, -(Math.log(aAfterA) + Math.log(bAfterA) + Math.log(aAfterB)) / 3],
      { relative: 1e-14 },
    );
  });

  test("equals the formula on any text, every order, seen and unseen tokens", () => {
    const V = 4;
    const text = (minLength: number) => fc.array(fc.nat(V - 1), { minLength, maxLength: 40 });
    fc.assert(
      fc.property(text(1), text(2), (training, heldOut) => {
        const model = fitNgram(Int32Array.from(training), { order: 4, vocabularySize: V });
        const nats = ngramScorer(model).nats(Int32Array.from(heldOut));
        expect(nats.length).toBe(Math.min(4, training.length - 1) + 1);
        nats.forEach((value, order) => {
          close(value, direct(training, heldOut, order, V), { relative: 1e-12, label: `order ${order}` });
        });
      }),
    );
  });

  test("gives probabilities that sum to 1", () => {
    const training = Int32Array.from({ length: 300 }, (_, i) => (i * i + (i >> 3)) % 5);
    const scorer = ngramScorer(fitNgram(training, { order: 3, vocabularySize: 7 }));
    for (const context of [[0, 1, 4], [6], [2, 2, 2, 2], [1, 3]]) {
      const before = context.length < 2 ? 0 : scorer.nats(Int32Array.from(context))[3]! * (context.length - 1);
      let sum = 0;
      for (let token = 0; token < 7; token++) {
        const all = scorer.nats(Int32Array.of(...context, token))[3]! * context.length;
        sum += Math.exp(before - all);
      }
      close(sum, 1, { relative: 1e-12 });
    }
  });

  test("keeps the order that reads the held-out text best, and lowers it where memory ends", () => {
    const ids = (length: number, seed: number) => {
      return Int32Array.from({ length }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 20) % 9);
    };
    const best = bestNgram(ids(3000, 1), ids(400, 77_000), { vocabularySize: 9, order: 5 });
    expect(best.natsOfOrder.length).toBe(6);
    expect(best.nats).toBe(Math.min(...best.natsOfOrder));
    expect(best.model.order).toBe(best.natsOfOrder.indexOf(best.nats));
    close(ngramScorer(best.model).nats(ids(400, 77_000))[best.model.order]!, best.nats, { relative: 0, absolute: 0 });
    const small = fitNgram(ids(3000, 1), { vocabularySize: 9, order: 5, nodes: 100 });
    const whole = fitNgram(ids(3000, 1), { vocabularySize: 9, order: 5 });
    expect(small.levels).toEqual(whole.levels.slice(0, small.order + 3));
    expect(small.parents.length).toBeLessThanOrEqual(100);
    expect(whole.levels[small.order + 3]).toBeGreaterThan(100);
  });

  test("refuses what it cannot count", () => {
    const fit =
      (ids: number[], order: number, V = 3) =>
      () =>
        fitNgram(Int32Array.from(ids), { order, vocabularySize: V });
    expect(fit([0, 1], 7)).toThrow(dataError("ngram-order"));
    expect(fit([0, 1], -1)).toThrow(dataError("ngram-order"));
    expect(fit([], 1)).toThrow(dataError("too-short"));
    expect(fit([0, 3], 1)).toThrow(dataError("token-id"));
    const { nats } = ngramScorer(fitNgram(Int32Array.of(0, 1), { order: 1, vocabularySize: 3 }));
    expect(() => nats(Int32Array.of(0))).toThrow(dataError("too-short"));
    expect(() => nats(Int32Array.of(0, -1))).toThrow(dataError("token-id"));
  });
});

const shared = join(dirname(fileURLToPath(import.meta.url)), "../../../../../shared/data/tinyshakespeare.txt");

describe.skipIf(!existsSync(shared))(`tinyshakespeare (skipped where ${"../shared/data"} is absent)`, () => {
  test("90/10: the published nats of orders 0 to 5", () => {
    const { vocabulary, training, validation } = characters(readFileSync(shared, "utf8"));
    expect([vocabulary.tokens.length, training.length, validation.length]).toEqual([65, 1003854, 111540]);
    const best = bestNgram(training, validation, { vocabularySize: 65 });
    close(best.natsOfOrder, [3.347, 2.486, 2.049, 1.774, 1.669, 1.698], { relative: 0, absolute: 0.003 });
    expect(best.model.order).toBe(4);
    const file = encodeNgram(best.model);
    expect(file.length).toBeLessThan(600_000);
    close(ngramScorer(decodeNgram(file)).nats(validation)[4]!, best.nats, { relative: 1e-13 });
  });
});

describe("ngram.bin", () => {
  const training = Int32Array.from({ length: 500 }, (_, i) => (i * i * 7 + (i >> 2)) % 11);
  const file = () => encodeNgram(fitNgram(training, { order: 3, vocabularySize: 300 }));
  const sealed = (body: readonly number[]) => {
    const bytes = Uint8Array.of(0x55, 0x4e, 0x47, 0x52, 1, ...body, 0, 0, 0, 0);
    const end = bytes.length - 4;
    new DataView(bytes.buffer).setUint32(end, crc32(bytes.subarray(0, end)), true);
    return bytes;
  };

  test("comes back with the same probabilities, and the same bytes", () => {
    const model = fitNgram(training, { order: 3, vocabularySize: 300 });
    const read = decodeNgram(encodeNgram(model));
    expect([read.order, read.vocabularySize, read.levels]).toEqual([model.order, model.vocabularySize, model.levels]);
    close(ngramScorer(read).nats(training), ngramScorer(model).nats(training), { relative: 0, absolute: 0 });
    expect([...encodeNgram(read)]).toEqual([...encodeNgram(model)]);
  });

  test("with any bit flipped or any byte missing is refused", () => {
    const bytes = file();
    for (let at = 0; at < bytes.length; at++) {
      bytes[at]! ^= 1 << (at & 7);
      expect(() => decodeNgram(bytes), `byte ${at}`).toThrow(expect.objectContaining({ name: "CheckpointError" }));
      bytes[at]! ^= 1 << (at & 7);
      if (at % 50 === 0) expect(() => decodeNgram(bytes.subarray(0, at))).toThrow();
    }
  });

  // order, V, nodes, then children of each node: number, (token distance, count) ...
  test.each([
    ["nothing but the head", "truncated", []],
    ["an order of 7", "order", [7, 2, 1, 0]],
    ["no vocabulary", "vocabulary", [0, 0, 1, 0]],
    ["a vocabulary above the limit", "vocabulary", [0, 0xff, 0xff, 0xff, 0x7f, 1, 0]],
    ["no nodes", "nodes", [0, 2, 0, 0]],
    ["more nodes than bytes", "nodes", [0, 2, 0xff, 0xff, 0xff, 0xff, 7, 0]],
    ["more children than nodes", "nodes", [0, 2, 2, 2, 0, 1, 0, 1]],
    ["fewer children than nodes", "nodes", [0, 2, 3, 1, 0, 1, 0]],
    ["a token outside", "token", [0, 2, 2, 1, 2, 1]],
    ["a count of zero", "count", [0, 2, 2, 1, 0, 0]],
    ["bytes after the nodes", "trailing", [0, 2, 2, 1, 0, 1, 9]],
    ["an endless number", "number", [0, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]],
    ["a number of 2^31", "number", [0, 2, 0x80, 0x80, 0x80, 0x80, 8, 0]],
  ])("%s: ngram-%s", (_, code, body) => {
    expect(() => decodeNgram(sealed(body))).toThrow(
      expect.objectContaining({ name: "CheckpointError", code: `ngram-${code}` }),
    );
    expect(decodeNgram(sealed([0, 2, 2, 1, 0, 1])).levels).toEqual([0, 1, 2]);
  });
});
