// The graph: tensors are immutable nodes without data; a variable is named state that outlives a run.
import type { DType } from "../device/device.js";
import { ShapeError } from "../errors.js";
import type { Op } from "./op.js";

export type Shape = readonly number[];

/** A node of a graph: what is computed, from what, and the shape and type of the result. Carries no data. */
export interface Tensor<A = unknown> {
  readonly op: Op<A>;
  readonly inputs: readonly Tensor[];
  /** What the op needs besides its inputs: plain JSON (part of the node's identity when equal nodes are merged). */
  readonly attributes: A;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Shapes of further results, reached with `part`; result 0 is the tensor itself. */
  readonly further: readonly Shape[];
}

/** A tensor of rank 0; a program gives its value as a plain number. */
export interface Scalar extends Tensor {
  readonly shape: readonly [];
}

/** Anything an op takes where a tensor is wanted: a number becomes a scalar constant. */
export type TensorLike = Tensor | number;

/** Device memory that several variables share as one contiguous run of words. The object's identity is its key on a device. */
export interface Storage {
  readonly name: string;
  readonly dtype: DType;
  readonly words: number;
  /** First values, written when the storage comes to a device; the rest is zero. */
  readonly initial: readonly { readonly offset: number; readonly values: () => ArrayLike<number> }[];
}

/** A named piece of state: a weight, an optimizer moment, a carried hidden state. */
export interface Variable extends Tensor<VariableAttributes> {
  readonly name: string;
  readonly storage: Storage;
  /** Words from the start of the storage. */
  readonly offset: number;
}

export interface VariableAttributes {
  readonly variable: string;
}

/** Number of elements of a shape; a scalar `[]` has one. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, n) => product * n, 1);

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i]);

export const showShape = (shape: Shape): string => `[${shape.join(",")}]`;

/** Row-major strides of a dense tensor. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let i = shape.length - 1, stride = 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

/** The shape two shapes broadcast to, aligned at the last axis. Throws ShapeError naming both. */
export function broadcastShapes(where: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const m = a[i - rank + a.length] ?? 1;
    const n = b[i - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1)
      throw new ShapeError(`${where}: shapes must be equal or broadcast, were ${showShape(a)} and ${showShape(b)}`);
    return m === 1 ? n : m;
  });
}

/** Resolves an axis that may count from the end. */
export function axisOf(where: string, shape: Shape, axis: number): number {
  const resolved = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= shape.length)
    throw new ShapeError(
      `${where}: axis must be from ${-shape.length} to ${shape.length - 1} for ${showShape(shape)}, was ${axis}`,
    );
  return resolved;
}
