// Neighbouring products of about one size, of which each half of the threads computes one: what a product packs is packed by
// fewer, and its result stays whole in the caches of those who computed it. M N K of a product.

import { kernelNames } from "unrolled";

const gemm = kernelNames.indexOf("gemm");
/** Multiply-adds of one product at most, in those of the other: the smaller one's threads wait. */
const alike = 1.1;

interface Product {
  readonly work: number;
  readonly result: Span;
  readonly sides: readonly Span[];
}
/** Words of device memory. */
type Span = readonly [offset: number, words: number];

/** The first call of every pair; `isShared` says which calls are worth more than one thread. */
export function pairProducts(
  code: Float64Array,
  calls: number,
  isShared: (call: number) => boolean,
): ReadonlySet<number> {
  const pairs = new Set<number>();
  let before: Product | undefined;
  for (let call = 0, at = 0; call < calls; call++) {
    const product = code[at] === gemm && isShared(call) ? productAt(code, at + 2) : undefined;
    const paired = before !== undefined && product !== undefined && goSideBySide(before, product);
    if (paired) pairs.add(call - 1);
    before = paired ? undefined : product;
    at += 2 + (code[at + 1] as number);
  }
  return pairs;
}

/** Numbers of a gemm: three buffers, the batch, M, N, K. */
function productAt(code: Float64Array, at: number): Product {
  const number = (i: number): number => code[at + i] as number;
  const span = (i: number): Span => [number(i), number(i + 1)];
  return { work: number(6) * number(7) * number(8) * number(9), result: span(0), sides: [span(2), span(4)] };
}

function goSideBySide(a: Product, b: Product): boolean {
  const even = Math.max(a.work, b.work) <= alike * Math.min(a.work, b.work);
  return (
    even && [b.result, ...b.sides].every((span) => apart(a.result, span)) && a.sides.every((s) => apart(b.result, s))
  );
}

const apart = (a: Span, b: Span): boolean => a[0] + a[1] <= b[0] || b[0] + b[1] <= a[0];
