// What a run works with and where it stands: the learner, the weights that are kept, the position.
import { SpecError } from "../errors.js";
import { sizeOf, type Variable } from "../graph/tensor.js";
import { evict, readVariable, writeVariable } from "../graph/variable.js";
import type { NamedArray } from "../io/named-array.js";
import { type KeptWeights, keptNames, keptWeights } from "./average.js";
import type { TrainingCounters, TrainingState } from "./events.js";
import { type Learner, makeLearner } from "./learner.js";
import { adam, makeOptimizer, type Optimizer } from "./optimizers.js";
import { checkRunOptions, stepsPerEpoch, type TaskTrainOptions, totalSteps } from "./options.js";
import { constant, freshPlateau, type PlateauState, type ScheduleSpec } from "./schedules.js";
import { type Batch, type Measurer, type Metrics, permutation, type Sampler, type Task } from "./task.js";

export interface Run<M extends Metrics<M>> {
  readonly options: TaskTrainOptions<M>;
  readonly task: Task<M>;
  readonly optimizer: Optimizer;
  readonly schedule: ScheduleSpec;
  readonly seed: number;
  readonly accumulate: number;
  readonly learner: Learner;
  readonly kept: KeptWeights;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** Made when they are first needed. */
  readonly measurer: () => Measurer<M> | undefined;
  readonly sampler: () => Sampler | undefined;
  /** The order of an epoch's batches. */
  readonly orderOf: (epoch: number) => Int32Array | undefined;
  readonly close: () => void;
}

/** Where a run stands: counted from the first step of the first run. */
export interface Position {
  step: number;
  /** Epochs finished. */
  epochs: number;
  /** Next batch of the epoch. */
  chunk: number;
  plateau: PlateauState;
  bestValidation: number | null;
  /** Validations since the best. */
  waited: number;
}

export function prepare<M extends Metrics<M>>(options: TaskTrainOptions<M>): Run<M> {
  const { task, device, accumulate = 1, ema, earlyStop, recompute = false, seed = 1, clip = { norm: 5 } } = options;
  const products = options.precision ?? "f32";
  checkRunOptions(options);
  if (earlyStop !== undefined && !task.validation)
    throw new SpecError("earlyStop: must come with held-out data to validate on, there is none", {
      code: "early-stop",
    });
  const optimizer = makeOptimizer(options.optimizer ?? adam(), Object.values(task.weights)[0].storage, task.weights);
  const learner = makeLearner({ device, task, optimizer, clip, recompute, accumulate, products });
  const kept = keptWeights({ device, weights: task.weights, ema, best: earlyStop !== undefined });
  const measurer = lazily(() => task.validation?.open(device));
  const sampler = lazily(() => task.sampler?.(device));
  const steps = stepsPerEpoch(task.batches, accumulate);
  return {
    options,
    task,
    optimizer,
    schedule: options.schedule ?? constant(),
    seed,
    accumulate,
    learner,
    kept,
    stepsPerEpoch: steps,
    totalSteps: totalSteps(options, steps),
    measurer: measurer.get,
    sampler: sampler.get,
    orderOf: orders(task.batches, seed),
    close() {
      kept.close();
      learner.close();
      for (const tool of [measurer.made(), sampler.made()]) tool?.close();
      for (const { storage } of Object.values(optimizer.state)) evict(device, storage);
    },
  }; // prettier-ignore
}

function lazily<T>(make: () => T | undefined) {
  let made: T | undefined;
  return {
    get: (): T | undefined => {
      made ??= make();
      return made;
    },
    made: () => made,
  };
}

/** Drawn once for an epoch; undefined where batches come as they are. */
function orders({ order, count }: Task<never>["batches"], seed: number) {
  let drawn: { readonly epoch: number; readonly indices: Int32Array } | undefined;
  return (epoch: number): Int32Array | undefined => {
    if (order === "stream") return undefined;
    if (drawn?.epoch !== epoch) drawn = { epoch, indices: permutation(count, seed, epoch) };
    return drawn.indices;
  };
}

/** The batches that the next step learns from. */
export function nextBatches<M extends Metrics<M>>(
  { task, accumulate, orderOf }: Run<M>,
  { chunk, epochs }: Position,
): { readonly count: number; readonly at: (j: number) => Batch } {
  const order = orderOf(epochs);
  return {
    count: Math.min(accumulate, task.batches.count - chunk),
    at: (j) => task.batches.at(order ? order[chunk + j] : chunk + j, epochs, chunk + j),
  };
}

export function startingPosition<M extends Metrics<M>>(run: Run<M>): Position {
  const { resume } = run.options;
  if (!resume) return { step: 0, epochs: 0, chunk: 0, plateau: freshPlateau, bestValidation: null, waited: 0 };
  const { counters } = resume;
  checkResume(counters, run.task.data, run.seed);
  restoreStates(run, resume);
  const { step, epoch, chunk, plateau, bestValidation, waited } = counters;
  return { step, epochs: epoch, chunk, plateau, bestValidation, waited };
}

function checkResume(counters: TrainingCounters, data: string, seed: number): void {
  if (counters.data !== data)
    throw new SpecError(`resume: training data must be the same as before (${counters.data}), was ${data}`, {
      code: "resume-data",
      hint: "train a new model on the new text, or bring the old text back",
    });
  if (counters.seed !== seed)
    throw new SpecError(`resume: seed must be ${counters.seed} as before, was ${seed}`, { code: "resume-seed" });
}

/** Sets moments, carried states and learnt weights. SpecError `resume-state` where they are others than this run's. */
function restoreStates<M extends Metrics<M>>(run: Run<M>, { arrays, counters }: TrainingState): void {
  const { options, task, optimizer, learner, kept } = run;
  const { ema, earlyStop, device } = options;
  const words = Object.values(task.weights)[0].storage.words;
  const missing = new Map<string, { readonly words: number; readonly variable?: Variable }>(
    Object.entries({ ...optimizer.state, ...learner.states }).map(([name, variable]) => [
      name,
      { words: sizeOf(variable.shape), variable },
    ]),
  );
  if (ema !== undefined || earlyStop !== undefined) missing.set(keptNames.learnt, { words });
  if (ema !== undefined && earlyStop !== undefined) missing.set(keptNames.average, { words });
  const learnt = new Map<string, NamedArray>();
  for (const array of arrays) {
    const wanted = missing.get(array.name);
    if (wanted?.words !== array.data.length)
      throw new SpecError(
        `resume: state ${array.name} of ${array.data.length} numbers must belong to ${optimizer.spec.name} and the options of this run`,
        { code: "resume-state" },
      );
    if (wanted.variable) writeVariable(device, wanted.variable, array.data);
    else learnt.set(array.name, array);
    missing.delete(array.name);
  }
  for (const name of missing.keys())
    throw new SpecError(`resume: state ${name} must be there, was absent`, { code: "resume-state" });
  kept.restore(learnt, counters.bestValidation !== null);
}

/** Optimizer moments and carried states as they are now. */
export const stateArrays = <M extends Metrics<M>>({ options, optimizer, learner }: Run<M>): NamedArray[] =>
  arraysOf(options.device, { ...optimizer.state, ...learner.states });

export const arraysOf = (
  device: TaskTrainOptions<never>["device"],
  named: Readonly<Record<string, Variable>>,
): NamedArray[] => Object.values(named).map((v) => ({ name: v.name, shape: v.shape, data: readVariable(device, v) }));
