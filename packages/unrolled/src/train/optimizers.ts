// Optimizers as plain data, their kernels over one contiguous run of weights, and the rates they need at each step.
import { SpecError } from "../errors.js";
import { type UpdateRule, update } from "../graph/ops/state.js";
import type { Storage, Tensor, Variable } from "../graph/tensor.js";
import { variables, wholeOf } from "../graph/variable.js";

export interface SgdSpec {
  readonly name: "sgd";
  readonly rate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  /** L2: decay * w is added to the gradient. */
  readonly decay: number;
}
export interface AdagradSpec {
  readonly name: "adagrad";
  readonly rate: number;
  readonly epsilon: number;
  readonly decay: number;
}
export interface RmspropSpec {
  readonly name: "rmsprop";
  readonly rate: number;
  /** Share of the old mean of squares that is kept. */
  readonly alpha: number;
  readonly epsilon: number;
  readonly decay: number;
}
export interface AdamSpec {
  /** adam: L2 decay in the gradient; adamw: decoupled decay. */
  readonly name: "adam" | "adamw";
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly decay: number;
}
export type OptimizerSpec = SgdSpec | AdagradSpec | RmspropSpec | AdamSpec;
export const optimizerNames = ["sgd", "adagrad", "rmsprop", "adam", "adamw"] as const;

type Options<S extends OptimizerSpec> = Partial<Omit<S, "name">>;

/** Stochastic gradient descent: v = momentum v + g, w -= rate v. */
export const sgd = (o: Options<SgdSpec> = {}): SgdSpec =>
  checked({ name: "sgd", rate: 0.1, momentum: 0, nesterov: false, decay: 0, ...o });
/** Duchi 2011: each weight's rate falls with its own history. */
export const adagrad = (o: Options<AdagradSpec> = {}): AdagradSpec =>
  checked({ name: "adagrad", rate: 0.1, epsilon: 1e-8, decay: 0, ...o });
/** Hinton's lecture 6e, with char-rnn's decay of .95. */
export const rmsprop = (o: Options<RmspropSpec> = {}): RmspropSpec =>
  checked({ name: "rmsprop", rate: 2e-3, alpha: 0.95, epsilon: 1e-8, decay: 0, ...o });
/** Kingma 2015. */
export const adam = (o: Options<AdamSpec> = {}): AdamSpec =>
  checked({ name: "adam", rate: 2e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0, ...o });
/** Loshchilov 2019: decay apart from the gradient. */
export const adamw = (o: Options<AdamSpec> = {}): AdamSpec =>
  checked({ name: "adamw", rate: 2e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0.01, ...o });

/** Throws SpecError for numbers no optimizer can use; gives the spec back. */
export function checked<S extends OptimizerSpec>(spec: S): S {
  for (const [key, value] of Object.entries(spec)) {
    if (typeof value !== "number") continue;
    const below1 = ["momentum", "alpha", "beta1", "beta2"].includes(key);
    if (!(Number.isFinite(value) && value >= 0 && (!below1 || value < 1)))
      throw new SpecError(
        `${spec.name}.${key}: must be a number from 0${below1 ? " up to but not including 1" : ""}, was ${value}`,
        { code: "optimizer" },
      );
  }
  return spec;
}

export interface Optimizer {
  readonly spec: OptimizerSpec;
  /** Moments and the like, by name; saved with a checkpoint. */
  readonly state: Readonly<Record<string, Variable>>;
  /** How many numbers the rate input of a step has. */
  readonly rateCount: number;
  /** The update of all weights, from the flat gradient [words], the rate input and the gradient's scale. */
  step(gradient: Tensor, rate: Tensor, scale: Tensor | undefined): Tensor;
  /** Values of the rate input for step t (1 for the first), at a base rate. */
  rates(t: number, rate: number): number[];
}

/** The optimizer of a spec for all weights of one storage. */
export function makeOptimizer(spec: OptimizerSpec, weights: Storage): Optimizer {
  const vectors = stateNames(spec);
  const specs = Object.fromEntries(vectors.map((name) => [`${spec.name}.${name}`, { shape: [weights.words] }]));
  const state = vectors.length > 0 ? variables("optimizer", specs) : {};
  const rule: UpdateRule = {
    ...kernelOf(spec),
    state: Object.fromEntries(vectors.map((name) => [name, state[`${spec.name}.${name}`]])),
  };
  const adaptive = spec.name === "adam" || spec.name === "adamw";
  return {
    spec,
    state,
    rateCount: adaptive ? 3 : 1,
    step: (gradient, rate, scale) => update(wholeOf(weights), gradient, rate, scale, rule),
    rates: (t, rate) => (adaptive ? [rate, 1 / (1 - spec.beta1 ** t), 1 / (1 - spec.beta2 ** t)] : [rate]),
  };
}

function stateNames(spec: OptimizerSpec): readonly string[] {
  switch (spec.name) {
    case "sgd":
      return spec.momentum > 0 ? ["v"] : [];
    case "adagrad":
    case "rmsprop":
      return ["s"];
    case "adam":
    case "adamw":
      return ["m", "v"];
    default:
      return spec satisfies never;
  }
}

function kernelOf(spec: OptimizerSpec): Omit<UpdateRule, "state"> {
  switch (spec.name) {
    case "sgd":
      return {
        kernel: "sgd",
        numbers: { nesterov: spec.nesterov ? 1 : 0, momentum: spec.momentum, decay: spec.decay },
      };
    case "adagrad":
      return { kernel: "adagrad", numbers: { epsilon: spec.epsilon, decay: spec.decay } };
    case "rmsprop":
      return { kernel: "rmsprop", numbers: { alpha: spec.alpha, epsilon: spec.epsilon, decay: spec.decay } };
    case "adam":
    case "adamw": {
      const { beta1, beta2, epsilon, decay } = spec;
      return { kernel: "adam", numbers: { decoupled: spec.name === "adamw" ? 1 : 0, beta1, beta2, epsilon, decay } };
    }
    default:
      return spec satisfies never;
  }
}
