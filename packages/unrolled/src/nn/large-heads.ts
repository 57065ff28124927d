// Heads for vocabularies of 100,000 words and more: adaptive softmax, and softmax over a sample.
// R rows, H width of what comes in, V classes, S samples.
import {
  add,
  concat,
  crossEntropy,
  type CrossEntropy,
  div,
  equal,
  exp,
  floor,
  gather,
  less,
  lessEqual,
  linear,
  log,
  logSoftmax,
  matmul,
  mul,
  random,
  reshape,
  slice,
  sub,
  sum,
  toIds,
  where,
} from "../graph/ops/index.js";
import { type Scalar, sizeOf, type Tensor } from "../graph/tensor.js";
import type { Named } from "./cell.js";
import { counting } from "./steps.js";

/** Ids [...] below V as numbers [...]; -1 for an id that is none. */
const numbersOf = (ids: Tensor, V: number): Tensor =>
  sub(reshape(gather(reshape(add(counting(V), 1), [V, 1]), ids), ids.shape), 1);

export interface Cluster {
  /** Its classes are from `low` up to but not including `high`. */
  readonly low: number;
  readonly high: number;
  /** Units that it sees. */
  readonly width: number;
}

/** The clusters of rare classes: each sees `factor` times fewer units than the one before. */
export const clustersOf = (cutoffs: readonly number[], factor: number, H: number, V: number): readonly Cluster[] =>
  cutoffs.map((low, i) => ({
    low,
    high: cutoffs[i + 1] ?? V,
    width: Math.max(1, Math.floor(H / factor ** (i + 1))),
  }));

/** x W' */
const times = (x: Tensor, W: Tensor): Tensor => matmul(x, W, { transposeB: true });

/** What the frequent classes and the clusters score [...,low+C], and what the classes of each cluster score in it. */
function adaptiveScores(
  clusters: readonly Cluster[],
  weights: Named,
  features: Tensor,
): { head: Tensor; tails: Tensor[] } {
  return {
    head: linear(features, weights["head.weight"], weights["head.bias"]),
    tails: clusters.map((_, i) =>
      times(times(features, weights[`head.tail.${i}.0.weight`]), weights[`head.tail.${i}.1.weight`]),
    ),
  };
}

/** log P of every class [...,V]. Grave, Joulin, Cisse, Grangier, Jegou 2017; weights by the names of PyTorch's module. */
export function adaptiveLogits(clusters: readonly Cluster[], weights: Named, features: Tensor): Tensor {
  const { head, tails } = adaptiveScores(clusters, weights, features);
  const [first, frequent] = [logSoftmax(head), clusters[0].low];
  const part = (from: number, to: number): Tensor => slice(first, -1, from, to);
  return concat([
    part(0, frequent),
    ...tails.map((tail, i) => add(logSoftmax(tail), part(frequent + i, frequent + i + 1))),
  ]);
}

/** The exact loss: that of the frequent class or the cluster, and that of the class within its cluster. */
export function adaptiveLoss(
  clusters: readonly Cluster[],
  weights: Named,
  features: Tensor,
  targets: Tensor,
  V: number,
): CrossEntropy {
  const { head, tails } = adaptiveScores(clusters, weights, features);
  const [target, frequent] = [numbersOf(targets, V), clusters[0].low];
  const cluster = clusters.map(({ low }) => lessEqual(low, target)).reduce((a, b) => add(a, b));
  const first = crossEntropy(head, toIds(where(less(target, frequent), target, add(cluster, frequent - 1))));
  // A class of another cluster is outside the scores of this one, and counts for nothing there.
  const rest = tails.map((tail, i) => crossEntropy(tail, toIds(sub(target, clusters[i].low))));
  return {
    sum: rest.reduce((total, { sum: nats }) => add(total, nats) as Scalar, first.sum),
    count: first.count,
    each: rest.reduce((total, { each }) => add(total, each), first.each),
  };
}

/** P(k) = log((k+2)/(k+1)) / log(V+1) of class k as numbers: Zipf's law, classes in order of falling frequency. */
function logUniform(k: Tensor, V: number): Tensor {
  const z = div(1, add(k, 1));
  // log(1+z) where 1+z would lose the digits of z.
  const small = mul(z, sub(1, mul(z, sub(0.5, mul(z, 1 / 3)))));
  return mul(where(less(z, 0.01), small, log(add(1, z))), 1 / Math.log(V + 1));
}

export interface SampleOptions {
  readonly samples: number;
  readonly V: number;
  /** i32 [2]: seed and step. */
  readonly key: Tensor;
  readonly stream: number;
}

/**
 * The loss against S classes drawn with replacement, P(k) = log((k+2)/(k+1)) / log(V+1), the same for all rows. With q = S P
 * the sum of exp(score) / q over the draws that are not the target has that of exp(score) over all other classes for its
 * mean: importance sampling of the softmax's denominator (Bengio & Senecal 2008, Jean 2015).
 */
export function sampledLoss(weights: Named, features: Tensor, targets: Tensor, o: SampleOptions): CrossEntropy {
  const { samples: S, V, key, stream } = o;
  const [W, b] = [weights["head.weight"], reshape(weights["head.bias"], [V, 1])];
  const [R, H] = [sizeOf(targets.shape), features.shape[features.shape.length - 1]];
  const x = reshape(features, [R, H]);
  const ids = reshape(targets, [R]);
  const u = random("uniform", [S], { key, stream });
  const drawn = floor(sub(exp(mul(u, Math.log(V + 1))), 1));
  const chosen = toIds(drawn);
  const target = reshape(numbersOf(ids, V), [R, 1]);
  const own = add(sum(mul(x, gather(W, ids)), { axes: [1], keep: true }), gather(b, ids));
  const others = sub(linear(x, gather(W, chosen), reshape(gather(b, chosen), [S])), log(mul(logUniform(drawn, V), S)));
  // A draw that is the target itself is no other class.
  const scores = concat([own, where(equal(reshape(drawn, [1, S]), target), -1e30, others)]);
  const loss = crossEntropy(scores, toIds(reshape(where(less(target, 0), -1, 0), [R])));
  return { ...loss, each: reshape(loss.each, targets.shape) };
}
