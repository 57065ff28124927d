// What a training run can be told, whatever it learns.
import type { Device, Products } from "../device/device.js";
import { SpecError } from "../errors.js";
import type { Clip } from "./descend.js";
import type { TrainingState } from "./events.js";
import type { LanguageTaskOptions } from "./language-task.js";
import type { OptimizerSpec } from "./optimizers.js";
import type { ScheduleSpec } from "./schedules.js";
import type { Metrics, Task } from "./task.js";

export interface RunOptions {
  readonly device: Device;
  readonly epochs?: number;
  /** Stop after this many steps in all, wherever the epoch is. */
  readonly maxSteps?: number;
  readonly optimizer?: OptimizerSpec;
  readonly schedule?: ScheduleSpec;
  readonly clip?: Clip;
  /** Keep only the states between pieces of a sequence and compute each again in the backward pass: memory ~ sqrt(T). */
  readonly recompute?: boolean;
  /** Batches whose gradients are added up before an update: a batch n times as large, in the memory of one. */
  readonly accumulate?: number;
  /** Share of the moving average of the weights that each step keeps; the average is what is validated, sampled and saved. */
  readonly ema?: number;
  /** Stop after so many validations without gain; the weights of the best validation are what is saved and left. */
  readonly earlyStop?: number;
  /** How training steps multiply matrices; f32 where left out. bf16 needs a native device on a processor that has it. */
  readonly precision?: Products;
  readonly seed?: number;
  /** Steps between validations; each epoch where left out. Always at the end. */
  readonly validateEvery?: number;
  /** Steps between samples; none where left out or 0. The first is made before the first step. */
  readonly sampleEvery?: number;
  /** Steps between checkpoints, beside those at the end of each epoch and of the run. */
  readonly checkpointEvery?: number;
  /** Go on where a checkpoint stopped, with the same bits as if it had not. */
  readonly resume?: TrainingState;
  /** Set `requested` to end after the current step, with a checkpoint. */
  readonly stop?: { readonly requested: boolean };
  /** Milliseconds, for rates; 0 tokens/s are told without it. */
  readonly clock?: () => number;
  /** Awaited after every step: lets signals and pages have their turn. */
  readonly pause?: () => Promise<void>;
}

/** A language model on a corpus. */
export type TrainOptions = RunOptions & LanguageTaskOptions;

/** Any task. */
export interface TaskTrainOptions<M extends Metrics<M>> extends RunOptions {
  readonly task: Task<M>;
}

/** Throws SpecError for options that make no run. */
export function checkRunOptions({ clip, accumulate = 1, ema, earlyStop }: RunOptions): void {
  for (const [name, value] of Object.entries(clip ?? {}))
    if (value !== undefined && !(value > 0))
      throw new SpecError(`clip.${name}: must be a number above 0, was ${value}`, { code: "clip" });
  wholeFrom1("accumulate", accumulate);
  if (earlyStop !== undefined) wholeFrom1("earlyStop", earlyStop);
  if (ema !== undefined && !(ema > 0 && ema < 1))
    throw new SpecError(`ema: must be a number between 0 and 1, was ${ema}`, { code: "ema" });
}

function wholeFrom1(name: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 1))
    throw new SpecError(`${name}: must be a whole number from 1, was ${value}`, { code: "training-option" });
}

/** Steps of an epoch: each learns from `accumulate` batches, the last one from what is left. */
export const stepsPerEpoch = (batches: { readonly count: number }, accumulate = 1): number =>
  Math.ceil(batches.count / accumulate);

/** Steps that a whole run makes, resumed or not. */
export function totalSteps(
  { epochs, maxSteps }: Pick<RunOptions, "epochs" | "maxSteps">,
  stepsOfEpoch: number,
): number {
  const byEpochs =
    epochs === undefined && maxSteps !== undefined ? Number.POSITIVE_INFINITY : (epochs ?? 10) * stepsOfEpoch; // prettier-ignore
  return Math.min(byEpochs, maxSteps ?? Number.POSITIVE_INFINITY);
}
