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
  return [...cases, ...productCases()];
}

/** Whole numbers, whose products are exact: many scores are equal, and all devices must choose the same of them. */
function productCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  const add = (M: number, N: number, K: number, k: number, bias: boolean): void => {
    const name = `${k} of ${M}x${K} times ${K}x${N}${bias ? " and a bias" : ""}`;
    const trial = (): Trial => {
      const draw = numbers(seedOf(name));
      return {
        kernel: "topKProduct",
        numbers: { M, N, K, k },
        buffers: {
          a: draw.integers(M * K, -2, 3),
          p: { x: draw.integers(K * N, -2, 3), K, N, kStride: 1, nStride: K, groups: 1 },
          bias: bias ? draw.integers(N, -5, 6) : null,
          asked: Int32Array.from({ length: M }, (_, r) => [r % N, -1, N, N - 1][r % 4]),
        },
        tolerance: { relative: 6e-7, scale: 4 + Math.sqrt(K) },
      };
    };
    cases.push({ kernel: "topKProduct", name, trial });
  };
  for (const M of [1, 3, 9, 17])
    for (const N of [1, 15, 16, 17, 47, 48, 49, 145]) add(M, N, [3, 17, 50][(M + N) % 3], [1, 5, 30][N % 3], N % 2 > 0);
  add(5, 50, 0, 2, true);
  add(97, 70, 257, 5, true);
  add(205, 49, 300, 5, false);
  add(3, 20, 2500, 4, true);
  return cases;
}
