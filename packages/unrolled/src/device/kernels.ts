// The kernel table: every numeric routine a device must have, its arguments in order, how many words each buffer must
// hold, and which output may lie on which input. Encoder, devices, conformance suite and the C++ header
// (packages/kernels/cpp/table.h) all read this one table; a kernel's index is its place in it.
import { attention } from "./table/attention.js";
import { draws } from "./table/draws.js";
import { elementwise } from "./table/elementwise.js";
import { matrix } from "./table/matrix.js";
import { recurrent } from "./table/recurrent.js";
import { rows } from "./table/rows.js";
import { variants } from "./table/variants.js";
import { updates } from "./table/updates.js";

export {
  type CellActivation,
  cellActivations,
  type MapOpcode,
  mapLimits,
  mapOpcodes,
  type RnnActivation,
  rnnActivations,
} from "./table/opcodes.js";
export {
  type BufferKey,
  type KernelRow,
  type Kind,
  type NumberKey,
  type NumberKind,
  packedWords,
} from "./table/row.js";

export const kernels = {
  ...elementwise,
  ...matrix,
  ...rows,
  ...draws,
  ...recurrent,
  ...variants,
  ...updates,
  ...attention,
} as const;

export type KernelName = keyof typeof kernels;
export const kernelNames = Object.keys(kernels) as readonly KernelName[];
