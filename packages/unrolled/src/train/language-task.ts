// The language model as a task: parallel streams of text, state carried from chunk to chunk. T time, N batch.
import type { Device } from "../device/device.js";
import { write } from "../decode/generate.js";
import { writer } from "../decode/writer.js";
import { i32 } from "../graph/compile.js";
import { type Evaluation, evaluateChunks, evaluator } from "../models/evaluate.js";
import { carriedStates, forward, type LanguageModel, languageModelLoss } from "../models/language-model.js";
import { type Chunks, evaluationStreams, streams } from "../text/batches.js";
import type { Corpus } from "../text/corpus.js";
import type { Ids } from "../text/ids.js";
import { fingerprint } from "./fingerprint.js";
import type { Batches, LossOptions, Sampler, Task, TaskLoss, Tensors, Validation } from "./task.js";

export interface LanguageTaskOptions {
  readonly model: LanguageModel;
  /** Its ids may lie in a file: they are read in windows. */
  readonly corpus: Corpus<Ids>;
  /** N parallel streams. */
  readonly batch: number;
  /** T steps of backpropagation; state is carried further. */
  readonly sequence: number;
  /** Tokens of a sample; 200 where left out. */
  readonly sampleLength?: number;
}

/** Throws DataError where the corpus is too short for one batch. */
export function languageModelTask(options: LanguageTaskOptions): Task<Evaluation> {
  const { model, corpus, batch, sequence, sampleLength = 200 } = options;
  const { spec, weights, frozen } = model;
  const enough = corpus.validation.length >= 2;
  return {
    name: "language-model",
    weights,
    frozen,
    carried: Object.fromEntries(Object.entries(carriedStates(spec, batch)).map(([name, { shape }]) => [name, shape])),
    batches: batchesOf(streams(corpus.training, { batch, sequence })),
    loss: (inputs, run) => languageLoss(model, inputs, run),
    ...(enough ? { validation: validationOf(model, corpus.validation, batch, sequence) } : {}),
    sampler: (device) => samplerOf(device, model, sampleLength),
    data: fingerprint(corpus.training),
    tokens: corpus.training.length,
    validationTokens: corpus.validation.length,
    vocabulary: spec.vocabulary,
    guessing: Math.log(spec.vocabulary),
  };
}

function batchesOf(chunks: Chunks): Batches {
  const { batch: N, sequence: T, count } = chunks;
  const shapes = { x: i32(T, N), y: i32(T, N) };
  return {
    count,
    order: "stream",
    at: (index) => {
      const { x, y } = chunks.at(index);
      return { inputs: { x, y }, shapes, tokens: T * N, extent: { T, N } };
    },
  };
}

/** x, y [T,N] ids. */
export function languageLoss(model: LanguageModel, { x, y }: Tensors, { carried, key }: LossOptions): TaskLoss {
  const seen = forward(model, x, carried, { key });
  const { sum, count } = languageModelLoss(model, seen, y, { key });
  return { sum, count, states: seen.states };
}

/** Few, long streams: each begins without context. */
const validationSize = (tokens: number, batch: number, sequence: number): { batch: number; sequence: number } => ({
  batch: Math.max(1, Math.min(batch, 32, Math.floor(tokens / (8 * sequence)))),
  sequence,
});

function validationOf(model: LanguageModel, ids: Ids, batch: number, sequence: number): Validation<Evaluation> {
  const chunks = evaluationStreams(ids, validationSize(ids.length, batch, sequence));
  return {
    watched: "nats",
    better: "lower",
    open: (device) => {
      const made = evaluator(device, model, chunks);
      return { measure: (pause) => evaluateChunks(made, chunks, pause), close: () => made.close() };
    },
  };
}

function samplerOf(device: Device, model: LanguageModel, length: number): Sampler {
  const made = writer(device, model);
  return {
    sample(seed) {
      made.refresh();
      return [...write(made, { model, length, temperature: 0.8, seed })].join("");
    },
    close: () => made.close(),
  };
}
