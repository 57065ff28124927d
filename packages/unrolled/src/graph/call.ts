// One kernel call on symbolic buffers: what lowering makes, fusion rearranges, planning places and encoding writes down.
import type { KernelName } from "../device/kernels.js";
import type { MapWork } from "./map-work.js";
import type { Arguments, Buffer, Root } from "./op.js";
import type { Tensor } from "./tensor.js";

export interface Call {
  readonly kernel: KernelName;
  readonly args: Arguments;
  readonly tail: readonly number[];
  /** Elementwise work that is not encoded yet; `args` and `tail` follow from it. */
  readonly work?: MapWork | undefined;
  /** The node this call computes, to name it in a diagnosis. */
  readonly tensor: Tensor;
}

/** The root that owns the memory, and the words from its start. */
export function resolve(buffer: Buffer): { readonly root: Root; readonly offset: number } {
  let { root, offset } = buffer;
  while (root.parent) {
    offset += root.parent.offset;
    root = root.parent.root;
  }
  return { root, offset };
}
