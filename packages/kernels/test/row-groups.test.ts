// Calls between which threads need not wait: which they are, and that nothing but waiting is lost. N batch, H hidden.
import {
  add,
  type Cell,
  cell,
  compile,
  type Device,
  type EncodedProgram,
  f32,
  gradient,
  type KernelName,
  kernelNames,
  kernels,
  matmul,
  mul,
  type Scalar,
  sigmoid,
  split,
  sum,
  tanh,
  unroll,
  variables,
} from "unrolled";
import { identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { goTogether, rowSeer } from "../src/row-groups.js";
import { encodeSteps } from "../src/steps.js";
import { buildsHere } from "./open-all.js";

const spelledOut = cell({
  name: "lstm in ops",
  weights: ({ D, H }) => ({ W: [D, 4 * H], R: [H, 4 * H], b: [4 * H] }),
  state: ({ H }) => ({ h: [H], c: [H] }),
  step({ W, R, b }, x, { h, c }) {
    const [i, f, g, o] = split(add(add(matmul(x, W), matmul(h, R)), b), 4);
    const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return { h: mul(sigmoid(o), tanh(next)), c: next };
  },
});

const [T, N, D, H] = [5, 50, 7, 33];

/** Loss and all gradients of an LSTM written in ops, and the program that computed them. */
function gradientsOn(device: Device, work: number): { values: Float64Array; program: EncodedProgram } {
  let program: EncodedProgram | undefined;
  const watched: Device = {
    ...device,
    load: (given) => {
      program = { ...given, work };
      return device.load(program);
    },
  };
  const wave = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7) / 3);
  const shapes = { W: [D, 4 * H], R: [H, 4 * H], b: [4 * H], h: [N, H], c: [N, H] } as const;
  const specs = Object.entries(shapes).map(([name, shape]) => [
    name,
    { shape, initial: () => wave(shape.reduce((a: number, n: number) => a * n, 1)) },
  ]);
  const { h, c, ...weights } = variables("weights", Object.fromEntries(specs));
  const compiled = compile(watched, { x: f32(T, N, D) }, ({ x }) => {
    const { y } = unroll(spelledOut as unknown as Cell, weights, x, { h, c });
    const loss = sum(mul(y, y)) as Scalar;
    const slopes = gradient(loss, Object.values(weights));
    return { outputs: { loss, ...Object.fromEntries(slopes.map((slope, i) => [`g${i}`, slope])) } };
  });
  const found = Object.values(compiled.run({ x: wave(T * N * D) })) as (number | Float32Array)[];
  const values = Float64Array.from(found.flatMap((v) => (typeof v === "number" ? [v] : [...v])));
  compiled.close();
  if (!program) throw new Error("no program was loaded");
  return { values, program };
}

const flagsOf = (steps: Float64Array): number[] => {
  const flags: number[] = [];
  for (let at = 0; at < steps.length; at += 3 + (steps[at + 2] as number)) flags.push(steps[at + 1] as number);
  return flags;
};

for (const build of await buildsHere())
  it(`${build.name}: a cell written in ops gives the same bits on 1, 2 and 3 threads, with few meetings`, async () => {
    const results: { values: Float64Array; program: EncodedProgram }[] = [];
    for (const threads of [1, 2, 3]) {
      const device = await build.open(threads);
      results.push(gradientsOn(device, 1e12));
      device.close();
    }
    for (const { values } of results) identical(values, (results[0] as { values: Float64Array }).values, "threads");
    const flags = flagsOf(encodeSteps((results[1] as { program: EncodedProgram }).program, 2).code);
    expect(flags.filter((flag) => flag & 8).length).toBeGreaterThan(2 * T);
    expect(flags.filter((flag) => flag & 2).length).toBeLessThan(flags.length - 2 * T);
    expect((flags.at(-1) as number) & 2).toBe(2);
  });

/** The numbers of a call; buffers as [offset, words], the rest 0. */
function numbersOf(
  kernel: KernelName,
  given: Readonly<Record<string, number | [number, number]>>,
  tail: number[] = [],
) {
  const numbers = Object.entries(kernels[kernel].parameters).flatMap(([key, kind]) => {
    const value = given[key] ?? 0;
    return kind === "int" || kind === "float" ? [value as number] : Array.isArray(value) ? value : [0, 0];
  });
  return Float64Array.from([...numbers, ...tail]);
}

