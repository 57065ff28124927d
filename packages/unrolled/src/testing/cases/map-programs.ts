// Conformance cases of map: broadcasting, programs of several instructions, outputs on inputs.
import type { TrialCase } from "../trial.js";
import { numbers, seedOf, sizes } from "../numbers.js";
import { extent } from "./elementwise.js";
import { type Instruction, mapCase } from "./map-case.js";

const f = Math.fround;

export function mapProgramCases(): TrialCase[] {
  return [...broadcastCases(), ...stridedOutputCases(), ...programCases(), ...inPlaceCases()];
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
      );
    }
  }
  return cases;
}

/** Outputs with strides of their own: words between are left alone. */
function stridedOutputCases(): TrialCase[] {
  const cases: TrialCase[] = [];
  const program: readonly Instruction[] = [
    ["tanh", 0],
    ["mul", 2, 1],
    ["sub", 3, 0],
  ]; // prettier-ignore
  const tolerance = { relative: 1e-6, scale: 1 };
  for (const block of [
    [1, 1, 3, 17],
    [1, 1, 50, 16],
    [1, 2, 5, 9],
    [2, 3, 4, 5],
    [1, 1, 65, 1],
    [1, 1, 7, 300],
  ] as const) {
    const [, d1, d2, d3] = block;
    const kinds: readonly (readonly [string, readonly number[]])[] = [
      ["padded rows", [d1 * d2 * (d3 + 3), d2 * (d3 + 3), d3 + 3, 1]],
      ["a transpose", [d1 * d2 * d3, d2 * d3, 1, d2]],
      ["every other word", [2 * d1 * d2 * d3, 2 * d2 * d3, 2 * d3, 2]],
    ];
    for (const [kind, strides] of kinds) {
      const name = `[${block}] to ${kind}`;
      const draw = numbers(seedOf(name));
      const inputs = [0, 1].map(() => draw.normal(block.reduce<number>((a, b) => a * b, 1)));
      cases.push(mapCase({ name, block, inputs, outputs: [4, 2], outputStrides: [strides], program, tolerance }));
      cases.push(
        mapCase({
          name: `${name}, all`,
          block,
          inputs,
          outputs: [0, 3, 4],
          outputStrides: [strides, strides, undefined],
          program,
          tolerance,
        }),
      );
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
    );
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
    );
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
  );
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
  );
  cases.push(
    mapCase({
      name: "input straight to output",
      block: [1, 1, 4, 5],
      inputs: [numbers(6).normal(20)],
      strides: [[0, 0, 1, 4]],
      outputs: [0],
      program: [],
    }),
  );
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
    ];
    const tolerance = { relative: 6e-7, scale: 1 }; // fused or separate rounding of (a + c) b
    const both = [
      ["y0", "x0"],
      ["y1", "x1"],
    ] as const;
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
