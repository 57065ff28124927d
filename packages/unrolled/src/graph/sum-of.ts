// The sum of many contributions to one gradient, as few operations as can be. A weight used at T steps gets T products
// and T column sums: they become one product and one sum over all T*N rows. Parts of one tensor are put side by side.
import { add, zeros } from "./ops/elementwise.js";
import { matmul, summedProduct } from "./ops/matmul.js";
import { sum, summedRows } from "./ops/reduce.js";
import { concat, padding, reshape } from "./ops/shape.js";
import type { Tensor } from "./tensor.js";

/** Contributions come last step first; rows are put in order of time. */
export function sumOf(values: readonly Tensor[]): Tensor {
  if (values.length === 1) return values[0];
  const products = values.filter((value) => summedProduct(value));
  const columns = values.filter((value) => summedRows(value));
  const parts = values.filter((value) => padding(value));
  const rest = values.filter((value) => !summedProduct(value) && !summedRows(value) && !padding(value));
  return [...joinProducts(products), ...joinColumns(columns), ...joinParts(parts), ...rest].reduce((a, b) => add(a, b));
}

/** Sum of A_t' B_t over t = [A_1; A_2; ...]' [B_1; B_2; ...]. */
function joinProducts(products: readonly Tensor[]): Tensor[] {
  if (products.length < 2) return [...products];
  const pairs = products.map((product) => summedProduct(product) as readonly [Tensor, Tensor]).reverse();
  const rows = (side: 0 | 1): Tensor => concatRows(pairs.map((pair) => pair[side]));
  return [matmul(rows(0), rows(1), { transposeA: true })];
}

function joinColumns(columns: readonly Tensor[]): Tensor[] {
  if (columns.length < 2) return [...columns];
  const rows = concatRows(columns.map((column) => summedRows(column) as Tensor).reverse());
  return [reshape(sum(rows, { axes: [0] }), columns[0].shape)];
}

/** Rows below each other. Where every part is a whole block of one longer tensor the blocks themselves are joined. */
function concatRows(parts: readonly Tensor[]): Tensor {
  const sources = parts.map((part) => (part.op.name === "reshape" ? part.inputs[0] : part));
  const joined = concat(
    sources.every((source, i) => source.shape.length === parts[i].shape.length + 1 && source.shape[0] === 1)
      ? sources
      : parts,
    0,
  );
  const width = parts[0].shape[1];
  return reshape(joined, [joined.shape.reduce((n, m) => n * m, 1) / width, width]);
}

/** Padded parts of one tensor that do not overlap become one concat, with zeros in the gaps. */
function joinParts(parts: readonly Tensor[]): Tensor[] {
  if (parts.length < 2) return [...parts];
  const { axis } = padding(parts[0]) as { axis: number };
  const placed = parts.map((part) => {
    const at = padding(part) as { axis: number; before: number };
    return { axis: at.axis, from: at.before, to: at.before + part.inputs[0].shape[at.axis], content: part.inputs[0] };
  });
  const ordered = [...placed].sort((a, b) => a.from - b.from);
  if (ordered.some((p, i) => p.axis !== axis || (i > 0 && p.from < ordered[i - 1].to))) return [...parts];
  const pieces: Tensor[] = [];
  let end = 0;
  const gapTo = (to: number): void => {
    if (to > end) pieces.push(zeros(parts[0].shape.map((n, i) => (i === axis ? to - end : n))));
  };
  for (const { from, to, content } of ordered) {
    gapTo(from);
    pieces.push(content);
    end = to;
  }
  gapTo(parts[0].shape[axis]);
  return [concat(pieces, axis)];
}
