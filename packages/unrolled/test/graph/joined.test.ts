// What is used at T steps gets its gradient from one call, not from T: products, batches of products, attended keys.
// T steps, N batch, S places, A units, C width.
import { expect, it } from "vitest";
import { openReference } from "../../src/device/reference/index.js";
import type { Device } from "../../src/device/device.js";
import { type KernelName, kernelNames } from "../../src/device/kernels.js";
import { compile, f32 } from "../../src/graph/compile.js";
import { gradient } from "../../src/graph/gradient.js";
import { additiveAttention, concat, matmul, mul, slice, sum, tanh } from "../../src/graph/ops/index.js";
import type { Tensor } from "../../src/graph/tensor.js";

/** How often a program that computes gradients calls each kernel. */
function callsOf(
  specs: Readonly<Record<string, ReturnType<typeof f32>>>,
  build: (inputs: Readonly<Record<string, Tensor>>) => Tensor,
): (kernel: KernelName) => number {
  const called: string[] = [];
  const base = openReference();
  const device: Device = {
    ...base,
    load: (program) => {
      for (let at = 0; at < program.code.length; at += 2 + program.code[at + 1])
        called.push(kernelNames[program.code[at]]);
      return base.load(program);
    },
  };
  compile(device, specs, (inputs) => {
    const y = build(inputs);
    const slopes = gradient(sum(mul(y, y)), Object.values(inputs));
    return { outputs: Object.fromEntries(slopes.map((slope, i) => [`d${i}`, slope])) };
  });
  return (kernel) => called.filter((name) => name === kernel).length;
}

const [T, N, S, A, C] = [5, 3, 4, 2, 6];

it("attention over the same places: one gradient of the keys, one product for that of the values", () => {
  const calls = callsOf({ k: f32(N, S, A), v: f32(N, S, C), q: f32(N, 1, A), W: f32(C, A), e: f32(A) }, (x) => {
    let asked = x.q;
    for (let t = 0; t < T; t++) asked = tanh(matmul(additiveAttention(x.k, x.v, asked, x.e).context, x.W));
    return asked;
  });
  expect(calls("attend")).toBe(T);
  expect(calls("attendGrad")).toBe(T);
  expect(calls("attendKeysGrad")).toBe(1);
  // Forward and dasked W' of each step; dW and dvalues once.
  expect(calls("gemm")).toBe(T + T + 2);
});

it("attention over different places: a gradient of the keys for each", () => {
  const specs = { k: f32(N, S, A), l: f32(N, S, A), v: f32(N, S, C), q: f32(N, 1, A), e: f32(A) };
  const calls = callsOf(specs, ({ k, l, v, q, e }) =>
    concat([k, l, k].map((keys) => additiveAttention(keys, v, q, e).context)),
  );
  expect(calls("attendKeysGrad")).toBe(2);
});

it("one part of a weight at T steps: one product", () => {
  const calls = callsOf({ x: f32(N, C), W: f32(C, A + C) }, ({ x, W }) => {
    let y = x;
    for (let t = 0; t < T; t++) y = tanh(matmul(y, slice(W, 1, A, A + C)));
    return y;
  });
  expect(calls("gemm")).toBe(T + T + 1);
});
