// The sum of many contributions to one gradient, as few operations as can be. A weight used at T steps gets T products
// and T column sums: they become one product and one sum over all T*N rows. So do products of batches, and the gradients of
// what is attended to. Parts of one tensor are put side by side.
import { attendedKeys, joinAttended } from "./ops/attend.js";
import { add, zeros } from "./ops/elementwise.js";
import { matmul, summedProduct } from "./ops/matmul.js";
import { sum, summedRows } from "./ops/reduce.js";
import { concat, pad, padding, reshape, transpose } from "./ops/shape.js";
import type { Tensor } from "./tensor.js";

/** A way to make several contributions of one kind at once. Those with different keys do not belong together. */
interface Joining {
  readonly key: (value: Tensor) => unknown;
  readonly join: (values: readonly Tensor[]) => readonly Tensor[];
}

const one =
  (join: (values: readonly Tensor[]) => Tensor): Joining["join"] =>
  (values) =>
    values.length < 2 ? values : [join(values)];

const joinings: readonly Joining[] = [
  { key: attendedKeys, join: one(joinAttended) },
  { key: (value) => summedProduct(value)?.[0].shape.length, join: one(joinProducts) },
  { key: (value) => summedRows(value) && "columns", join: one(joinColumns) },
  { key: (value) => padding(value) && "part", join: joinParts },
];

/** Contributions come last step first; rows are put in order of time. */
export function sumOf(values: readonly Tensor[]): Tensor {
  if (values.length === 1) return values[0];
  let rest = values;
  const joined: Tensor[] = [];
  for (const { key, join } of joinings) {
    const groups = new Map<unknown, Tensor[]>();
    for (const value of rest) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
    rest = groups.get(undefined) ?? [];
    groups.delete(undefined);
    for (const group of groups.values()) joined.push(...join(group));
  }
  return [...joined, ...rest].reduce((a, b) => add(a, b));
}

/** Sum of A_t' B_t over t = [A_1; A_2; ...]' [B_1; B_2; ...], for single matrices or for each of a batch. */
function joinProducts(products: readonly Tensor[]): Tensor {
  const pairs = products.map((product) => summedProduct(product) as readonly [Tensor, Tensor]).reverse();
  const side = (index: 0 | 1): Tensor => {
    const parts = pairs.map((pair) => pair[index]);
    return parts[0].shape.length === 2 ? concatRows(parts) : concatBatchRows(parts);
  };
  return matmul(side(0), side(1), { transposeA: true });
}

function joinColumns(columns: readonly Tensor[]): Tensor {
  const rows = concatRows(columns.map((column) => summedRows(column) as Tensor).reverse());
  return reshape(sum(rows, { axes: [0] }), columns[0].shape);
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

/** [N,K_t,width] -> [N, sum of K_t, width]. Single rows are joined step by step, where they may lie from the start. */
function concatBatchRows(parts: readonly Tensor[]): Tensor {
  if (parts.some((part) => part.shape[1] !== 1)) return concat(parts, 1);
  const steps = parts.map((part) => reshape(part, [1, part.shape[0], part.shape[2]]));
  return transpose(concat(steps, 0), [1, 0, 2]);
}

/** Padded parts of one tensor: those of one place are summed, and if none overlap they become one concat, with zeros in the gaps. */
function joinParts(parts: readonly Tensor[]): Tensor[] {
  const places = new Map<string, Tensor[]>();
  for (const value of parts) {
    const { axis, before } = padding(value) as { axis: number; before: number };
    const place = `${axis} ${before} ${value.inputs[0].shape[axis]}`;
    places.set(place, [...(places.get(place) ?? []), value]);
  }
  return joinPlaces([...places.values()].map(sumOfPlace));
}

/** Several contributions to one place as one. */
function sumOfPlace(parts: readonly Tensor[]): Tensor {
  if (parts.length === 1) return parts[0];
  const { axis, before } = padding(parts[0]) as { axis: number; before: number };
  const content = sumOf(parts.map((part) => part.inputs[0]));
  return pad(content, axis, before, parts[0].shape[axis] - before - content.shape[axis]);
}

function joinPlaces(parts: readonly Tensor[]): Tensor[] {
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
