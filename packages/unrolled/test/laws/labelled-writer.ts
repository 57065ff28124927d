// Laws of the labelled writer: a padded batch = its texts alone, resumed = never stopped, and that what starts it decides what it
// writes. T time, N batch.
import {
  adam,
  arrangeTexts,
  type CheckpointEvent,
  cellSpec,
  characterVocabulary,
  compile,
  crossEntropy,
  type Device,
  type LabelledWriter,
  type LabelledWriterOptions,
  labelledWriter,
  layer,
  train,
  type WriterExample,
  writeLabelled,
  writerExamples,
  writerForward,
  writerMeasurer,
  writerStates,
  writerTask,
} from "unrolled";
import { identical } from "unrolled/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "./engine.js";
import { allOf } from "./tiny.js";

const names = [
  ["rome", "marius"],
  ["rome", "livia"],
  ["athens", "solon"],
  ["athens", "iris"],
  ["troy", "x"],
] as const;
const rows = names.map(([label, text], i) => ({ text, label, line: i + 1 }));
const vocabulary = characterVocabulary(names.map(([, text]) => text).join(""));

type Options = Partial<LabelledWriterOptions>;

function make(options: Options = {}): { readonly model: LabelledWriter; readonly texts: readonly WriterExample[] } {
  const layers = [layer({ hidden: 12 }), layer({ hidden: 9, dropout: 0.1 })].map((each, l) => ({
    ...each,
    cell: cellSpec(l === 0 ? "lstm" : "gru"),
  }));
  const model = labelledWriter({
    vocabulary,
    start: ["athens", "rome", "troy"],
    startWidth: 3,
    embedding: 5,
    layers,
    seed: 2,
    ...options,
  });
  return { model, texts: typeof options.start === "number" ? [] : writerExamples(model, rows, "names") };
}

const uses = ["state", "input", "both"] as const;

/** Losses of every step of some texts in a batch of T x N, by text. */
function lossesOf(
  device: Device,
  model: LabelledWriter,
  texts: readonly WriterExample[],
  T: number,
  N: number,
): number[][] {
  const { inputs, shapes } = arrangeTexts(model.spec, texts, T, N);
  const program = compile(device, shapes, ({ x, y, lengths, start }) => {
    const { logits } = writerForward(model, { ids: x, start }, writerStates(model, start), { lengths });
    return { outputs: { each: crossEntropy(logits, y).each } };
  });
  const { each } = program.run(inputs);
  const losses = texts.map(({ ids }, n) => Array.from({ length: ids.length + 1 }, (_, t) => each[t * N + n]));
  program.close();
  return losses;
}

function paddedEqualsAlone(device: Device, options: Options): void {
  const { model, texts } = make(options);
  const padded = lossesOf(device, model, texts, 9, 7);
  for (const [n, text] of texts.entries()) {
    const [alone] = lossesOf(device, model, [text], text.ids.length + 1, 7);
    identical(padded[n], alone, `text ${n}`);
    expect(alone.every((nats) => nats > 0)).toBe(true);
  }
}

async function run(device: Device, made: ReturnType<typeof make>, options: object = {}, stopAfter?: number) {
  const stop = { requested: false };
  let checkpoint: CheckpointEvent | undefined;
  const task = writerTask({ model: made.model, training: made.texts, validation: made.texts, batch: 2, seed: 4 });
  const samples: string[] = [];
  for await (const event of train({
    task,
    device,
    seed: 4,
    optimizer: adam({ rate: 0.02 }),
    epochs: 1000,
    maxSteps: 9,
    stop,
    ...options,
  })) {
    if (event.type === "step" && event.step === stopAfter) stop.requested = true;
    if (event.type === "checkpoint") checkpoint = event;
    if (event.type === "sample") samples.push(event.text);
  }
  return { checkpoint: checkpoint as CheckpointEvent, samples };
}

async function resumedEqualsWhole(device: Device): Promise<void> {
  const state = ({ checkpoint }: { checkpoint: CheckpointEvent }) => [
    ...allOf(checkpoint.weights),
    ...allOf(checkpoint.training.arrays),
  ];
  const whole = await run(device, make());
  const made = make();
  const first = await run(device, made, {}, 4);
  identical(
    state(await run(device, made, { resume: first.checkpoint.training })),
    state(whole),
    "stopped after step 4",
  );
}

async function learnsByHeart(device: Device): Promise<void> {
  for (const use of uses) {
    const made = make({ use });
    const single = { ...made, texts: [made.texts[0], made.texts[2], made.texts[4]] };
    const { samples } = await run(device, single, { maxSteps: 220, sampleEvery: 220 });
    const write = (start: string): string => writeLabelled({ model: made.model, device, start, greedy: true });
    expect(["rome", "athens", "troy"].map(write), use).toEqual(["marius", "solon", "x"]);
    expect(samples.at(-1)).toMatch(/^athens: solon\nrome: marius\ntroy: x$/m);
    const measurer = writerMeasurer(device, made.model, single.texts);
    const { nats, tokens } = await measurer.measure();
    measurer.close();
    expect(tokens).toBe(6 + 5 + 1 + 3);
    expect(nats).toBeLessThan(0.1);
  }
}

async function vectorsStartIt(device: Device): Promise<void> {
  const model = make({ start: 2 }).model;
  const texts = [
    { start: Float32Array.of(1, -1), ids: Int32Array.of(1, 2, 3) },
    { start: Float32Array.of(-1, 1), ids: Int32Array.of(4) },
  ];
  await run(device, { model, texts }, { maxSteps: 150 });
  const write = (...start: number[]): string => writeLabelled({ model, device, start, greedy: true });
  expect([write(1, -1), write(-1, 1)]).toEqual([
    [1, 2, 3].map((id) => vocabulary.tokens[id]).join(""),
    vocabulary.tokens[4],
  ]);
  expect(() => write(1)).toThrow("start: must be 2 numbers, was 1");
}

export function labelledWriterSuite(engine: Engine): void {
  describe(`laws of the labelled writer on ${engine.name}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await engine.open();
    });
    afterAll(() => device.close());
    for (const use of uses) it(`a padded batch = its texts alone: ${use}`, () => paddedEqualsAlone(device, { use }));
    it("resumed = never stopped", () => resumedEqualsWhole(device));
    it("learns by heart what each label begins, however it begins it", () => learnsByHeart(device));
    it("starts from vectors", () => vectorsStartIt(device));
    it("a label that it does not know is named", () => {
      const { model } = make();
      expect(() => writeLabelled({ model, device, start: "sparta" })).toThrow(
        'must be one of the 3 that the model was trained with, was "sparta"',
      );
      expect(() => writerExamples(model, [{ text: "x", label: "sparta", line: 7 }], "f.csv")).toThrow(
        'f.csv, line 7: label "sparta"',
      );
    });
    it("a token that it does not know is read as nothing and not predicted", () => {
      const { model } = make();
      const [{ ids }] = writerExamples(model, [{ text: "x?x", label: "troy", line: 1 }], "f");
      const { y } = arrangeTexts(model.spec, [{ start: 0, ids }], 4, 1).inputs;
      const x = vocabulary.tokens.indexOf("x");
      expect([...y]).toEqual([x, -1, x, vocabulary.tokens.length]);
    });
  });
}
