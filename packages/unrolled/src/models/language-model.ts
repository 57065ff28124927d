// The recurrent language model: embedding, a stack of recurrent layers, a head. T time, N batch, V vocabulary, D embedding,
// H hidden, L layers.
import type { Device } from "../device/device.js";
import { CheckpointError, SpecError } from "../errors.js";
import { concat, type CrossEntropy, full, gather, reshape, zeros } from "../graph/ops/index.js";
import { type Shape, showShape, sizeOf, type Tensor, type Variable } from "../graph/tensor.js";
import { variables } from "../graph/variable.js";
import type { NamedArray } from "../io/named-array.js";
import type { Named } from "../nn/cell.js";
import { headLogits, headLoss, headWeights } from "../nn/heads.js";
import { normalValues } from "../nn/init.js";
import { runStack, stackStates, stackWeights, stackWidth } from "../nn/stack.js";
import { makeVocabulary, type Vocabulary } from "../text/vocabulary.js";
import type { Cells } from "./layers.js";
import {
  checkLanguageModelSpec,
  type LanguageModelOptions,
  type LanguageModelSpec,
  languageModelSpec,
} from "./spec.js";
import {
  currentWeights,
  drawnValues,
  type FirstValues,
  setWeights,
  storedValues,
  type WeightPlans,
  type Weights,
  weightVariables,
} from "./weights.js";

export interface LanguageModel {
  readonly spec: LanguageModelSpec;
  readonly vocabulary: Vocabulary;
  /** All weights that are learnt, by PyTorch's names, in one storage. */
  readonly weights: Weights;
  /** Weights that stay as they are: a frozen embedding. */
  readonly frozen: Weights;
}

/** State of every layer: "h.0" [N,H], for an LSTM "c.0" too, and so on upwards. */
export type LayerStates = Readonly<Record<string, Tensor>>;

const embeddingName = "embedding.weight";

/** Every weight by PyTorch's name with its first values, in the order in which they lie in memory and in files. */
function weightsOf(spec: LanguageModelSpec): WeightPlans {
  const { vocabulary: V, embedding, layers, head } = spec;
  const shape = [V, embedding.width];
  const deviation = head.kind === "tied" ? 1 / Math.sqrt(embedding.width) : 1;
  return new Map([
    [embeddingName, { shape, values: (stream) => normalValues(shape, deviation, stream) }],
    ...stackWeights(layers, embedding.width),
    ...headWeights(head, headSizes(spec)),
  ]);
}

const headSizes = ({ layers, vocabulary }: LanguageModelSpec) => ({ H: stackWidth(layers), V: vocabulary });

/** Shapes of all weights by PyTorch's names, in the order in which they lie in memory and in files. */
export const weightShapes = (spec: LanguageModelSpec): ReadonlyMap<string, Shape> =>
  new Map([...weightsOf(spec)].map(([name, { shape }]) => [name, shape]));

const isFrozen = (spec: LanguageModelSpec, name: string): boolean =>
  name === embeddingName && spec.embedding.from === "frozen";

/** Trainable numbers. */
export const parameterCount = (spec: LanguageModelSpec): number =>
  [...weightShapes(spec)].reduce((sum, [name, shape]) => sum + (isFrozen(spec, name) ? 0 : sizeOf(shape)), 0);

export interface NewModelOptions extends Omit<LanguageModelOptions, "tokens" | "vocabulary"> {
  readonly vocabulary: Vocabulary;
  readonly seed?: number;
  /** First values of the embedding [V,D], row-major, in place of drawn ones. */
  readonly embeddingValues?: ArrayLike<number>;
}

/** A new model: weights drawn from `seed` when they first come to a device. Throws SpecError for options that describe none. */
export function languageModel(options: NewModelOptions): LanguageModel {
  const { vocabulary, seed = 1, embeddingValues, ...rest } = options;
  const spec = languageModelSpec({ ...rest, tokens: vocabulary.kind, vocabulary: vocabulary.tokens.length });
  const { width } = spec.embedding;
  if (embeddingValues && embeddingValues.length !== spec.vocabulary * width)
    throw new SpecError(
      `embeddingValues: must be ${spec.vocabulary * width} numbers for ${showShape([spec.vocabulary, width])}, was ${embeddingValues.length}`,
      { code: "spec-embedding" },
    );
  const drawn = drawnValues(seed);
  return build(spec, vocabulary, (name, plan, number) =>
    name === embeddingName && embeddingValues ? () => embeddingValues : drawn(name, plan, number),
  );
}

