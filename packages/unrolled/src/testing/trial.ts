// What a conformance case is: one kernel call, and how close its results must be to the reference's.
import type { KernelName } from "../device/kernels.js";
import type { CloseOptions } from "./close.js";
import type { KernelCall } from "./kernel-call.js";

/** Bits must agree, or numbers must be close; a record gives single outputs their own tolerance. */
export type Tolerance = "exact" | CloseOptions;

export interface Trial extends KernelCall {
  readonly tolerance: Tolerance;
  readonly tolerances?: Readonly<Record<string, Tolerance>>;
  /** Outputs whose layout is private to the device. */
  readonly incomparable?: readonly string[];
}

/** A trial and its name. The data is only made when the case runs. */
export interface TrialCase {
  readonly kernel: KernelName;
  readonly name: string;
  readonly trial: () => Trial;
}
