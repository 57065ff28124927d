// How fast a training step can be at most: the larger of the time its multiplies take at the measured peak and the time its
// recurrent weights take to come from the cache that holds them, plus the optimizer's pass over memory.
// G gates, H hidden, L layers, T time, N batch, V vocabulary.
import { parameterCount } from "unrolled";
import { modelOf } from "../child/data.js";
import { leastFlops } from "../flops.js";
import type { Workload } from "../workloads.js";

/** What the machine was measured to do. */
export interface Ceilings {
  /** Floating-point operations per second of the bare multiply loop, by threads. */
  readonly flops: ReadonlyMap<number, number>;
  /** Bytes per second that one core reads from its own cache, and that two read together from the shared one and memory. */
  readonly bandwidth: { readonly own: number; readonly shared: number; readonly memory: number };
}

export interface Bound {
  readonly tokensPerSecond: number;
  readonly limit: "multiplies" | "recurrent weights" | "optimizer";
}

/** Bytes of a core's own cache that weights can use. */
const ownCache = 700_000;
/** Adam reads weights, gradient and two moments and writes three of them. */
const optimizerBytes = 28;

export function bound(w: Workload, threads: number, { flops, bandwidth }: Ceilings): Bound {
  const gates = { rnn: 1, gru: 3, lstm: 4 }[w.cell];
  const tokens = w.batch * w.sequence;
  const multiplies = (leastFlops(w) * tokens) / (flops.get(threads) as number);
  // Each core walks through all recurrent weights at every step, forward and backward, for its share of the streams; with
  // few streams the threads split the weights instead.
  const matrix = (4 * gates * w.hidden * w.hidden) / (w.batch <= 4 ? threads : 1);
  const rate = matrix <= ownCache ? bandwidth.own : bandwidth.shared / threads;
  const weights = (2 * w.layers * w.sequence * matrix) / rate;
  const optimizer = (optimizerBytes * parameterCount(modelOf(w).spec)) / bandwidth.memory;
  const limits = { multiplies, "recurrent weights": weights, optimizer } as const;
  const limit = (Object.keys(limits) as Bound["limit"][]).sort((a, b) => limits[b] - limits[a])[0];
  return { tokensPerSecond: tokens / (Math.max(multiplies, weights) + optimizer), limit };
}
