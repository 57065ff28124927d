// Strided blocks: neighbouring axes that can be walked as one are joined, so that kernels see at most four.
import { ShapeError } from "../errors.js";
import type { Buffer, Emitter, View } from "./op.js";
import { showShape, sizeOf, stridesOf } from "./tensor.js";

export interface Block {
  /** Four sizes, leading ones where fewer are needed. */
  readonly d: readonly number[];
  /** Four strides of each operand. */
  readonly strides: readonly (readonly number[])[];
}

/** Joins axes for several operands at once (strides of each per axis). More than four remaining axes: undefined. */
export function joinAxes(shape: readonly number[], operands: readonly (readonly number[])[]): Block | undefined {
  const d: number[] = [];
  const strides: number[][] = operands.map(() => []);
  for (const [axis, n] of shape.entries()) {
    if (n === 1) continue;
    const joins = d.length > 0 && operands.every((s, i) => strides[i][strides[i].length - 1] === s[axis] * n);
    if (joins) d[d.length - 1] *= n;
    else d.push(n);
    for (const [i, s] of operands.entries())
      if (joins) strides[i][strides[i].length - 1] = s[axis];
      else strides[i].push(s[axis]);
  }
  if (d.length > 4) return undefined;
  const lead = new Array<number>(4 - d.length);
  return {
    d: [...lead.fill(1), ...d],
    strides: strides.map((s) => [...new Array<number>(4 - s.length).fill(0), ...s]),
  };
}

/** Emits the copy of a view to dense memory. */
export function copyDense(view: View, target: Buffer, emit: Emitter): Buffer {
  if (sizeOf(view.shape) === 0) return target;
  const block = joinAxes(view.shape, [stridesOf(view.shape), view.strides]);
  if (!block)
    throw new ShapeError(`copy: at most four axes of ${showShape(view.shape)} may be out of order, were more`);
  const [ys, xs] = block.strides;
  emit.call("copy", { y: target, x: spanOf(view), ...blockArguments(block.d, ys, xs) });
  return target;
}

/** The words a view reaches over, from its first element. */
export function spanOf(view: View): Buffer {
  const words = sizeOf(view.shape) === 0 ? 0 : 1 + view.shape.reduce((sum, n, i) => sum + (n - 1) * view.strides[i], 0);
  return { root: view.root, offset: view.offset, words };
}

/** The arguments of the `copy` kernel for a block of four dimensions. */
export function blockArguments(
  d: readonly number[],
  ys: readonly number[],
  xs: readonly number[],
): Record<string, number> {
  return Object.fromEntries(
    [0, 1, 2, 3].flatMap((i) => [
      [`d${i}`, d[i]],
      [`ys${i}`, ys[i]],
      [`xs${i}`, xs[i]],
    ]),
  );
}
