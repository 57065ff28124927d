// Conformance cases of map: every opcode on ordinary and extreme numbers, broadcasting, programs, outputs on inputs.
import { type MapOpcode, mapOpcodes } from "../../device/kernels.js";
import type { CloseOptions } from "../close.js";
import type { Tolerance, TrialCase } from "../conformance.js";
import { numbers, seedOf, sizes } from "../numbers.js";
import { extent } from "./elementwise.js";

type Instruction = readonly [opcode: MapOpcode, a?: number, b?: number, c?: number];

interface MapCase {
  readonly name: string;
  readonly block: readonly [number, number, number, number];
  readonly inputs: readonly ArrayLike<number>[];
  /** Four strides per input; dense where absent. */
  readonly strides?: readonly (readonly number[] | undefined)[];
  readonly outputs: readonly number[];
  readonly program: readonly Instruction[];
  readonly tolerance?: Tolerance;
  readonly inPlace?: readonly (readonly [string, string])[];
}

function mapCase(c: MapCase): TrialCase {
  const [d0, d1, d2, d3] = c.block;
  const dense = [d1 * d2 * d3, d2 * d3, d3, 1];
  const strides = c.inputs.flatMap((_, i) => c.strides?.[i] ?? dense);
  const program = c.program.flatMap(([opcode, a = 0, b = 0, d = 0]) => [mapOpcodes.indexOf(opcode), a, b, d]);
  const counts = { inputs: c.inputs.length, outputs: c.outputs.length, instructions: c.program.length };
  return {
    kernel: "map",
    name: c.name,
    trial: () => ({
      kernel: "map",
      numbers: { d0, d1, d2, d3, ...counts },
      tail: [...strides, ...c.outputs, ...program],
      buffers: Object.fromEntries(c.inputs.map((x, i) => [`x${i}`, x])),
      inPlace: c.inPlace ?? [],
      tolerance: c.tolerance ?? "exact",
    }),
  };
}

const f = Math.fround;
const inf = Number.POSITIVE_INFINITY;
/** The float32 numbers where elementary functions go wrong. */
const extremes = (
  "0 -0 Infinity -Infinity NaN 1 -1 0.5 -0.5 2.5 -2.5 1e-8 -1e-8 1e-40 -1e-40 1e-45 1.2e-38 -1.2e-38 1e-20 " +
  "0.6931472 9 -9 20 -20 44.5 87 -87 88.7 -88.7 88.8 -88.8 -103 -104 -150 150 1e4 -1e4 1e10 -1e10 3.4e38 -3.4e38 " +
  "8388607.5 -8388607.5 0.99999994 1.0000001 0.04 -0.04 1e-4 -1e-4 3e-4 0.625 -0.625"
)
  .split(" ")
  .map((text) => f(Number(text))); // prettier-ignore

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

export function mapCases(): TrialCase[] {
  return [...opcodeCases(), ...powerCases(), ...broadcastCases(), ...programCases(), ...inPlaceCases()];
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
  }); // prettier-ignore

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
  }); // prettier-ignore

const where = (name: string, a: ArrayLike<number>, b: ArrayLike<number>, c: ArrayLike<number>): TrialCase =>
  mapCase({
    name: `where ${name}`,
    block: [1, 1, 1, a.length],
    inputs: [a, b, c],
    outputs: [3],
    program: [["where", 0, 1, 2]],
  }); // prettier-ignore

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

function broadcastCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  const program: readonly Instruction[] = [["sub", 0, 1]];
  const shapes: readonly (readonly [number, number, number, number])[] = [
    [1, 1, 3, 17],
    [1, 1, 17, 16],
    [1, 2, 5, 9],
    [2, 3, 4, 5],
    [3, 1, 2, 65],
    [1, 1, 65, 1],
    [5, 1, 1, 3],
  ];
  for (const block of shapes) {
    const [, d1, d2, d3] = block;
    const kinds: readonly (readonly [string, readonly number[]])[] = [
      ["a row", [0, 0, 0, 1]],
      ["a column", [0, 0, 1, 0]],
      ["one number", [0, 0, 0, 0]],
      ["the outer part", [d1, 1, 0, 0]],
      ["a transpose", [d1 * d2 * d3, d2 * d3, 1, d2]],
      ["padded rows", [d1 * d2 * (d3 + 3), d2 * (d3 + 3), d3 + 3, 1]],
    ];
    for (const [kind, strides] of kinds) {
      const name = `[${block}] with ${kind}`;
      const draw = numbers(seedOf(name));
      const inputs = [draw.normal(block.reduce((a, b) => a * b)), draw.normal(extent(block, strides))];
      cases.push(mapCase({ name, block, inputs, strides: [undefined, strides], outputs: [2], program }));
      cases.push(
        mapCase({
          name: `${name} first`,
          block,
          inputs: [inputs[1], inputs[0]],
          strides: [strides],
          outputs: [2],
          program,
        }),
      ); // prettier-ignore
    }
  }
  return cases;
}

function programCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  const gate: readonly Instruction[] = [
    ["constant", f(0.7)],
    ["sigmoid", 0],
    ["sub", 3, 4],
    ["mul", 5, 1],
    ["tanh", 2],
    ["mul", 4, 7],
    ["add", 6, 8],
  ];
  const composed = { relative: 1e-6, scale: 1 }; // a few roundings of numbers of size 1
  for (const n of [...sizes, 1000]) {
    const draw = numbers(n);
    const inputs = [draw.normal(n), draw.normal(n), draw.normal(n)];
    cases.push(
      mapCase({
        name: `gate, 4 outputs, n=${n}`,
        block: [1, 1, 1, n],
        inputs,
        outputs: [9, 4, 1, 9],
        program: gate,
        tolerance: composed,
      }),
    ); // prettier-ignore
    cases.push(
      mapCase({
        name: `constants only, n=${n}`,
        block: [1, 1, 1, n],
        inputs: [],
        outputs: [1, 0],
        program: [
          ["constant", f(0.3)],
          ["negate", 0],
        ],
      }),
    ); // prettier-ignore
  }
  const eight = Array.from({ length: 8 }, (_, i) => numbers(i).normal(50));
  const sum = Array.from({ length: 7 }, (_, i): Instruction => ["add", i === 0 ? 0 : 7 + i, i + 1]);
  cases.push(
    mapCase({
      name: "eight inputs",
      block: [1, 1, 5, 10],
      inputs: eight,
      outputs: [14],
      program: sum,
      tolerance: { relative: 6e-7, scale: 4 },
    }),
  ); // prettier-ignore
  const chain = Array.from({ length: 32 }, (_, i): Instruction => [i % 2 ? "tanh" : "add", i, 0]);
  cases.push(
    mapCase({
      name: "32 instructions",
      block: [1, 1, 1, 67],
      inputs: [numbers(5).normal(67)],
      outputs: [32, 16],
      program: chain,
      tolerance: { relative: 3e-6, scale: 1 },
    }),
  ); // prettier-ignore
  cases.push(
    mapCase({
      name: "input straight to output",
      block: [1, 1, 4, 5],
      inputs: [numbers(6).normal(20)],
      strides: [[0, 0, 1, 4]],
      outputs: [0],
      program: [],
    }),
  ); // prettier-ignore
  cases.push(
    mapCase({ name: "empty block", block: [1, 3, 0, 5], inputs: [[]], outputs: [1], program: [["negate", 0]] }),
  );
  return cases;
}

function inPlaceCases(): TrialCase[] {
  return sizes.flatMap((n) => {
    const draw = numbers(n);
    const block = [1, 1, 3, n] as const;
    const inputs = [draw.normal(3 * n), draw.normal(3 * n), draw.normal(n)];
    const strides = [undefined, undefined, [0, 0, 0, 1]];
    const program: readonly Instruction[] = [
      ["add", 0, 2],
      ["mul", 3, 1],
      ["sub", 1, 0],
    ]; // prettier-ignore
    const tolerance = { relative: 6e-7, scale: 1 }; // fused or separate rounding of (a + c) b
    const both = [
      ["y0", "x0"],
      ["y1", "x1"],
    ] as const; // prettier-ignore
    return [
      mapCase({
        name: `in place, n=${n}`,
        block,
        inputs,
        strides,
        outputs: [4],
        program,
        tolerance,
        inPlace: [["y0", "x1"]],
      }),
      mapCase({
        name: `two in place, n=${n}`,
        block,
        inputs,
        strides,
        outputs: [4, 5],
        program,
        tolerance,
        inPlace: both,
      }),
    ];
  });
}
