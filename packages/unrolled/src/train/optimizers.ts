// Optimizers as plain data, their kernels over one contiguous run of weights, and the rates they need at each step.
import { SpecError } from "../errors.js";
import { type Tamed, type UpdateRule, update } from "../graph/ops/state.js";
import { slice } from "../graph/ops/index.js";
import { sizeOf, type Storage, type Tensor, type Variable } from "../graph/tensor.js";
import { stretchOf, variables, wholeOf } from "../graph/variable.js";

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
  /** What decays: "all", or "matrices" alone, without biases, gains of a normalisation and other vectors, and embeddings. */
  readonly decayed: "all" | "matrices";
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
  checked({ name: "adam", rate: 2e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decay: 0, decayed: "all", ...o });
/** Loshchilov 2019: decay apart from the gradient; of matrices alone where not told otherwise. */
export const adamw = (o: Options<AdamSpec> = {}): AdamSpec =>
  checked({
    name: "adamw",
    rate: 2e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    decay: 0.01,
    decayed: "matrices",
    ...o,
  });

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
  /** The update of all weights, from the flat gradient [words], the rate input and how the gradient is clipped. */
  step(gradient: Tensor, rate: Tensor, tamed: Tamed): readonly Tensor[];
  /** Values of the rate input for step t (1 for the first), at a base rate. */
  rates(t: number, rate: number): number[];
}

/**
 * The optimizer of a spec for all weights of one storage. The weights by name tell which of them decay; all do where they are
 * left out.
 */
export function makeOptimizer(
  spec: OptimizerSpec,
  weights: Storage,
  named: Readonly<Record<string, Variable>> = {},
): Optimizer {
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
    step: (gradient, rate, tamed) => {
      const stretches = decayStretches(spec, weights, named);
      if (stretches.length === 1 && stretches[0].decays) return [update(wholeOf(weights), gradient, rate, tamed, rule)];
      return stretches.map(({ from, words, decays }) =>
        update(stretchOf(wholeOf(weights), from, words), slice(gradient, 0, from, from + words), rate, tamed, {
          ...rule,
          state: Object.fromEntries(Object.entries(rule.state).map(([name, v]) => [name, stretchOf(v, from, words)])),
          numbers: decays ? rule.numbers : { ...rule.numbers, decay: 0 },
        }),
      );
    },
    rates: (t, rate) => (adaptive ? [rate, 1 / (1 - spec.beta1 ** t), 1 / (1 - spec.beta2 ** t)] : [rate]),
  };
}

/** Words next to each other that all decay or all do not. */
interface Stretch {
  readonly from: number;
  readonly words: number;
  readonly decays: boolean;
}

/** True for a matrix that is no embedding: what decays where "matrices" do. */
export const isDecayedMatrix = ({ name, shape }: Pick<Variable, "name" | "shape">): boolean =>
  shape.length >= 2 && !name.includes("embedding");

function decayStretches(
  spec: OptimizerSpec,
  { words }: Storage,
  named: Readonly<Record<string, Variable>>,
): readonly Stretch[] {
  const all = [{ from: 0, words, decays: true }];
  const adaptive = spec.name === "adam" || spec.name === "adamw";
  if (!adaptive || spec.decayed === "all" || spec.decay === 0) return all;
  const stretches: Stretch[] = [];
  for (const v of Object.values(named).sort((a, b) => a.offset - b.offset)) {
    const decays = isDecayedMatrix(v);
    const last = stretches[stretches.length - 1];
    const end = v.offset + sizeOf(v.shape);
    if (last?.decays === decays) stretches[stretches.length - 1] = { ...last, words: end - last.from };
    else stretches.push({ from: v.offset, words: end - v.offset, decays });
  }
  return stretches.length === 0 ? all : stretches;
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
