// An op in one place: how its node is made (shape rule), its gradient (more graph) and its lowering to kernel calls.
import type { DType } from "../device/device.js";
import type { KernelName, MapOpcode } from "../device/kernels.js";
import type { Shape, Tensor } from "./tensor.js";

/** Words of the program's memory during planning; becomes an (offset, length) pair when encoded. */
export interface Buffer {
  readonly root: Root;
  /** Words from the start of the root. */
  readonly offset: number;
  readonly words: number;
}

/** An allocation the planner places: scratch by default; `fixed` roots (variables, inputs, outputs) have a place already. */
export interface Root {
  words: number;
  fixed?: number;
  /** Set where this root lies inside another (a part of a concat): its place is the parent's. */
  parent?: Buffer;
}

/** A tensor as it lies in memory: element [i,j,...] at `offset + i*strides[0] + j*strides[1] + ...` words of the root. */
export interface View {
  readonly root: Root;
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

export type Arguments = Readonly<Record<string, Buffer | number | undefined>>;

/** What an op may do while it is lowered. */
export interface Emitter {
  /** Where the values of a tensor lie, looking through transposes, slices and broadcasts; emits what is still missing. */
  view(tensor: Tensor): View;
  /** The values of a tensor, dense and row-major: `view`, copied where it is not. */
  read(tensor: Tensor): Buffer;
  /** Room for result `index` of a node. */
  write(tensor: Tensor, index?: number): Buffer;
  /** One kernel call; arguments by the names of the kernel table, absent buffers left out. */
  call(kernel: KernelName, args: Arguments, tail?: readonly number[]): void;
  /** The packed form of a matrix for `multiply` and the recurrent kernels; made once however often it is asked for. */
  packed(tensor: Tensor, layout: PackLayout): Buffer;
  /** True where this product is to be added to what `write` already holds. */
  accumulates(tensor: Tensor): boolean;
  /** True where the tensor depends on nothing but variables. */
  fromVariables(tensor: Tensor): boolean;
  /** Places the dense values of a tensor at a part of a buffer: by computing them there if possible, else by a copy. */
  place(tensor: Tensor, target: Buffer): void;
  /** Updates take effect only while this word is finite. */
  readonly guard: Buffer | undefined;
}

export interface PackLayout {
  /** The matrix is the transpose of the tensor's last two axes. */
  readonly transposed: boolean;
  /** Gates that share the columns: 1 for a plain product. */
  readonly groups: number;
}

export interface Op<A = unknown> {
  readonly name: string;
  /** Elementwise ops name their instruction and are fused; they have no `lower`. */
  readonly map?: MapOpcode;
  /** Ops that only look at memory differently: the new view, or undefined where the source must be copied dense first. */
  view?(node: Tensor<A>, source: View): View | undefined;
  /** True for ops that write a variable: never merged, never dropped, run in the order they were made. */
  readonly writes?: boolean;
  /** True for ops that read their first input only and wait for the others. */
  readonly waits?: boolean;
  /** True for nodes that can add their result to what is there already (see Emitter.accumulates). */
  canAccumulate?(node: Tensor<A>): boolean;
  /** Gradient of each input (undefined: none) from the gradients of each result (undefined: not used). */
  gradient?(node: Tensor<A>, upstream: readonly (Tensor | undefined)[]): readonly (Tensor | undefined)[];
  lower?(node: Tensor<A>, emit: Emitter): void;
}

/** Makes a node. The shape rule has been checked by the function that calls this. */
export function node<A>(
  op: Op<A>,
  inputs: readonly Tensor[],
  shape: Shape,
  attributes: A,
  options: { readonly dtype?: DType; readonly further?: readonly Shape[] } = {},
): Tensor<A> {
  return { op, inputs, shape, attributes, dtype: options.dtype ?? "f32", further: options.further ?? [] };
}
