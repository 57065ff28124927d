// Conformance cases of fill, copy, reduce, argmax and toIds.
import type { TrialCase } from "../trial.js";
import { numbers, seedOf, sizes } from "../numbers.js";

const denormal = Math.fround(1e-40);

export function elementwiseCases(): TrialCase[] {
  return [...fillCases(), ...copyCases(), ...reduceCases(), ...argmaxCases(), ...toIdsCases()];
}

function fillCases(): TrialCase[] {
  const values = [0, -0, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, denormal, Math.fround(0.1)];
  return [0, ...sizes].map((n, i) => {
    const value = values[i % values.length];
    const trial = { kernel: "fill", numbers: { n, value }, buffers: {}, tolerance: "exact" } as const;
    return { kernel: "fill", name: `n=${n} value=${value}`, trial: () => trial };
  });
}

/** Blocks with strides as the graph makes them: dense, transposed, sliced, broadcast, scattered, flipped roles. */
const blocks: readonly { name: string; d: readonly number[]; ys: readonly number[]; xs: readonly number[] }[] = [
  ...sizes.map((n) => ({ name: `dense ${n}`, d: [1, 1, 1, n], ys: [0, 0, 0, 1], xs: [0, 0, 0, 1] })),
  ...sizes.map((n) => ({ name: `transpose 17x${n}`, d: [1, 1, 17, n], ys: [0, 0, n, 1], xs: [0, 0, 1, 17] })),
  { name: "transpose 65x50", d: [1, 1, 65, 50], ys: [0, 0, 50, 1], xs: [0, 0, 1, 65] },
  { name: "columns 3..8 of 17", d: [1, 1, 9, 5], ys: [0, 0, 5, 1], xs: [0, 0, 17, 1] },
  { name: "into columns of 17", d: [1, 1, 9, 5], ys: [0, 0, 17, 1], xs: [0, 0, 5, 1] },
  { name: "every third to every second", d: [1, 1, 1, 33], ys: [0, 0, 0, 2], xs: [0, 0, 0, 3] },
  { name: "broadcast a row", d: [1, 5, 3, 17], ys: [0, 51, 17, 1], xs: [0, 0, 0, 1] },
  { name: "broadcast a column", d: [1, 1, 16, 17], ys: [0, 0, 17, 1], xs: [0, 0, 1, 0] },
  { name: "four dimensions permuted", d: [2, 3, 4, 5], ys: [60, 20, 5, 1], xs: [1, 40, 2, 8] },
  { name: "outer two strided", d: [3, 4, 1, 16], ys: [100, 20, 0, 1], xs: [16, 48, 0, 1] },
  { name: "nothing", d: [1, 0, 3, 4], ys: [12, 12, 4, 1], xs: [12, 12, 4, 1] },
];

function copyCases(): TrialCase[] {
  const floats = blocks.map(({ name, d, ys, xs }): TrialCase => {
    const [span, ySpan] = [extent(d, xs), extent(d, ys)];
    return {
      kernel: "copy",
      name,
      trial: () => ({
        kernel: "copy",
        numbers: { ...named("d", d), ...named("ys", ys), ...named("xs", xs) },
        // y starts as numbers of its own: words between the strides must be left alone.
        buffers: { x: numbers(seedOf(name)).normal(span), y: numbers(1).normal(ySpan) },
        tolerance: "exact",
      }),
    };
  });
  const words = [2 ** 31 - 1, -(2 ** 31), -1, 0, 1, 0x7f800001, 0x7fc00000, -4194303, 123456789];
  const integers: TrialCase = {
    kernel: "copy",
    name: "integers, bit for bit",
    trial: () => ({
      kernel: "copy",
      numbers: { ...named("d", [1, 1, 3, 3]), ...named("ys", [0, 0, 3, 1]), ...named("xs", [0, 0, 1, 3]) },
      buffers: { x: words },
      integers: ["x", "y"],
      tolerance: "exact",
    }),
  };
  return [...floats, integers];
}

const named = (prefix: string, list: readonly number[]): Record<string, number> =>
  Object.fromEntries(list.map((value, i) => [`${prefix}${i}`, value]));

