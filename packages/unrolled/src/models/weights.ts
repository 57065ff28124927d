// Weights of any model by name: made new from a seed, or taken from a file.
import type { Device } from "../device/device.js";
import { type Draws, draws } from "../draws.js";
import { CheckpointError } from "../errors.js";
import { sameShape, type Shape, showShape, sizeOf, type Variable } from "../graph/tensor.js";
import { readVariable, variables, writeVariable } from "../graph/variable.js";
import type { NamedArray } from "../io/named-array.js";

export interface WeightPlan {
  readonly shape: Shape;
  /** First values, from draws of its own. */
  readonly values: (draws: Draws) => Float32Array;
}

/** In the order in which they lie in memory and in files. */
export type WeightPlans = ReadonlyMap<string, WeightPlan>;
export type Weights = Readonly<Record<string, Variable>>;

/** Weights drawn from `seed` when they first come to a device. */
export function newWeights(plans: WeightPlans, seed: number): Weights {
  const specs = [...plans].map(([name, { shape, values }], number) => {
    // Draws of its own each time: the same weights on every device.
    return [name, { shape, initial: () => values(draws(seed * 65_537 + number)) }] as const;
  });
  return variables("weights", Object.fromEntries(specs));
}

/** Weights from a file. CheckpointError where it lacks one, has another, or one of another shape or with a value not finite. */
export function loadedWeights(plans: WeightPlans, files: readonly NamedArray[]): Weights {
  const where = "model.safetensors";
  const arrays = new Map(files.map((array) => [array.name, array]));
  for (const name of arrays.keys())
    if (!plans.has(name))
      throw new CheckpointError(`${where}: tensor ${name} is not part of the model of spec.json`, {
        code: "weights-unknown",
      });
  const specs = [...plans].map(([name, { shape }]) => {
    const array = arrays.get(name);
    if (!array)
      throw new CheckpointError(`${where}: must hold tensor ${name} ${showShape(shape)}, was absent`, {
        code: "weights-missing",
      });
    if (!sameShape(array.shape, shape))
      throw new CheckpointError(
        `${where}: tensor ${name} must be ${showShape(shape)} by spec.json, was ${showShape(array.shape)}`,
        { code: "weights-shape" },
      );
    const bad = array.data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new CheckpointError(`${where}: tensor ${name} must be finite, was ${array.data[bad]} at ${bad}`, {
        code: "weights-not-finite",
      });
    return [name, { shape, initial: () => array.data }] as const;
  });
  return variables("weights", Object.fromEntries(specs));
}

/** The weights as they are on a device now. */
export const currentWeights = (weights: Weights, device: Device): NamedArray[] =>
  Object.values(weights).map((v) => ({ name: v.name, shape: v.shape, data: readVariable(device, v) }));

/** Sets weights on a device. */
export function setWeights(weights: Weights, device: Device, arrays: readonly NamedArray[]): void {
  for (const { name, data } of arrays) writeVariable(device, weights[name], data);
}

/** Trainable numbers. */
export const countWeights = (weights: Weights): number =>
  Object.values(weights).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
