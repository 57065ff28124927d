// A labelled writer as a task: texts of about one length side by side, each from its own start. T time, N batch.
import { labelledPen } from "../decode/labelled.js";
import { SpecError } from "../errors.js";
import type { Evaluation } from "../models/evaluate.js";
import type { LabelledWriter } from "../models/labelled-writer.js";
import {
  arrangeTexts,
  type WriterExample,
  type WriterTensors,
  writerLoss,
  writerMeasurer,
  writerSteps,
} from "../models/writer-rows.js";
import { startFingerprint } from "./fingerprint.js";
import { rowBatches } from "./row-order.js";
import type { Task } from "./task.js";

export interface WriterTaskOptions {
  readonly model: LabelledWriter;
  readonly training: readonly WriterExample[];
  /** Empty: nothing is held out. */
  readonly validation: readonly WriterExample[];
  /** N texts at a time, at most. */
  readonly batch: number;
  readonly seed?: number;
}

export interface WriterTask extends Task<Evaluation> {
  /** The part of the steps run that no text has. */
  readonly wasted: number;
}

/** Labels shown by a sample, at most. */
const shown = 8;

/** Throws SpecError where there is nothing to learn from. */
export function writerTask(options: WriterTaskOptions): WriterTask {
  const { model, training, validation, batch, seed = 1 } = options;
  const { spec, weights } = model;
  if (training.length === 0) throw new SpecError("task: must have texts to learn from, has none", { code: "task" });
  const { batches, wasted } = rowBatches(training.map(writerSteps), { batch, seed }, (rows, T, N) =>
    arrangeTexts(
      spec,
      rows.map((row) => training[row]),
      T,
      N,
    ),
  );
  return {
    name: "write",
    weights,
    carried: {},
    batches,
    loss: (inputs, { key }) => ({ ...writerLoss(model, inputs as WriterTensors, { key }), states: {} }),
    ...(validation.length > 0 && {
      validation: {
        watched: "nats",
        better: "lower",
        open: (device) => writerMeasurer(device, model, validation, batch),
      },
    }),
    sampler:
      spec.start.kind === "label" ? samplerOf(model, spec.start.labels) : vectorSampler(model, validation, training),
    data: fingerprintOf(training),
    tokens: tokensOf(training),
    validationTokens: tokensOf(validation),
    vocabulary: spec.vocabulary,
    guessing: Math.log(spec.vocabulary + 1),
    wasted,
  };
}

const tokensOf = (texts: readonly WriterExample[]): number => texts.reduce((sum, text) => sum + writerSteps(text), 0);

/** A text for each of the first labels, spread over all. */
const samplerOf =
  (model: LabelledWriter, labels: readonly string[]): NonNullable<Task<Evaluation>["sampler"]> =>
  (device) => {
    const pen = labelledPen(device, model);
    const step = Math.max(1, Math.floor(labels.length / shown));
    const some = labels.filter((_, i) => i % step === 0).slice(0, shown);
    return {
      sample(seed) {
        pen.refresh();
        return some.map((start) => `${start}: ${pen.write({ start, seed, temperature: 0.8 })}`).join("\n");
      },
      close: () => pen.close(),
    };
  };

/** The texts of a few starts, held out where there are some. */
const vectorSampler =
  (model: LabelledWriter, ...from: readonly (readonly WriterExample[])[]): NonNullable<Task<Evaluation>["sampler"]> =>
  (device) => {
    const pen = labelledPen(device, model);
    const starts = (from.find((some) => some.length > 0) ?? [])
      .slice(0, shown)
      .map(({ start }) => start as Float32Array);
    return {
      sample(seed) {
        pen.refresh();
        return starts.map((start) => pen.write({ start, seed, temperature: 0.8 })).join("\n");
      },
      close: () => pen.close(),
    };
  };

function fingerprintOf(texts: readonly WriterExample[]): string {
  const { add, name } = startFingerprint();
  for (const { start, ids } of texts) {
    if (typeof start === "number") add(Int32Array.of(start));
    else add(new Int32Array(start.buffer, start.byteOffset, start.length));
    add(ids);
  }
  return name();
}
