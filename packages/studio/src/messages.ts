// What page and worker say to each other, and what the server tells the page.
import type { SampleEvent, StartEvent, StepEvent, ValidationEvent } from "unrolled";

/** /run.json: what is learnt, and how. */
export interface RunSettings {
  /** Name of the text, for people. */
  readonly name: string;
  /** Sizes of the LSTM layers, from the input upwards. */
  readonly hidden: readonly number[];
  /** N streams side by side. */
  readonly batch: number;
  /** T characters before gradients are cut. */
  readonly sequence: number;
  /** False where the server was told to leave out the headers that allow shared memory. */
  readonly isolated: boolean;
}

/** From the page to the worker. */
export type Command =
  | { readonly type: "start"; readonly settings: RunSettings; readonly threads: number }
  | { readonly type: "pause" }
  | { readonly type: "resume" }
  /** Go on with another number of threads: the same weights, and the same bits from there on. */
  | { readonly type: "threads"; readonly threads: number };

/** The device that computes now. */
export interface OpenedReport {
  readonly type: "opened";
  readonly detail: string;
  readonly threads: number;
  /** Its memory is shared between threads. */
  readonly shared: boolean;
}

export interface FailedReport {
  readonly type: "failed";
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** The steps since the last report, one or more: a small network makes thousands in a second. */
export interface StepsReport {
  readonly type: "steps";
  readonly steps: readonly StepEvent[];
}

/** From the worker to the page. */
export type Report = OpenedReport | FailedReport | StepsReport | StartEvent | ValidationEvent | SampleEvent;
