// One step of learning as the loop sees it: from one batch, or from several whose gradients add up. Programs are compiled when
// their shapes first come; all share their scratch memory.
import type { Device, Products } from "../device/device.js";
import { SpecError } from "../errors.js";
import type { CompileOptions, InputSpec } from "../graph/compile.js";
import { sizeOf, type Variable } from "../graph/tensor.js";
import { evict, variables } from "../graph/variable.js";
import { zero } from "../models/evaluate.js";
import { gradientSum, makeLanes, type PartProgram, partStep, updateStep } from "./accumulate.js";
import type { Clip } from "./descend.js";
import { placed } from "./not-finite.js";
import type { Optimizer } from "./optimizers.js";
import { cutsOf, keysOf, type TaskStepOptions, taskStep, type TaskStepProgram } from "./step.js";
import type { Batch, Metrics, Task } from "./task.js";

export interface LearnerOptions<M extends Metrics<M>> {
  readonly device: Device;
  readonly task: Task<M>;
  readonly optimizer: Optimizer;
  readonly clip: Clip;
  readonly recompute: boolean;
  readonly accumulate: number;
  /** How steps multiply matrices. */
  readonly products: Products;
}

export interface StepPlace {
  readonly seed: number;
  /** Steps made before. */
  readonly step: number;
  /** See Optimizer.rates. */
  readonly rate: readonly number[];
}

export interface Outcome {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly weightNorm: number;
  readonly tokens: number;
  /** The batch that was met last, to look into where a number is not finite. */
  readonly last: Batch;
  readonly inputs: StepInputs;
}

export type StepInputs = Readonly<Record<string, ArrayLike<number>>>;

export interface Learner {
  /** Learns from `count` batches, asked for one after the other. */
  step(batch: (j: number) => Batch, count: number, place: StepPlace): Outcome;
  /** Carried states, all of them: what is saved. */
  readonly states: Readonly<Record<string, Variable>>;
  /** States back to zero. */
  reset(): void;
  /** Runs a step's last batch again and names the first value that is not finite. */
  inspect(outcome: Outcome): string | undefined;
  /** Bytes of the step that needs the most. */
  readonly memory: number;
  close(): void;
}

export function makeLearner<M extends Metrics<M>>(options: LearnerOptions<M>): Learner {
  checkTask(options);
  const { task } = options;
  const carried = variables(
    "carried",
    Object.fromEntries(Object.entries(task.carried).map(([name, shape]) => [name, { shape }])),
  );
  return options.accumulate === 1 ? oneBatch(options, carried) : manyBatches(options, carried);
}

function checkTask<M extends Metrics<M>>({ task, accumulate }: LearnerOptions<M>): void {
  const { order, count, lanes = 1 } = task.batches;
  const carries = Object.keys(task.carried).length > 0;
  if (order === "shuffled" && carries)
    throw new SpecError(`task ${task.name}: batches must come in order where states are carried, were shuffled`, {
      code: "task",
    });
  if (count < 1) throw new SpecError(`task ${task.name}: must have at least one batch, has ${count}`, { code: "task" });
  if (order === "stream" && lanes !== accumulate)
    throw new SpecError(
      `task ${task.name}: must have as many lanes as batches are accumulated, ${accumulate}, has ${lanes}`,
      { code: "task" },
    );
}

type Parts<M extends Metrics<M>> = LearnerOptions<M>;

const stepOptions = <M extends Metrics<M>>(
  { task, optimizer, clip, recompute }: Parts<M>,
  carried: Readonly<Record<string, Variable>>,
  shapes: Batch["shapes"],
): TaskStepOptions => {
  const { weights, loss, cutting } = task;
  return { weights, loss, cutting, shapes, optimizer, clip, carried, recompute };
};

function oneBatch<M extends Metrics<M>>(parts: Parts<M>, carried: Readonly<Record<string, Variable>>): Learner {
  const { device, task, optimizer } = parts;
  const compileFor = (shapes: Batch["shapes"], o: CompileOptions = {}): Compiled<TaskStepProgram> => {
    const options = stepOptions(parts, carried, shapes);
    return { program: taskStep(device, options, { products: parts.products, ...o }), pieces: cutsOf(options).length };
  };
  const programs = programCache(compileFor);
  const first = task.batches.at(task.batches.largest ?? 0, 0, 0);
  return {
    states: carried,
    memory: bytesOfStep(device, programs.get(first).program, first, [task.weights, optimizer.state, carried]),
    reset: () => zero(device, carried),
    step(batch, _count, { seed, step, rate }) {
      const last = batch(0);
      const { program, pieces } = programs.get(last);
      const inputs: StepInputs = { ...last.inputs, key: keysOf(seed, step, pieces), rate };
      const { loss, gradientNorm, weightNorm } = program.run(inputs);
      return { loss, gradientNorm, weightNorm, tokens: last.tokens, last, inputs };
    },
    inspect: ({ last, inputs }) => inspected(compileFor(last.shapes, { inspect: true }).program, inputs, last),
    close() {
      programs.close();
      free(device, carried);
    },
  };
}

