// Medians and ratios of rounds.
import { describe, expect, it } from "vitest";
import { median, pairedRatios, quantile } from "../src/statistics.js";

describe("statistics", () => {
  it("finds quantiles between the sorted values, whatever their order", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 0, 20, 30, 40], 0.25)).toBe(10);
    expect(quantile([10, 0, 20, 30, 40], 1)).toBe(40);
    expect(median([7])).toBe(7);
  });

  it("refuses to speak of no values", () => {
    expect(() => median([])).toThrow(RangeError);
  });

  it("divides round by round, so that a disturbance of both sides cancels", () => {
    // The third round ran on a machine ten times slower. The ratio of the medians would be 2.1.
    const ratios = pairedRatios([20, 21, 2, 22, 24], [10, 10, 1, 11, 12]);
    expect(ratios).toEqual({ median: 2, low: 2, high: 2 });
    expect(pairedRatios([1, 2, 3], [1, 1, 1])).toEqual({ median: 2, low: 1.5, high: 2.5 });
  });

  it("refuses sides of different length", () => {
    expect(() => pairedRatios([1, 2], [1])).toThrow("as many rounds");
  });
});
