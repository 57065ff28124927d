// What a measuring process and the one that asks it say to each other: one JSON value per line on stdin and stdout.
import type { Workload } from "../workloads.js";

export type Request =
  | { readonly do: "prepare"; readonly workload: Workload }
  | { readonly do: "measure"; readonly repetitions: number };

/** Answer to "prepare". */
export interface Prepared {
  /** Tokens of one repetition (floating-point operations, for a multiply loop). */
  readonly work: number;
  /** What runs, for people. */
  readonly detail: string;
}

/** Answer to "measure". */
export interface Measured {
  readonly seconds: number;
  /** Most resident memory so far, in bytes. */
  readonly peakBytes: number;
}

/** Answer where the process cannot do what was asked. */
export interface Refused {
  readonly error: string;
}
