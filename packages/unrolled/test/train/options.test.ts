// Every option of a model and of a training changes something, and what its name says.
import {
  adagrad,
  adam,
  adamw,
  cosine,
  type LanguageModel,
  openReference,
  plateau,
  rmsprop,
  type SampleEvent,
  sgd,
  stepDecay,
  type TrainOptions,
} from "unrolled";
import { describe, expect, it } from "vitest";
import { allOf, type Finished, finish, type ModelOptions, tinyCorpus, tinyModel, trained } from "../laws/tiny.js";

const device = openReference();
const corpus = tinyCorpus();
const weightsOf = ({ checkpoint }: Finished): string => allOf(checkpoint.weights).join();
const run = (model: ModelOptions, options: Partial<TrainOptions>): Promise<Finished> =>
  trained(device, corpus, model, { maxSteps: 6, optimizer: sgd({ rate: 0.5 }), clip: {}, ...options });

/** Runs twice and wants other weights. */
const differs = (
  name: string,
  options: Partial<TrainOptions>,
  plain: Partial<TrainOptions> = {},
  model: ModelOptions = {},
  plainModel: ModelOptions = {},
): void =>
  it(name, async () => expect(weightsOf(await run(model, options))).not.toBe(weightsOf(await run(plainModel, plain))));

describe("options of a model", () => {
  const plain = tinyModel(corpus);
  const first = (model: LanguageModel): Promise<Finished> => finish({ device, corpus, model, maxSteps: 1 });
  it.each<[string, ModelOptions]>([
    ["cell", { cell: "gru" }],
    ["hidden", { hidden: [7, 5] }],
    ["embedding", { embedding: 6 }],
    ["tied", { tied: true, embedding: 6 }],
    ["separator", { separator: 1 }],
    ["seed", { seed: 2 }],
  ])("%s", async (_, options) => {
    const [one, other] = [await first(plain), await first(tinyModel(corpus, options))];
    expect(other.steps[0].loss).not.toBe(one.steps[0].loss);
  });

  it("reset of a gru", async () => {
    const runs = await Promise.all((["after", "before"] as const).map((reset) => run({ cell: "gru", reset }, {})));
    expect(runs[0].steps[0].loss).not.toBe(runs[1].steps[0].loss);
  });

  it("tied: the head's matrix is the embedding's", () => {
    const model = tinyModel(corpus, { tied: true, embedding: 6 });
    expect(Object.keys(model.weights)).not.toContain("head.weight");
  });
});

describe("options of a training", () => {
  differs("dropout", {}, {}, { dropout: 0.3 });
  differs("another share of dropout", {}, {}, { dropout: 0.3 }, { dropout: 0.2 });
  differs("clip.norm", { clip: { norm: 0.05 } });
  differs("clip.value", { clip: { value: 0.001 } });
  differs("batch", { batch: 4 });
  differs("sequence", { sequence: 6 });
  differs("maxSteps", { maxSteps: 5 });
  differs("backward", { backward: 10 });
  differs("accumulate", { accumulate: 2 });
  differs("carry", { carry: false });
  differs("labelSmoothing", { labelSmoothing: 0.1 });
  differs("ema", { ema: 0.5 });
  const rising = { validateEvery: 1, optimizer: sgd({ rate: 40 }) };
  differs("earlyStop", { ...rising, earlyStop: 1 }, rising);
  differs("schedule step", { schedule: stepDecay({ after: 0, factor: 0.5 }) });
  differs("schedule cosine", { schedule: cosine({ warmup: 2 }) });
  const steep = { validateEvery: 1, optimizer: sgd({ rate: 20 }) };
  differs("schedule plateau", { ...steep, schedule: plateau({ patience: 0, factor: 0.1 }) }, steep);
  for (const [name, optimizer, base] of [
    ["rate", sgd({ rate: 0.4 }), undefined],
    ["momentum", sgd({ rate: 0.5, momentum: 0.5 }), undefined],
    ["nesterov", sgd({ rate: 0.5, momentum: 0.5, nesterov: true }), sgd({ rate: 0.5, momentum: 0.5 })],
    ["decay of sgd", sgd({ rate: 0.5, decay: 0.1 }), undefined],
    ["epsilon of adagrad", adagrad({ epsilon: 0.1 }), adagrad()],
    ["decay of adagrad", adagrad({ decay: 0.1 }), adagrad()],
    ["alpha", rmsprop({ alpha: 0.5 }), rmsprop()],
    ["epsilon of rmsprop", rmsprop({ epsilon: 0.1 }), rmsprop()],
    ["decay of rmsprop", rmsprop({ decay: 0.1 }), rmsprop()],
    ["beta1", adam({ beta1: 0.5 }), adam()],
    ["beta2", adam({ beta2: 0.5 }), adam()],
    ["epsilon of adam", adam({ epsilon: 0.1 }), adam()],
    ["decay of adam", adam({ decay: 0.1 }), adam()],
    ["what adamw decays", adamw({ decay: 0.1 }), adamw({ decay: 0.1, decayed: "all" })],
    ["adamw is not adam", adamw({ decay: 0.1 }), adam({ decay: 0.1 })],
  ] as const)
    differs(name, { optimizer }, base ? { optimizer: base } : {});

  it("seed: draws other dropout masks, and changes nothing without them", async () => {
    const seeds = [1, 2];
    const [a, b] = await Promise.all(seeds.map((seed) => run({ dropout: 0.3 }, { seed })));
    expect(weightsOf(a)).not.toBe(weightsOf(b));
    const [c, d] = await Promise.all(seeds.map((seed) => run({}, { seed })));
    expect(weightsOf(c)).toBe(weightsOf(d));
  });

  it("epochs, validateEvery, sampleEvery, sampleLength, checkpointEvery: when, and how often", async () => {
    const short = { ...corpus, training: corpus.training.slice(0, 64), validation: corpus.validation.slice(0, 20) };
    const when = { epochs: 2, maxSteps: 1000, validateEvery: 3, sampleEvery: 4, sampleLength: 9, checkpointEvery: 3 };
    const { events } = await trained(device, short, {}, when);
    const stepsOf = (type: string): number[] => events.flatMap((e) => (e.type === type && "step" in e ? [e.step] : []));
    expect(stepsOf("step")).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(stepsOf("validation")).toEqual([3, 6, 8]);
    expect(stepsOf("sample")).toEqual([0, 4, 8]);
    expect(stepsOf("checkpoint")).toEqual([3, 4, 6, 8]);
    const samples = events.filter((e): e is SampleEvent => e.type === "sample");
    expect(samples.map(({ text }) => text.length)).toEqual([9, 9, 9]);
  });

  it("clock: tokens per second are told", async () => {
    let now = 0;
    const { steps } = await run({}, { clock: () => ++now });
    expect(steps.map(({ tokensPerSecond }) => tokensPerSecond > 0)).toEqual(new Array(6).fill(true));
  });

  it("pause is awaited after every step", async () => {
    let pauses = 0;
    await run({}, { pause: async () => void pauses++ });
    expect(pauses).toBeGreaterThanOrEqual(6);
  });
});