describe("rows of neighbours", () => {
  const see = rowSeer(2);
  const product = (c: number, a: number, cRow = 8) =>
    see(
      "multiply",
      numbersOf("multiply", { c: [c, 64 * cRow], a: [a, 64 * 4], p: [5000, 48 * 4], M: 64, N: 8, K: 4, aRow: 4, cRow }),
      undefined,
    );
  /** y = f(x) over [64, columns]. */
  const map = (y: number, x: number, columns: number, stride: number) =>
    see(
      "map",
      numbersOf("map", { y0: [y, 1], x0: [x, 1], d0: 1, d1: 1, d2: 64, d3: columns, inputs: 1, outputs: 1 }, [
        ...[0, 0, stride, 1],
        ...[0, 0, columns, 1],
      ]),
      undefined,
    );
  const together = (a: ReturnType<typeof see>, b: ReturnType<typeof see>): boolean => {
    if (!a || !b) throw new Error("a call was not seen by rows");
    return goTogether(a, b);
  };

  it("a product and what reads its rows go together", () => {
    expect(together(product(0, 1000), map(2000, 0, 8, 8))).toBe(true);
    expect(together(product(0, 1000), map(2000, 4, 4, 8))).toBe(true); // half of each row
    expect(together(map(1000, 3000, 4, 4), product(0, 1000))).toBe(true); // its rows are what the product reads
  });
  it("not where a row reads another's words", () => {
    expect(together(product(0, 1000), map(2000, 8, 8, 8))).toBe(false); // the row below
    expect(together(product(0, 1000), map(2000, 4, 8, 8))).toBe(false); // half of two rows
    expect(together(product(0, 1000), map(2000, 0, 4, 4))).toBe(false); // rows of another length
    expect(together(product(0, 1000), map(2000, 0, 8, 0))).toBe(false); // one row for all
    expect(together(map(5000, 3000, 4, 4), product(0, 1000))).toBe(false); // what the whole product reads
  });
  it("not where a later call writes what an earlier one reads elsewhere", () => {
    expect(together(product(0, 1000), map(1004, 3000, 4, 4))).toBe(false);
    expect(together(product(0, 1000), map(1000, 3000, 4, 4))).toBe(true);
  });
  it("a single step of a layer goes with what makes its sums and with what reads its state", () => {
    const H = 16;
    /** Sums and gates at 10_000, two slots of h at 20_000 and of c at 30_000. */
    const step = (T: number) =>
      see(
        "lstm",
        numbersOf("lstm", {
          ...{ h: [20_000, 128 * H], c: [30_000, 128 * H], gates: [10_000, 256 * H], pre: [10_000, 256 * H] },
          ...{ r: [5000, 64 * H], h0: [40_000, 64 * H], c0: [50_000, 64 * H], T, N: 64, H },
        }),
        undefined,
      );
    const assign = (x: number, n: number) => see("assign", numbersOf("assign", { y: [60_000, n], x: [x, n], n }), 64);
    const gather = see(
      "gather",
      numbersOf("gather", { y: [10_000, 256 * H], table: [0, 640], ids: [700, 64], R: 64, D: 4 * H, V: 10 }),
      undefined,
    );
    expect(together(gather, step(1))).toBe(true);
    expect(together(step(1), assign(20_000 + 64 * H, 64 * H))).toBe(true); // the slot after the step
    expect(together(step(1), assign(20_000 + 63 * H, 64 * H))).toBe(false); // rows of both slots
    expect(together(step(1), product(0, 20_000 + 64 * H))).toBe(false); // rows of 4 words in rows of 16
    expect(step(2)).toBe(undefined);
    expect(assign(20_000, 64 * 8)).toBe(undefined); // threads cut between lines of 16 words
  });
  it("few rows, other kernels and outputs without rows are not seen", () => {
    expect(rowSeer(9)("multiply", numbersOf("multiply", { M: 64, N: 8, K: 4, aRow: 4, cRow: 8 }), undefined)).toBe(
      undefined,
    );
    expect(see("softmax", new Float64Array(9), undefined)).toBe(undefined);
    expect(map(0, 1000, 8, 8)?.rows).toBe(64);
    expect(kernelNames).toContain("map");
  });
});
