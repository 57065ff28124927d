// Conformance cases of topK: the same ids on every device. R rows of n scores, k of them wanted.
import { numbers, seedOf, sizes } from "../numbers.js";
import type { Trial, TrialCase } from "../trial.js";

const inf = Number.POSITIVE_INFINITY;
const edgeRows = [
  [0, 0, 0, 0],
  [1e4, 1e4, -1e4, 0],
  [-inf, 1, 2, -inf],
  [-inf, -inf, -inf, -inf],
  [Number.NaN, 1, 2, 1],
  [Number.NaN, Number.NaN, Number.NaN, Number.NaN],
  [inf, 1, inf, 0],
  [-0, 0, -1, -0],
  [1, 3, 2, 3],
];

export function topKCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  const add = (name: string, R: number, n: number, k: number, x: () => ArrayLike<number>): void => {
    const trial = (): Trial => ({
      kernel: "topK",
      numbers: { R, n, k },
      // Places of the row, and ids that are none.
      buffers: { x: x(), asked: Int32Array.from({ length: R }, (_, r) => [r % n, -1, n, n - 1][r % 4]) },
      tolerance: { relative: 6e-7, scale: 4 },
    });
    cases.push({ kernel: "topK", name, trial });
  };
  for (const k of [1, 2, 5, 30])
    for (const n of [...sizes, 300])
      add(`${k} of ${n}`, 9, n, k, () => numbers(seedOf(`top ${k} of ${n}`)).normal(9 * n, 3));
  for (const k of [1, 3, 6]) {
    add(`hard rows, ${k}`, edgeRows.length, 4, k, () => edgeRows.flat());
    add(`equal scores, ${k}`, 20, 133, k, () => numbers(seedOf(`equal ${k}`)).integers(20 * 133, 0, 4));
    add(`rising, ${k}`, 2, 500, k, () => Float64Array.from({ length: 1000 }, (_, i) => i / 64));
    add(`one long row, ${k}`, 1, 5000, k, () => numbers(3).normal(5000, 2));
  }
  return cases;
}
