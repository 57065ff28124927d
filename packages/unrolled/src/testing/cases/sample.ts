// Conformance cases of sample: the same ids on every device. R sequences, n scores, K rows of text.
import { numbers, seedOf, sizes } from "../numbers.js";
import type { Trial, TrialCase } from "../trial.js";

const inf = Number.POSITIVE_INFINITY;

/** Temperature, topK, topP. */
const rules: Readonly<Record<string, readonly number[]>> = {
  "as they are": [1, 0, 1],
  greedy: [0, 0, 1],
  colder: [0.5, 0, 1],
  hotter: [7, 0, 1],
  "the three heaviest": [1, 3, 1],
  "the heaviest": [1.5, 1, 1],
  "more than there are": [1, 1e6, 1],
  "a nucleus": [1, 0, 0.6],
  "a small nucleus": [1, 0, 1e-6],
  "a nucleus of the heaviest": [0.8, 5, 0.75],
  "very cold": [Math.fround(1e-3), 4, 0.5],
};

const edgeRows = [
  [0, 0, 0, 0],
  [1e4, 1e4, -1e4, 0],
  [-inf, 1, 2, -inf],
  [-inf, -inf, -inf, -inf],
  [Number.NaN, 1, 2, 1],
  [Number.NaN, Number.NaN, Number.NaN, Number.NaN],
  [inf, 1, inf, 0],
  [-0, 0, -1, -0],
  [1, 1, 0, 0],
];

interface Sizes {
  readonly R: number;
  readonly n: number;
  readonly banned?: number;
  readonly place?: number;
}

function trialOf(name: string, options: readonly number[], x: ArrayLike<number>, given: Sizes): Trial {
  const { R, n, banned = -1, place = 1 } = given;
  const K = 3;
  const draw = numbers(seedOf(name));
  const text = draw.integers(K * R, -1, 3).map((id) => (id > 0 ? -1 : id)); // half of them given
  return {
    kernel: "sample",
    numbers: { R, n, K, banned },
    buffers: { text, place: [place], x, draws: draw.integers(K * R, -(2 ** 31), 2 ** 31), options },
    tolerance: { relative: 2e-7, absolute: 1e-6 },
    tolerances: { next: "exact", text: "exact", place: "exact" },
  };
}

export function sampleCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  const add = (name: string, rule: readonly number[], x: () => ArrayLike<number>, given: Sizes): void => {
    cases.push({ kernel: "sample", name, trial: () => trialOf(name, rule, x(), given) });
  };
  for (const [rule, options] of Object.entries(rules)) {
    for (const n of [...sizes, 300]) {
      const name = `${rule}, n=${n}`;
      add(name, options, () => numbers(seedOf(name)).normal(9 * n, 3), { R: 9, n });
    }
    // Few different scores: which of equals stay is decided by their order.
    const equals = `${rule}, equal scores`;
    add(equals, options, () => numbers(seedOf(equals)).integers(20 * 33, 0, 4), { R: 20, n: 33, banned: 5 });
    add(`${rule}, hard rows`, options, () => edgeRows.flat(), { R: edgeRows.length, n: 4 });
    add(`${rule}, all banned`, options, () => [1, 2, 3], { R: 3, n: 1, banned: 0 });
    add(`${rule}, one long row`, options, () => numbers(3).normal(5000, 2), { R: 1, n: 5000, banned: 77 });
  }
  for (const place of [0, 2, 3, -1, 0.5, Number.NaN, inf, 2 ** 31])
    add(`place ${place}`, [1, 0, 1], () => numbers(1).normal(4 * 7), { R: 4, n: 7, place });
  return cases;
}
