// One training step as one program: forward, backward, clip, update, carry the state. T time, N batch.
import type { Device } from "../device/device.js";
import { type CompileOptions, compile, f32, i32, type InputSpec, type Program, type Traced } from "../graph/compile.js";
import { assign, div, stopGradient } from "../graph/ops/index.js";
import type { Scalar, Tensor, Variable } from "../graph/tensor.js";
import type { LanguageModel } from "../models/language-model.js";
import { type Clip, descend } from "./descend.js";
import { languageLoss } from "./language-task.js";
import type { Optimizer } from "./optimizers.js";
import type { LossOptions, TaskLoss, Tensors } from "./task.js";

interface StepTraced extends Traced {
  readonly outputs: { readonly loss: Scalar; readonly gradientNorm: Scalar; readonly weightNorm: Scalar };
}
export type TaskStepProgram = Program<string, StepTraced>;
export type StepProgram = Program<"x" | "y" | "key" | "rate", StepTraced>;

export interface TaskStepOptions {
  readonly weights: Readonly<Record<string, Variable>>;
  readonly loss: (inputs: Tensors, options: LossOptions) => TaskLoss;
  /** Shapes of a batch. */
  readonly shapes: Readonly<Record<string, InputSpec>>;
  readonly optimizer: Optimizer;
  readonly clip: Clip;
  /** States from batch to batch. */
  readonly carried: Readonly<Record<string, Variable>>;
}

/**
 * Inputs: those of the batch, key [2] (seed, step), rate (see Optimizer.rates). Outputs: loss, the mean of what is
 * predicted, the gradient's norm before clipping, and the weights' norm before the update. Where one is not finite nothing
 * is updated.
 */
export function taskStep(
  device: Device,
  options: TaskStepOptions,
  compileOptions: CompileOptions = {},
): TaskStepProgram {
  const { weights, optimizer, clip, carried } = options;
  const specs: Record<string, InputSpec> = { ...options.shapes, key: i32(2), rate: f32(optimizer.rateCount) };
  const trace = ({ key, rate, ...inputs }: Readonly<Record<string, Tensor>>): StepTraced => {
    const { sum, count, states } = options.loss(inputs, { carried, key });
    const loss = div(sum, count) as Scalar;
    const descent = descend(loss, weights, optimizer, rate, clip);
    const carry = Object.entries(carried).map(([name, v]) => assign(v, stopGradient(states[name])));
    const { gradientNorm, weightNorm, guard } = descent;
    return { outputs: { loss, gradientNorm, weightNorm }, updates: [...descent.updates, ...carry], guard };
  };
  return compile(device, specs, trace, compileOptions);
}

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
