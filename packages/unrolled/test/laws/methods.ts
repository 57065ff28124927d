// Laws of the training methods: windows = full BPTT, parts = the whole batch, recomputed = kept, average and best resume exactly.
// T steps (k1 new ones), N batch.
import {
  adam,
  carriedStates,
  type CheckpointEvent,
  compile,
  concat,
  crossEntropy,
  type Device,
  div,
  forward,
  gradient,
  i32,
  type LanguageModel,
  loadLanguageModel,
  readWeights,
  reshape,
  sgd,
  sqrt,
  sumSquares,
  type TrainOptions,
  train,
} from "unrolled";
import { close, identical } from "unrolled/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, near } from "./engine.js";
import { allOf, cells, finish, type Finished, type ModelOptions, tinyCorpus, tinyModel, trained } from "./tiny.js";

const still = { optimizer: sgd({ rate: 0 }), clip: {} };
const separator = tinyCorpus().vocabulary.tokens.indexOf("t");
const state = ({ checkpoint }: Finished): number[] => [
  ...allOf(checkpoint.weights),
  ...allOf(checkpoint.training.arrays),
];
const shortCorpus = (tokens = 64) => ({
  ...tinyCorpus(),
  training: tinyCorpus().training.slice(0, tokens),
  validation: tinyCorpus().validation.slice(0, 31),
});

/** Loss and gradient norm of the last T tokens of a prefix, from one graph of the whole prefix. */
function byHand(device: Device, model: LanguageModel, ids: Int32Array, reach: number, T: number): [number, number] {
  const states = carriedStates(model.spec, 1);
  const program = compile(device, { x: i32(reach, 1), y: i32(reach, 1) }, ({ x, y }) => {
    const { logits } = forward(model, x, states, {});
    const { sum, count } = crossEntropy(logits, y);
    const loss = div(sum, count);
    const flat = gradient(loss, Object.values(model.weights)).map((g) =>
      reshape(g, [g.shape.reduce((a, b) => a * b, 1)]),
    );
    return { outputs: { loss, norm: sqrt(sumSquares(concat(flat, 0))) } };
  });
  const y = Int32Array.from({ length: reach }, (_, t) => (t < reach - T ? -1 : ids[t + 1]));
  const { loss, norm } = program.run({ x: ids.subarray(0, reach), y });
  program.close();
  return [loss as number, norm as number];
}

/** With k2 as long as the epoch every step sees the gradient of full BPTT. */
async function longWindows(device: Device, tolerance: number): Promise<void> {
  const corpus = shortCorpus(25);
  for (const [name, options] of [cells[0], cells[3]]) {
    const model = tinyModel(corpus, options);
    const { steps } = await finish({ device, corpus, model, ...still, batch: 1, sequence: 4, backward: 24, epochs: 2 });
    expect(steps.length).toBe(12);
    for (const [i, { loss, gradientNorm }] of steps.entries()) {
      const reach = 4 * ((i % 6) + 1);
      const [wantedLoss, wantedNorm] = byHand(device, model, corpus.training, reach, 4);
      near([loss, gradientNorm], [wantedLoss, wantedNorm], tolerance, `${name}, step ${i + 1}`);
    }
  }
}

/** The loss does not depend on how far gradients reach; the gradient does. k2 need not be a multiple of k1. */
async function reachOfWindows(device: Device, tolerance: number): Promise<void> {
  const corpus = shortCorpus(100);
  const run = (backward: number) => trained(device, corpus, {}, { ...still, sequence: 4, backward, maxSteps: 8 });
  const plain = await trained(device, corpus, {}, { ...still, sequence: 4, maxSteps: 8 });
  const same = await run(4);
  identical(
    same.steps.map((s) => s.gradientNorm),
    plain.steps.map((s) => s.gradientNorm),
    "k2 = k1",
  ); // prettier-ignore
  const norms = new Map<number, string>();
  for (const backward of [4, 5, 8, 13]) {
    const { steps } = await run(backward);
    near(
      steps.map((s) => s.loss),
      plain.steps.map((s) => s.loss),
      tolerance,
      `losses, k2 = ${backward}`,
    ); // prettier-ignore
    norms.set(backward, steps.map((s) => s.gradientNorm.toFixed(8)).join());
  }
  expect(new Set(norms.values()).size, "each reach has gradients of its own").toBe(norms.size);
}

