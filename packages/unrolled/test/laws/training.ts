// Laws of training: resumed = never stopped, saved and loaded = the same, looking on changes nothing, and what learning must do.
// T time, N batch.
import {
  adagrad,
  adam,
  adamw,
  type CheckpointEvent,
  constant,
  cosine,
  type Device,
  decodeSafetensors,
  draws,
  encodeSafetensors,
  evaluateModel,
  generate,
  loadLanguageModel,
  type NamedArray,
  type OptimizerSpec,
  plateau,
  readWeights,
  rmsprop,
  type ScheduleSpec,
  sgd,
  stepDecay,
  type TrainOptions,
  train,
  writeWeights,
} from "unrolled";
import { identical } from "unrolled/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "./engine.js";
import { allOf, cells, type Finished, finish, tinyCorpus, tinyModel, trained } from "./tiny.js";

const optimizers: readonly OptimizerSpec[] = [
  sgd({ rate: 0.5 }),
  sgd({ rate: 0.2, momentum: 0.9, nesterov: true }),
  adagrad(),
  rmsprop({ decay: 0.01 }),
  adam({ rate: 0.01 }),
  adamw({ rate: 0.01 }),
];

const schedules: readonly ScheduleSpec[] = [
  constant(),
  stepDecay({ after: 1, factor: 0.5 }),
  cosine({ warmup: 4, floor: 0.1 }),
  plateau({ patience: 0, factor: 0.5 }),
];

/** A short corpus, so that epochs end within a run: four chunks of 3 x 5 an epoch. */
const shortCorpus = () => ({
  ...tinyCorpus(),
  training: tinyCorpus().training.slice(0, 64),
  validation: tinyCorpus().validation.slice(0, 31),
});

/** Every number that a run leaves behind. */
const state = ({ checkpoint }: Finished): number[] => [
  ...allOf(checkpoint.weights),
  ...allOf(checkpoint.training.arrays),
];

/** The checkpoint as bytes and back: nothing but the file goes from one run to the next. */
function throughFiles({ weights, training }: CheckpointEvent): {
  weights: NamedArray[];
  training: CheckpointEvent["training"];
} {
  const copy = (arrays: readonly NamedArray[]): NamedArray[] => {
    const dtype = ({ data }: NamedArray) =>
      data instanceof Int32Array ? "I32" : data instanceof Float64Array ? "F64" : "F32";
    const file = encodeSafetensors(
      arrays.map((array) => ({ ...array, dtype: dtype(array) })),
      new Map(),
    ); // prettier-ignore
    const { tensors } = decodeSafetensors(file, { where: "checkpoint", checksums: true });
    return arrays.map(({ name, shape }) => ({ name, shape, data: tensors.get(name)?.data as NamedArray["data"] }));
  };
  const counters = JSON.parse(JSON.stringify(training.counters)) as CheckpointEvent["training"]["counters"];
  return { weights: copy(weights), training: { arrays: copy(training.arrays), counters } };
}

/** Stops a first run after `stop` steps and goes on in a second one, on a model made new from the files. */
async function inTwo(device: Device, stop: number, options: Partial<TrainOptions>, model = {}): Promise<Finished> {
  const corpus = shortCorpus();
  const first = await trained(device, corpus, model, options, stop);
  const { weights, training } = throughFiles(first.checkpoint);
  const { spec } = tinyModel(corpus, model);
  const loaded = loadLanguageModel({ spec: JSON.parse(JSON.stringify(spec)), vocabulary: corpus.vocabulary, weights });
  return finish({ device, corpus, model: loaded, epochs: 1000, maxSteps: 20, ...options, resume: training });
}

async function resumedEqualsWhole(device: Device, optimizer: OptimizerSpec, schedule: ScheduleSpec): Promise<void> {
  const options: Partial<TrainOptions> = { optimizer, schedule, epochs: 5, validateEvery: 3 };
  const model = { dropout: 0.3, hidden: [6, 5] };
  const whole = await trained(device, shortCorpus(), model, { ...options, maxSteps: 20 });
  const rates = whole.steps.map(({ learningRate }) => learningRate);
  expect(rates[6] !== rates[0], "the schedule has moved the rate before the stop").toBe(schedule.name !== "constant");
  const two = await inTwo(device, 7, options, model);
  identical(state(two), state(whole), `${optimizer.name}, ${schedule.name}: weights and state`);
  expect(two.checkpoint.training.counters).toEqual(whole.checkpoint.training.counters);
  expect(two.steps).toEqual(whole.steps.slice(7));
}

/** A rate of zero shows the state alone: carried within an epoch, zero again at the start of the next. */
async function carriedWithinEpochs(device: Device): Promise<void> {
  const corpus = shortCorpus();
  const still = { optimizer: sgd({ rate: 0 }), epochs: 2 };
  const losses = (await trained(device, corpus, {}, still)).steps.map(({ loss }) => loss);
  identical(losses.slice(4), losses.slice(0, 4), "the second epoch");
  // The second five tokens of the first run are the first five of the second one.
  const from = (at: number) => ({ ...corpus, training: corpus.training.subarray(at, at + 16) });
  const warm = await trained(device, from(0), {}, { ...still, batch: 1 });
  const cold = await trained(device, from(5), {}, { ...still, batch: 1 });
  expect(Math.abs(warm.steps[1].loss - cold.steps[0].loss)).toBeGreaterThan(1e-4);
}

