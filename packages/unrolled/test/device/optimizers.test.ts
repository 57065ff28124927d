// Three steps of every optimizer on the reference against its published formula, written here with one number at a time.
import { openReference } from "unrolled";
import { close, identical, type KernelCall, numbers, runKernel } from "unrolled/testing";
import { expect, it } from "vitest";

type Slots = Record<string, number>;
type Rule = (slots: Slots, g: number, step: number) => void;
interface Optimizer {
  readonly name: string;
  readonly kernel: "sgd" | "adagrad" | "rmsprop" | "adam";
  readonly slots: readonly string[];
  readonly options: Record<string, number>;
  readonly rule: Rule;
}

const rate = 0.1;
const decay = 0.01;
const factor = 0.7; // what clipping left of the gradient
const limit = 0.9; // and of its elements, before
const cut = (g: number): number => Math.sign(g) * Math.min(Math.abs(g), limit);
const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
const adam =
  (decoupled: boolean): Rule =>
  (s, g, step) => {
    const seen = factor * cut(g) + (decoupled ? 0 : decay * s.w);
    s.m = beta1 * s.m + (1 - beta1) * seen;
    s.v = beta2 * s.v + (1 - beta2) * seen ** 2;
    const shrunk = decoupled ? s.w * (1 - rate * decay) : s.w;
    s.w = shrunk - (rate * (s.m / (1 - beta1 ** step))) / (Math.sqrt(s.v / (1 - beta2 ** step)) + epsilon);
  };
const sgd =
  (momentum: number, nesterov: boolean): Rule =>
  (s, g) => {
    const seen = factor * cut(g) + decay * s.w;
    s.v = momentum * s.v + seen;
    s.w -= rate * (nesterov ? seen + momentum * s.v : s.v);
  };

const optimizers: readonly Optimizer[] = [
  { name: "sgd", kernel: "sgd", slots: [], options: { nesterov: 0, momentum: 0 }, rule: sgd(0, false) },
  { name: "momentum", kernel: "sgd", slots: ["v"], options: { nesterov: 0, momentum: 0.9 }, rule: sgd(0.9, false) },
  { name: "nesterov", kernel: "sgd", slots: ["v"], options: { nesterov: 1, momentum: 0.9 }, rule: sgd(0.9, true) },
  {
    name: "adagrad",
    kernel: "adagrad",
    slots: ["s"],
    options: { epsilon },
    rule: (s, g) => {
      const seen = factor * cut(g) + decay * s.w;
      s.s += seen ** 2;
      s.w -= (rate * seen) / (Math.sqrt(s.s) + epsilon);
    },
  },
  {
    name: "rmsprop",
    kernel: "rmsprop",
    slots: ["s"],
    options: { alpha: 0.95, epsilon },
    rule: (s, g) => {
      const seen = factor * cut(g) + decay * s.w;
      s.s = 0.95 * s.s + 0.05 * seen ** 2;
      s.w -= (rate * seen) / (Math.sqrt(s.s) + epsilon);
    },
  },
  {
    name: "adam",
    kernel: "adam",
    slots: ["m", "v"],
    options: { decoupled: 0, beta1, beta2, epsilon },
    rule: adam(false),
  },
  {
    name: "adamw",
    kernel: "adam",
    slots: ["m", "v"],
    options: { decoupled: 1, beta1, beta2, epsilon },
    rule: adam(true),
  },
];

for (const { name, kernel, slots, options, rule } of optimizers) {
  it(`${name} over three steps`, () => {
    const device = openReference();
    const n = 5;
    const draw = numbers(3);
    let state: Record<string, Float64Array> = { w: draw.normal(n) };
    for (const slot of slots) state[slot] = new Float64Array(n);
    const expected = Array.from({ length: n }, (_, i): Slots => ({ v: 0, s: 0, m: 0, w: state.w[i] }));
    for (const step of [1, 2, 3]) {
      const g = draw.normal(n);
      const rates = kernel === "adam" ? [rate, 1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step)] : [rate];
      const buffers: KernelCall["buffers"] = { ...state, g, rate: rates, scale: [factor], guard: [1] };
      const written = runKernel(device, { kernel, numbers: { n, decay, limit, ...options }, buffers });
      state = Object.fromEntries(["w", ...slots].map((slot) => [slot, written[slot]]));
      for (let i = 0; i < n; i++) rule(expected[i], g[i], step);
      for (const slot of ["w", ...slots]) {
        const wanted = expected.map((one) => one[slot]);
        close(state[slot], wanted, { relative: 1e-12, label: `${name}, step ${step}: ${slot}` });
      }
    }
  });
}

it("a gradient norm of 5 stops neither; one that is not finite stops everything", () => {
  const device = openReference();
  const buffers = { w: [1, 2], v: [3, 4], g: [5, 6], rate: [0.1], scale: [Number.NaN] };
  const call = { kernel: "sgd", numbers: { n: 2, nesterov: 0, momentum: 0.5, decay: 0, limit: 0 } } as const;
  for (const guard of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const after = runKernel(device, { ...call, buffers: { ...buffers, guard: [guard] } });
    identical(after.w, [1, 2]);
    identical(after.v, [3, 4]);
  }
  const after = runKernel(device, { ...call, buffers: { ...buffers, scale: null, guard: [5] } });
  close(after.w, [1 - 0.65, 2 - 0.8], { relative: 1e-14 });
  expect(Array.from(after.v)).toEqual([6.5, 8]);
});

it("adds squares", () => {
  const { y } = runKernel(openReference(), { kernel: "sumSquares", numbers: { n: 3 }, buffers: { x: [3, 4, 12] } });
  identical(y, [169]);
});
