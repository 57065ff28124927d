// The loss of a batch that is cut in time: pieces one after the other, states handed on; with or without computing each
// piece again in the backward pass. K pieces.
import { gradient } from "../graph/gradient.js";
import { add, after, at, copyOf, mul, stopGradient, sum as sumOf } from "../graph/ops/index.js";
import type { Scalar, Tensor, Variable } from "../graph/tensor.js";
import type { Cut, LossOptions, TaskLoss, Tensors } from "./task.js";

export interface PiecedLoss {
  readonly loss: (inputs: Tensors, options: LossOptions) => TaskLoss;
  /** How a piece is cut out of the batch's inputs. */
  readonly piece: (inputs: Tensors, cut: Cut) => Tensors;
  readonly cuts: readonly Cut[];
}

/** A row of keys [K,2] (or the one key [2]) for each piece. */
const keyOf = (key: Tensor, k: number): Tensor => (key.shape.length === 1 ? key : at(key, 0, k));

const total = (parts: readonly Scalar[]): Scalar => parts.reduce((a, b) => add(a, b) as Scalar);

/** All pieces in one graph. `carried` and the states of the result are those of whole batches. */
export function chained({ loss, piece, cuts }: PiecedLoss, inputs: Tensors, { carried, key }: LossOptions): TaskLoss {
  const parts: TaskLoss[] = [];
  let states = carried;
  let kept = carried;
  for (const [k, cut] of cuts.entries()) {
    const part = loss(cuts.length === 1 ? inputs : piece(inputs, cut), { carried: states, key: keyOf(key, k) });
    parts.push(part);
    states = part.states;
    if (cut.carry) kept = states;
  }
  if (parts.length === 1) return { ...parts[0], states: kept };
  return { sum: total(parts.map((part) => part.sum)), count: total(parts.map((part) => part.count)), states: kept };
}

export interface PiecedGradient extends TaskLoss {
  /** Of the sum, in the order of the weights. */
  readonly gradients: readonly Tensor[];
}

/**
 * The same loss and its gradient, keeping only the states between the pieces: each piece but the last is computed again when
 * its turn in the backward pass comes (Chen 2016, over time). Contributions to a weight's gradient are added from the last
 * piece to the first. `again` false: the same sums in the same order, nothing computed twice.
 */
export function recomputed(
  { loss, piece, cuts }: PiecedLoss,
  weights: Readonly<Record<string, Variable>>,
  inputs: Tensors,
  { carried, key }: LossOptions,
  again = true,
): PiecedGradient {
  const leaves = Object.values(weights);
  // States before each piece, in memory of their own.
  const before: Tensors[] = [mapTensors(carried, stopGradient)];
  let kept = carried;
  // No piece before the states it starts from are there: what needs none of them would be computed for all pieces at once.
  const inTurn: Tensors[] = cuts.map((cut, k) => ({ ...piece(inputs, cut), [keyName]: keyOf(key, k) }));
  for (const [k, cut] of cuts.entries()) {
    inTurn[k] = mapTensors(inTurn[k], (x) => after(x, Object.values(before[k]), 2 * k));
    const { states } = lossOf(loss, inTurn[k], before[k]);
    const copied = mapTensors(states, (state) => stopGradient(copyOf(state)));
    before.push(copied);
    if (cut.carry) kept = copied;
  }
  const parts: TaskLoss[] = [];
  let gradients: Tensor[] = [];
  let upstream: readonly Tensor[] = [];
  for (let k = cuts.length - 1; k >= 0; k--) {
    // Not before the pieces after it are done with: then their memory is free.
    const later = (x: Tensor): Tensor =>
      again && k < cuts.length - 1 ? after(x, [...upstream, ...gradients], 2 * k + 1) : x;
    const start = mapTensors(before[k], later);
    const part = lossOf(loss, mapTensors(inTurn[k], later), start);
    parts.unshift(part);
    // d objective = d sum + (gradient from the pieces after it) d states
    const names = Object.keys(before[k + 1]);
    const reached = upstream.map((gradient, i) => sumOf(mul(part.states[names[i]], gradient)));
    const objective = reached.reduce<Tensor>((a, b) => add(a, b), part.sum);
    const found = gradient(objective, [...leaves, ...Object.values(start)]);
    gradients = found.slice(0, leaves.length).map((g, i) => (gradients[i] ? add(gradients[i], g) : g));
    upstream = found.slice(leaves.length).map((g) => stopGradient(g));
  }
  return {
    sum: total(parts.map((part) => part.sum)),
    count: total(parts.map((part) => part.count)),
    states: kept,
    gradients,
  };
}

const keyName = "the key";

/** The loss of a piece whose key lies among its inputs. */
function lossOf(loss: PiecedLoss["loss"], inputs: Tensors, carried: Tensors): TaskLoss {
  const { [keyName]: key, ...own } = inputs;
  return loss(own, { carried, key });
}

const mapTensors = (tensors: Tensors, change: (tensor: Tensor) => Tensor): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]));
