// One training step of a language model as one program: forward, backward, clip, update, carry the state.
// T time, N batch.
import type { Device } from "../device/device.js";
import { type CompileOptions, compile, f32, i32, type Program, type Traced } from "../graph/compile.js";
import { assign, crossEntropy, div, stopGradient } from "../graph/ops/index.js";
import type { Scalar, Tensor, Variable } from "../graph/tensor.js";
import { forward, type LanguageModel } from "../models/language-model.js";
import { type Clip, descend } from "./descend.js";
import type { Optimizer } from "./optimizers.js";

export interface StepOptions {
  readonly model: LanguageModel;
  readonly optimizer: Optimizer;
  readonly batch: number;
  readonly sequence: number;
  readonly clip: Clip;
  /** Carried states from `carriedStates(spec, batch)`. */
  readonly carried: Readonly<Record<string, Variable>>;
}

type StepInputs = "x" | "y" | "key" | "rate";
interface StepTraced extends Traced {
  readonly outputs: { readonly loss: Scalar; readonly gradientNorm: Scalar; readonly weightNorm: Scalar };
}
export type StepProgram = Program<StepInputs, StepTraced>;

/**
 * Inputs: x, y [T,N] ids, key [2] (seed, step), rate (see Optimizer.rates). Outputs: loss, the mean nats per token, the
 * gradient's norm before clipping, and the weights' norm before the update. Where one is not finite nothing is updated.
 */
export function trainingStep(device: Device, options: StepOptions, compileOptions: CompileOptions = {}): StepProgram {
  const { model, optimizer, batch: N, sequence: T, clip, carried } = options;
  const inputs = { x: i32(T, N), y: i32(T, N), key: i32(2), rate: f32(optimizer.rateCount) };
  const trace = ({ x, y, key, rate }: Readonly<Record<StepInputs, Tensor>>): StepTraced => {
    const { logits, states } = forward(model, x, carried, model.spec.dropout > 0 ? { dropoutKey: key } : {});
    const { sum, count } = crossEntropy(logits, y);
    const loss = div(sum, count);
    const descent = descend(loss, model.weights, optimizer, rate, clip);
    const carry = Object.entries(carried).map(([name, v]) => assign(v, stopGradient(states[name])));
    const { gradientNorm, weightNorm, guard } = descent;
    return { outputs: { loss, gradientNorm, weightNorm }, updates: [...descent.updates, ...carry], guard };
  };
  return compile(device, inputs, trace, compileOptions);
}