/** n parts of a batch are the batch, up to rounding: same streams, same losses, same weights. */
async function partsEqualWhole(device: Device, tolerance: number): Promise<void> {
  const corpus = tinyCorpus();
  for (const [name, options] of [cells[1], cells[3]]) {
    const common = { optimizer: adam({ rate: 0.01 }), clip: { norm: 1 }, maxSteps: 9 };
    const whole = await trained(device, corpus, options, { ...common, batch: 6 });
    const parts = await trained(device, corpus, options, { ...common, batch: 2, accumulate: 3 });
    near(
      parts.steps.map((s) => s.loss),
      whole.steps.map((s) => s.loss),
      tolerance,
      `${name}: losses`,
    ); // prettier-ignore
    near(allOf(parts.checkpoint.weights), allOf(whole.checkpoint.weights), 10 * tolerance, `${name}: weights`);
  }
}

/** Resuming between the steps of an accumulating run: the states of every lane are there. */
async function resumesExactly(
  device: Device,
  options: Partial<TrainOptions>,
  stop: number,
  more: ModelOptions = {},
): Promise<void> {
  const corpus = shortCorpus();
  const common = { optimizer: adam({ rate: 0.02 }), maxSteps: 14, validateEvery: 2, ...options };
  const model = { dropout: 0.2, hidden: [5, 4], ...more };
  const whole = await trained(device, corpus, model, common);
  const first = await trained(device, corpus, model, common, stop);
  const { weights, training } = first.checkpoint;
  const loaded = loadLanguageModel({ spec: tinyModel(corpus, model).spec, vocabulary: corpus.vocabulary, weights });
  const second = await finish({ device, corpus, model: loaded, epochs: 1000, ...common, resume: training });
  const name = JSON.stringify([options, more]);
  identical(state(second), state(whole), `${name}: weights and state`);
  expect(second.checkpoint.training.counters).toEqual(whole.checkpoint.training.counters);
  expect(second.events.filter((e) => e.type === "validation" || e.type === "step")).toEqual(
    whole.events.filter((e) => (e.type === "validation" || e.type === "step") && e.step > stop),
  );
}

/** Recomputing changes no more than the order of sums. */
async function recomputedEqualsKept(device: Device, tolerance: number): Promise<void> {
  const corpus = tinyCorpus();
  for (const [name, options] of [cells[2], cells[3]]) {
    const common = { optimizer: sgd({ rate: 0.5 }), sequence: 11, maxSteps: 6 };
    const kept = await trained(device, corpus, options, common);
    const again = await trained(device, corpus, options, { ...common, recompute: true });
    near(allOf(again.checkpoint.weights), allOf(kept.checkpoint.weights), 10 * tolerance, name);
    near(
      again.steps.map((s) => s.loss),
      kept.steps.map((s) => s.loss),
      tolerance,
      `${name}: losses`,
    ); // prettier-ignore
  }
}

/** Trained weights, and what is saved, are apart: w in the training state, the average in the weights. */
async function averages(device: Device, tolerance: number): Promise<void> {
  const corpus = tinyCorpus();
  const model = tinyModel(corpus);
  const common = { device, corpus, optimizer: adam({ rate: 0.02 }), batch: 3, sequence: 5 };
  const raw: number[][] = [allOf(readWeights(model, device))];
  const averaged: number[][] = [];
  let last: CheckpointEvent | undefined;
  for await (const event of train({ ...common, model, maxSteps: 12, ema: 0.8, checkpointEvery: 1 })) {
    if (event.type === "step") raw.push(allOf(readWeights(model, device)));
    if (event.type === "checkpoint") {
      averaged.push(allOf(event.weights));
      last = event;
    }
  }
  // min(decay, t / (9 + t)), from the first weights on.
  let mean = raw[0];
  for (let t = 1; t <= 12; t++) {
    const share = Math.min(0.8, t / (9 + t));
    mean = mean.map((value, i) => share * value + (1 - share) * raw[t][i]);
    near(averaged[t - 1], mean, tolerance, `average after step ${t}`);
  }
  const learnt = last?.training.arrays.find(({ name }) => name === "learnt.weights");
  identical(Array.from(learnt?.data ?? []), raw[12], "learnt weights in the training state");
  identical(allOf(readWeights(model, device)), averaged[11], "what the run leaves is the average");
  const plain = await trained(device, corpus, {}, { ...common, maxSteps: 12 });
  identical(allOf(plain.checkpoint.weights), raw[12], "averaging does not change what is learnt");
}

