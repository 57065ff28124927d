// The learning-rate finder: rates that rise by a factor from step to step, until the loss runs away. Source: Smith 2017,
// "Cyclical Learning Rates", section 3.3; the smoothing and the rule of the suggestion are fast.ai's.
import { NumericError, SpecError } from "../errors.js";
import { readVariable, wholeOf, writeVariable } from "../graph/variable.js";
import { adam } from "./optimizers.js";
import type { TaskTrainOptions } from "./options.js";
import { train } from "./train.js";
import type { Metrics } from "./task.js";

export interface FindRateOptions<M extends Metrics<M>>
  extends Omit<TaskTrainOptions<M>, "epochs" | "maxSteps" | "schedule" | "resume" | "earlyStop" | "ema"> {
  /** First and last rate; 1e-6 and 10 where left out. */
  readonly from?: number;
  readonly to?: number;
  /** Rates in between, 100 where left out. */
  readonly steps?: number;
}

export interface TriedRate {
  readonly rate: number;
  /** Before the update with this rate. */
  readonly loss: number;
  /** Running mean of the losses so far. */
  readonly smoothed: number;
}

export interface FoundRate {
  readonly tried: readonly TriedRate[];
  /** Where the loss falls most steeply; undefined where it never falls. */
  readonly suggestion: number | undefined;
}

/** Share of the running mean that a step keeps. */
const inertia = 0.9;

/** Runs the sweep and leaves the weights as they were. SpecError for rates that do not rise. */
export async function findRate<M extends Metrics<M>>(options: FindRateOptions<M>): Promise<FoundRate> {
  const { from = 1e-6, to = 10, steps = 100, task, device } = options;
  if (!(from > 0 && to > from && Number.isFinite(to) && Number.isInteger(steps) && steps >= 3))
    throw new SpecError(
      `findRate: rates must rise from above 0 in at least 3 steps, were ${from} to ${to} in ${steps}`,
      {
        code: "find-rate",
      },
    );
  const whole = wholeOf(Object.values(task.weights)[0].storage);
  const before = readVariable(device, whole);
  const { validation: _, sampler: _sampler, ...alone } = task;
  const optimizer = { ...(options.optimizer ?? adam()), rate: from };
  const schedule = { name: "sweep", factor: to / from } as const;
  const losses: { rate: number; loss: number }[] = [];
  try {
    for await (const event of train({ ...options, task: alone, optimizer, schedule, maxSteps: steps })) {
      if (event.type !== "step") continue;
      losses.push({ rate: event.learningRate, loss: event.loss });
      if (ranAway(losses.map(({ loss }) => loss))) break;
    }
  } catch (error) {
    // A rate that ends in infinities ends the sweep: that is what it is for.
    if (!(error instanceof NumericError)) throw error;
  } finally {
    writeVariable(device, whole, before);
  }
  const tried = smooth(losses);
  return { tried, suggestion: suggested(tried) };
}

const ranAway = (losses: readonly number[]): boolean =>
  losses.length > 10 && losses[losses.length - 1] > 4 * Math.min(...losses);

function smooth(losses: readonly { readonly rate: number; readonly loss: number }[]): TriedRate[] {
  let mean = 0;
  return losses.map(({ rate, loss }, i) => {
    mean = inertia * mean + (1 - inertia) * loss;
    return { rate, loss, smoothed: mean / (1 - inertia ** (i + 1)) };
  });
}

/** Steps by which a running mean is behind. */
const lag = Math.round(inertia / (1 - inertia));

/** The steepest fall of the smoothed loss over the logarithm of the rate, before its lowest point, less the mean's lag. */
function suggested(tried: readonly TriedRate[]): number | undefined {
  const lowest = tried.reduce((best, t, i) => (t.smoothed < tried[best].smoothed ? i : best), 0);
  let best: { rate: number; fall: number } | undefined;
  for (let i = 1; i <= lowest; i++) {
    const fall = (tried[i - 1].smoothed - tried[i].smoothed) / Math.log(tried[i].rate / tried[i - 1].rate);
    if (fall > (best?.fall ?? 0)) best = { rate: tried[Math.max(0, i - lag)].rate, fall };
  }
  return best?.rate;
}
