// Encoding: planned calls become the numbers a device runs.
import type { EncodedProgram } from "../device/device.js";
import { type Kind, type KernelRow, kernelNames, kernels } from "../device/kernels.js";
import { type Call, resolve } from "./call.js";
import type { Buffer, Root } from "./op.js";

/** First word of a root on the device. */
export type Locate = (root: Root) => number;

const isNumber = (kind: Kind): boolean => kind === "int" || kind === "float";

export function encode(calls: readonly Call[], locate: Locate): EncodedProgram {
  const code: number[] = [];
  let work = 0;
  for (const call of calls) {
    const row = kernels[call.kernel] as unknown as KernelRow;
    const names = Object.keys(row.parameters);
    const numbers = Object.fromEntries(
      names.filter((n) => isNumber(row.parameters[n])).map((n) => [n, numberOf(call, n)]),
    );
    const extents = row.extents(numbers, call.tail) as Record<string, number>;
    const encoded = names.flatMap((name) =>
      isNumber(row.parameters[name]) ? [numbers[name]] : span(call, name, row.parameters[name], extents[name], locate),
    );
    code.push(kernelNames.indexOf(call.kernel), encoded.length + call.tail.length, ...encoded, ...call.tail);
    work += workOf(numbers, extents);
  }
  return { code: Float64Array.from(code), calls: calls.length, work };
}

function numberOf(call: Call, name: string): number {
  const value = call.args[name];
  if (typeof value !== "number" || Number.isNaN(value))
    throw new Error(`encode: ${call.kernel} lacks the number ${name}`);
  return value;
}

function span(call: Call, name: string, kind: Kind, needed: number, locate: Locate): [number, number] {
  const buffer = call.args[name] as Buffer | undefined;
  if (!buffer || needed === 0) {
    const mayLack = kind.startsWith("optional") || needed === 0;
    if (!mayLack) throw new Error(`encode: ${call.kernel} lacks the buffer ${name}`);
    return [0, 0];
  }
  if (buffer.words < needed)
    throw new Error(`encode: ${call.kernel} needs ${needed} words in ${name}, has ${buffer.words}`);
  const { root, offset } = resolve(buffer);
  return [locate(root) + offset, needed];
}

/** Multiply-adds of a call: products where it is one, else the words it touches. */
function workOf(n: Readonly<Record<string, number>>, extents: Readonly<Record<string, number>>): number {
  if (n.M !== undefined) return (n.batch ?? 1) * n.M * n.N * n.K;
  const touched = Object.values(extents).reduce((sum, words) => sum + words, 0);
  const recurrent =
    n.T !== undefined && n.H !== undefined
      ? n.T * n.N * n.H * ((extents.gates ?? extents.pre ?? extents.dpre) / (n.T * n.N))
      : 0;
  return touched + recurrent;
}
