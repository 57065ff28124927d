// Examples side by side as the inputs of a program. T steps, N rows, D numbers of a step, C labels or numbers of an answer.
import { f32, i32, type InputSpec } from "../graph/compile.js";
import { answersOf, inputWidthOf, type NetworkSpec } from "./network-spec.js";
import type { Example } from "./rows.js";

export interface ArrangedRows {
  /** x, lengths, y, and `there` where y is numbers. */
  readonly inputs: Readonly<Record<string, Int32Array | Float32Array>>;
  readonly shapes: Readonly<Record<string, InputSpec>>;
}

/** Shapes of a batch. */
export function rowShapes(spec: NetworkSpec, T: number, N: number): Readonly<Record<string, InputSpec>> {
  const { input, output, pool } = spec;
  const answers = pool === "none" ? [T, N] : [N];
  return {
    x: input.kind === "vector" ? f32(T, N, inputWidthOf(input)) : i32(T, N),
    lengths: i32(N),
    ...(output.kind === "softmax"
      ? { y: i32(...answers) }
      : { y: f32(...answers, answersOf(output)), there: f32(...answers) }),
  };
}

/**
 * Rows of at most T steps as one batch of N. Past a row's end x is nothing and nothing is wanted; a batch that lacks rows is
 * filled up with rows of one step of which nothing is wanted. An example without a target wants nothing either.
 */
export function arrangeRows(spec: NetworkSpec, rows: readonly Example[], T: number, N: number): ArrangedRows {
  const { input, output, pool } = spec;
  const D = input.kind === "vector" ? inputWidthOf(input) : 1;
  const C = output.kind === "softmax" ? 1 : answersOf(output);
  const x = input.kind === "vector" ? new Float32Array(T * N * D) : new Int32Array(T * N).fill(input.vocabulary);
  const lengths = new Int32Array(N).fill(1);
  const answers = pool === "none" ? T * N : N;
  const y = output.kind === "softmax" ? new Int32Array(answers).fill(-1) : new Float32Array(answers * C);
  const there = new Float32Array(answers);
  for (const [n, row] of rows.entries()) {
    lengths[n] = row.steps;
    for (let t = 0; t < row.steps; t++) for (let d = 0; d < D; d++) x[(t * N + n) * D + d] = row.input[t * D + d];
    for (let i = 0; i < row.target.length / C; i++) {
      there[i * N + n] = 1;
      for (let c = 0; c < C; c++) y[(i * N + n) * C + c] = row.target[i * C + c];
    }
  }
  const numbers = output.kind !== "softmax";
  return { inputs: { x, lengths, y, ...(numbers && { there }) }, shapes: rowShapes(spec, T, N) };
}
