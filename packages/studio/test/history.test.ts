// A run of any length in a bounded number of points.
import { describe, expect, it } from "vitest";
import { history, smooth } from "../src/history.js";

describe("history", () => {
  it("keeps every point while they fit", () => {
    const kept = history(8);
    for (let step = 1; step <= 7; step++) kept.add(step, 10 - step);
    expect(kept.points).toEqual(Array.from({ length: 7 }, (_, i) => ({ step: i + 1, bits: 9 - i })));
  });

  it("never grows beyond its bound, keeps means and steps, and goes on after a merge", () => {
    const kept = history(8);
    for (let step = 1; step <= 1000; step++) {
      kept.add(step, step);
      expect(kept.points.length).toBeLessThan(8);
    }
    // What grows in step with the steps stays a straight line, whatever was merged.
    expect(kept.points.length).toBeGreaterThanOrEqual(3);
    for (const { step, bits } of kept.points) expect(bits).toBe(step);
    expect(kept.points.at(-1)?.step).toBeGreaterThan(800);
    // Old and new points stand for the same number of steps.
    const widths = kept.points.slice(1).map(({ step }, i) => step - kept.points[i].step);
    expect(new Set(widths)).toEqual(new Set([128]));
  });

  it("forgets all when cleared, a half-filled point too", () => {
    const kept = history(2);
    for (let step = 1; step <= 3; step++) kept.add(step, 100);
    kept.clear();
    kept.add(1, 5);
    expect(kept.points).toEqual([{ step: 1, bits: 5 }]);
  });
});

describe("smooth", () => {
  it("leaves a constant as it is, and starts at the first point", () => {
    const points = Array.from({ length: 50 }, (_, step) => ({ step, bits: 3 }));
    expect(smooth(points, 20)).toEqual(points);
    expect(smooth([{ step: 1, bits: 7 }, ...points], 20)[0].bits).toBe(7);
  });

  it("takes the edge off: an alternation of +-1 becomes a tenth of it", () => {
    const points = Array.from({ length: 1000 }, (_, step) => ({ step, bits: step % 2 === 0 ? 1 : -1 }));
    const late = smooth(points, 20).slice(500);
    expect(Math.max(...late.map(({ bits }) => Math.abs(bits)))).toBeLessThan(0.1);
  });
});
