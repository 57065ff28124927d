// What turns the top layer's outputs into predictions: one matrix, the embedding's own, feed-forward layers before it, or
// what makes large vocabularies cheap.
// T time, N batch, H width of the top layer, V classes.
import { crossEntropy, type CrossEntropy, linear, relu, sigmoid, tanh } from "../graph/ops/index.js";
import type { Tensor } from "../graph/tensor.js";
import type { Named } from "./cell.js";
import { uniformValues } from "./init.js";
import { adaptiveLogits, adaptiveLoss, type Cluster, clustersOf, sampledLoss } from "./large-heads.js";
import { type Scored, smoothedNats } from "./smoothing.js";
import type { StackWeight } from "./stack.js";

/** A head as plain JSON. */
export type HeadSpec =
  | { readonly kind: "linear" }
  /** Its matrix is the embedding's, which must be as wide as the top layer. */
  | { readonly kind: "tied" }
  /** Feed-forward layers at every step before the matrix (Pascanu 2014). */
  | { readonly kind: "deep"; readonly hidden: readonly number[]; readonly activation: DeepActivation }
  /** Rare classes in clusters that see fewer units (Grave 2017); classes must be in order of falling frequency. */
  | { readonly kind: "adaptive"; readonly cutoffs: readonly number[]; readonly factor: number }
  /** Trained against classes drawn at each step, in order of falling frequency; evaluated with all (Jean 2015). */
  | { readonly kind: "sampled"; readonly samples: number };

export const deepActivations = ["tanh", "relu", "sigmoid"] as const;
export type DeepActivation = (typeof deepActivations)[number];
export const headKinds = [
  "linear",
  "tied",
  "deep",
  "adaptive",
  "sampled",
] as const satisfies readonly HeadSpec["kind"][];

const activations = { tanh, relu, sigmoid } as const;

export interface HeadSizes {
  /** Width of what comes in. */
  readonly H: number;
  readonly V: number;
}

const matrix = (rows: number, columns: number): StackWeight => ({
  shape: [rows, columns],
  values: (draws) => uniformValues([rows, columns], 1 / Math.sqrt(columns), draws),
});

const bias = (size: number): StackWeight => ({ shape: [size], values: () => new Float32Array(size) });

/** A head's own weights by name, in order. */
export function headWeights(head: HeadSpec, { H, V }: HeadSizes): ReadonlyMap<string, StackWeight> {
  if (head.kind === "adaptive") return adaptiveWeights(clustersOf(head.cutoffs, head.factor, H, V), H);
  const weights = new Map<string, StackWeight>();
  let width = H;
  if (head.kind === "deep")
    for (const [i, size] of head.hidden.entries()) {
      weights.set(`head.hidden_weight_${i}`, matrix(size, width));
      weights.set(`head.hidden_bias_${i}`, bias(size));
      width = size;
    }
  if (head.kind !== "tied") weights.set("head.weight", matrix(V, width));
  weights.set("head.bias", bias(V));
  return weights;
}

function adaptiveWeights(clusters: readonly Cluster[], H: number): ReadonlyMap<string, StackWeight> {
  const scores = clusters[0].low + clusters.length;
  const weights = new Map<string, StackWeight>([
    ["head.weight", matrix(scores, H)],
    ["head.bias", bias(scores)],
  ]);
  for (const [i, { low, high, width }] of clusters.entries()) {
    weights.set(`head.tail.${i}.0.weight`, matrix(width, H));
    weights.set(`head.tail.${i}.1.weight`, matrix(high - low, width));
  }
  return weights;
}

/** features [...,H] -> logits [...,V]. A tied head takes "embedding.weight" for its matrix. */
export function headLogits(head: HeadSpec, weights: Named, features: Tensor, { H, V }: HeadSizes): Tensor {
  if (head.kind === "adaptive") return adaptiveLogits(clustersOf(head.cutoffs, head.factor, H, V), weights, features);
  const { read, rows, bias } = scored(head, weights, features);
  return linear(read, rows, bias);
}

/** What the scores of a head of one last matrix are made of. */
const scored = (head: HeadSpec, weights: Named, features: Tensor): Scored => ({
  read: beforeLast(head, weights, features),
  rows: weights[head.kind === "tied" ? "embedding.weight" : "head.weight"],
  bias: weights["head.bias"],
});

/** What the last matrix sees. */
function beforeLast(head: HeadSpec, weights: Named, features: Tensor): Tensor {
  if (head.kind !== "deep") return features;
  return head.hidden.reduce<Tensor>(
    (x, _, i) =>
      activations[head.activation](linear(x, weights[`head.hidden_weight_${i}`], weights[`head.hidden_bias_${i}`])),
    features,
  );
}

/** The stream of draws of a sampled head: above those of a stack (see `StackRun`). */
const headStream = 4096;

/**
 * The loss of targets [...] (i32) at features [...,H]; see `crossEntropy`. With a key, i32 [2], a sampled head takes its
 * sample; without one it is exact, as the others always are. `smoothing` is label smoothing's share of all classes alike: for heads that
 * end in one matrix.
 */
export function headLoss(
  head: HeadSpec,
  weights: Named,
  features: Tensor,
  targets: Tensor,
  {
    H,
    V,
    key,
    smoothing = 0,
  }: HeadSizes & { readonly key?: Tensor | undefined; readonly smoothing?: number | undefined },
): CrossEntropy {
  if (head.kind === "adaptive")
    return adaptiveLoss(clustersOf(head.cutoffs, head.factor, H, V), weights, features, targets, V);
  if (head.kind === "sampled" && key)
    return sampledLoss(weights, features, targets, { samples: head.samples, V, key, stream: headStream });
  const loss = crossEntropy(headLogits(head, weights, features, { H, V }), targets);
  if (smoothing === 0) return loss;
  return { ...loss, sum: smoothedNats(loss.sum, scored(head, weights, features), targets, smoothing) };
}
