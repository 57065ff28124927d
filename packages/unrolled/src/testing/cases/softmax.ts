// Conformance cases over rows: softmax, cross entropy, gather, scatterAdd, layer normalisation. R rows of n (or V).
import type { Tolerance, Trial, TrialCase } from "../trial.js";
import { numbers, seedOf, sizes } from "../numbers.js";

export function softmaxCases(): TrialCase[] {
  return [...softmaxForward(), ...softmaxBackward(), ...crossEntropyCases(), ...tableCases(), ...layerNormCases()];
}

const inf = Number.POSITIVE_INFINITY;
/** Rows of three that need care; each is a softmax of its own. */
const hardRows = [
  [1e4, -1e4, 0],
  [1e4, 1e4, 1e4],
  [-1e4, -1e4, -1e4 - 1],
  [3e38, 3e38, -3e38],
  [-inf, 1, 2],
  [-inf, -inf, 5],
  [1e-40, -1e-40, 0],
  [-100, 0, -88],
  [Number.NaN, 1, 2],
  [inf, 1, 2],
  [1, 1 + 2 ** -23, 1 - 2 ** -24],
];
const hard = Float64Array.from(hardRows.flat(), Math.fround);

/** A probability is exp of a difference d: d roundings from the difference (up to 87), 2 ulp from exp, one each from the sum and the division. */
const probability: Tolerance = { relative: 8e-6 };
/** A logarithm of a probability; absolute because it passes through 0. */
const logProbability: Tolerance = { relative: 6e-7, scale: 4 };

function softmaxForward(): TrialCase[] {
  const cases: TrialCase[] = [];
  for (const log of [0, 1]) {
    const tolerance = log ? logProbability : probability;
    const add = (name: string, R: number, n: number, x: Float64Array): void => {
      const trial = { kernel: "softmax", numbers: { R, n, log }, buffers: { x }, tolerance } as const;
      cases.push({ kernel: "softmax", name, trial: () => trial });
      cases.push({ kernel: "softmax", name: `${name}, in place`, trial: () => ({ ...trial, inPlace: [["y", "x"]] }) });
    };
    const kind = log ? "log " : "";
    for (const n of sizes) add(`${kind}rows of ${n}`, 5, n, numbers(n).normal(5 * n, 3));
    add(`${kind}one row of 1000`, 1, 1000, numbers(1000).normal(1000, 3));
    add(`${kind}hard rows`, hardRows.length, 3, hard);
    add(`${kind}large spread`, 3, 17, numbers(8).normal(51, 1e4));
  }
  return cases;
}

function softmaxBackward(): TrialCase[] {
  const cases: TrialCase[] = [];
  for (const log of [0, 1])
    for (const n of [...sizes, 300]) {
      const name = `${log ? "log " : ""}rows of ${n}`;
      const trial = (): Trial => {
        const draw = numbers(seedOf(name));
        const x = draw.normal(4 * n, 2);
        const y = x.slice();
        for (let row = 0; row < 4; row++) {
          const part = x.subarray(row * n, row * n + n);
          const lse = Math.log(part.reduce((sum, value) => sum + Math.exp(value), 0));
          for (let i = 0; i < n; i++) y[row * n + i] = Math.fround(log ? part[i] - lse : Math.exp(part[i] - lse));
        }
        // sum(dy) over n terms of size 1 cancels: its error is that of terms of size sqrt(n).
        const tolerance = { relative: 2e-6, scale: log ? Math.sqrt(n) : 1 };
        return { kernel: "softmaxGrad", numbers: { R: 4, n, log }, buffers: { dy: draw.normal(4 * n), y }, tolerance };
      };
      cases.push({ kernel: "softmaxGrad", name, trial });
      cases.push({
        kernel: "softmaxGrad",
        name: `${name}, in place`,
        trial: () => ({ ...trial(), inPlace: [["dx", "dy"]] }),
      });
    }
  return cases;
}

function crossEntropyCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  const add = (name: string, R: number, V: number, logits: Float64Array, ignore: number): void => {
    const targets = numbers(seedOf(name)).integers(R, 0, V);
    // Every way of being left out: the ignored id, below 0, V itself, far above.
    if (R > 4)
      [ignore, -1, V, 2 ** 30].forEach((target, i) => {
        targets[i] = target;
      });
    const sizesOf = { R, V, ignore };
    cases.push({
      kernel: "crossEntropy",
      name,
      trial: () => ({
        kernel: "crossEntropy",
        numbers: sizesOf,
        buffers: { logits, targets },
        tolerance: logProbability,
        tolerances: { weight: "exact" },
      }),
    });
    const grad = (): Trial => {
      const lse = Float64Array.from({ length: R }, (_, row) => lseOf(logits.subarray(row * V, row * V + V)));
      const dloss = numbers(R).normal(R);
      dloss[0] = Number.NaN; // an ignored row gives 0 whatever comes in (R > 4)
      if (R <= 4) dloss[0] = 1;
      // exp(logits - lse) with both up to 1e4: their own rounding is the input's, the difference is exact to an ulp of it.
      const tolerance = { relative: 4e-6, absolute: 4e-7 };
      return { kernel: "crossEntropyGrad", numbers: sizesOf, buffers: { logits, lse, targets, dloss }, tolerance };
    };
    cases.push({ kernel: "crossEntropyGrad", name, trial: grad });
    cases.push({
      kernel: "crossEntropyGrad",
      name: `${name}, in place`,
      trial: () => ({ ...grad(), inPlace: [["dlogits", "logits"]] }),
    });
  };
  for (const V of sizes) {
    add(`V=${V}`, 7, V, numbers(V).normal(7 * V, 2), -100);
    add(`V=${V}, ignoring 0`, 9, V, numbers(V).normal(9 * V, 2), 0);
  }
  add("V=1000", 3, 1000, numbers(4).normal(3000, 2), -100);
  add("one row", 1, 17, numbers(5).normal(17), -100);
  add("logits of 1e4", 9, 17, numbers(6).normal(9 * 17, 1e4), -100);
  add("hard rows", 7, 3, hard.slice(0, 21), -100);
  return cases;
}

function lseOf(row: Float64Array): number {
  const largest = row.reduce((a, b) => Math.max(a, b));
  return Math.fround(largest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0)));
}

function tableCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  for (const D of sizes)
    for (const [R, V] of [
      [1, 1],
      [7, 3],
      [33, 9],
      [20, 65],
    ]) {
      const name = `R=${R} D=${D} V=${V}`;
      const ids = numbers(seedOf(name)).integers(R, 0, V);
      if (R > 4)
        [-1, V, 2 ** 31 - 1].forEach((id, i) => {
          ids[i] = id;
        });
      const draw = numbers(D);
      const [table, x] = [draw.normal(V * D), draw.normal(R * D)];
      cases.push({
        kernel: "gather",
        name,
        trial: () => ({ kernel: "gather", numbers: { R, D, V }, buffers: { table, ids }, tolerance: "exact" }),
      });
      cases.push({
        kernel: "scatterAdd",
        name,
        // Up to 33 rows of size 1 in one sum.
        trial: () => ({
          kernel: "scatterAdd",
          numbers: { R, D, V },
          buffers: { x, ids },
          tolerance: { relative: 1e-6, scale: 6 },
        }),
      });
    }
  return cases;
}

function layerNormCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  for (const n of [...sizes, 300])
    for (const [R, offset] of [
      [1, 0],
      [5, 3],
      [17, 0],
    ]) {
      const name = `R=${R} n=${n}${offset ? ` around ${offset}` : ""}`;
      const draw = numbers(seedOf(name));
      const x = draw.normal(R * n).map((value) => Math.fround(value + offset));
      const [gain, bias, dy] = [draw.normal(n), draw.normal(n), draw.normal(R * n)];
      const epsilon = Math.fround(1e-5);
      const stats = Array.from({ length: R }, (_, row) => statistics(x.subarray(row * n, row * n + n), epsilon));
      cases.push({
        kernel: "layerNorm",
        name,
        trial: () => ({
          kernel: "layerNorm",
          numbers: { R, n, epsilon },
          buffers: { x, gain, bias },
          // The mean has the rounding of sums around `offset`; where n is small rstd multiplies it by up to 1/deviation.
          tolerance: { relative: 2e-6, scale: 1 + Math.max(...stats.map(([, rstd]) => rstd)) * (1 + offset) },
          tolerances: {
            mean: { relative: 1e-6, scale: 1 + offset },
            rstd: { relative: 2e-6, scale: n === 1 ? 0 : 30 },
          },
        }),
      });
      const grad = (): Trial => ({
        kernel: "layerNormGrad",
        numbers: { R, n },
        buffers: { dy, x, mean: stats.map(([mean]) => mean), rstd: stats.map(([, rstd]) => rstd), gain },
        // Two means are taken away from terms of size rstd; dgain and dbias add up R rows.
        tolerance: { relative: 3e-6, scale: 3 * Math.max(...stats.map(([, rstd]) => Math.min(rstd, 50))) },
        tolerances: { dbias: { relative: 1e-6, scale: Math.sqrt(R) } },
      });
      cases.push({ kernel: "layerNormGrad", name, trial: grad });
      cases.push({
        kernel: "layerNormGrad",
        name: `${name}, in place`,
        trial: () => ({ ...grad(), inPlace: [["dx", "dy"]] }),
      });
    }
  return cases;
}

function statistics(row: Float64Array, epsilon: number): [mean: number, rstd: number] {
  const mean = row.reduce((a, b) => a + b) / row.length;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
  return [Math.fround(mean), Math.fround(1 / Math.sqrt(variance + epsilon))];
}
