// First values of a cell's weights. D input, H hidden, G gates.
import { type Shape, sizeOf } from "../../graph/tensor.js";
import { choice } from "./options.js";

/** How recurrent weights begin: drawn, a rotation per gate (Saxe 2014), or the identity per gate (IRNN, Le 2015). */
export const recurrentInitial = choice("uniform", ["uniform", "orthogonal", "identity"]);
export type RecurrentInitial = (typeof recurrentInitial)["choices"][number];

/** Uniform in +-1/sqrt(H): PyTorch's choice for recurrent layers. */
export function uniformIn(shape: Shape, H: number, uniform: () => number): Float32Array {
  const bound = 1 / Math.sqrt(H);
  return Float32Array.from({ length: sizeOf(shape) }, () => (2 * uniform() - 1) * bound);
}

/** Recurrent weights [G*P,K], block by block of `height` rows. A block that is not square keeps its first rows or columns. */
export function recurrentValues(
  kind: RecurrentInitial,
  [rows, columns]: Shape,
  height: number,
  H: number,
  uniform: () => number,
): Float32Array {
  if (kind === "uniform") return uniformIn([rows, columns], H, uniform);
  const values = new Float32Array(rows * columns);
  for (let from = 0; from < rows; from += height) {
    const n = Math.max(height, columns);
    const block = kind === "identity" ? identity(n) : rotation(n, uniform);
    for (let i = 0; i < height; i++) values.set(block[i].subarray(0, columns), (from + i) * columns);
  }
  return values;
}

const identity = (n: number): Float64Array[] =>
  Array.from({ length: n }, (_, i) => new Float64Array(n).fill(1, i, i + 1));

/** An orthogonal matrix, uniform over all: normal rows made orthonormal one after the other (twice, for rounding). */
function rotation(n: number, uniform: () => number): Float64Array[] {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const rows: Float64Array[] = [];
  for (let i = 0; i < n; i++) {
    const row = Float64Array.from({ length: n }, normal);
    for (let pass = 0; pass < 2; pass++)
      for (const other of rows) {
        const along = dot(row, other);
        for (let k = 0; k < n; k++) row[k] -= along * other[k];
      }
    const length = Math.sqrt(dot(row, row));
    rows.push(row.map((v) => v / length));
  }
  return rows;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}
