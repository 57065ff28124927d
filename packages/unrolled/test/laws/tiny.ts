// Tiny texts, models and runs for laws that are exact at any size.
import {
  type CheckpointEvent,
  type Corpus,
  characters,
  type Device,
  draws,
  type LanguageModel,
  languageModel,
  type NewModelOptions,
  type StepEvent,
  type TrainEvent,
  type TrainOptions,
  train,
} from "unrolled";

/** Sentences of few words: something to learn, the same at every call. */
export function tinyText(characterCount = 1500, seed = 5): string {
  const words = ["the", "cat", "cats", "which", "ate", "was", "were", "full", "of", "tea"];
  const random = draws(seed);
  let text = "";
  while (text.length < characterCount)
    text += `${words[Math.floor(random.uniform() * words.length)]}${random.uniform() < 0.2 ? ".\n" : " "}`;
  return text.slice(0, characterCount);
}

export const tinyCorpus = (characterCount = 1500): Corpus => characters(tinyText(characterCount));

export type ModelOptions = Omit<NewModelOptions, "vocabulary">;

export const tinyModel = (corpus: Corpus, options: ModelOptions = {}): LanguageModel =>
  languageModel({
    vocabulary: corpus.vocabulary,
    embedding: 5,
    ...(options.layers ? {} : { cell: "lstm", hidden: [7, 6] }),
    ...options,
  });

/** The four cells by name, as options of a model. */
export const cells = [
  ["rnn", { cell: "rnn" }],
  ["gru, reset after", { cell: "gru", reset: "after" }],
  ["gru, reset before", { cell: "gru", reset: "before" }],
  ["lstm", { cell: "lstm" }],
] as const satisfies readonly (readonly [string, ModelOptions])[];

export interface Finished {
  readonly events: readonly TrainEvent[];
  readonly steps: readonly StepEvent[];
  /** The last one. */
  readonly checkpoint: CheckpointEvent;
}

export const tinyRun = { batch: 3, sequence: 5, validateEvery: 1_000_000 } as const;

/** Runs a training to its end, or asks it to stop after `stopAfter` steps. */
export async function finish(
  options: Omit<TrainOptions, "batch" | "sequence"> & Partial<TrainOptions>,
  stopAfter?: number,
): Promise<Finished> {
  const events: TrainEvent[] = [];
  const stop = { requested: false };
  for await (const event of train({ ...tinyRun, ...options, stop })) {
    events.push(event);
    if (event.type === "step" && event.step === stopAfter) stop.requested = true;
  }
  const checkpoints = events.filter((event): event is CheckpointEvent => event.type === "checkpoint");
  return {
    events,
    steps: events.filter((event): event is StepEvent => event.type === "step"),
    checkpoint: checkpoints[checkpoints.length - 1],
  };
}

/** Trains a fresh tiny model for some steps. */
export const trained = (
  device: Device,
  corpus: Corpus,
  model: ModelOptions,
  options: Partial<TrainOptions>,
  stopAfter?: number,
): Promise<Finished> =>
  finish({ device, corpus, model: tinyModel(corpus, model), maxSteps: 20, epochs: 1000, ...options }, stopAfter);

/** All numbers of named arrays in one row, to compare bit by bit. */
export const allOf = (arrays: readonly { readonly data: ArrayLike<number> }[]): number[] =>
  arrays.flatMap(({ data }) => Array.from(data));
