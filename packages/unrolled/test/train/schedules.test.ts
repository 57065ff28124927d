// Rates of schedules and optimizers against their formulas; clipping against the lectures' vector.
import {
  adam,
  clamp,
  compile,
  constant,
  cosine,
  f32,
  makeOptimizer,
  openReference,
  plateau,
  rateFactor,
  SpecError,
  sgd,
  stepDecay,
  variable,
} from "unrolled";
import { close } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { afterValidation, freshPlateau } from "../../src/train/schedules.js";
import { allOf, tinyCorpus, trained } from "../laws/tiny.js";

const at = (step: number, epochs = 0, totalSteps = 100) => ({ step, epochs, totalSteps, plateau: freshPlateau });

describe("schedules", () => {
  it("constant is 1", () => expect([0, 7, 99].map((step) => rateFactor(constant(), at(step)))).toEqual([1, 1, 1]));

  it("step: times the factor at each epoch from `after` on", () => {
    const spec = stepDecay({ factor: 0.5, after: 10, every: 2 });
    const factors = [0, 9, 10, 11, 12, 13, 14].map((epochs) => rateFactor(spec, at(0, epochs)));
    expect(factors).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25, 0.125]);
  });

  it("step: char-rnn's default is .97 an epoch from the tenth on", () => {
    const charRnn = (epochs: number): number => (epochs < 10 ? 1 : 0.97 ** (epochs - 9));
    for (const epochs of [0, 9, 10, 11, 30])
      close(rateFactor(stepDecay(), at(0, epochs)), charRnn(epochs), { relative: 1e-14 });
  });

  it("cosine: a line up, half a wave down to the floor", () => {
    const spec = cosine({ warmup: 10, floor: 0.2 });
    for (let step = 0; step < 10; step++) close(rateFactor(spec, at(step)), (step + 1) / 10, { relative: 1e-14 });
    for (const step of [10, 40, 55, 99, 100])
      close(rateFactor(spec, at(step)), 0.2 + 0.4 * (1 + Math.cos((Math.PI * (step - 10)) / 90)), { relative: 1e-14 });
    expect(rateFactor(spec, at(10))).toBe(1);
    close(rateFactor(spec, at(100)), 0.2, { relative: 1e-14 });
  });

  it("plateau: a factor after more than `patience` validations without a better one", () => {
    const spec = plateau({ factor: 0.5, patience: 1 });
    const factors: number[] = [];
    let state = freshPlateau;
    for (const nats of [3, 2, 2.5, 2.4, 1.9, 1.9, 1.9, 2]) {
      state = afterValidation(spec, state, nats);
      factors.push(rateFactor(spec, { ...at(0), plateau: state }));
    }
    expect(factors).toEqual([1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]);
  });

  it("are what a training uses", async () => {
    const options = { maxSteps: 6, optimizer: sgd({ rate: 0.5 }), schedule: cosine({ warmup: 2, floor: 0 }) };
    const { steps } = await trained(openReference(), tinyCorpus(), {}, options);
    const expected = [0.25, 0.5, ...[2, 3, 4, 5].map((step) => 0.25 * (1 + Math.cos((Math.PI * (step - 2)) / 4)))];
    const rates = steps.map(({ learningRate }) => learningRate);
    close(rates, expected, { relative: 1e-14 });
  });

  it.each([
    ["a step of no epochs", () => stepDecay({ every: 0 })],
    ["a floor below 0", () => cosine({ floor: -1 })],
    ["a factor that is no number", () => plateau({ factor: Number.NaN })],
    ["a mean that forgets nothing", () => adam({ beta1: 1 })],
    ["an infinite rate", () => sgd({ rate: Number.POSITIVE_INFINITY })],
  ])("refuse %s", (_, make) => expect(make).toThrow(SpecError));
});

describe("rates of adam", () => {
  it("undo the bias towards zero of the first steps", () => {
    const optimizer = makeOptimizer(adam({ beta1: 0.9, beta2: 0.99 }), variable("w", { shape: [3] }).storage);
    for (const t of [1, 2, 10, 1000])
      close(optimizer.rates(t, 0.1), [0.1, 1 / (1 - 0.9 ** t), 1 / (1 - 0.99 ** t)], { relative: 1e-14 });
  });
});

describe("clipping", () => {
  const device = openReference();

  it("by value: the notebook's vector", () => {
    const program = compile(device, { g: f32(5) }, ({ g }) => ({ outputs: { clipped: clamp(g, -10, 10) } }));
    const { clipped } = program.run({ g: [12, -1000, 0.2971, 10, 8.4583] });
    close(clipped, [10, -10, 0.2971, 10, 8.4583], { relative: 0, absolute: 0 });
  });

  it("by norm: the update is as long as rate times norm, in the gradient's direction", async () => {
    const corpus = tinyCorpus();
    const moved = async (clip: { readonly norm?: number; readonly value?: number }) => {
      const run = (rate: number) => trained(device, corpus, {}, { maxSteps: 1, optimizer: sgd({ rate }), clip });
      const [before, after] = [await run(0), await run(1)];
      const start = allOf(before.checkpoint.weights);
      const delta = allOf(after.checkpoint.weights).map((w, i) => start[i] - w);
      return { delta, norm: after.steps[0].gradientNorm };
    };
    const free = await moved({});
    const length = Math.hypot(...free.delta);
    close(free.norm, length, { relative: 1e-9 });
    const clipped = await moved({ norm: 0.1 });
    close(clipped.norm, length, { relative: 1e-9, label: "the norm that is told is the one before clipping" });
    const shorter = free.delta.map((d) => (d * 0.1) / (length + 1e-6));
    close(clipped.delta, shorter, { relative: 1e-9, absolute: 1e-12 });
    const byValue = await moved({ value: 0.01 });
    const limited = free.delta.map((d) => Math.min(Math.max(d, -0.01), 0.01));
    close(byValue.delta, limited, { relative: 1e-9, absolute: 1e-12 });
    expect(limited.some((d) => Math.abs(d) === 0.01)).toBe(true);
  });
});
