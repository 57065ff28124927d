// Names the number that left the finite ones: which weight or state, or which computation, step of the sequence and row.
// T time, N batch.
import type { Finding } from "../graph/compile.js";
import { type Shape, sizeOf } from "../graph/tensor.js";
import type { NamedArray } from "../io/named-array.js";

/** True where a file of float32 can hold the number. */
export const fitsFloat32 = (value: number): boolean => Number.isFinite(Math.fround(value));

/** The first number of some arrays that is not `good`, by name and index; undefined where all are. */
export function firstBad(
  arrays: readonly NamedArray[],
  good: (value: number) => boolean = Number.isFinite,
): string | undefined {
  for (const { name, shape, data } of arrays) {
    const at = data.findIndex((value) => !good(value));
    if (at >= 0) return `${name}, ${data[at]} at [${indexOf(at, shape)}] of [${shape}]`;
  }
  return undefined;
}

function indexOf(at: number, shape: Shape): number[] {
  return shape.map((n, axis) => Math.floor(at / sizeOf(shape.slice(axis + 1))) % n);
}

/** A finding in words; an index into a whole sequence as its step and row. */
export function placed(
  { where, index, shape, value }: Finding,
  extent: { readonly T: number; readonly N: number } | undefined,
): string {
  const [t, n, ...rest] = index;
  const { T, N } = extent ?? { T: 0, N: 0 };
  const inSequence = extent !== undefined && shape.length >= 2 && shape[1] === N;
  if (inSequence && shape[0] === T)
    return `${where}, ${value} at step t=${t} of ${T}, row ${n}, [${rest}] of [${shape.slice(2)}]`;
  // Slot 0 of a slab of states is the state before the first step.
  if (inSequence && shape[0] === T + 1)
    return `${where}, ${value} after step t=${t - 1} of ${T}, row ${n}, [${rest}] of [${shape.slice(2)}]`;
  return `${where}, ${value} at [${index}] of [${shape}]`;
}
