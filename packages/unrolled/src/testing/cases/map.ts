// Conformance cases of map, opcode by opcode, on ordinary and extreme numbers.
import type { MapOpcode } from "../../device/kernels.js";
import type { CloseOptions } from "../close.js";
import type { Tolerance, TrialCase } from "../trial.js";
import { numbers, seedOf, sizes } from "../numbers.js";
import { mapCase } from "./map-case.js";

const f = Math.fround;
const inf = Number.POSITIVE_INFINITY;
/** The float32 numbers where elementary functions go wrong. */
const extremes = (
  "0 -0 Infinity -Infinity NaN 1 -1 0.5 -0.5 2.5 -2.5 1e-8 -1e-8 1e-40 -1e-40 1e-45 1.2e-38 -1.2e-38 1e-20 " +
  "0.6931472 9 -9 20 -20 44.5 87 -87 88.7 -88.7 88.8 -88.8 -103 -104 -150 150 1e4 -1e4 1e10 -1e10 3.4e38 -3.4e38 " +
  "8388607.5 -8388607.5 0.99999994 1.0000001 0.04 -0.04 1e-4 -1e-4 3e-4 0.625 -0.625"
)
  .split(" ")
  .map((text) => f(Number(text)));

/** Two roundings of a result within 2 ulp of the true one; composed functions get as much again. */
const function2Ulp: CloseOptions = { relative: 3.6e-7 };
const unary: readonly (readonly [MapOpcode, Tolerance])[] = [
  ["negate", "exact"],
  ["absolute", "exact"],
  ["exp", function2Ulp],
  ["log", function2Ulp],
  ["sqrt", { relative: 1.2e-7 }],
  ["tanh", function2Ulp],
  ["sigmoid", function2Ulp],
  ["relu", { relative: 0 }],
  ["sign", { relative: 0 }],
  ["floor", { relative: 0 }],
  ["softplus", { relative: 6e-7 }],
  ["finite", "exact"],
];
const binary: readonly (readonly [MapOpcode, Tolerance])[] = [
  ["add", "exact"],
  ["sub", "exact"],
  ["mul", { relative: 0, absolute: 2 ** -126 }],
  ["div", { relative: 1.2e-7 }],
  ["minimum", { relative: 0 }],
  ["maximum", { relative: 0 }],
  ["equal", "exact"],
  ["less", "exact"],
  ["lessEqual", "exact"],
];

export function mapOpcodeCases(): TrialCase[] {
  return [...opcodeCases(), ...powerCases()];
}

function opcodeCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  for (const [opcode, tolerance] of unary) {
    const positive = opcode === "log" || opcode === "sqrt";
    const list = (n: number): Float64Array =>
      positive ? numbers(n).uniform(n, 0, 9) : numbers(n).normal(n, opcode === "tanh" ? 1 : 4);
    for (const n of sizes) cases.push(unaryCase(opcode, `n=${n}`, list(n), tolerance));
    cases.push(unaryCase(opcode, "extremes", extremes, tolerance));
    cases.push(
      unaryCase(
        opcode,
        "1000 near zero",
        numbers(3)
          .normal(1000, 0.05)
          .map(positive ? Math.abs : f),
        tolerance,
      ),
    );
  }
  for (const [opcode, tolerance] of binary) {
    for (const n of sizes) {
      const draw = numbers(seedOf(opcode) + n);
      const pair = [draw.integers(n, -3, 4), draw.integers(n, -3, 4)];
      const floats = [draw.normal(n), draw.normal(n)];
      cases.push(binaryCase(opcode, `n=${n}`, opcode === "div" || n > 16 ? floats : pair, tolerance));
    }
    const few = [0, -0, inf, -inf, Number.NaN, 1, -1, 1e-40, -1e-40, 3.4e38, 1e-20].map(f);
    const a = few.flatMap((value) => few.map(() => value));
    const b = few.flatMap(() => few);
    cases.push(binaryCase(opcode, "extremes", [a, b], tolerance));
  }
  const condition = [0, -0, 1, -1, Number.NaN, inf, 1e-40].map(f);
  cases.push(where("extremes", condition, [1, 2, 3, Number.NaN, 5, 6, 7], [-1, -2, Number.NaN, -4, -5, -6, -7]));
  for (const n of sizes) {
    const draw = numbers(n);
    cases.push(where(`n=${n}`, draw.integers(n, -1, 2), draw.normal(n), draw.normal(n)));
  }
  return cases;
}

const unaryCase = (opcode: MapOpcode, name: string, x: ArrayLike<number>, tolerance: Tolerance): TrialCase =>
  mapCase({
    name: `${opcode} ${name}`,
    block: [1, 1, 1, x.length],
    inputs: [x],
    outputs: [1],
    program: [[opcode, 0]],
    tolerance,
  });

const binaryCase = (
  opcode: MapOpcode,
  name: string,
  x: readonly ArrayLike<number>[],
  tolerance: Tolerance,
): TrialCase =>
  mapCase({
    name: `${opcode} ${name}`,
    block: [1, 1, 1, x[0].length],
    inputs: x,
    outputs: [2],
    program: [[opcode, 0, 1]],
    tolerance,
  });

const where = (name: string, a: ArrayLike<number>, b: ArrayLike<number>, c: ArrayLike<number>): TrialCase =>
  mapCase({
    name: `where ${name}`,
    block: [1, 1, 1, a.length],
    inputs: [a, b, c],
    outputs: [3],
    program: [["where", 0, 1, 2]],
  });

function powerCases(): TrialCase[] {
  const draw = numbers(11);
  const bases = draw.uniform(65, 0.05, 4);
  // exp(b ln a) with |b ln a| up to 9: its rounding alone is 9 ulp.
  const cases = [binaryCase("power", "positive bases", [bases, draw.uniform(65, -3, 3)], { relative: 2e-6 })];
  for (const exponent of [2, 3, -1, 0.5, 0, 1]) {
    cases.push(
      binaryCase("power", `of ${exponent}`, [draw.uniform(17, 0.1, 3), Array(17).fill(exponent)], { relative: 2e-6 }),
    );
  }
  const a = [0, 0, 0, -2, -2, -2, -2, Number.NaN, 2, inf, inf, -8, 1];
  const b = [0, 2, 0.5, 3, 2, 0.5, -1, 2, Number.NaN, 2, -1, 1, 50];
  cases.push(binaryCase("power", "special", [a, b], { relative: 1e-6 }));
  return cases;
}
