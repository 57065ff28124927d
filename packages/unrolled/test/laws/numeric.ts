// R10: a number that is not finite is found in the step that meets it, named, changes nothing and reaches no checkpoint.
// T time, N batch.
import {
  adam,
  type CheckpointEvent,
  type Device,
  draws,
  NumericError,
  readWeights,
  sgd,
  type TrainOptions,
  train,
  type TrainEvent,
  writeWeights,
} from "unrolled";
import { identical } from "unrolled/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "./engine.js";
import { allOf, cells, tinyCorpus, tinyModel, tinyRun, trained } from "./tiny.js";

const corpus = tinyCorpus();

interface Failed {
  readonly error: NumericError;
  readonly events: readonly TrainEvent[];
}

/** Runs until the error that must come. */
async function failing(
  options: Omit<TrainOptions, "batch" | "sequence">,
  during?: (event: TrainEvent) => void,
): Promise<Failed> {
  const events: TrainEvent[] = [];
  try {
    for await (const event of train({ ...tinyRun, ...options })) {
      events.push(event);
      during?.(event);
    }
  } catch (error) {
    if (error instanceof NumericError) return { error, events };
    throw error;
  }
  throw new Error("the run ended without an error");
}

const savedNumbers = (events: readonly TrainEvent[]): number[] =>
  events
    .filter((event): event is CheckpointEvent => event.type === "checkpoint")
    .flatMap(({ weights, training }) => [...allOf(weights), ...allOf(training.arrays)]);

/** One element of one weight goes bad after the second step. */
async function badWeight(device: Device, cell: (typeof cells)[number][1], value: number): Promise<void> {
  const random = draws(11);
  const names = Object.keys(tinyModel(corpus, cell).weights);
  for (const name of names) {
    const model = tinyModel(corpus, { ...cell, dropout: 0.2 });
    let before: number[] = [];
    const inject = (event: TrainEvent): void => {
      if (event.type !== "step" || event.step !== 2) return;
      const weights = readWeights(model, device);
      const data = weights.find((w) => w.name === name)?.data as Float32Array;
      // An embedding row that no token of the step reads would not be met: spoil them all there.
      if (name === "embedding.weight") data.fill(value);
      else data[Math.floor(random.uniform() * data.length)] = value;
      writeWeights(model, device, weights);
      before = allOf(weights);
    };
    const { error, events } = await failing({ device, corpus, model, maxSteps: 6, optimizer: adam() }, inject);
    const last = events.filter(({ type }) => type === "step").length;
    expect(last, `${name}: found in the very next step`).toBe(2);
    expect(error.message).toContain("step 3");
    expect(error.message).toContain(`first in ${name}, ${value} at [`);
    identical(allOf(readWeights(model, device)), before, `${name}: weights after the failed step`);
  }
}

async function badState(device: Device): Promise<void> {
  const model = tinyModel(corpus);
  const { checkpoint } = await trained(device, corpus, {}, { maxSteps: 2 });
  const arrays = checkpoint.training.arrays.map((array) => {
    const data = array.data.slice();
    if (array.name === "c.1") data[7] = Number.NaN;
    return { ...array, data };
  });
  const before = allOf(readWeights(model, device));
  const { error, events } = await failing({
    device,
    corpus,
    model,
    maxSteps: 6,
    resume: { ...checkpoint.training, arrays },
  });
  expect(events.map(({ type }) => type)).toEqual(["start"]);
  expect(error.message).toContain("first in c.1, NaN at [1,1] of [3,6]");
  identical(allOf(readWeights(model, device)), before, "weights");
}

/** All weights are finite here, but a product of two is not: the step of the sequence and the row are told. */
async function overflowInside(device: Device): Promise<void> {
  const model = tinyModel(corpus, { cell: "rnn" });
  const large = device.precision === "f64" ? 1e110 : 1e14;
  const { error } = await failing({ device, corpus, model, maxSteps: 3 }, (event) => {
    if (event.type !== "start") return;
    // All units at the middle of their tanh, so that nothing dampens the gradient on its way down through three large matrices.
    const weights = readWeights(model, device);
    for (const { name, data } of weights)
      data.forEach((_, i) => {
        data[i] = /weight_ih|head.weight/.test(name) ? large * Math.sin(i + 1) : 0;
      });
    writeWeights(model, device, weights);
  });
  expect(error.message).toMatch(/^step 1: .*first in [a-zA-Z]+ \(.+\), -?(Infinity|NaN) at step t=\d of 5, row \d/);
}

/** What has gone bad after a step is not saved, even if the run ends there. */
async function notSaved(device: Device): Promise<void> {
  const model = tinyModel(corpus);
  const { error, events } = await failing({ device, corpus, model, maxSteps: 2 }, (event) => {
    if (event.type !== "step" || event.step !== 2) return;
    const weights = readWeights(model, device);
    weights[3].data[1] = Number.NaN;
    writeWeights(model, device, weights);
  });
  expect(error.message).toBe("step 2: what is saved must be finite, was not in rnn.bias_ih_l0, NaN at [1] of [28]");
  expect(savedNumbers(events)).toEqual([]);
}

/** A rate so large that the update itself overflows, at a step that is saved at once. */
async function badRate(device: Device): Promise<void> {
  const { error, events } = await failing({
    device,
    corpus,
    model: tinyModel(corpus),
    maxSteps: 3,
    checkpointEvery: 1,
    optimizer: sgd({ rate: 1e308 }),
    clip: {},
  });
  expect(error.hint).toContain("learning rate than 1e+308");
  expect(savedNumbers(events).filter((n) => !Number.isFinite(n))).toEqual([]);
}

export function numericSuite(engine: Engine): void {
  describe(`numbers that are not finite on ${engine.name}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await engine.open();
    });
    afterAll(() => device.close());
    for (const [name, cell] of cells)
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
        it(`${value} in every weight in turn: ${name}`, () => badWeight(device, cell, value));
    it("NaN in the carried state: which, and which row", () => badState(device));
    it("a product that overflows between finite weights", () => overflowInside(device));
    it("is not saved", () => notSaved(device));
    it("a rate that overflows the update", () => badRate(device));
  });
}
