// What a command may touch of the process: its streams, its environment, its clock.
import type { Output } from "./output.js";

export interface Context {
  /** Results; with --json nothing but JSON lines. */
  readonly output: Output;
  /** Words for people where the output is for machines. */
  readonly people: Output;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds. */
  readonly clock: () => number;
}
