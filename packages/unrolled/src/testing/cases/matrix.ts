// Conformance cases of pack, multiply and gemm. M, N, K rows, columns, inner length.
import type { Tolerance, Trial, TrialCase } from "../trial.js";
import type { PackedMatrix } from "../kernel-call.js";
import { numbers, seedOf, sizes } from "../numbers.js";

export function matrixCases(): TrialCase[] {
  return [...packCases(), ...multiplyCases(), ...gemmCases()];
}

/** A random matrix [K,N], stored by columns where `transposed`. */
export function randomPacked(seed: number, K: number, N: number, groups = 1, transposed = false): PackedMatrix {
  const x = numbers(seed).normal(K * N, 1 / Math.sqrt(K));
  return { x, K, N, kStride: transposed ? 1 : N, nStride: transposed ? K : 1, groups };
}

/** The layout is private: the case for pack itself only sees what it writes outside; identity times packed shows the rest. */
function packCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  for (const K of [1, 3, 17])
    for (const N of [...sizes, 48, 49, 97])
      for (const groups of [1, 2, 3, 4]) {
        if (N % groups !== 0) continue;
        const { x, kStride, nStride } = randomPacked(N, K, N, groups, N % 2 === 1);
        cases.push({
          kernel: "pack",
          name: `${K}x${N} in ${groups}`,
          trial: () => ({
            kernel: "pack",
            numbers: { K, N, kStride, nStride, groups },
            buffers: { x },
            tolerance: "exact",
            incomparable: ["y"],
          }),
        });
      }
  for (const K of [1, 3, 16, 17])
    for (const N of [1, 7, 16, 17, 47, 48, 49, 65, 97])
      for (const transposed of [false, true]) {
        cases.push({
          kernel: "pack",
          name: `${K}x${N}${transposed ? " transposed" : ""}, seen through multiply`,
          trial: () => throughIdentity(K, N, transposed),
        });
      }
  return cases;
}

function throughIdentity(K: number, N: number, transposed: boolean): Trial {
  const a = Float64Array.from({ length: K * K }, (_, i) => (i % (K + 1) === 0 ? 1 : 0));
  return {
    kernel: "multiply",
    numbers: { M: K, N, K, aRow: K, cRow: N, accumulate: 0 },
    buffers: { a, p: randomPacked(N, K, N, 1, transposed) },
    tolerance: "exact",
  };
}

type Variant = "plain" | "bias" | "accumulate" | "strided" | "bias ignored";
const variants: readonly Variant[] = ["plain", "bias", "accumulate", "strided", "bias ignored"];

function multiplyCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  const add = (M: number, N: number, K: number, variant: Variant): void => {
    const name = `${M}x${K} times ${K}x${N}, ${variant}`;
    cases.push({ kernel: "multiply", name, trial: () => multiplyTrial(M, N, K, variant, seedOf(name)) });
  };
  let turn = 0;
  for (const M of [1, 2, 3, 4, 5, 8, 9, 17])
    for (const N of [1, 3, 7, 8, 9, 15, 16, 17, 24, 25, 48, 49, 65])
      for (const K of [1, 3, 17, 50]) add(M, N, K, variants[turn++ % variants.length]);
  for (const variant of variants) {
    add(65, 130, 70, variant);
    add(50, 65, 257, variant);
    add(5, 50, 0, variant);
  }
  return cases;
}

function multiplyTrial(M: number, N: number, K: number, variant: Variant, seed: number): Trial {
  const draw = numbers(seed);
  const [aRow, cRow] = variant === "strided" ? [K + 5, N + 3] : [K, N];
  const accumulate = variant === "accumulate" || variant === "bias ignored" ? 1 : 0;
  const c = draw.normal((M - 1) * cRow + N);
  // Without accumulate the old c must not be read: it is poisoned, except for the words between its rows.
  if (!accumulate) for (let i = 0; i < c.length; i++) if (i % cRow < N) c[i] = Number.NaN;
  return {
    kernel: "multiply",
    numbers: { M, N, K, aRow, cRow, accumulate },
    buffers: {
      c,
      a: draw.normal((M - 1) * aRow + K),
      p: randomPacked(seed + 1, K, N),
      bias: variant.startsWith("bias") ? draw.normal(N) : null,
    },
    tolerance: sumOfProducts(K),
  };
}

/**
 * A sum of K products has size 1 here, and so have its partial sums: K roundings of half an ulp (6e-8) each walk at random
 * to about 3e-8 sqrt(K). Five deviations of that, and a few roundings for bias and old c.
 */
const sumOfProducts = (K: number): Tolerance => ({ relative: 5e-7 + 1.5e-7 * Math.sqrt(K), scale: 1 });

/** About the terms and columns up to which small products copy neither side, and past the blocks of those that do. */
const longSizes = [
  [13, 20, 512],
  [13, 49, 513],
  [26, 70, 600],
  [5, 512, 30],
  [5, 520, 30],
] as const;

function gemmCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  let turn = 0;
  for (const M of [1, 3, 4, 5, 17])
    for (const N of [1, 3, 8, 15, 16, 17, 33, 65])
      for (const K of [1, 3, 17, 50]) {
        const layout = turn++ % 8;
        const batch = 1 + (turn % 3);
        const name = `${batch} of ${M}x${K} times ${K}x${N}, layout ${layout}`;
        cases.push({ kernel: "gemm", name, trial: () => gemmTrial(batch, M, N, K, layout, seedOf(name)) });
      }
  for (const layout of [0, 1, 4, 5]) {
    for (const [M, N, K] of longSizes) {
      const name = `${M}x${K} times ${K}x${N}, layout ${layout}`;
      cases.push({ kernel: "gemm", name, trial: () => gemmTrial(2, M, N, K, layout, seedOf(name)) });
    }
  }
  for (const layout of [0, 1, 2, 3, 4, 5, 6, 7]) {
    cases.push({
      kernel: "gemm",
      name: `large, layout ${layout}`,
      trial: () => gemmTrial(2, 65, 70, 130, layout, layout),
    });
    cases.push({
      kernel: "gemm",
      name: `no inner, layout ${layout}`,
      trial: () => gemmTrial(1, 3, 5, 0, layout, layout),
    });
  }
  return cases;
}

/** Layout bits: 1 a transposed, 2 b transposed, 4 c accumulated, with rows apart and b shared by the batch. */
function gemmTrial(batch: number, M: number, N: number, K: number, layout: number, seed: number): Trial {
  const draw = numbers(seed);
  const [aRow, aCol] = layout & 1 ? [1, M] : [K, 1];
  const [bRow, bCol] = layout & 2 ? [1, K] : [N, 1];
  const accumulate = layout & 4 ? 1 : 0;
  const cRow = accumulate ? N + 2 : N;
  const cBatch = M * cRow + accumulate;
  const bBatch = accumulate ? 0 : K * N;
  const c = draw.normal((batch - 1) * cBatch + (M - 1) * cRow + N);
  if (!accumulate) c.fill(Number.NaN);
  const empty = K === 0;
  const deviation = K === 0 ? 1 : 1 / Math.sqrt(K);
  return {
    kernel: "gemm",
    numbers: { batch, M, N, K, aBatch: M * K, aRow, aCol, bBatch, bRow, bCol, cBatch, cRow, accumulate },
    buffers: {
      c,
      a: empty ? [] : draw.normal(batch * M * K),
      b: empty ? [] : draw.normal((batch - 1) * bBatch + K * N, deviation),
    },
    tolerance: sumOfProducts(K),
  };
}
