// Common-subexpression removal: equal nodes become one. Works lazily, so that no node has to be rebuilt.
import type { Op } from "./op.js";
import { constantOp } from "./ops/elementwise.js";
import type { Tensor } from "./tensor.js";
import { isVariable } from "./variable.js";

/**
 * A function from each node to the first node equal to it. Variables are equal where they name the same words; program
 * inputs and writes are equal to nothing else. Ask for inputs before their users (topological order).
 */
export function merger(): (tensor: Tensor) => Tensor {
  const byKey = new Map<string, Tensor>();
  const canonical = new Map<Tensor, Tensor>();
  const numbers = new Map<object, number>();
  const numberOf = (thing: object): number => {
    const number = numbers.get(thing) ?? numbers.size;
    numbers.set(thing, number);
    return number;
  };
  const keyOf = (tensor: Tensor): string => {
    if (isVariable(tensor)) return `variable ${numberOf(tensor.storage)}+${tensor.offset}[${tensor.shape}]`;
    if (tensor.op.writes || (tensor.inputs.length === 0 && !tensor.op.lower)) return `node ${numberOf(tensor)}`;
    const inputs = tensor.inputs.map((input) => numberOf(find(input)));
    return `${numberOf(tensor.op)}(${inputs})[${tensor.shape}]${attributesKey(tensor)}`;
  };
  const find = (tensor: Tensor): Tensor => {
    const known = canonical.get(tensor);
    if (known) return known;
    const key = keyOf(tensor);
    const found = byKey.get(key) ?? tensor;
    byKey.set(key, found);
    canonical.set(tensor, found);
    return found;
  };
  return find;
}

/** JSON has no infinities, NaN or -0; String has all but the last. */
function attributesKey({ op, attributes }: Tensor): string {
  if (op !== (constantOp as Op)) return JSON.stringify(attributes);
  const { value } = attributes as { value: number };
  return Object.is(value, -0) ? "-0" : String(value);
}
