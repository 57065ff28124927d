// Reverse-mode differentiation over the graph: builds more graph. A weight that is used T times receives T contributions,
// summed: backpropagation through time is nothing else.
import { ShapeError } from "../errors.js";
import { full, zerosLike } from "./ops/elementwise.js";
import { isPart } from "./ops/shape.js";
import { sumOf } from "./sum-of.js";
import { showShape, sizeOf, type Tensor } from "./tensor.js";

/** Nodes that the roots depend on, inputs before users. Works without recursion: an unrolled graph is deep. */
export function topological(roots: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const done = new Set<Tensor>();
  const pending: { tensor: Tensor; next: number }[] = [];
  for (const root of roots) {
    if (done.has(root)) continue;
    done.add(root);
    pending.push({ tensor: root, next: 0 });
    while (pending.length > 0) {
      const top = pending[pending.length - 1];
      if (top.next === top.tensor.inputs.length) {
        order.push(top.tensor);
        pending.pop();
        continue;
      }
      const input = top.tensor.inputs[top.next++];
      if (!done.has(input)) {
        done.add(input);
        pending.push({ tensor: input, next: 0 });
      }
    }
  }
  return order;
}

/** Nodes on a path from `wrt` to the loss: only they need a gradient. */
function dependents(order: readonly Tensor[], wrt: readonly Tensor[]): Set<Tensor> {
  const found = new Set<Tensor>(wrt);
  for (const tensor of order) if (tensor.inputs.some((input) => found.has(input))) found.add(tensor);
  return found;
}

/**
 * d loss / d w for each w, as tensors of the shapes of w (zeros where the loss does not depend on it). The loss must be a
 * scalar. Throws ShapeError where a gradient would have to pass an op that has none.
 */
export function gradient(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (sizeOf(loss.shape) !== 1) throw new ShapeError(`gradient: loss must be a scalar, was ${showShape(loss.shape)}`);
  const order = topological([loss]);
  const needed = dependents(order, wrt);
  const collected = new Map<Tensor, Tensor[][]>();
  const contribute = (tensor: Tensor, index: number, value: Tensor): void => {
    const slots = collected.get(tensor) ?? [];
    slots[index] = [...(slots[index] ?? []), value];
    collected.set(tensor, slots);
  };
  const gathered = (tensor: Tensor, index: number): Tensor | undefined => {
    const values = collected.get(tensor)?.[index];
    return values && sumOf(values);
  };
  if (needed.has(loss)) contribute(loss, 0, full(loss.shape, 1));
  for (const tensor of [...order].reverse()) {
    if (!collected.has(tensor) || !needed.has(tensor) || tensor.inputs.length === 0) continue;
    const upstream = [0, ...tensor.further].map((_, i) => gathered(tensor, i));
    if (isPart(tensor)) {
      if (upstream[0]) contribute(tensor.inputs[0], tensor.attributes.index, upstream[0]);
      continue;
    }
    if (!tensor.op.gradient) throw new ShapeError(`gradient: ${tensor.op.name} has no gradient`);
    for (const [i, value] of tensor.op.gradient(tensor, upstream).entries())
      if (value && needed.has(tensor.inputs[i])) contribute(tensor.inputs[i], 0, value);
  }
  return wrt.map((w) => gathered(w, 0) ?? zerosLike(w));
}