/** Validations get worse where the rate is far too large: the best weights are kept. */
async function stopsEarly(device: Device): Promise<void> {
  const corpus = tinyCorpus();
  const model = tinyModel(corpus);
  const options = { device, corpus, model, batch: 3, sequence: 5, maxSteps: 400, validateEvery: 5, earlyStop: 3 };
  const seen: { step: number; nats: number; best: boolean }[] = [];
  let best: number[] = [];
  let last: CheckpointEvent | undefined;
  let reason = "";
  for await (const event of train({ ...options, optimizer: sgd({ rate: 6 }) })) {
    if (event.type === "validation") {
      seen.push(event);
      if (event.best) best = allOf(readWeights(model, device));
    }
    if (event.type === "checkpoint") last = event;
    if (event.type === "done") reason = event.reason;
  }
  expect(reason).toBe("early");
  expect(seen.slice(-3).map((v) => v.best)).toEqual([false, false, false]);
  expect(seen.at(-4)?.best).toBe(true);
  identical(allOf(last?.weights ?? []), best, "the best weights are saved");
  identical(allOf(readWeights(model, device)), best, "the best weights are left");
  expect(Math.min(...seen.map((v) => v.nats))).toBe(seen.at(-4)?.nats);
  // Going on from there: it is over at once, and changes nothing.
  const again = await finish({ ...options, optimizer: sgd({ rate: 6 }), resume: last?.training as never });
  expect(again.events.map((e) => e.type)).toEqual(["start", "checkpoint", "done"]);
  identical(state(again), [...allOf(last?.weights ?? []), ...allOf(last?.training.arrays ?? [])], "resumed at its end");
}

/** Without carrying, a step knows nothing of the one before it. */
async function resetsEveryStep(device: Device): Promise<void> {
  const corpus = shortCorpus(31);
  const run = (carry: boolean) => trained(device, corpus, {}, { ...still, batch: 1, sequence: 5, carry, maxSteps: 6 });
  const reset = (await run(false)).steps.map((s) => s.loss);
  for (let i = 0; i < 6; i++) {
    const alone = { ...corpus, training: corpus.training.subarray(5 * i, 5 * i + 6) };
    const { steps } = await trained(device, alone, {}, { ...still, batch: 1, sequence: 5, maxSteps: 1 });
    identical([steps[0].loss], [reset[i]], `step ${i + 1} alone`);
  }
  const carried = (await run(true)).steps.map((s) => s.loss);
  close(carried.slice(0, 1), reset.slice(0, 1), { relative: 1e-6, label: "the first step" });
  expect(carried.slice(1)).not.toEqual(reset.slice(1));
}

export function methodSuite(engine: Engine): void {
  describe(`laws of training methods on ${engine.name}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await engine.open();
    });
    afterAll(() => device.close());
    it("k2 = the whole epoch: full BPTT at every step", () => longWindows(device, engine.tolerance));
    it("k2 moves the gradient, not the loss", () => reachOfWindows(device, engine.tolerance));
    it("parts of a batch, accumulated = the batch", () => partsEqualWhole(device, engine.tolerance));
    it("recomputed = kept", () => recomputedEqualsKept(device, engine.tolerance));
    it("the moving average is what its formula says", () => averages(device, engine.tolerance));
    it("stops early, with the best weights", () => stopsEarly(device));
    it("no carry: every step from zero states", () => resetsEveryStep(device));
    it.each<[Partial<TrainOptions>, ModelOptions?]>([
      [{ accumulate: 2, batch: 2 }],
      [{ backward: 12 }],
      [{ recompute: true }],
      [{ ema: 0.9 }],
      [{ earlyStop: 30 }],
      [{ ema: 0.9, earlyStop: 30, accumulate: 2, batch: 2, backward: 7, recompute: true }],
      [{ carry: false }],
      [{ labelSmoothing: 0.1 }],
      [{}, { separator }],
      [
        { backward: 12, recompute: true },
        { separator, cell: "gru" },
      ],
      [
        { labelSmoothing: 0.2, accumulate: 2, batch: 2, ema: 0.9 },
        { separator, cell: "mgu" },
      ],
    ])("resumed = never stopped: %j %j", async (options, model = {}) => {
      for (const stop of [4, 5]) await resumesExactly(device, options, stop, model);
    });
  });
}
