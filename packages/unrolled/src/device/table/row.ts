// What a row of the kernel table says, and the sizes that rows share.

/**
 * in/out/inout: buffers of floats; ids/outIds/inoutIds: buffers of integers; optional, optionalInout, optionalIds: the same where
 * the buffer may be absent; int, float: numbers. An `out` is written only where the kernel says.
 */
export type Kind =
  | "in"
  | "out"
  | "inout"
  | "optional"
  | "optionalInout"
  | "ids"
  | "optionalIds"
  | "outIds"
  | "inoutIds"
  | "int"
  | "float";
export type NumberKind = "int" | "float";
type Parameters = Readonly<Record<string, Kind>>;
type KeysOf<P extends Parameters, K extends Kind> = { [N in keyof P]: P[N] extends K ? N : never }[keyof P] & string;
export type BufferKey<P extends Parameters> = KeysOf<P, Exclude<Kind, NumberKind>>;
export type NumberKey<P extends Parameters> = KeysOf<P, NumberKind>;

export interface KernelRow<P extends Parameters = Parameters> {
  readonly parameters: P;
  /** Words each buffer must hold, from the numbers (and the tail). */
  readonly extents: (
    n: Readonly<Record<NumberKey<P>, number>>,
    tail: readonly number[],
  ) => Record<BufferKey<P>, number>;
  /** Pairs [output, input]: the output may start at the very same word as the input (never overlap otherwise). */
  readonly inPlace: readonly (readonly [BufferKey<P>, BufferKey<P>])[];
  /** True where a list of further numbers follows the fixed ones. */
  readonly tail: boolean;
}

export function row<const P extends Parameters>(
  parameters: P,
  extents: KernelRow<P>["extents"],
  options: { readonly inPlace?: KernelRow<P>["inPlace"]; readonly tail?: boolean } = {},
): KernelRow<P> {
  return { parameters, extents, inPlace: options.inPlace ?? [], tail: options.tail ?? false };
}

/** Words of a packed matrix [K, N]. Column panels are private to the device; 48 is a multiple of every panel width. */
export function packedWords(K: number, N: number, groups: number): number {
  return groups === 1 ? K * roundUp(N, 48) : K * groups * roundUp(N / groups, 16);
}

const roundUp = (n: number, multiple: number): number => Math.ceil(n / multiple) * multiple;
/** Words from the first to the last of `count` rows that lie `stride` apart. */
export const span = (count: number, stride: number): number => (count - 1) * stride;

/** Words that a strided block of up to four dimensions spans: 1 + sum of (d-1) stride. */
export const blockSpan = (d: readonly number[], s: readonly number[]): number =>
  d.some((n) => n === 0) ? 0 : 1 + d.reduce((sum, n, i) => sum + span(n, s[i]), 0);
