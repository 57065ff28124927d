// How a conformance case of map is written down: block, inputs with strides, and a program in opcodes by name.
import { type MapOpcode, mapOpcodes } from "../../device/kernels.js";
import type { Tolerance, TrialCase } from "../trial.js";

export type Instruction = readonly [opcode: MapOpcode, a?: number, b?: number, c?: number];

export interface MapCase {
  readonly name: string;
  readonly block: readonly [number, number, number, number];
  readonly inputs: readonly ArrayLike<number>[];
  /** Four strides per input; dense where absent. */
  readonly strides?: readonly (readonly number[] | undefined)[];
  readonly outputs: readonly number[];
  /** Four strides per output; dense where absent. */
  readonly outputStrides?: readonly (readonly number[] | undefined)[];
  readonly program: readonly Instruction[];
  readonly tolerance?: Tolerance;
  readonly inPlace?: readonly (readonly [string, string])[];
}

export function mapCase(c: MapCase): TrialCase {
  const [d0, d1, d2, d3] = c.block;
  const dense = [d1 * d2 * d3, d2 * d3, d3, 1];
  const strides = c.inputs.flatMap((_, i) => c.strides?.[i] ?? dense);
  const outputStrides = c.outputs.flatMap((_, i) => c.outputStrides?.[i] ?? dense);
  const program = c.program.flatMap(([opcode, a = 0, b = 0, d = 0]) => [mapOpcodes.indexOf(opcode), a, b, d]);
  const counts = { inputs: c.inputs.length, outputs: c.outputs.length, instructions: c.program.length };
  return {
    kernel: "map",
    name: c.name,
    trial: () => ({
      kernel: "map",
      numbers: { d0, d1, d2, d3, ...counts },
      tail: [...strides, ...outputStrides, ...c.outputs, ...program],
      buffers: Object.fromEntries(c.inputs.map((x, i) => [`x${i}`, x])),
      inPlace: c.inPlace ?? [],
      tolerance: c.tolerance ?? "exact",
    }),
  };
}
