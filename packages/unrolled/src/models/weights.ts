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

/** What a weight holds when it first comes to a device; `number` is its place among the plans. */
export type FirstValues = (name: string, plan: WeightPlan, number: number) => () => ArrayLike<number>;

/** Drawn from `seed`, with draws of its own for each weight and each time: the same weights on every device. */
export const drawnValues =
  (seed: number): FirstValues =>
  (_, { values }, number) =>
  () =>
    values(draws(seed * 65_537 + number));

/** From a file. CheckpointError where it lacks a weight, has another, or one of another shape or with a value not finite. */
export function storedValues(plans: WeightPlans, files: readonly NamedArray[]): FirstValues {
  const where = "model.safetensors";
  const arrays = new Map(files.map((array) => [array.name, array]));
  for (const name of arrays.keys())
    if (!plans.has(name))
      throw new CheckpointError(`${where}: tensor ${name} is not part of the model of spec.json`, {
        code: "weights-unknown",
      });
  return (name, { shape }) => {
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
    return () => array.data;
  };
}

/** Every weight by name, in one storage; those that `part` says, where not all. */
export function weightVariables(
  plans: WeightPlans,
  first: FirstValues,
  {
    storage = "weights",
    part = () => true,
  }: { readonly storage?: string; readonly part?: (name: string) => boolean } = {},
): Weights {
  const numbered = [...plans].map(([name, plan], number) => ({ name, plan, number }));
  const specs = numbered
    .filter(({ name }) => part(name))
    .map(({ name, plan, number }) => [name, { shape: plan.shape, initial: first(name, plan, number) }] as const);
  return variables(storage, Object.fromEntries(specs));
}

/** Weights drawn from `seed`. */
export const newWeights = (plans: WeightPlans, seed: number): Weights => weightVariables(plans, drawnValues(seed));

/** Weights from a file; see `storedValues`. */
export const loadedWeights = (plans: WeightPlans, files: readonly NamedArray[]): Weights =>
  weightVariables(plans, storedValues(plans, files));

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