function manyBatches<M extends Metrics<M>>(parts: Parts<M>, carried: Readonly<Record<string, Variable>>): Learner {
  const { device, task, optimizer } = parts;
  const sum = gradientSum(Object.values(task.weights)[0].storage.words);
  const compileFor = (shapes: Batch["shapes"], o: CompileOptions = {}): Compiled<PartProgram> => {
    const options = stepOptions(parts, carried, shapes);
    return {
      program: partStep(device, options, sum, { products: parts.products, ...o }),
      pieces: cutsOf(options).length,
    };
  };
  const programs = programCache(compileFor);
  const first = task.batches.at(task.batches.largest ?? 0, 0, 0);
  const memory = bytesOfStep(device, programs.get(first).program, first, [
    task.weights,
    optimizer.state,
    carried,
    { sum },
  ]); // prettier-ignore
  const update = updateStep(device, { weights: task.weights, optimizer, clip: parts.clip }, sum);
  const lanes = Object.keys(carried).length > 0 ? makeLanes(device, carried, parts.accumulate) : undefined;
  return {
    states: lanes?.states ?? carried,
    memory,
    reset: () => zero(device, lanes?.states ?? carried),
    step(batch, count, { seed, step, rate }) {
      const totals = { sum: 0, count: 0, tokens: 0 };
      for (let j = 0; ; j++) {
        const last = batch(j);
        const { program, pieces } = programs.get(last);
        const keys = keysOf(seed, step, (j + 1) * pieces).slice(-2 * pieces);
        const inputs: StepInputs = { ...last.inputs, key: keys };
        lanes?.load(j);
        const part = program.run(inputs);
        lanes?.store(j);
        totals.sum += part.sum;
        totals.count += part.count;
        totals.tokens += last.tokens;
        if (j + 1 < count && Number.isFinite(part.sum)) continue;
        const made = update.run({ sum: [totals.sum], count: [totals.count], rate });
        return { ...made, tokens: totals.tokens, last, inputs };
      }
    },
    inspect: ({ last, inputs }) => inspected(compileFor(last.shapes, { inspect: true }).program, inputs, last),
    close() {
      programs.close();
      update.close();
      lanes?.close();
      free(device, { ...carried, sum });
    },
  };
}

interface Compiled<P> {
  readonly program: P;
  readonly pieces: number;
}

function programCache<P extends { close(): void }>(compileFor: (shapes: Batch["shapes"]) => Compiled<P>) {
  const programs = new Map<string, Compiled<P>>();
  return {
    get: ({ shapes }: Batch): Compiled<P> => {
      const key = shapesKey(shapes);
      const compiled = programs.get(key) ?? compileFor(shapes);
      programs.set(key, compiled);
      return compiled;
    },
    close: () => {
      for (const { program } of programs.values()) program.close();
    },
  };
}

const shapesKey = (shapes: Readonly<Record<string, InputSpec>>): string =>
  Object.entries(shapes)
    .map(([name, { shape, dtype }]) => `${name}:${dtype}[${shape}]`)
    .join();

function inspected(program: TaskStepProgram | PartProgram, inputs: StepInputs, batch: Batch): string | undefined {
  program.run(inputs);
  const finding = program.firstNotFinite();
  program.close();
  return finding && placed(finding, batch.extent);
}

function bytesOfStep(
  device: Device,
  program: { readonly scratchWords: number },
  { shapes }: Batch,
  state: readonly Readonly<Record<string, Variable>>[],
): number {
  const kept = [...state.flatMap((group) => Object.values(group)), ...Object.values(shapes)];
  const words = kept.reduce((sum, { shape }) => sum + sizeOf(shape), program.scratchWords);
  return words * (device.precision === "f32" ? 4 : 8);
}

function free(device: Device, named: Readonly<Record<string, Variable>>): void {
  for (const { storage } of Object.values(named)) evict(device, storage);
}
