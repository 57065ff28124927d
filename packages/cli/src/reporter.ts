// Consumers of a run's events: JSON lines, plain lines, or a live block on a terminal.
import type { CheckpointEvent, DoneEvent, Evaluation, SampleEvent, StartEvent, StepEvent, TokenKind } from "unrolled";

/** The n-gram model of the same training text, on the same held-out text. */
export interface Baseline extends Evaluation {
  /** Length of the n-grams: a token and n - 1 before it. */
  readonly n: number;
  /** Tokens that were counted, the first of the text, where the text is too long to count it and read its held-out part whole. */
  readonly countedOn?: number;
}

/** A validation of any task; its metrics lie beside these fields. */
export interface Measured {
  readonly type: "validation";
  readonly step: number;
  readonly epoch: number;
  readonly watched: string;
  readonly best: boolean;
  readonly ngram: Baseline | undefined;
}

/** The metrics of a validation by name, in the task's order. */
export function metricsOf(event: Measured): Readonly<Record<string, number>> {
  const { type: _, step: _step, epoch: _epoch, watched: _watched, best: _best, ngram: _ngram, ...metrics } = event;
  return metrics as Readonly<Record<string, number>>;
}

export const isEvaluation = (event: Measured): event is Measured & Evaluation =>
  ["nats", "bitsPerToken", "perplexity", "tokens"].every((name) => name in event);

export type RunEvent =
  | StartEvent
  | StepEvent
  | SampleEvent
  | DoneEvent
  | Measured
  | { readonly type: "checkpoint"; readonly step: CheckpointEvent["step"]; readonly directory: string };

export interface Reporter {
  /** Resolves when the event is shown; a reader that is slow slows the run. */
  report(event: RunEvent): Promise<void>;
  /** A line for people, never part of the JSON. */
  note(text: string): Promise<void>;
  /** Leaves the terminal as a line-by-line program would. */
  close(): Promise<void>;
}

/** What reporters need to know of a run besides its events. */
export interface RunFacts {
  /** What a language model reads; undefined for other tasks. */
  readonly tokens: TokenKind | undefined;
  readonly epochs: number;
  /** The run ends by the clock: its steps and epochs have no known end. */
  readonly timed: boolean;
  readonly directory: string;
  /** Predicted seconds to the end, from the last step. */
  remaining(event: StepEvent): number;
}

const unitNames: Readonly<Record<TokenKind, string>> = { char: "char", word: "word", byte: "byte", bpe: "token" };

/** "bits/char", "bits/word", "bits/byte". */
export const bitsUnit = (tokens: TokenKind): string => `bits/${unitNames[tokens]}`;
