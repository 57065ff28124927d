// Splits and buckets: which rows go where, and how little is wasted.
import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { bucketBatches, bucketLengths, fewBuckets, DataError, draws, splitRows, wastedPart } from "unrolled";
import { describe, expect, it } from "vitest";

describe("splits", () => {
  it("hold out their part of every class, decided by the seed", () => {
    const classes = Array.from({ length: 100 }, (_, i) => (i < 90 ? "often" : i < 99 ? "seldom" : "once"));
    const split = splitRows(100, 0.2, 1, classes);
    const held = (name: string) => split.validation.filter((row) => classes[row] === name).length;
    expect([held("often"), held("seldom"), held("once")]).toEqual([18, 2, 0]);
    expect([...split.training, ...split.validation].sort((a, b) => a - b)).toEqual(classes.map((_, i) => i));
    expect(splitRows(100, 0.2, 1, classes)).toEqual(split);
    expect(splitRows(100, 0.2, 2, classes)).not.toEqual(split);
    expect(splitRows(10, 0, 1).validation).toEqual([]);
  });
});

/** The steps wasted in length by buckets. */
const wasteOf = (lengths: readonly number[], buckets: readonly number[]): number =>
  lengths.reduce((sum, n) => sum + (buckets.find((top) => n <= top) as number) - n, 0);

function subsets(values: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return values.flatMap((value, i) => subsets(values.slice(i + 1), size - 1).map((rest) => [value, ...rest]));
}

describe("buckets", () => {
  it("are those that waste least: no choice of lengths is better", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 4 }),
        (lengths, count) => {
          const distinct = [...new Set(lengths)].sort((a, b) => a - b);
          const longest = distinct[distinct.length - 1];
          const all = [0, 1, 2, 3].slice(0, count).flatMap((size) => subsets(distinct.slice(0, -1), size));
          const best = Math.min(...all.map((chosen) => wasteOf(lengths, [...chosen, longest])));
          const found = bucketLengths(lengths, count);
          expect(found.length).toBeLessThanOrEqual(count);
          expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
          expect(wasteOf(lengths, found)).toBe(best);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("serve any number of different lengths", () => {
    const lengths = Array.from({ length: 5000 }, (_, i) => 1 + i * 3);
    const found = bucketLengths(lengths, 8);
    expect([found.length, found[7]]).toEqual([8, 14_998]);
  });

  it("every row comes once, in a batch that it fits; only one batch is not full", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer(),
        (lengths, batch, seed) => {
          const batches = bucketBatches(lengths, { batch, buckets: bucketLengths(lengths, 4), seed });
          expect(batches.flatMap(({ rows }) => rows).sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
          for (const { steps, rows } of batches)
            for (const row of rows) expect(lengths[row]).toBeLessThanOrEqual(steps);
          expect(batches.filter(({ rows }) => rows.length !== batch).length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("the seed decides the order, and another order comes with another", () => {
    const lengths = Array.from({ length: 60 }, (_, i) => 1 + (i % 7));
    const order = (seed: number) => bucketBatches(lengths, { batch: 4, buckets: [3, 7], seed });
    expect(order(3)).toEqual(order(3));
    expect(order(3)).not.toEqual(order(4));
  });

  it("a row longer than all buckets is refused", () => {
    expect(() => bucketBatches([3, 9], { batch: 2, buckets: [4] })).toThrow(DataError);
  });

  it("counts what is wasted", () => {
    expect(
      wastedPart(
        [2, 3, 4],
        [
          { steps: 4, rows: [0, 1] },
          { steps: 4, rows: [2] },
        ],
        2,
      ),
    ).toBe(1 - 9 / 16);
  });

  const names = new URL("../../../../../../shared/data/names.txt", import.meta.url);
  it.skipIf(!existsSync(names))("waste less than 15 % on the names of the lecture", () => {
    const lengths = readFileSync(names, "utf8")
      .trim()
      .split("\n")
      .map((name) => name.length);
    const batches = bucketBatches(lengths, { batch: 64, buckets: fewBuckets(lengths), seed: 1 });
    expect(lengths.length).toBe(32_033);
    expect(wastedPart(lengths, batches, 64)).toBeLessThan(0.1);
  });

  it("waste less than 15 % on sentences of very different lengths", () => {
    const random = draws(3);
    const lengths = Array.from({ length: 4000 }, () => Math.ceil(Math.exp(3 + 0.7 * random.normal())));
    const batches = bucketBatches(lengths, { batch: 32, buckets: fewBuckets(lengths), seed: 1 });
    const wasted = wastedPart(lengths, batches, 32);
    const one = wastedPart(
      lengths,
      bucketBatches(lengths, { batch: 32, buckets: bucketLengths(lengths, 1), seed: 1 }),
      32,
    );
    expect(wasted).toBeLessThan(0.15);
    expect(one).toBeGreaterThan(0.8);
  });
});
