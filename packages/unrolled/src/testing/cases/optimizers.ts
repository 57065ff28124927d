// Conformance cases of sumSquares, assign and the optimizers, with and without scale, guard and momentum.
import type { KernelName } from "../../device/kernels.js";
import type { Trial, TrialCase } from "../trial.js";
import { numbers, seedOf, sizes } from "../numbers.js";

type Rule = "sgd" | "adagrad" | "rmsprop" | "adam";

export function optimizerCases(): TrialCase[] {
  return [...sumCases(), ...assignCases(), ...sgdCases(), ...adaptiveCases()];
}

function sumCases(): TrialCase[] {
  const make = (name: string, x: Float64Array): TrialCase => ({
    kernel: "sumSquares",
    name,
    // All terms are positive: a relative error of sqrt(n) roundings at worst, in any sensible order.
    trial: () => ({ kernel: "sumSquares", numbers: { n: x.length }, buffers: { x }, tolerance: { relative: 5e-6 } }),
  });
  const spoilt = numbers(1).normal(50);
  spoilt[37] = Number.NaN;
  const infinite = numbers(1).normal(50);
  infinite[49] = Number.NEGATIVE_INFINITY;
  return [
    ...[0, ...sizes, 1000, 20000].map((n) => make(`n=${n}`, numbers(n).normal(n))),
    make("with NaN", spoilt),
    make("with -inf", infinite),
    make(
      "overflow",
      Float64Array.from({ length: 9 }, () => Math.fround(3e30)),
    ),
  ];
}

const guards: readonly (readonly [string, readonly number[] | null])[] = [
  ["no guard", null],
  ["guard 0", [0]],
  ["guard large", [Math.fround(3e38)]],
  ["guard NaN", [Number.NaN]],
  ["guard inf", [Number.POSITIVE_INFINITY]],
  ["guard -inf", [Number.NEGATIVE_INFINITY]],
];

function assignCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  for (const n of sizes)
    for (const [name, guard] of guards) {
      const trial = (): Trial => ({
        kernel: "assign",
        numbers: { n },
        buffers: { y: numbers(1).normal(n), x: numbers(2).normal(n), guard },
        tolerance: "exact",
      });
      cases.push({ kernel: "assign", name: `n=${n}, ${name}`, trial });
    }
  const x = [2 ** 31 - 1, -(2 ** 31), -1, 0, 1, 0x7f800001, 5];
  cases.push({
    kernel: "assign",
    name: "integers, bit for bit",
    trial: () => ({
      kernel: "assign",
      numbers: { n: 7 },
      buffers: { y: [1, 2, 3, 4, 5, 6, 7], x, guard: [1] },
      integers: ["x", "y"],
      tolerance: "exact",
    }),
  });
  return cases;
}

/** One call of each rule for every guard at one size, and for every size with changing guard, scale and decay. */
function variations(
  run: (n: number, guard: readonly number[] | null, scale: number | null, pull: Pull, name: string) => void,
): void {
  for (const [name, guard] of guards) run(19, guard, 0.5, { decay: Math.fround(0.01), limit: 0 }, name);
  sizes.forEach((n, i) => {
    const [name, guard] = guards[i % 3];
    const scale = i % 2 ? Math.fround(0.3) : null;
    const pull = { decay: i % 4 < 2 ? 0 : Math.fround(0.05), limit: i % 3 === 1 ? 0.5 : 0 };
    run(n, guard, scale, pull, `${name}, scale ${scale ?? "absent"}, limit ${pull.limit}`);
  });
}

interface Pull {
  readonly decay: number;
  readonly limit: number;
}

/** Updates are sums of a few products of size 1. */
const update = { relative: 1e-6, scale: 0.3 };

function sgdCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  for (const [kind, momentum, nesterov] of [
    ["plain", 0, 0],
    ["momentum", 0.875, 0],
    ["nesterov", 0.875, 1],
    ["without v", 0, 0],
  ] as const) {
    variations((n, guard, scale, pull, how) => {
      const name = `${kind}, n=${n}, ${how}, decay ${pull.decay}`;
      cases.push({
        kernel: "sgd",
        name,
        trial: () => {
          const { w, g, s, rate } = state(name, n);
          const buffers = {
            w,
            g,
            v: kind === "without v" ? null : s,
            rate,
            guard,
            scale: scale === null ? null : [scale],
          };
          return { kernel: "sgd", numbers: { n, nesterov, momentum, ...pull }, buffers, tolerance: update };
        },
      });
    });
  }
  return cases;
}

function state(name: string, n: number) {
  const draw = numbers(seedOf(name));
  const [w, g, m] = [draw.normal(n), draw.normal(n), draw.normal(n)];
  return { w, g, m, s: draw.uniform(n, 0, 2), v: draw.uniform(n, 0, 2), rate: [Math.fround(0.1)] };
}

function adaptiveCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  const add = (kernel: Rule & KernelName, name: string, trial: () => Trial): void => {
    cases.push({ kernel, name, trial });
  };
  variations((n, guard, factor, pull, how) => {
    const scale = factor === null ? null : [factor];
    const epsilon = Math.fround(n % 2 ? 0.1 : 1e-8); // the large one shows where it is added
    const name = `n=${n}, ${how}, decay ${pull.decay}`;
    const { w, g, m, v, s, rate } = state(name, n);
    const rates = [rate[0], 10, 1000].map(Math.fround); // the first step's bias corrections for 0.9 and 0.999
    add("adagrad", name, () => ({
      kernel: "adagrad",
      numbers: { n, epsilon, ...pull },
      buffers: { w, s, g, rate, scale, guard },
      tolerance: update,
    }));
    add("rmsprop", name, () => ({
      kernel: "rmsprop",
      numbers: { n, alpha: 0.875, epsilon, ...pull },
      buffers: { w, s, g, rate, scale, guard },
      tolerance: update,
    }));
    for (const decoupled of [0, 1]) {
      add("adam", `${name}${decoupled ? ", decoupled" : ""}`, () => ({
        kernel: "adam",
        numbers: { n, decoupled, beta1: 0.875, beta2: Math.fround(0.999), epsilon, ...pull },
        buffers: { w, m, v, g, rate: rates, scale, guard },
        tolerance: update,
      }));
    }
  });
  for (const kernel of ["sgd", "adagrad"] as const)
    add(kernel, "a limit leaves NaN and cuts infinities", () => ({
      kernel,
      numbers: { n: 5, nesterov: 0, momentum: 0, epsilon: 1, decay: 0, limit: 2 },
      buffers: {
        ...{ w: [1, 1, 1, 1, 1], s: [0, 0, 0, 0, 0], v: null, rate: [0.5], scale: null, guard: null },
        g: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1],
      },
      tolerance: update,
    }));
  const zeros = (n: number): number[] => Array(n).fill(0);
  for (const kernel of ["adagrad", "rmsprop"] as const) {
    add(kernel, "zero gradient on zero state", () => ({
      kernel,
      numbers: { n: 17, alpha: 0.875, epsilon: Math.fround(1e-8), decay: 0, limit: 0 },
      buffers: { w: numbers(4).normal(17), s: zeros(17), g: zeros(17), rate: [0.5], scale: null, guard: null },
      tolerance: "exact",
    }));
  }
  const magnitudes = Array.from({ length: 75 }, (_, i) => Math.fround(3 * 10 ** (i - 37)));
  const all = (x: number): number[] => magnitudes.map(() => Math.fround(x));
  for (const kernel of ["adagrad", "rmsprop"] as const) {
    add(kernel, "roots of every magnitude", () => ({
      kernel,
      numbers: { n: magnitudes.length, alpha: 0.875, epsilon: 0, decay: 0, limit: 0 },
      buffers: { w: all(0), s: magnitudes, g: all(1e-20), rate: [Math.fround(1e20)], scale: null, guard: null },
      tolerance: { relative: 1e-6 },
    }));
  }
  return cases;
}