/** A model from its files. Throws SpecError for a bad spec, CheckpointError where spec, vocabulary and weights disagree. */
export function loadLanguageModel(files: {
  readonly spec: unknown;
  readonly vocabulary: Vocabulary;
  readonly weights: readonly NamedArray[];
  /** The cells of one's own that the spec names. */
  readonly cells?: Cells;
}): LanguageModel {
  const spec = checkLanguageModelSpec(files.spec, files.cells);
  const { vocabulary } = files;
  if (vocabulary.tokens.length !== spec.vocabulary || vocabulary.kind !== spec.tokens)
    throw new CheckpointError(
      `vocabulary.json: must hold the ${spec.vocabulary} ${spec.tokens} tokens of spec.json, was ${vocabulary.tokens.length} ${vocabulary.kind} tokens`,
      { code: "vocabulary-mismatch", hint: "spec.json and vocabulary.json belong to different models" },
    );
  return build(spec, vocabulary, storedValues(weightsOf(spec), files.weights));
}

/** The variables of a model without their values: what a graph is built from. Nothing of the spec is checked. */
export const modelOfShapes = (spec: LanguageModelSpec): LanguageModel =>
  build(spec, makeVocabulary("char", []), () => () => []);

function build(spec: LanguageModelSpec, vocabulary: Vocabulary, first: FirstValues): LanguageModel {
  const plans = weightsOf(spec);
  const frozen = (name: string): boolean => isFrozen(spec, name);
  return {
    spec,
    vocabulary,
    weights: weightVariables(plans, first, { part: (name) => !frozen(name) }),
    frozen: weightVariables(plans, first, { storage: "frozen", part: frozen }),
  };
}

const allWeights = ({ weights, frozen }: LanguageModel): Weights => ({
  ...frozen,
  ...weights,
});

/** The weights as they are on a device now, by PyTorch's names, those that are not learnt too. */
export const readWeights = (model: LanguageModel, device: Device): NamedArray[] =>
  currentWeights(allWeights(model), device);

/** Sets the weights on a device. */
export const writeWeights = (model: LanguageModel, device: Device, arrays: readonly NamedArray[]): void =>
  setWeights(allWeights(model), device, arrays);

/** Zero states for N rows, as variables that outlive a run: all zero is where a text begins. */
export function carriedStates(spec: LanguageModelSpec, N: number): Readonly<Record<string, Variable>> {
  const specs = [...stackStates(spec.layers, N)].map(([name, shape]) => [name, { shape }] as const);
  return variables("carried", Object.fromEntries(specs));
}

export interface ForwardOptions {
  /** i32 [2] (seed, step): training, with dropout and other draws; nothing is random where left out. */
  readonly key?: Tensor;
  /** Weights do not change between runs: multiply the embedding into the first layer once. */
  readonly frozen?: boolean;
  /** Give what the cells show of every step, too. */
  readonly trace?: boolean;
}

export interface Forward {
  /** [T,N,V] */
  readonly logits: Tensor;
  /** What the top layer gives and the head sees [T,N,H]. */
  readonly features: Tensor;
  /** After the last step. */
  readonly states: LayerStates;
  /** States and gates after every step: "h.0", "i.0" [T,N,H]; empty unless asked for. */
  readonly traces: Named;
}

/** ids [T,N] (i32) and states -> logits [T,N,V] and the states after the last step. Rows begin anew at `spec.separator`. */
export function forward(model: LanguageModel, ids: Tensor, states: LayerStates, options: ForwardOptions = {}): Forward {
  const { key, frozen = false, trace = false } = options;
  const { layers, head, separator, vocabulary: V } = model.spec;
  const weights = allWeights(model);
  const input = { table: weights[embeddingName], ids, frozen };
  const run = runStack(layers, weights, input, states, {
    ...(key && { key }),
    ...(separator !== null && { restart: whereRead(ids, separator, V) }),
    trace,
  });
  return {
    logits: headLogits(head, weights, run.y, headSizes(model.spec)),
    features: run.y,
    states: run.states,
    traces: run.traces,
  };
}

/** f32 [T,N]: 1 where ids [T,N] are one id, else 0. */
function whereRead(ids: Tensor, id: number, V: number): Tensor {
  const rows = [zeros([id, 1]), full([1, 1], 1), zeros([V - id - 1, 1])].filter(({ shape }) => shape[0] > 0);
  return reshape(gather(concat(rows, 0), ids), ids.shape);
}

/**
 * The loss of targets [T,N] (i32; -1 counts for nothing) where the model has seen `seen`; see `crossEntropy`. With a key
 * the head may take what is cheaper in training; without one it is exact. `smoothing` as in `headLoss`.
 */
export const languageModelLoss = (
  model: LanguageModel,
  seen: Pick<Forward, "features">,
  targets: Tensor,
  { key, smoothing }: { readonly key?: Tensor; readonly smoothing?: number } = {},
): CrossEntropy =>
  headLoss(model.spec.head, allWeights(model), seen.features, targets, { ...headSizes(model.spec), key, smoothing });
