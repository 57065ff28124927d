// Attention: how a decoder looks back at what an encoder wrote. Scores of every place, a softmax over the places that are there, the
// weighted mean of their vectors. N batch, K queries of a row, S places, C width of a place, H width of a query, A units.
import { SpecError } from "../errors.js";
import {
  add,
  additiveAttention,
  linear,
  matmul,
  relu,
  reshape,
  softmax,
  transpose,
  where,
} from "../graph/ops/index.js";
import type { Shape, Tensor } from "../graph/tensor.js";
import type { Named } from "./cell.js";
import { stepMask } from "./steps.js";

/**
 * - bahdanau: v' tanh(W s + U h + b), asked with the state before the step (Bahdanau 2015)
 * - concat: v' tanh(W s + U h), general: s' W h, dot: s' h, asked with the state after the step (Luong 2015)
 * - relu: max(0, w' [h; s] + b), asked with the state before the step (the date model of a well-known course)
 */
export const attentionNames = ["bahdanau", "dot", "general", "concat", "relu"] as const;
export type AttentionName = (typeof attentionNames)[number];

export interface AttentionSizes {
  readonly H: number;
  readonly C: number;
  /** Units of the two additive kinds. */
  readonly A: number;
}

/** Whether the state before the step asks, so that what is seen is part of the step's input. */
export const asksBefore = (name: AttentionName): boolean => name === "bahdanau" || name === "relu";

/** Shapes of an attention's weights by name. SpecError `spec-attention` where a dot product would join different widths. */
export function attentionShapes(name: AttentionName, { H, C, A }: AttentionSizes): ReadonlyMap<string, Shape> {
  switch (name) {
    case "bahdanau":
    case "concat": {
      const shapes: [string, Shape][] = [
        ["query.weight", [A, H]],
        ["key.weight", [A, C]],
        ["energy.weight", [A]],
      ];
      return new Map(name === "concat" ? shapes : [...shapes, ["key.bias", [A]]]);
    }
    case "general":
      return new Map([["key.weight", [H, C]]]);
    case "dot":
      if (H !== C)
        throw new SpecError(`attention: dot must join equal widths, was a query of ${H} and places of ${C}`, {
          code: "spec-attention",
          hint: "use general, or sizes that agree",
        });
      return new Map();
    case "relu":
      return new Map<string, Shape>([
        ["key.weight", [1, C]],
        ["query.weight", [1, H]],
        ["bias", [1]],
      ]);
    default:
      return name satisfies never;
  }
}

/** What can be looked at, made ready once for all queries. */
export interface Attended {
  readonly name: AttentionName;
  /** [N,S,C] */
  readonly values: Tensor;
  /** What queries are compared with: [N,S,A], [N,S,H] or [N,S,1]. */
  readonly keys: Tensor;
  /** How many places each row has, i32 [N]; all S where left out. */
  readonly lengths?: Tensor;
  readonly weights: Named;
}

export interface Attention {
  /** The weighted mean of the places [N,K,C]. */
  readonly context: Tensor;
  /** [N,K,S]: each row sums to 1 and is 0 where no place is; all equal for a row that has none. */
  readonly weights: Tensor;
}

/** lengths i32 [N] -> [N,1,S]: 1 where a place is there. */
const placeMask = (lengths: Tensor, S: number): Tensor =>
  reshape(transpose(stepMask(lengths, S)), [lengths.shape[0], 1, S]);

/** places [S,N,C] with lengths i32 [N] (all S where left out). What does not depend on the query is computed here. */
export function attended(name: AttentionName, weights: Named, places: Tensor, lengths?: Tensor): Attended {
  const values = transpose(places, [1, 0, 2]);
  return { name, values, keys: keysOf(name, weights, values), weights, ...(lengths && { lengths }) };
}

function keysOf(name: AttentionName, weights: Named, values: Tensor): Tensor {
  const key = weights["key.weight"];
  switch (name) {
    case "bahdanau":
      return linear(values, key, weights["key.bias"]);
    case "relu":
      return linear(values, key, weights.bias);
    case "concat":
    case "general":
      return matmul(values, key, { transposeB: true });
    case "dot":
      return values;
    default:
      return name satisfies never;
  }
}

/** Looks with queries [N,K,H]. */
export function attend(seen: Attended, query: Tensor): Attention {
  const { name, keys, values, lengths, weights } = seen;
  switch (name) {
    case "bahdanau":
    case "concat":
      return additiveAttention(keys, values, asking(weights, query), weights["energy.weight"], lengths);
    case "general":
    case "dot":
      return lookBy(matmul(query, keys, { transposeB: true }), seen);
    case "relu": {
      const [N, S] = keys.shape;
      return lookBy(relu(add(reshape(keys, [N, 1, S]), asking(weights, query))), seen);
    }
    default:
      return name satisfies never;
  }
}

const asking = (weights: Named, query: Tensor): Tensor => matmul(query, weights["query.weight"], { transposeB: true });

/** Scores [N,K,S] of places -> where they let a query look. */
function lookBy(scores: Tensor, { values, lengths }: Attended): Attention {
  const weights = softmax(lengths ? where(placeMask(lengths, values.shape[1]), scores, -1e30) : scores);
  return { context: matmul(weights, values), weights };
}
