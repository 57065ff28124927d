// What a training run tells: plain events. The terminal, the log, the page and the metrics file are their consumers.
import type { NamedArray } from "../io/named-array.js";
import type { Evaluation } from "../models/evaluate.js";
import type { PlateauState } from "./schedules.js";
import type { Metrics } from "./task.js";

export interface StartEvent {
  readonly type: "start";
  /** "language-model", "classify", ... */
  readonly task: string;
  readonly device: string;
  readonly threads: number;
  /** Trainable numbers. */
  readonly parameters: number;
  /** Tokens (or examples) to learn from, and to validate on. */
  readonly tokens: number;
  readonly validationTokens: number;
  /** V; 0 where the task reads no tokens. */
  readonly vocabulary: number;
  /** Loss of guessing; null where the task knows none. */
  readonly guessing: number | null;
  /** Bytes of the training step as planned: weights, optimizer, carried states, a batch, and all that is computed from it. */
  readonly memory: number;
  readonly stepsPerEpoch: number;
  /** Steps this run will have made when it is done. */
  readonly totalSteps: number;
  /** Steps made before this run (resume). */
  readonly firstStep: number;
}

export interface StepEvent {
  readonly type: "step";
  /** Steps made, 1 after the first. */
  readonly step: number;
  /** Epochs begun, 1 in the first. */
  readonly epoch: number;
  /** Mean loss of what this step predicted: nats per token for a language model. */
  readonly loss: number;
  /** Global 2-norm before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Measured over the last second or so, without validation and sampling. */
  readonly tokensPerSecond: number;
}

/** The task's metrics, beside which they were measured. */
export type ValidationEvent<M extends Metrics<M> = Evaluation> = M & {
  readonly type: "validation";
  readonly step: number;
  readonly epoch: number;
  /** The metric that plateau and early stopping look at. */
  readonly watched: keyof M & string;
  /** It is better than ever before. */
  readonly best: boolean;
};

export interface SampleEvent {
  readonly type: "sample";
  readonly step: number;
  readonly text: string;
}

/** Everything needed to go on with the same bits; the consumer writes it to disk (or not). */
export interface CheckpointEvent {
  readonly type: "checkpoint";
  readonly step: number;
  /** Weights by PyTorch name: the average's or the best ones, where such are kept. */
  readonly weights: readonly NamedArray[];
  readonly training: TrainingState;
}

export interface TrainingState {
  /** Optimizer moments, carried recurrent state, and the weights that are learnt where others are saved (average, best). */
  readonly arrays: readonly NamedArray[];
  readonly counters: TrainingCounters;
}

export interface TrainingCounters {
  readonly step: number;
  readonly epoch: number;
  /** Next batch of the epoch. */
  readonly chunk: number;
  readonly seed: number;
  /** Reduce-on-plateau memory: best loss and evaluations since; the factor on the rate so far. */
  readonly plateau: PlateauState;
  /** Best value of the watched metric so far. */
  readonly bestValidation: number | null;
  /** Validations since then. */
  readonly waited: number;
  /** Fingerprint of the training data: resuming with other data is refused. */
  readonly data: string;
}

export interface DoneEvent {
  readonly type: "done";
  readonly step: number;
  readonly epoch: number;
  /** "finished": all epochs or steps made; "stopped": asked to stop; "early": no gain for as many validations as allowed. */
  readonly reason: "finished" | "stopped" | "early";
  readonly seconds: number;
}

export type TrainEvent<M extends Metrics<M> = Evaluation> =
  | StartEvent
  | StepEvent
  | ValidationEvent<M>
  | SampleEvent
  | CheckpointEvent
  | DoneEvent;
