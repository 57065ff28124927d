// Simple kernels of the reference against Math and against results worked out by hand.
import { type KernelName, openReference } from "unrolled";
import { close, identical, type KernelCall, runKernel } from "unrolled/testing";
import { describe, it } from "vitest";
import { type MapOpcode, mapOpcodes } from "../../src/device/kernels.js";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const run = (
  kernel: KernelName,
  numbers: Record<string, number>,
  buffers: KernelCall["buffers"],
  tail: readonly number[] = [],
): Record<string, Float64Array> => runKernel(openReference(), { kernel, numbers, buffers, tail });

const x = [0, -0, 1, -1, 0.3, -2.5, 700, -700, 1e4, -1e4, inf, -inf, nan, 5e-324, 12.25];
const pairs = x.flatMap((a) => x.map((b) => [a, b] as const));

function opcode(name: MapOpcode, ...inputs: readonly (readonly number[])[]): Float64Array {
  const n = inputs[0].length;
  const strides = inputs.flatMap(() => [0, 0, 0, 1]);
  const sizes = { d0: 1, d1: 1, d2: 1, d3: n, inputs: inputs.length, outputs: 1, instructions: 1 };
  const buffers = Object.fromEntries(inputs.map((input, i) => [`x${i}`, input]));
  const registers = [0, 1, 2].map((i) => (i < inputs.length ? i : 0));
  return run("map", sizes, buffers, [...strides, 0, 0, 0, 1, inputs.length, mapOpcodes.indexOf(name), ...registers]).y0;
}

const unary: Partial<Record<MapOpcode, (a: number) => number>> = {
  negate: (a) => -a,
  absolute: Math.abs,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  sigmoid: (a) => (a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a))),
  relu: (a) => (a > 0 || Number.isNaN(a) ? a : 0),
  sign: (a) => (a > 0 ? 1 : a < 0 ? -1 : a),
  floor: Math.floor,
  softplus: (a) => (a > 30 ? a : Math.log1p(Math.exp(a))),
  finite: (a) => (a - a === 0 ? 1 : 0),
};
const binary: Partial<Record<MapOpcode, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  minimum: (a, b) => Math.min(a, b),
  maximum: (a, b) => Math.max(a, b),
  power: (a, b) => a ** b,
  equal: (a, b) => Number(a === b),
  less: (a, b) => Number(a < b),
  lessEqual: (a, b) => Number(a <= b),
};

describe("map", () => {
  for (const name of mapOpcodes) {
    it(name, () => {
      const one = unary[name];
      const two = binary[name];
      const exact = { relative: 1e-14, absolute: 0, label: name };
      if (one) close(opcode(name, x), x.map(one), exact);
      else if (two)
        close(
          opcode(
            name,
            pairs.map(([a]) => a),
            pairs.map(([, b]) => b),
          ),
          pairs.map(([a, b]) => two(a, b)),
          exact,
        );
      else if (name === "where")
        identical(opcode(name, [0, -0, 1, nan, -3], [1, 2, 3, 4, 5], [6, 7, 8, 9, 10]), [6, 7, 3, 4, 5]);
      else if (name === "constant") {
        const sizes = { d0: 1, d1: 1, d2: 2, d3: 2, inputs: 0, outputs: 1, instructions: 1 };
        identical(run("map", sizes, {}, [0, 0, 2, 1, 0, mapOpcodes.indexOf(name), 0.1, 0, 0]).y0, [0.1, 0.1, 0.1, 0.1]);
      } else throw new Error(`no test for the opcode ${name}`);
    });
  }

  it("broadcasts by strides: a column minus a row", () => {
    const sizes = { d0: 1, d1: 1, d2: 2, d3: 3, inputs: 2, outputs: 1, instructions: 1 };
    const tail = [0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 3, 1, 2, mapOpcodes.indexOf("sub"), 0, 1, 0];
    identical(run("map", sizes, { x0: [10, 20], x1: [1, 2, 3] }, tail).y0, [9, 8, 7, 19, 18, 17]);
  });
});

