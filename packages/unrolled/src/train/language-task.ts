// The language model as a task: parallel streams of text, state carried from chunk to chunk. T new tokens of a step (k1), N
// batch; gradients reach k2 tokens back.
import type { Device } from "../device/device.js";
import { write } from "../decode/generate.js";
import { writer } from "../decode/writer.js";
import { SpecError } from "../errors.js";
import { i32 } from "../graph/compile.js";
import { full, slice, zeros } from "../graph/ops/index.js";
import type { Scalar, Shape } from "../graph/tensor.js";
import { type Evaluation, evaluateChunks, evaluator } from "../models/evaluate.js";
import { carriedStates, forward, type LanguageModel, languageModelLoss } from "../models/language-model.js";
import { evaluationStreams, streams } from "../text/batches.js";
import type { Corpus } from "../text/corpus.js";
import type { Ids } from "../text/ids.js";
import { windowAdvance, windows } from "../text/windows.js";
import { fingerprint } from "./fingerprint.js";
import type { Batches, Cut, Cutting, LossOptions, Sampler, Task, TaskLoss, Tensors, Validation } from "./task.js";

export interface LanguageTaskOptions {
  readonly model: LanguageModel;
  /** Its ids may lie in a file: they are read in windows. */
  readonly corpus: Corpus<Ids>;
  /** N parallel streams. */
  readonly batch: number;
  /** k1: new tokens of a step. State is carried on from step to step. */
  readonly sequence: number;
  /** k2: tokens that gradients reach back over, from k1 on; k1 where left out (Williams & Peng 1990: BPTT(k2; k1)). */
  readonly backward?: number;
  /** Streams in parts: n * N of them, N at a time, see RunOptions.accumulate. */
  readonly accumulate?: number;
  /** False: every step starts from zero states. */
  readonly carry?: boolean;
  /** e: the loss aims at (1-e) of the token that follows and e of all tokens alike; validation does not. */
  readonly labelSmoothing?: number;
  /** Tokens of a sample; 200 where left out. */
  readonly sampleLength?: number;
}

/** Throws DataError where the corpus is too short for one batch. */
export function languageModelTask(options: LanguageTaskOptions): Task<Evaluation> {
  const { model, corpus, batch, sequence, backward = sequence, sampleLength = 200, carry = true } = options;
  const { spec, weights, frozen } = model;
  const enough = corpus.validation.length >= 2;
  const states = Object.entries(carriedStates(spec, batch)).map(([name, { shape }]) => [name, shape] as const);
  checkOptions(options);
  return {
    name: "language-model",
    weights,
    frozen,
    carried: carry ? Object.fromEntries(states) : {},
    batches: batchesOf(options, backward),
    loss: (inputs, run) => languageLoss(model, inputs, begun(run, states), options),
    cutting: cuttingOf(backward),
    ...(enough ? { validation: validationOf(options) } : {}),
    sampler: (device) => samplerOf(device, model, sampleLength),
    data: fingerprint(corpus.training),
    tokens: corpus.training.length,
    validationTokens: corpus.validation.length,
    vocabulary: spec.vocabulary,
    guessing: Math.log(spec.vocabulary),
  };
}

/** Throws SpecError for options that make no task. */
function checkOptions({ model, sequence, backward = sequence, carry = true, ...o }: LanguageTaskOptions): void {
  const { labelSmoothing = 0 } = o;
  const { head } = model.spec;
  if (!carry && backward > sequence)
    throw new SpecError("backward: must be left out where no state is carried: a step sees nothing before it", {
      code: "carry",
    });
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new SpecError(`labelSmoothing: must be a number from 0 up to but not including 1, was ${labelSmoothing}`, {
      code: "label-smoothing",
    });
  if (labelSmoothing > 0 && !["linear", "tied", "deep"].includes(head.kind))
    throw new SpecError(
      `labelSmoothing: must be used with a head that gives every token's probability, was ${head.kind}`,
      { code: "label-smoothing" },
    );
}

/** Zero states where none are given. */
const begun = (run: LossOptions, states: readonly (readonly [string, Shape])[]): LossOptions =>
  Object.keys(run.carried).length > 0
    ? run
    : { ...run, carried: Object.fromEntries(states.map(([name, shape]) => [name, zeros(shape)])) };

function batchesOf({ corpus, batch: N, sequence: T, accumulate = 1 }: LanguageTaskOptions, backward: number): Batches {
  const chunks = streams(corpus.training, { batch: N * accumulate, sequence: T });
  const window = windows(chunks, { backward, lanes: accumulate });
  const { count } = chunks;
  return {
    count: count * accumulate,
    order: "stream",
    lanes: accumulate,
    largest: Math.min(count - 1, Math.ceil(backward / T) - 1) * accumulate,
    at: (index) => {
      const lane = index % accumulate;
      const { x, y, reach } = window((index - lane) / accumulate, lane);
      const shapes = { x: i32(reach, N), y: i32(T, N) };
      return { inputs: { x, y }, shapes, tokens: T * N, extent: { T: reach, N } };
    },
  };
}

/** Windows are cut where the next one begins and where targets begin; to recompute, at every root of their length, too. */
function cuttingOf(backward: number): Cutting {
  return {
    cuts(shapes, { recompute }) {
      const [[reach], [T]] = [shapes.x.shape, shapes.y.shape];
      const advance = windowAdvance(T, backward, reach);
      const ends = new Set([advance, reach - T, reach]);
      const length = Math.ceil(Math.sqrt(reach));
      if (recompute) for (let end = length; end < reach; end += length) ends.add(end);
      ends.delete(0);
      const sorted = [...ends].sort((a, b) => a - b);
      return sorted.map((to, i): Cut => ({ from: sorted[i - 1] ?? 0, to, carry: to === advance }));
    },
    piece({ x, y }, { from, to }) {
      const first = x.shape[0] - y.shape[0];
      return { x: slice(x, 0, from, to), ...(from >= first ? { y: slice(y, 0, from - first, to - first) } : {}) };
    },
  };
}

/** x [T,N] ids, y [T,N] the ids that follow; no loss where y is left out. */
export function languageLoss(
  model: LanguageModel,
  { x, y }: Tensors,
  { carried, key }: LossOptions,
  { labelSmoothing = 0 }: Pick<LanguageTaskOptions, "labelSmoothing"> = {},
): TaskLoss {
  const seen = forward(model, x, carried, { key });
  if (!y) return { sum: full([], 0) as Scalar, count: full([], 0) as Scalar, states: seen.states };
  const { sum, count } = languageModelLoss(model, seen, y, { key, smoothing: labelSmoothing });
  return { sum, count, states: seen.states };
}

/** Few, long streams: each begins without context. */
const validationSize = (tokens: number, batch: number, sequence: number): { batch: number; sequence: number } => ({
  batch: Math.max(1, Math.min(batch, 32, Math.floor(tokens / (8 * sequence)))),
  sequence,
});

function validationOf({ model, corpus, batch, sequence }: LanguageTaskOptions): Validation<Evaluation> {
  const ids = corpus.validation;
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
