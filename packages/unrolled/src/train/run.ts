// What a run works with and where it stands: variables, programs, position. T time, N batch.
import { SpecError } from "../errors.js";
import type { CompileOptions, InputSpec } from "../graph/compile.js";
import { type Shape, sizeOf, type Variable } from "../graph/tensor.js";
import { evict, readVariable, variables, writeVariable } from "../graph/variable.js";
import type { NamedArray } from "../io/named-array.js";
import type { Clip } from "./descend.js";
import type { TrainingCounters } from "./events.js";
import { adam, makeOptimizer, type Optimizer } from "./optimizers.js";
import { checkRunOptions, type TaskTrainOptions, totalSteps } from "./options.js";
import { constant, freshPlateau, type PlateauState, type ScheduleSpec } from "./schedules.js";
import { taskStep, type TaskStepProgram } from "./step.js";
import { type Batch, type Measurer, type Metrics, permutation, type Sampler, type Task } from "./task.js";

export interface Run<M extends Metrics<M>> {
  readonly options: TaskTrainOptions<M>;
  readonly task: Task<M>;
  readonly optimizer: Optimizer;
  readonly schedule: ScheduleSpec;
  readonly clip: Clip;
  readonly seed: number;
  readonly carried: Readonly<Record<string, Variable>>;
  /** The program of a batch's shapes; compiled when it is first asked for. */
  readonly programFor: (batch: Batch) => TaskStepProgram;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** Bytes of the step that needs the most. */
  readonly memory: number;
  /** Made when they are first needed. */
  readonly measurer: () => Measurer<M> | undefined;
  readonly sampler: () => Sampler | undefined;
  readonly close: () => void;
}

/** Where a run stands: counted from the first step of the first run. */
export interface Position {
  step: number;
  /** Epochs finished. */
  epochs: number;
  chunk: number;
  plateau: PlateauState;
  bestValidation: number | null;
}

export function prepare<M extends Metrics<M>>(options: TaskTrainOptions<M>): Run<M> {
  const { task, device } = options;
  checkRunOptions(options);
  checkTask(task);
  const optimizer = makeOptimizer(options.optimizer ?? adam(), Object.values(task.weights)[0].storage);
  const carried = stateVariables(task.carried);
  const clip = options.clip ?? { norm: 5 };
  const programs = programCache((shapes) => compileStep({ options, task, optimizer, clip, carried }, shapes));
  const first = task.batches.at(task.batches.largest ?? 0, 0);
  const measurer = lazily(() => task.validation?.open(device));
  const sampler = lazily(() => task.sampler?.(device));
  return {
    options,
    task,
    optimizer,
    schedule: options.schedule ?? constant(),
    clip,
    seed: options.seed ?? 1,
    carried,
    programFor: programs.get,
    stepsPerEpoch: task.batches.count,
    totalSteps: totalSteps(options, task.batches.count),
    memory: bytesOfStep(programs.get(first), first, [task.weights, optimizer.state, carried], device.precision),
    measurer: measurer.get,
    sampler: sampler.get,
    close() {
      programs.close();
      for (const tool of [measurer.made(), sampler.made()]) tool?.close();
      for (const { storage } of Object.values({ ...optimizer.state, ...carried })) evict(device, storage);
    },
  }; // prettier-ignore
}

function checkTask<M extends Metrics<M>>(task: Task<M>): void {
  if (task.batches.order === "shuffled" && Object.keys(task.carried).length > 0)
    throw new SpecError(`task ${task.name}: batches must come in order where states are carried, were shuffled`, {
      code: "task",
    });
  if (task.batches.count < 1)
    throw new SpecError(`task ${task.name}: must have at least one batch, has ${task.batches.count}`, { code: "task" });
}

const stateVariables = (shapes: Readonly<Record<string, Shape>>): Readonly<Record<string, Variable>> =>
  variables("carried", Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape }])));

type StepParts<M extends Metrics<M>> = Pick<Run<M>, "options" | "task" | "optimizer" | "clip" | "carried">;

export function compileStep<M extends Metrics<M>>(
  { options, task, optimizer, clip, carried }: StepParts<M>,
  shapes: Batch["shapes"],
  compileOptions: CompileOptions = {},
): TaskStepProgram {
  const { weights, loss } = task;
  return taskStep(options.device, { weights, loss, shapes, optimizer, clip, carried }, compileOptions);
}

function programCache(compileFor: (shapes: Batch["shapes"]) => TaskStepProgram) {
  const programs = new Map<string, TaskStepProgram>();
  return {
    get: ({ shapes }: Batch): TaskStepProgram => {
      const key = shapesKey(shapes);
      const program = programs.get(key) ?? compileFor(shapes);
      programs.set(key, program);
      return program;
    },
    close: () => {
      for (const program of programs.values()) program.close();
    },
  };
}

const shapesKey = (shapes: Readonly<Record<string, InputSpec>>): string =>
  Object.entries(shapes)
    .map(([name, { shape, dtype }]) => `${name}:${dtype}[${shape}]`)
    .join();

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

function bytesOfStep(
  program: TaskStepProgram,
  { shapes }: Batch,
  state: readonly Readonly<Record<string, Variable>>[],
  precision: "f32" | "f64",
): number {
  const kept = [...state.flatMap((group) => Object.values(group)), ...Object.values(shapes)];
  const words = kept.reduce((sum, { shape }) => sum + sizeOf(shape), program.scratchWords);
  return words * (precision === "f32" ? 4 : 8);
}

/** The batch that a position stands before. */
export function batchAt<M extends Metrics<M>>(run: Run<M>, at: Position, order: Orders): Batch {
  const { batches } = run.task;
  if (batches.order === "stream") return batches.at(at.chunk, at.epochs);
  if (order.epoch !== at.epochs) {
    order.indices = permutation(batches.count, run.seed, at.epochs);
    order.epoch = at.epochs;
  }
  return batches.at(order.indices[at.chunk], at.epochs);
}

/** The order of the present epoch. */
export interface Orders {
  epoch: number;
  indices: Int32Array;
}

export function startingPosition<M extends Metrics<M>>(run: Run<M>): Position {
  const { resume, device } = run.options;
  if (!resume) return { step: 0, epochs: 0, chunk: 0, plateau: freshPlateau, bestValidation: null };
  const { counters, arrays } = resume;
  checkResume(counters, run.task.data, run.seed);
  const missing = new Map(Object.entries({ ...run.optimizer.state, ...run.carried }));
  for (const { name, data } of arrays) {
    const variable = missing.get(name);
    if (!variable || sizeOf(variable.shape) !== data.length)
      throw new SpecError(
        `resume: state ${name} of ${data.length} numbers must belong to ${run.optimizer.spec.name} and ${run.task.name}`,
        { code: "resume-state" },
      );
    writeVariable(device, variable, data);
    missing.delete(name);
  }
  for (const name of missing.keys())
    throw new SpecError(`resume: state ${name} must be there, was absent`, { code: "resume-state" });
  const { step, epoch, chunk, plateau, bestValidation } = counters;
  return { step, epochs: epoch, chunk, plateau, bestValidation };
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

/** Optimizer moments and carried states as they are now. */
export const stateArrays = <M extends Metrics<M>>({ options, optimizer, carried }: Run<M>): NamedArray[] =>
  arraysOf(options.device, { ...optimizer.state, ...carried });

export const arraysOf = (
  device: TaskTrainOptions<never>["device"],
  named: Readonly<Record<string, Variable>>,
): NamedArray[] => Object.values(named).map((v) => ({ name: v.name, shape: v.shape, data: readVariable(device, v) }));
