// Teaching a net on sequences that are drawn afresh for every step, and measuring it on ones it has not seen.
import {
  type Batch,
  type Batches,
  compile,
  cosine,
  type Device,
  type Measurer,
  type Network,
  type Program,
  type Task,
} from "unrolled";
import type { Bench } from "./experiment.js";
import { batchOf, closeNet, lossOf, makeNet, type NetSpec, type Sequence, scoresOf } from "./net.js";
import { keptPrograms, type Lesson, teach } from "./teach.js";

export interface Recipe extends Lesson {
  readonly net: NetSpec;
  /** The i-th sequence to learn from. */
  readonly training: (i: number) => Sequence;
  /** Watched while it learns; enough is enough at `enough` (of share right, or mean squared error). */
  readonly validation: readonly Sequence[];
  readonly enough?: (measured: Measured) => boolean;
}

/** Over all measured answers of some sequences. */
export interface Measured {
  /** Share of answers that are right; of numbers none is. */
  readonly accuracy: number;
  /** Share of sequences whose measured answers are all right. */
  readonly whole: number;
  /** Mean nats, or mean squared error. */
  readonly loss: number;
}

export interface Learned {
  readonly net: Network;
  readonly steps: number;
  measure(sequences: readonly Sequence[]): Measured;
  close(): void;
}

/** Trains a net with Adam; the caller closes what comes back. Throws Stopped where the bench was asked to stop. */
export async function learn(bench: Bench, recipe: Recipe): Promise<Learned> {
  const { device } = bench;
  const net = makeNet(recipe.net, recipe.seed, device);
  const meter = openMeter(net, device, recipe.batch);
  const learned = (steps: number): Learned => ({
    net,
    steps,
    measure: meter.measure,
    close() {
      meter.close();
      closeNet(net, device);
    },
  });
  const schedule = cosine({ warmup: Math.min(50, recipe.steps >> 3), floor: 0.05 });
  try {
    const { enough: looked } = recipe;
    return learned(
      await teach(bench, recipe, { task: taskOf(net, recipe, meter), schedule, ...(looked && { looked }) }),
    );
  } catch (error) {
    learned(0).close();
    throw error;
  }
}

function taskOf(net: Network, { training, validation, batch: N, what }: Recipe, meter: Meter): Task<Measured> {
  const batches: Batches = {
    count: Number.MAX_SAFE_INTEGER,
    order: "stream",
    at: (index) =>
      batchOf(
        net,
        Array.from({ length: N }, (_, n) => training(index * N + n)),
      ),
  };
  const watched = net.spec.output.kind === "linear" ? "loss" : "accuracy";
  const open = (): Measurer<Measured> => ({
    measure: () => Promise.resolve(meter.measure(validation)),
    close: () => {},
  });
  return {
    name: what,
    weights: net.weights,
    carried: {},
    batches,
    loss: (inputs, { key }) => lossOf(net, inputs, key),
    validation: { watched, better: watched === "loss" ? "lower" : "higher", open },
    data: "generated",
    tokens: 0,
    validationTokens: validation.length,
    vocabulary: net.vocabulary.tokens.length,
  };
}

interface Meter {
  readonly measure: (sequences: readonly Sequence[]) => Measured;
  readonly close: () => void;
}

type AnswerProgram = Program<"x" | "lengths", { readonly outputs: { readonly answers: ReturnType<typeof scoresOf> } }>;

/** Runs a net over sequences, `N` at a time; a program for each shape, kept. */
function openMeter(net: Network, device: Device, N: number): Meter {
  const programs = keptPrograms<AnswerProgram>();
  const programFor = ({ shapes: { x, lengths } }: Batch): AnswerProgram =>
    programs.of(String(x.shape), () =>
      compile(device, { x, lengths }, (inputs) => ({ outputs: { answers: scoresOf(net, inputs) } })),
    );
  return {
    measure(sequences) {
      const sums = { right: 0, measured: 0, whole: 0, loss: 0 };
      for (let from = 0; from < sequences.length; from += N) {
        const rows = sequences.slice(from, from + N);
        const batch = batchOf(net, rows);
        const { answers } = programFor(batch).run({ x: batch.inputs.x, lengths: batch.inputs.lengths });
        for (const [n, sequence] of rows.entries()) add(sums, scored(net, sequence, answers, n, rows.length));
      }
      const { right, measured, whole, loss } = sums;
      return { accuracy: right / measured, whole: whole / sequences.length, loss: loss / measured };
    },
    close: programs.close,
  };
}

type Sums = { right: number; measured: number; whole: number; loss: number };

function add(sums: Sums, more: Sums): void {
  for (const key of Object.keys(sums) as (keyof Sums)[]) sums[key] += more[key];
}

/** One row of the answers [N,C] or [T,N,C] beside what was asked for. */
function scored(net: Network, sequence: Sequence, answers: ArrayLike<number>, n: number, N: number): Sums {
  const numbers = net.spec.output.kind === "linear";
  const C = net.spec.output.kind === "linear" ? 1 : net.spec.output.labels.length;
  const sums = { right: 0, measured: 0, whole: 0, loss: 0 };
  const places = sequence.measured ?? Array.from({ length: sequence.target.length }, (_, i) => i);
  for (const i of places) {
    const from = (net.spec.pool === "none" ? i * N + n : n) * C;
    const y = sequence.target[i];
    sums.measured++;
    if (numbers) sums.loss += (answers[from] - y) ** 2;
    else {
      const { best, nats } = readClasses(answers, from, C, y);
      sums.right += Number(best === y);
      sums.loss += nats;
    }
  }
  sums.whole = Number(sums.right === sums.measured && !numbers);
  return sums;
}

/** The likeliest of C classes, and what the right one costs in nats. */
function readClasses(logits: ArrayLike<number>, from: number, C: number, y: number): { best: number; nats: number } {
  let best = 0;
  for (let c = 1; c < C; c++) if (logits[from + c] > logits[from + best]) best = c;
  let total = 0;
  for (let c = 0; c < C; c++) total += Math.exp(logits[from + c] - logits[from + best]);
  return { best, nats: Math.log(total) + logits[from + best] - logits[from + y] };
}
