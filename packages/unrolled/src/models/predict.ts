// A network at work: probabilities of labels, or numbers in their own units, for rows of any lengths. T steps, N rows,
// C labels or numbers of an answer.
import type { Device } from "../device/device.js";
import { compile, type Program, type Traced } from "../graph/compile.js";
import { sigmoid, softmax } from "../graph/ops/index.js";
import type { Tensor } from "../graph/tensor.js";
import { bucketBatches, fewBuckets } from "../text/rows/buckets.js";
import { type Network, networkLoss, networkScores } from "./network.js";
import { answersOf } from "./network-spec.js";
import { arrangeRows, rowShapes } from "./row-batches.js";
import type { Example } from "./rows.js";

/** What a network says of one row. */
export interface Answer {
  /** Place of the row among the examples. */
  readonly row: number;
  /** [A,C]: A is 1 for the whole row, or its steps. Probabilities, or numbers normalised as the spec says. */
  readonly values: Float32Array;
  /** Loss of each answer [A]: 0 where nothing was wanted. */
  readonly loss: Float32Array;
}

interface Outputs extends Traced {
  readonly outputs: { readonly values: Tensor; readonly each: Tensor };
}

export interface Predictor {
  /** Answers to all rows, as they come: batches of about one length. `pause` is awaited now and then. */
  answer(examples: readonly Example[], take: (answer: Answer) => void, pause?: () => Promise<void>): Promise<void>;
  /** To be called when the weights have changed. */
  refresh(): void;
  close(): void;
}

/** At most `batch` rows at a time; a program for each length that is met. */
export function predictor(device: Device, model: Network, batch = 64): Predictor {
  const programs = new Map<string, Program<string, Outputs>>();
  const programFor = (T: number, N: number): Program<string, Outputs> => {
    const key = `${T} ${N}`;
    const program = programs.get(key) ?? compileFor(device, model, T, N);
    programs.set(key, program);
    return program;
  };
  return {
    async answer(examples, take, pause) {
      if (examples.length === 0) return;
      const lengths = examples.map(({ steps }) => steps);
      const N = Math.min(batch, examples.length);
      for (const { steps: T, rows } of bucketBatches(lengths, { batch: N, buckets: fewBuckets(lengths) })) {
        const some = rows.map((row) => examples[row]);
        const { values, each } = programFor(T, N).run(arrangeRows(model.spec, some, T, N).inputs);
        for (const [n, row] of rows.entries()) take(answerOf(model, values, each, n, N, row, lengths[row]));
        await pause?.();
      }
    },
    refresh() {
      for (const program of programs.values()) program.refresh();
    },
    close() {
      for (const program of programs.values()) program.close();
    },
  };
}

function compileFor(device: Device, model: Network, T: number, N: number): Program<string, Outputs> {
  const { output } = model.spec;
  return compile(
    device,
    rowShapes(model.spec, T, N),
    ({ x, lengths, y, there }: Readonly<Record<string, Tensor>>): Outputs => {
      const { scores } = networkScores(model, { x, lengths }, { frozen: true });
      const { each } = networkLoss(model.spec, scores, y, there);
      const values =
        output.kind === "softmax" ? softmax(scores) : output.kind === "logistic" ? sigmoid(scores) : scores;
      return { outputs: { values, each } };
    },
    { frozen: true },
  );
}

function answerOf(
  { spec }: Network,
  values: ArrayLike<number>,
  each: ArrayLike<number>,
  n: number,
  N: number,
  row: number,
  steps: number,
): Answer {
  const C = answersOf(spec.output);
  const A = spec.pool === "none" ? steps : 1;
  const mine = new Float32Array(A * C);
  const loss = new Float32Array(A);
  for (let a = 0; a < A; a++) {
    loss[a] = each[a * N + n];
    for (let c = 0; c < C; c++) mine[a * C + c] = values[(a * N + n) * C + c];
  }
  return { row, values: mine, loss };
}

/** The largest of C probabilities from place `at` on: the first of equals. */
export function bestLabel(values: ArrayLike<number>, at: number, C: number): number {
  let best = 0;
  for (let c = 1; c < C; c++) if (values[at + c] > values[at + best]) best = c;
  return best;
}

/** Normalised numbers back in their own units: value * deviation + mean, column by column. */
export function inOwnUnits(
  values: ArrayLike<number>,
  { mean, deviation }: { readonly mean: readonly number[]; readonly deviation: readonly number[] },
): Float64Array {
  const C = mean.length;
  return Float64Array.from({ length: values.length }, (_, i) => values[i] * deviation[i % C] + mean[i % C]);
}
