// What a training run tells: plain events. The terminal, the log, the page and the metrics file are their consumers.
import type { NamedArray } from "../io/named-array.js";
import type { Evaluation } from "../models/evaluate.js";
import type { PlateauState } from "./schedules.js";

export interface StartEvent {
  readonly type: "start";
  readonly device: string;
  readonly threads: number;
  /** Trainable numbers. */
  readonly parameters: number;
  /** Tokens to learn from, and to validate on. */
  readonly tokens: number;
  readonly validationTokens: number;
  /** V. */
  readonly vocabulary: number;
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
  /** Mean nats per token of this step's chunk. */
  readonly loss: number;
  /** Global 2-norm before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Measured over the last second or so, without validation and sampling. */
  readonly tokensPerSecond: number;
}

export interface ValidationEvent extends Evaluation {
  readonly type: "validation";
  readonly step: number;
  readonly epoch: number;
}

export interface SampleEvent {
  readonly type: "sample";
  readonly step: number;
  readonly text: string;
}

/** Everything needed to go on with the same bits; the consumer writes it to disk (or not). */
export interface CheckpointEvent {
  readonly type: "checkpoint";
  readonly step: number;
  /** Weights by PyTorch name. */
  readonly weights: readonly NamedArray[];
  readonly training: TrainingState;
}

export interface TrainingState {
  /** Optimizer moments and carried recurrent state. */
  readonly arrays: readonly NamedArray[];
  readonly counters: TrainingCounters;
}

export interface TrainingCounters {
  readonly step: number;
  readonly epoch: number;
  /** Next chunk of the epoch. */
  readonly chunk: number;
  readonly seed: number;
  /** Reduce-on-plateau memory: best loss and evaluations since; the factor on the rate so far. */
  readonly plateau: PlateauState;
  readonly bestValidation: number | null;
  /** Fingerprint of the training ids: resuming with other data is refused. */
  readonly data: string;
}

export interface DoneEvent {
  readonly type: "done";
  readonly step: number;
  readonly epoch: number;
  /** "finished": all epochs or steps made; "stopped": asked to stop. */
  readonly reason: "finished" | "stopped";
  readonly seconds: number;
}

export type TrainEvent = StartEvent | StepEvent | ValidationEvent | SampleEvent | CheckpointEvent | DoneEvent;
