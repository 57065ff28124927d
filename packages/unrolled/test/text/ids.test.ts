// Ids that lie elsewhere: the same chunks, the same name, the same weights as in memory.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openReference } from "../../src/device/reference/index.js";
import type { TrainEvent } from "../../src/train/events.js";
import { type Chunk, evaluationStreams, streams } from "../../src/text/batches.js";
import { characters } from "../../src/text/corpus.js";
import { eachWindow, firstIds, type IdSource, sliceIds } from "../../src/text/ids.js";
import { fingerprint } from "../../src/train/fingerprint.js";
import { train } from "../../src/train/train.js";
import { languageModel } from "../../src/models/language-model.js";

/** A source that keeps to its promise: reading past the end is an error. It counts its readings. */
function sourceOf(ids: Int32Array): IdSource & { readonly readings: () => number } {
  let readings = 0;
  return {
    length: ids.length,
    read: (from, into) => {
      readings++;
      if (!(from >= 0 && from + into.length <= ids.length)) throw new Error(`read of ${from} + ${into.length}`);
      into.set(ids.subarray(from, from + into.length));
    },
    readings: () => readings,
  };
}

const same = (a: Chunk, b: Chunk): boolean =>
  a.x.every((id, i) => id === b.x[i]) && a.y.every((id, i) => id === b.y[i]) && a.tokens === b.tokens;

const someIds = (length: number) => Int32Array.from({ length }, (_, i) => ((i * 2654435761) % 1000) | 0);

describe("ids read in windows", () => {
  const sizes = [
    fc.integer({ min: 2, max: 300 }),
    fc.integer({ min: 1, max: 7 }),
    fc.integer({ min: 1, max: 9 }),
  ] as const;

  test("make the chunks of those in memory, in any order", () => {
    fc.assert(
      fc.property(...sizes, fc.array(fc.nat(1000), { maxLength: 20 }), (length, batch, sequence, order) => {
        for (const make of [streams, evaluationStreams]) {
          if (make === streams && length < batch * sequence + 1) continue;
          const ids = someIds(length);
          const inMemory = make(ids, { batch, sequence });
          const elsewhere = make(sourceOf(ids), { batch, sequence });
          expect({ ...elsewhere, at: 0 }).toEqual({ ...inMemory, at: 0 });
          const all = [...Array(inMemory.count).keys(), ...order.map((n) => n % inMemory.count)];
          for (const index of all) expect(elsewhere.at(index)).toEqual(inMemory.at(index));
        }
      }),
    );
  });

  test("are read far ahead, and seldom", () => {
    const ids = sourceOf(someIds(400_000));
    // 1024 chunks of 64 would fill a window but for the id after the last.
    const size = { batch: 2, sequence: 64 };
    const chunks = streams(ids, size);
    const inMemory = streams(someIds(400_000), size);
    expect(ids.readings()).toBe(0);
    for (let i = 0; i < chunks.count; i++)
      if (!same(chunks.at(i), inMemory.at(i))) throw new Error(`chunk ${i} differs`);
    // Two streams of 200,000 ids in windows of 65,536.
    expect(ids.readings()).toBeGreaterThanOrEqual(8);
    expect(ids.readings()).toBeLessThanOrEqual(10);
  });

  test("a reading that fails spoils no window", () => {
    const ids = someIds(200_000);
    const good = sourceOf(ids);
    let fails = false;
    const chunks = streams(
      {
        length: ids.length,
        read: (from, into) => {
          if (fails) {
            into.fill(-7);
            throw new Error("no");
          }
          good.read(from, into);
        },
      },
      { batch: 1, sequence: 100 },
    );
    const first = [...chunks.at(0).x];
    fails = true;
    expect(() => chunks.at(1998)).toThrow("no");
    fails = false;
    expect([...chunks.at(0).x]).toEqual(first);
  });

  test("parts, beginnings and names are those of the ids", () => {
    const ids = someIds(600_001);
    const part = sliceIds(sourceOf(ids), 1000, 600_000);
    expect(part.length).toBe(599_000);
    expect(firstIds(part, 5)).toEqual(ids.subarray(1000, 1005));
    expect(firstIds(ids, 1e9)).toBe(ids);
    let sum = 0;
    eachWindow(part, (window) => {
      for (const id of window) sum += id;
    });
    expect(sum).toBe(ids.subarray(1000, 600_000).reduce((a, b) => a + b));
    expect(fingerprint(part)).toBe(fingerprint(ids.slice(1000, 600_000)));
    expect(fingerprint({ ...part, fingerprint: "known" })).toBe("known");
    const changed = ids.slice(1000, 600_000);
    changed[599_000 - 1] ^= 1;
    expect(fingerprint(changed)).not.toBe(fingerprint(part));
  });

  test("train the same weights, to the bit", async () => {
    const { vocabulary, training, validation } = characters("the cat sat on the mat, the dog ran. ".repeat(20));
    const run = async (corpus: Parameters<typeof train>[0]["corpus"]): Promise<TrainEvent[]> => {
      const model = languageModel({ vocabulary, cell: "gru", hidden: [6] });
      const events: TrainEvent[] = [];
      for await (const event of train({ model, corpus, device: openReference(), batch: 3, sequence: 7, epochs: 2 }))
        events.push(event);
      return events;
    };
    const inMemory = await run({ vocabulary, training, validation });
    const elsewhere = await run({ vocabulary, training: sourceOf(training), validation: sourceOf(validation) });
    expect(elsewhere).toEqual(inMemory);
  });
});
