// Gradient accumulation: the gradients of several batches are added up, in the order of the batches, and divided once by the
// count of all; then comes one update. Streams in lanes carry their states lane by lane.
import type { Device } from "../device/device.js";
import { type CompileOptions, compile, f32, type InputSpec, type Program, type Traced } from "../graph/compile.js";
import { add, assign, concat, div, reshape, zeros } from "../graph/ops/index.js";
import { type Scalar, sizeOf, type Tensor, type Variable } from "../graph/tensor.js";
import { evict, readVariable, variable, variables, writeVariable } from "../graph/variable.js";
import { descendAlong } from "./descend.js";
import { carry, cutsOf, keyShape, lossAndGradient, type TaskStepOptions } from "./step.js";
import type { Tensors } from "./task.js";

interface PartTraced extends Traced {
  readonly outputs: { readonly sum: Scalar; readonly count: Scalar };
}
export type PartProgram = Program<string, PartTraced>;

/** Where gradients of sums add up [words]. */
export const gradientSum = (words: number): Variable => variable("gradient.sum", { shape: [words] });

/** Adds the gradient of one batch's sum. Inputs: those of the batch and key. Nothing changes where the sum is not finite. */
export function partStep(
  device: Device,
  options: TaskStepOptions,
  into: Variable,
  compileOptions: CompileOptions = {},
): PartProgram {
  const specs: Record<string, InputSpec> = { ...options.shapes, key: keyShape(cutsOf(options).length) };
  const trace = ({ key, ...inputs }: Tensors): PartTraced => {
    const { sum, count, states, gradients } = lossAndGradient(options, inputs, key, false);
    const flat = concat(
      gradients.map((g) => reshape(g, [sizeOf(g.shape)])),
      0,
    );
    return {
      outputs: { sum, count },
      updates: [assign(into, add(into, flat)), ...carry(options.carried, states)],
      guard: sum,
    };
  };
  return compile(device, specs, trace, compileOptions);
}

interface UpdateTraced extends Traced {
  readonly outputs: { readonly loss: Scalar; readonly gradientNorm: Scalar; readonly weightNorm: Scalar };
}
export type UpdateProgram = Program<"sum" | "count" | "rate", UpdateTraced>;

/** The update from what has added up, which is zero again afterwards. Inputs: sum and count of all batches, rate. */
export function updateStep(
  device: Device,
  { weights, optimizer, clip }: Pick<TaskStepOptions, "weights" | "optimizer" | "clip">,
  from: Variable,
): UpdateProgram {
  const trace = ({ sum, count, rate }: Readonly<Record<"sum" | "count" | "rate", Tensor>>): UpdateTraced => {
    const loss = div(sum, count) as Scalar;
    const descent = descendAlong([div(from, count)], loss, weights, optimizer, rate, clip);
    const { gradientNorm, weightNorm, guard } = descent;
    const outputs = { loss, gradientNorm, weightNorm };
    return { outputs, updates: [...descent.updates, assign(from, zeros(from.shape))], guard };
  };
  return compile(device, { sum: f32(), count: f32(), rate: f32(optimizer.rateCount) }, trace);
}

/** The states of every lane; the program's own are those of the lane that is learnt from. */
export interface Lanes {
  readonly states: Readonly<Record<string, Variable>>;
  load(lane: number): void;
  store(lane: number): void;
  close(): void;
}

/** States "h.0@0", "h.0@1" and so on for the states that a program carries. */
export function makeLanes(device: Device, carried: Readonly<Record<string, Variable>>, count: number): Lanes {
  const specs = Array.from({ length: count }, (_, lane) =>
    Object.values(carried).map(({ name, shape }) => [`${name}@${lane}`, { shape }] as const),
  );
  const states = variables("lanes", Object.fromEntries(specs.flat()));
  return {
    states,
    load: (lane) => {
      for (const own of Object.values(carried))
        writeVariable(device, own, readVariable(device, states[`${own.name}@${lane}`]));
    },
    store: (lane) => {
      for (const own of Object.values(carried))
        writeVariable(device, states[`${own.name}@${lane}`], readVariable(device, own));
    },
    close: () => {
      for (const { storage } of Object.values(states)) evict(device, storage);
    },
  };
}