describe("axes and tables", () => {
  it("reduces the middle axis", () => {
    const block = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]; // [2,3,2]
    const sizes = { outer: 2, n: 3, inner: 2 };
    identical(run("reduce", { ...sizes, kind: 0, scale: 0.5 }, { x: block }).y, [4.5, 6, 13.5, 15]);
    identical(run("reduce", { ...sizes, kind: 1, scale: 1 }, { x: block }).y, [5, 6, 11, 12]);
  });

  it("copies a transpose", () => {
    const strides = { d0: 1, d1: 1, d2: 3, d3: 2, ys0: 0, ys1: 0, ys2: 2, ys3: 1, xs0: 0, xs1: 0, xs2: 1, xs3: 3 };
    identical(run("copy", strides, { x: [1, 2, 3, 4, 5, 6] }).y, [1, 4, 2, 5, 3, 6]);
  });

  it("finds the first largest", () => {
    identical(run("argmax", { R: 2, n: 4 }, { x: [1, 3, nan, 3, nan, nan, -inf, -inf] }).y, [1, 2]);
  });

  it("gathers and adds rows, leaving out ids that are no rows", () => {
    const ids = [1, 3, -1, 1];
    identical(run("gather", { R: 4, D: 2, V: 3 }, { table: [1, 2, 3, 4, 5, 6], ids }).y, [3, 4, 0, 0, 0, 0, 3, 4]);
    const sums = run("scatterAdd", { R: 4, D: 2, V: 3 }, { x: [1, 2, 3, 4, 5, 6, 7, 8], ids });
    identical(sums.table, [0, 0, 8, 10, 0, 0]);
  });
});

describe("matrices", () => {
  it("multiplies packed rows with strides, bias and accumulation", () => {
    const p = { x: [1, 2, 3, 4, 5, 6], K: 2, N: 3, kStride: 3, nStride: 1, groups: 1 };
    const sizes = { M: 2, N: 3, K: 2, aRow: 3, cRow: 4 };
    const a = [1, 10, nan, 2, 20];
    const c = [nan, nan, nan, 7, nan, nan, nan];
    const bias = [100, 200, 300];
    identical(run("multiply", { ...sizes, accumulate: 0 }, { c, a, p, bias }).c, [141, 252, 363, 7, 182, 304, 426]);
    const old = [1, 2, 3, 7, 4, 5, 6];
    identical(run("multiply", { ...sizes, accumulate: 1 }, { c: old, a, p, bias }).c, [42, 54, 66, 7, 86, 109, 132]);
  });

  it("multiplies batches with any strides", () => {
    // a [2][2,3] stored by columns, b [3,2] shared by both.
    const a = [1, 4, 2, 5, 3, 6, 0, 1, 0, 0, 1, 0];
    const sizes = { batch: 2, M: 2, N: 2, K: 3, aBatch: 6, aRow: 1, aCol: 2, bBatch: 0, bRow: 2, bCol: 1, cBatch: 4 };
    const b = [1, 2, 3, 4, 5, 6];
    const { c } = run("gemm", { ...sizes, cRow: 2, accumulate: 0 }, { a, b });
    identical(c, [22, 28, 49, 64, 5, 6, 1, 2]);
  });
});

describe("scores of 1e4", () => {
  const logits = [1e4, -1e4, 0, -1e4, -1e4, -1e4];

  it("softmax stays finite", () => {
    identical(run("softmax", { R: 2, n: 3, log: 0 }, { x: logits }).y, [1, 0, 0, 1 / 3, 1 / 3, 1 / 3]);
    const expected = [0, -2e4, -1e4, -Math.log(3), -Math.log(3), -Math.log(3)];
    close(run("softmax", { R: 2, n: 3, log: 1 }, { x: logits }).y, expected, { absolute: 1e-11 });
  });

  it("cross entropy stays finite, and so does its gradient", () => {
    const sizes = { R: 2, V: 3, ignore: -1 };
    const y = run("crossEntropy", sizes, { logits, targets: [1, 2] });
    close(y.loss, [2e4, Math.log(3)], { absolute: 1e-11 });
    identical(y.weight, [1, 1]);
    const d = run("crossEntropyGrad", sizes, { logits, lse: y.lse, targets: [1, 2], dloss: [2, 3] });
    close(d.dlogits, [2, -2, 0, 1, 1, -2], { absolute: 1e-11 });
  });

  it("an ignored row has neither loss nor weight nor gradient", () => {
    const sizes = { R: 2, V: 3, ignore: 1 };
    const y = run("crossEntropy", sizes, { logits: [nan, 1, 2, 1, 2, 3], targets: [1, 3] });
    identical(y.loss, [0, 0]);
    identical(y.weight, [0, 0]);
    const targets = [1, 3];
    const d = run("crossEntropyGrad", sizes, { logits, lse: [nan, 1], targets, dloss: [nan, nan] });
    identical(d.dlogits, [0, 0, 0, 0, 0, 0]);
  });
});