export const extent = (d: readonly number[], s: readonly number[]): number =>
  d.includes(0) ? 0 : 1 + d.reduce((sum, n, i) => sum + (n - 1) * s[i], 0);

function reduceCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  const add = (outer: number, n: number, inner: number, kind: number, spoil?: number): void => {
    const scale = kind === 0 && n > 4 ? Math.fround(1 / n) : kind === 0 ? 1 : -2;
    const name = `${kind === 0 ? "sum" : "maximum"} [${outer},${n},${inner}]${spoil === undefined ? "" : ` with ${spoil}`}`;
    cases.push({
      kernel: "reduce",
      name,
      trial: () => {
        const x = numbers(seedOf(name)).normal(outer * n * inner);
        if (spoil !== undefined) x[Math.floor(x.length / 2)] = spoil;
        // n terms of size 1: the rounding of a sum in any order grows like sqrt(n), and is below n ulp of its largest part.
        const tolerance = kind === 0 ? { relative: 3e-7, scale: scale * (1 + Math.sqrt(n)) * 2 } : ("exact" as const);
        return { kernel: "reduce", numbers: { outer, n, inner, kind, scale }, buffers: { x }, tolerance };
      },
    });
  };
  for (const kind of [0, 1]) {
    for (const size of sizes) {
      add(3, size, 1, kind);
      add(1, 5, size, kind);
      add(size, 11, 1, kind);
    }
    add(4, 9, 17, kind);
    add(2, 65, 50, kind);
    add(1, 3000, 1, kind);
    add(1, 0, 5, kind);
    for (const spoil of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      add(1, 33, 1, kind, spoil);
      add(1, 9, 17, kind, spoil);
    }
  }
  return cases;
}

function argmaxCases(): TrialCase[] {
  const rows: readonly (readonly [string, readonly number[]])[] = [
    ["equals", [1, 3, 2, 3, 3, 0, -1, 3, 3, 1, 3]],
    ["zeros of both signs", [-1, -0, 0, -0, 0]],
    ["NaN among numbers", [Number.NaN, 1, Number.NaN, 5, Number.NaN, 5, 2, 3, 4]],
    ["NaN first, then -inf", [Number.NaN, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ["only NaN", Array(19).fill(Number.NaN)],
    ["only -inf", Array(17).fill(Number.NEGATIVE_INFINITY)],
    ["inf last", [...Array(20).fill(7), Number.POSITIVE_INFINITY]],
    ["all below zero", [-5, -4, -3.5, -7, -3.25, -9, -11, -3.5, -3.25]],
  ];
  const cases = rows.map(([name, x]): TrialCase => {
    const trial = {
      kernel: "argmax",
      numbers: { R: 1, n: x.length },
      buffers: { y: null, x },
      tolerance: "exact",
    } as const;
    return { kernel: "argmax", name, trial: () => trial };
  });
  for (const n of sizes) {
    cases.push({
      kernel: "argmax",
      name: `rows of ${n}`,
      trial: () => ({
        kernel: "argmax",
        numbers: { R: 7, n },
        buffers: { x: numbers(n).integers(7 * n, 0, 9) }, // many equals
        tolerance: "exact",
      }),
    });
  }
  return cases;
}

function toIdsCases(): TrialCase[] {
  const edges = [0, -0, 0.999, 1, -0.001, -1, 7.5, 16_777_216, 2_147_483_520, 2_147_483_648, 1e30, -1e30];
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, denormal];
  const trialOf = (x: readonly number[]) =>
    ({ kernel: "toIds", numbers: { n: x.length }, buffers: { y: null, x }, tolerance: "exact" }) as const;
  return [
    { kernel: "toIds", name: "edges", trial: () => trialOf([...edges, ...odd]) },
    ...sizes.map(
      (n): TrialCase => ({
        kernel: "toIds",
        name: `n=${n}`,
        trial: () => trialOf(Array.from(numbers(seedOf(`toIds ${n}`)).normal(n), (u) => Math.fround(u * 1e5))),
      }),
    ),
  ];
}
