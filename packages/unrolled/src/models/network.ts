// A network over rows: tokens or vectors through a stack, pooled or step by step, feed-forward layers, an answer.
// T time, N batch, D input, W width of what the layers give, C labels or numbers answered.
import { CheckpointError } from "../errors.js";
import {
  add,
  concat,
  crossEntropy,
  div,
  dropout,
  linear,
  max,
  mul,
  reshape,
  softplus,
  square,
  sub,
  sum,
  tanh,
  where,
} from "../graph/ops/index.js";
import { type Scalar, type Shape, sizeOf, type Tensor } from "../graph/tensor.js";
import type { NamedArray } from "../io/named-array.js";
import { type LayerInput, type Named, sequenceOf, stateNames } from "../nn/cell.js";
import { cellOf } from "../nn/cells/index.js";
import { normalValues, uniformValues } from "../nn/init.js";
import { runStack, stackWeights, stackWidth } from "../nn/stack.js";
import { stepCounts, stepMask } from "../nn/steps.js";
import { makeVocabulary, type Vocabulary } from "../text/vocabulary.js";
import type { Cells } from "./layers.js";
import { answersOf, checkNetworkSpec, inputWidthOf, type NetworkSpec } from "./network-spec.js";
import { loadedWeights, newWeights, type WeightPlan, type WeightPlans, type Weights } from "./weights.js";

export interface Network {
  readonly spec: NetworkSpec;
  /** Of what it reads; empty where it reads vectors. */
  readonly vocabulary: Vocabulary;
  readonly weights: Weights;
}

/** The vocabulary of a network that reads no tokens. */
export const noVocabulary: Vocabulary = makeVocabulary("char", []);

const biasPlan = (width: number): WeightPlan => ({ shape: [width], values: () => new Float32Array(width) });

export function linearPlan(shape: Shape): WeightPlan {
  return { shape, values: (draws) => uniformValues(shape, 1 / Math.sqrt(shape[1]), draws) };
}

export const embeddingPlan = (shape: Shape): WeightPlan => ({
  shape,
  values: (draws) => normalValues(shape, 1, draws),
});

/** W: width of what the layers give. */
export const encodedWidth = ({ input, layers }: Pick<NetworkSpec, "input" | "layers">): number =>
  layers.length === 0 ? inputWidthOf(input) : stackWidth(layers);

/** All weights: "embedding.weight", PyTorch's names under "rnn.", "deep.0.weight" and so on, "head.weight", "head.bias". */
export function networkWeights(spec: NetworkSpec): WeightPlans {
  const { input, layers, deep, output } = spec;
  const plans = new Map<string, WeightPlan>();
  if (input.kind !== "vector") plans.set("embedding.weight", embeddingPlan([input.vocabulary, input.embedding]));
  if (layers.length > 0) for (const [name, plan] of stackWeights(layers, inputWidthOf(input))) plans.set(name, plan);
  let width = encodedWidth(spec);
  for (const [i, units] of deep.entries()) {
    plans.set(`deep.${i}.weight`, linearPlan([units, width])).set(`deep.${i}.bias`, biasPlan(units));
    width = units;
  }
  const C = answersOf(output);
  return plans.set("head.weight", linearPlan([C, width])).set("head.bias", biasPlan(C));
}

/** A new network: weights drawn from `seed` when they first come to a device. SpecError for a spec that makes none. */
export function network(spec: NetworkSpec, vocabulary: Vocabulary, seed = 1): Network {
  const checked = checkNetworkSpec(spec);
  return { spec: checked, vocabulary, weights: newWeights(networkWeights(checked), seed) };
}

/** A network from its files. SpecError for a bad spec, CheckpointError where spec, vocabulary and weights disagree. */
export function loadNetwork(files: {
  readonly spec: unknown;
  readonly vocabulary: Vocabulary;
  readonly weights: readonly NamedArray[];
  /** Cells of one's own that the spec may name. */
  readonly cells?: Cells;
}): Network {
  const spec = checkNetworkSpec(files.spec, files.cells);
  const { vocabulary } = files;
  const { input } = spec;
  if (input.kind !== "vector" && (vocabulary.kind !== input.kind || vocabulary.tokens.length !== input.vocabulary))
    throw new CheckpointError(
      `vocabulary.json: must hold the ${input.vocabulary} ${input.kind} tokens of spec.json, was ${vocabulary.tokens.length} ${vocabulary.kind} tokens`,
      { code: "vocabulary-mismatch", hint: "spec.json and vocabulary.json belong to different models" },
    );
  return { spec, vocabulary, weights: loadedWeights(networkWeights(spec), files.weights) };
}

