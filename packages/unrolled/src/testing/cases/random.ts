// Conformance cases of random and dropout: the same draws on every device.
import type { TrialCase } from "../trial.js";
import { numbers, sizes } from "../numbers.js";

const keys = [
  [0, 0],
  [1, 0],
  [-1, -1],
  [0x243f6a88, -1556008596],
  [2 ** 31 - 1, -(2 ** 31)],
];
const streams = [0, 1, 7, 2 ** 31, 2 ** 32 - 1];

export function randomCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  const boundary = { n: 4, stream: 0, rate: 0x6627e8 / 2 ** 24 }; // the first draw of key 0 itself: not below the rate
  cases.push({
    kernel: "dropout",
    name: "rate equal to a draw",
    trial: () => ({
      kernel: "dropout",
      numbers: boundary,
      buffers: { x: [1, 2, 3, 4], key: [0, 0] },
      tolerance: { relative: 2.5e-7 },
    }),
  });
  [...sizes, 2, 6, 1001].forEach((n, i) => {
    const key = keys[i % keys.length];
    const stream = streams[(i * 3) % streams.length];
    cases.push({
      kernel: "random",
      name: `uniform n=${n}`,
      trial: () => ({ kernel: "random", numbers: { n, stream, kind: 0 }, buffers: { key }, tolerance: "exact" }),
    });
    cases.push({
      kernel: "random",
      name: `normal n=${n}`,
      // The angle 2 pi u is rounded to 2^-22: with a radius below 6 that is 2e-6 where the cosine passes zero.
      trial: () => ({
        kernel: "random",
        numbers: { n, stream, kind: 1 },
        buffers: { key },
        tolerance: { relative: 1e-6, absolute: 3e-6 },
      }),
    });
    for (const rate of [0, 0.25, 0.5, 0.875]) {
      const x = numbers(n).normal(n);
      if (n > 8) x[3] = Number.POSITIVE_INFINITY;
      const trial = {
        kernel: "dropout",
        numbers: { n, stream, rate },
        buffers: { x, key },
        tolerance: { relative: 2.5e-7 },
      } as const;
      cases.push({ kernel: "dropout", name: `rate ${rate}, n=${n}`, trial: () => trial });
      cases.push({
        kernel: "dropout",
        name: `rate ${rate}, n=${n}, in place`,
        trial: () => ({ ...trial, inPlace: [["y", "x"]] }),
      });
    }
  });
  return cases;
}
