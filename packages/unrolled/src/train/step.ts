// One training step as one program: forward, backward, clip, update, carry the state. T time, N batch.
import type { Device } from "../device/device.js";
import { type CompileOptions, compile, f32, i32, type InputSpec, type Program, type Traced } from "../graph/compile.js";
import { SpecError } from "../errors.js";
import { gradient } from "../graph/gradient.js";
import { assign, div, stopGradient } from "../graph/ops/index.js";
import type { Scalar, Tensor, Variable } from "../graph/tensor.js";
import type { LanguageModel } from "../models/language-model.js";
import { type Clip, descendAlong } from "./descend.js";
import { languageLoss } from "./language-task.js";
import type { Optimizer } from "./optimizers.js";
import { chained, recomputed } from "./pieces.js";
import type { Cut, Cutting, LossOptions, TaskLoss, Tensors } from "./task.js";

interface StepTraced extends Traced {
  readonly outputs: { readonly loss: Scalar; readonly gradientNorm: Scalar; readonly weightNorm: Scalar };
}
export type TaskStepProgram = Program<string, StepTraced>;
export type StepProgram = Program<"x" | "y" | "key" | "rate", StepTraced>;

export interface TaskStepOptions {
  readonly weights: Readonly<Record<string, Variable>>;
  readonly loss: (inputs: Tensors, options: LossOptions) => TaskLoss;
  readonly cutting?: Cutting | undefined;
  /** Shapes of a batch. */
  readonly shapes: Readonly<Record<string, InputSpec>>;
  readonly optimizer: Optimizer;
  readonly clip: Clip;
  /** States from batch to batch. */
  readonly carried: Readonly<Record<string, Variable>>;
  /** Keep only the states between pieces, and compute each piece again in the backward pass. */
  readonly recompute?: boolean;
}

/** The pieces that a batch of these shapes is cut into; SpecError where it must be and cannot. */
export function cutsOf({ cutting, shapes, recompute = false }: TaskStepOptions): readonly Cut[] {
  if (recompute && !cutting)
    throw new SpecError("recompute: must be used with a task whose sequences can be cut in time, this one cannot", {
      code: "recompute",
      hint: "networks that read a whole sequence before they answer need all of it",
    });
  return cutting?.cuts(shapes, { recompute }) ?? [{ from: 0, to: 0, carry: true }];
}

/** Draws differ from piece to piece: the keys [2] or [K,2] of a step, row by row. The first is (seed, step). */
export const keysOf = (seed: number, step: number, pieces: number): number[] =>
  Array.from({ length: pieces }, (_, k) => [(seed + Math.imul(k, 0x9e3779b1)) | 0, step]).flat();

export const keyShape = (pieces: number): InputSpec => (pieces === 1 ? i32(2) : i32(pieces, 2));

/** The sum over a batch, its count, the states after it, and the gradient of sum / divisor. */
export function lossAndGradient(options: TaskStepOptions, inputs: Tensors, key: Tensor, mean: boolean) {
  const { weights, carried, loss } = options;
  const pieces = { loss, cuts: cutsOf(options), piece: options.cutting?.piece ?? ((whole: Tensors) => whole) };
  if (options.recompute) {
    const made = recomputed(pieces, weights, inputs, { carried, key });
    return { ...made, gradients: mean ? made.gradients.map((g) => div(g, made.count)) : made.gradients };
  }
  const made = chained(pieces, inputs, { carried, key });
  return { ...made, gradients: gradient(mean ? div(made.sum, made.count) : made.sum, Object.values(weights)) };
}

/**
 * Inputs: those of the batch, key (see `keysOf`), rate (see Optimizer.rates). Outputs: loss, the mean of what is
 * predicted, the gradient's norm before clipping, and the weights' norm before the update. Where one is not finite nothing
 * is updated.
 */
export function taskStep(
  device: Device,
  options: TaskStepOptions,
  compileOptions: CompileOptions = {},
): TaskStepProgram {
  const { inputs, trace } = stepGraph(options);
  return compile(device, inputs, trace, compileOptions);
}

/** What `taskStep` compiles. */
export function stepGraph(options: TaskStepOptions) {
  const { weights, optimizer, clip, carried } = options;
  const key = keyShape(cutsOf(options).length);
  const specs: Record<string, InputSpec> = { ...options.shapes, key, rate: f32(optimizer.rateCount) };
  const trace = ({ key, rate, ...inputs }: Tensors): StepTraced => {
    const { sum, count, states, gradients } = lossAndGradient(options, inputs, key, true);
    const loss = div(sum, count) as Scalar;
    const descent = descendAlong(gradients, loss, weights, optimizer, rate, clip);
    const { gradientNorm, weightNorm, guard } = descent;
    return {
      outputs: { loss, gradientNorm, weightNorm },
      updates: [...descent.updates, ...carry(carried, states)],
      guard,
    };
  };
  return { inputs: specs, trace };
}

/** Hands states on to the next batch; where gradients end. */
export const carry = (carried: Readonly<Record<string, Variable>>, states: Tensors): Tensor[] =>
  Object.entries(carried).map(([name, v]) => assign(v, stopGradient(states[name])));

export interface StepOptions {
  readonly model: LanguageModel;
  readonly optimizer: Optimizer;
  readonly batch: number;
  readonly sequence: number;
  readonly clip: Clip;
  /** Carried states from `carriedStates(spec, batch)`. */
  readonly carried: Readonly<Record<string, Variable>>;
}

/** The step of a language model. Inputs: x, y [T,N] ids, key and rate; outputs: loss in mean nats per token, and as `taskStep`. */
export function trainingStep(device: Device, options: StepOptions, compileOptions: CompileOptions = {}): StepProgram {
  const { model, batch: N, sequence: T, ...rest } = options;
  const loss = (inputs: Tensors, run: LossOptions): TaskLoss => languageLoss(model, inputs, run);
  const shapes = { x: i32(T, N), y: i32(T, N) };
  return taskStep(device, { ...rest, weights: model.weights, loss, shapes }, compileOptions) as StepProgram;
}