export interface NetworkRun {
  /** i32 [2], seed and step: training. Nothing is dropped or random where left out. */
  readonly key?: Tensor;
  /** Weights do not change between runs: multiply the embedding into the first layer once. */
  readonly frozen?: boolean;
  readonly trace?: boolean;
}

/** Streams of draws for what is pooled, apart from those of the stack. */
const pooledStream = 8192;

/**
 * x [T,N] ids (V is nothing: the zero vector) or [T,N,D] numbers, lengths i32 [N] from 1 to T -> scores before softmax or
 * logistic, or normalised numbers: [N,C], or [T,N,C] where every step is answered. Answers past a row's end mean nothing.
 */
export function networkScores(
  { spec, weights }: Network,
  { x, lengths }: { readonly x: Tensor; readonly lengths: Tensor },
  run: NetworkRun = {},
): { readonly scores: Tensor; readonly traces: Named } {
  const { input, layers, deep } = spec;
  const read: LayerInput =
    input.kind === "vector" ? x : { table: weights["embedding.weight"], ids: x, frozen: run.frozen ?? false };
  const options = { lengths, ...(run.key && { key: run.key }), ...(run.trace && { trace: true }) };
  const { y, states, traces } =
    layers.length === 0
      ? { y: sequenceOf(read), states: {}, traces: {} }
      : runStack(layers, weights, read, {}, options);
  let value = pooled(spec, y, states, lengths, run.key);
  for (const i of deep.keys()) value = tanh(linear(value, weights[`deep.${i}.weight`], weights[`deep.${i}.bias`]));
  return { scores: linear(value, weights["head.weight"], weights["head.bias"]), traces };
}

function pooled({ pool, layers }: NetworkSpec, y: Tensor, states: Named, lengths: Tensor, key?: Tensor): Tensor {
  const [T, N] = y.shape;
  switch (pool) {
    case "none":
      return y;
    case "mean": {
      const mask = reshape(stepMask(lengths, T), [T, N, 1]);
      return div(sum(where(mask, y, 0), { axes: [0] }), reshape(stepCounts(lengths, T), [N, 1]));
    }
    case "max":
      return max(where(reshape(stepMask(lengths, T), [T, N, 1]), y, -1e30), { axes: [0] });
    case "last": {
      const l = layers.length - 1;
      const top = layers[l];
      const [first] = stateNames(cellOf(top.cell));
      const ends = [`${first}.${l}`, `${first}.${l}.reverse`].flatMap((name) => (states[name] ? [states[name]] : []));
      const last = ends.length > 1 && top.merge === "sum" ? add(ends[0], ends[1]) : concat(ends);
      return key && top.dropout > 0 ? dropout(last, { rate: top.dropout, key, stream: pooledStream }) : last;
    }
    default:
      return pool satisfies never;
  }
}

export interface NetworkLoss {
  /** softmax: nats of labels; logistic: nats of decisions; linear: squared errors of normalised numbers. Summed. */
  readonly sum: Scalar;
  /** How many labels, decisions or numbers. */
  readonly count: Scalar;
  /** Of each answer: [N] or [T,N]; 0 where there is none. */
  readonly each: Tensor;
}

/**
 * Answers beside those wanted. y: softmax i32 [N] or [T,N], -1 where nothing is wanted; else f32 [N,C] or [T,N,C], with
 * `there` f32 [N] or [T,N]: 0 where nothing is wanted.
 */
export function networkLoss(spec: NetworkSpec, scores: Tensor, y: Tensor, there: Tensor | undefined): NetworkLoss {
  if (spec.output.kind === "softmax" || !there) return crossEntropy(scores, y);
  const C = answersOf(spec.output);
  const loss = spec.output.kind === "logistic" ? sub(softplus(scores), mul(scores, y)) : square(sub(scores, y));
  const each = mul(sum(loss, { axes: [loss.shape.length - 1] }), there);
  return { sum: sum(each), count: mul(sum(there), C) as Scalar, each };
}

/** What an answer's scores are for, in bytes of memory a training step needs: an estimate for messages. */
export const networkParameters = (spec: NetworkSpec): number =>
  [...networkWeights(spec).values()].reduce((total, { shape }) => total + sizeOf(shape), 0);
