// Variables: named state on a device. Variables made together lie side by side in one storage, so that an optimizer
// sees all weights as one run of words.
import type { Device, DType, Region, Words } from "../device/device.js";
import { ShapeError } from "../errors.js";
import { node, type Op } from "./op.js";
import {
  type Shape,
  type Storage,
  showShape,
  sizeOf,
  type Tensor,
  type Variable,
  type VariableAttributes,
} from "./tensor.js";

export interface VariableSpec {
  readonly shape: Shape;
  /** First values in row-major order; zeros where left out. Called when the storage comes to a device. */
  readonly initial?: () => ArrayLike<number>;
}

export const variableOp: Op<VariableAttributes> = { name: "variable" };

/** Makes variables that share one contiguous storage, in the order given. */
export function variables<const K extends string>(
  name: string,
  specs: Readonly<Record<K, VariableSpec>>,
  dtype: DType = "f32",
): Readonly<Record<K, Variable>> {
  const entries = Object.entries(specs) as [K, VariableSpec][];
  const offsets: number[] = [];
  let words = 0;
  for (const [, spec] of entries) {
    offsets.push(words);
    words += sizeOf(spec.shape);
  }
  const initial = entries.flatMap(([, spec], i) =>
    spec.initial ? [{ offset: offsets[i], values: spec.initial }] : [],
  );
  const storage: Storage = { name, dtype, words, initial };
  const made = entries.map(([key, spec], i) => [key, slot(key, storage, offsets[i], spec.shape)] as const);
  return Object.fromEntries(made) as Record<K, Variable>;
}

/** One variable with a storage of its own. */
export function variable(name: string, spec: VariableSpec, dtype: DType = "f32"): Variable {
  return variables(name, { [name]: spec }, dtype)[name];
}

/** A whole storage as one vector: what optimizers update. */
export function wholeOf(storage: Storage): Variable {
  return slot(storage.name, storage, 0, [storage.words]);
}

/** Words [from, from + words) of a variable, as a vector. */
export function stretchOf(v: Variable, from: number, words: number): Variable {
  return slot(v.name, v.storage, v.offset + from, [words]);
}

function slot(name: string, storage: Storage, offset: number, shape: Shape): Variable {
  return { ...node(variableOp, [], shape, { variable: name }, { dtype: storage.dtype }), name, storage, offset };
}

export const isVariable = (tensor: Tensor): tensor is Variable => (tensor.op as Op) === (variableOp as Op);

/** The device memory of a storage; brings it there with its first values when it is new. */
export function reside(device: Device, storage: Storage): Region {
  const known = device.resident.get(storage);
  if (known) return known;
  const region = device.allocate(Math.max(storage.words, 1));
  device.resident.set(storage, region);
  const words = device.view(region, storage.dtype);
  for (const { offset, values } of storage.initial) words.set(values(), offset);
  return region;
}

/** Gives a storage's device memory back; its values are lost. */
export function evict(device: Device, storage: Storage): void {
  const region = device.resident.get(storage);
  if (!region) return;
  device.resident.delete(storage);
  device.free(region);
}

/** A copy of the variable's values, row-major. */
export function readVariable(device: Device, v: Variable): Words {
  const words = device.view(reside(device, v.storage), v.dtype);
  return words.slice(v.offset, v.offset + sizeOf(v.shape));
}

/** Sets the variable's values. Throws ShapeError when their number differs. */
export function writeVariable(device: Device, v: Variable, values: ArrayLike<number>): void {
  if (values.length !== sizeOf(v.shape))
    throw new ShapeError(
      `writeVariable ${v.name}: must be ${sizeOf(v.shape)} values for ${showShape(v.shape)}, was ${values.length}`,
    );
  device.view(reside(device, v.storage), v.dtype).set(values, v.offset);
}