/** R9: stops anywhere, at the ends of epochs too. */
async function stoppedAnywhere(device: Device): Promise<void> {
  const random = draws(20_261_120);
  const options = { optimizer: adam({ rate: 0.01 }), validateEvery: 4 };
  for (const [, cell] of cells.slice(0, 4)) {
    const model = { ...cell, hidden: [4, 3], dropout: 0.2 };
    const whole = state(await trained(device, shortCorpus(), model, { ...options, maxSteps: 20 }));
    for (let i = 0; i < 5; i++) {
      const stop = 1 + Math.floor(random.uniform() * 19);
      identical(state(await inTwo(device, stop, options, model)), whole, `${cell.cell}, stopped after ${stop} steps`);
    }
  }
}

/** Validation, samples, checkpoints, evaluation and generation between the steps leave no trace in the weights. */
async function lookingChangesNothing(device: Device): Promise<void> {
  const corpus = tinyCorpus();
  const quiet = await trained(device, corpus, { dropout: 0.2 }, { maxSteps: 12 });
  const watched = await trained(
    device,
    corpus,
    { dropout: 0.2 },
    { maxSteps: 12, validateEvery: 1, sampleEvery: 1, sampleLength: 5, checkpointEvery: 1 },
  );
  identical(state(watched), state(quiet), "validated, sampled and saved at every step");
  const model = tinyModel(corpus, { dropout: 0.2 });
  let interrupted: CheckpointEvent | undefined;
  for await (const event of train({
    model,
    corpus,
    device,
    batch: 3,
    sequence: 5,
    maxSteps: 12,
    validateEvery: 1_000_000,
  })) {
    if (event.type === "step" && event.step % 3 === 0) {
      await evaluateModel({ model, device, ids: corpus.validation.slice(0, 40), sequence: 9 });
      for await (const _ of generate({ model, device, prompt: "the ", length: 6, seed: event.step }));
    }
    if (event.type === "checkpoint") interrupted = event;
  }
  identical(
    allOf(interrupted?.weights ?? []),
    allOf(quiet.checkpoint.weights),
    "evaluated and generated by hand in between",
  );
  identical(
    allOf(interrupted?.training.arrays ?? []),
    allOf(quiet.checkpoint.training.arrays),
    "state, evaluated in between",
  );
}

/** What is read back is what was written, by every name; and a second saving gives the same bytes. */
async function savedEqualsLoaded(device: Device): Promise<void> {
  const corpus = tinyCorpus();
  for (const [name, options] of cells) {
    const { checkpoint } = await trained(device, corpus, options, { maxSteps: 3 });
    const model = loadLanguageModel({
      spec: tinyModel(corpus, options).spec,
      vocabulary: corpus.vocabulary,
      weights: throughFiles(checkpoint).weights,
    });
    const again = readWeights(model, device);
    expect(again.map((array) => [array.name, array.shape])).toEqual(
      checkpoint.weights.map((array) => [array.name, array.shape]),
    );
    identical(allOf(again), allOf(checkpoint.weights), name);
    writeWeights(model, device, checkpoint.weights);
    identical(allOf(readWeights(model, device)), allOf(checkpoint.weights), `${name}, written over`);
  }
}

/** One batch again and again: the smoke test of every gradient at once. */
async function overfits(device: Device): Promise<void> {
  const full = tinyCorpus();
  const corpus = { ...full, training: full.training.slice(0, 25), validation: new Int32Array() };
  for (const [name, options] of cells) {
    const run = await trained(
      device,
      corpus,
      { ...options, hidden: [16], embedding: 8 },
      { batch: 3, sequence: 8, maxSteps: 150, optimizer: adam({ rate: 0.02 }) },
    );
    const [first, last] = [run.steps[0].loss, run.steps[149].loss];
    if (!(first > 2 && last < 0.1))
      throw new Error(`${name}: must learn one batch by heart, went from ${first} to ${last} nats`);
  }
}

export function trainingSuite(engine: Engine): void {
  describe(`laws of training on ${engine.name}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await engine.open();
    });
    afterAll(() => device.close());
    for (const optimizer of optimizers)
      it(`resumed = never stopped: ${optimizer.name}`, () => resumedEqualsWhole(device, optimizer, constant()));
    // A rate that makes the validations go up and down.
    for (const schedule of schedules)
      it(`resumed = never stopped: ${schedule.name}`, () => resumedEqualsWhole(device, adam({ rate: 0.5 }), schedule));
    it("stopped anywhere, 20 times = never stopped", () => stoppedAnywhere(device));
    it("state is carried within an epoch, zero at its start", () => carriedWithinEpochs(device));
    it("looking on changes nothing", () => lookingChangesNothing(device));
    it("saved and loaded = the same", () => savedEqualsLoaded(device));
    it("learns one batch by heart", () => overfits(device));
  });
}
