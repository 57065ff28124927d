// Checks an encoded program against the kernel table before any device runs it: kinds and ranges of numbers, sizes of
// buffers, forbidden overlaps. After this a kernel can be trusted with its arguments.

import { DeviceError } from "../errors.js";
import type { EncodedProgram } from "./device.js";
import {
  cellActivations,
  type Kind,
  type KernelName,
  type KernelRow,
  kernelNames,
  kernels,
  mapLimits,
  mapOpcodes,
  rnnActivations,
} from "./kernels.js";

/** One call, decoded and about to be checked. */
interface Call {
  readonly number: number;
  readonly kernel: KernelName;
  readonly layout: Layout;
  readonly numbers: Readonly<Record<string, number>>;
  readonly buffers: readonly Buffer[];
  readonly tail: readonly number[];
}

interface Buffer {
  readonly key: string;
  readonly kind: Kind;
  readonly offset: number;
  readonly length: number;
}

interface Layout {
  readonly row: KernelRow;
  readonly parameters: readonly (readonly [key: string, kind: Kind])[];
  /** Numbers before the tail. */
  readonly fixed: number;
}

/** Sizes of a block of memory, and how far apart its elements lie in each dimension. */
interface Block {
  readonly d: readonly number[];
  readonly strides: readonly number[];
}

/** A buffer with the words the kernel touches. */
interface Span extends Buffer {
  readonly words: number;
}

const largest = 2 ** 31 - 1;
/** Integers that are not just counts, with their ranges. */
const ranges: Readonly<Record<string, readonly [least: number, most: number]>> = {
  reverse: [0, 1],
  log: [0, 1],
  kind: [0, 1],
  accumulate: [0, 1],
  nesterov: [0, 1],
  decoupled: [0, 1],
  activation: [0, rnnActivations.length - 1],
  gate: [0, cellActivations.length - 1],
  candidate: [0, cellActivations.length - 1],
  output: [0, cellActivations.length - 1],
  coupled: [0, 1],
  previous: [0, 1],
  groups: [1, 4],
  inputs: [0, mapLimits.inputs],
  outputs: [1, mapLimits.outputs],
  instructions: [0, mapLimits.instructions],
  ignore: [-(2 ** 31), largest],
  banned: [-1, largest],
  stream: [0, 2 ** 32 - 1],
};

/** Integers that say how far apart things lie, not how many there are. */
const isStride = (key: string): boolean => /^[xy]s\d$|Stride$|^[abc](Row|Col|Batch)$/.test(key);

/**
 * Throws DeviceError, naming call, kernel and buffer, unless every call of the program fits the kernel table and every
 * buffer lies inside the first `memoryWords` words. `owns`, where given, must also hold for every buffer (a device
 * answers whether the span lies in one live region). Contents of buffers (lengths, targets, ids) are data and not checked.
 */
export function checkProgram(
  program: EncodedProgram,
  memoryWords: number,
  owns?: (offset: number, words: number) => boolean,
): void {
  const { code, calls } = program;
  if (!(code instanceof Float64Array)) fail("code", "must be a Float64Array");
  if (!isCount(calls)) fail("calls", `must be a whole number, was ${calls}`);
  const layouts = new Map<KernelName, Layout>();
  let at = 0;
  for (let number = 0; number < calls; number++) {
    const call = decode(code, at, number, layouts);
    checkNumbers(call);
    checkSpecial(call);
    checkOverlap(call, checkBuffers(call, memoryWords, owns));
    at += 2 + (code[at + 1] as number);
  }
  if (at !== code.length) fail("code", `must end with call ${calls - 1} (at ${at}), has ${code.length} numbers`);
}

function decode(code: Float64Array, at: number, number: number, layouts: Map<KernelName, Layout>): Call {
  const [index, count] = [code[at], code[at + 1]];
  const kernel = index === undefined ? undefined : kernelNames[index];
  if (kernel === undefined) fail(`call ${number}`, `kernel index must be 0 to ${kernelNames.length - 1}, was ${index}`);
  const layout = layouts.get(kernel) ?? layoutOf(kernel);
  layouts.set(kernel, layout);
  const right = count === layout.fixed || (layout.row.tail && isCount(count) && count > layout.fixed);
  if (!right || at + 2 + count > code.length) {
    fail(name(number, kernel), `must have ${layout.fixed}${layout.row.tail ? " or more" : ""} numbers, has ${count}`);
  }
  const numbers: Record<string, number> = {};
  const buffers: Buffer[] = [];
  let next = at + 2;
  for (const [key, kind] of layout.parameters) {
    if (kind === "int" || kind === "float") numbers[key] = code[next++] as number;
    else buffers.push({ key, kind, offset: code[next++] as number, length: code[next++] as number });
  }
  return { number, kernel, layout, numbers, buffers, tail: Array.from(code.subarray(next, at + 2 + count)) };
}

function layoutOf(kernel: KernelName): Layout {
  const row = kernels[kernel] as unknown as KernelRow;
  const parameters = Object.entries(row.parameters);
  const fixed = parameters.reduce((sum, [, kind]) => sum + (kind === "int" || kind === "float" ? 1 : 2), 0);
  return { row, parameters, fixed };
}

function checkNumbers(call: Call): void {
  let elements = 1;
  for (const [key, kind] of call.layout.parameters) {
    if (kind !== "int") continue;
    const value = call.numbers[key] as number;
    const [least, most] = ranges[key] ?? [0, largest];
    if (!Number.isInteger(value) || value < least || value > most) {
      fail(name(call.number, call.kernel), `\`${key}\` must be a whole number from ${least} to ${most}, was ${value}`);
    }
    if (ranges[key] === undefined && !isStride(key)) elements *= Math.max(1, value);
  }
  // An empty block of huge dimensions holds no words; its counts must not overflow in a kernel all the same.
  if (elements > Number.MAX_SAFE_INTEGER) fail(name(call.number, call.kernel), "sizes must multiply to less than 2^53");
}

/** Rules that extents cannot say. */
function checkSpecial(call: Call): void {
  const { kernel, numbers: n, tail, buffers } = call;
  const where = name(call.number, kernel);
  if (kernel === "map") checkMap(call);
  for (const { key, d, strides } of stridedOutputs(call)) checkDistinct(call, key, d, strides);
  if (kernel === "pack" && (n.N as number) % (n.groups as number) !== 0) {
    fail(where, `\`groups\` must divide N, was ${n.groups} for N ${n.N}`);
  }
  if (kernel === "sgd" && n.momentum !== 0 && buffers.find((b) => b.key === "v")?.length === 0 && n.n !== 0) {
    fail(where, `buffer \`v\` must be there when momentum is not 0, momentum was ${n.momentum}`);
  }
  if (kernel === "dropout" && !((n.rate as number) >= 0 && (n.rate as number) < 1)) {
    fail(where, `\`rate\` must be at least 0 and below 1, was ${n.rate}`);
  }
  if (!call.layout.row.tail && tail.length > 0) fail(where, "must have no further numbers");
}

function checkMap(call: Call): void {
  const where = name(call.number, call.kernel);
  const { inputs, outputs, instructions } = call.numbers as { inputs: number; outputs: number; instructions: number };
  const operands = inputs + outputs;
  const expected = 4 * operands + outputs + 4 * instructions;
  if (call.tail.length !== expected) fail(where, `tail must have ${expected} numbers, has ${call.tail.length}`);
  const stride = (i: number): number => call.tail[i] as number;
  for (let i = 0; i < 4 * operands; i++) {
    if (!isCount(stride(i)) || stride(i) > largest) fail(where, `stride ${i} must be a whole number, was ${stride(i)}`);
  }
  const isRegister = (value: number, below: number): boolean => isCount(value) && value < below;
  for (let i = 0; i < outputs; i++) {
    const register = call.tail[4 * operands + i] as number;
    if (!isRegister(register, inputs + instructions)) fail(where, `output ${i} names register ${register}`);
  }
  for (let i = 0; i < instructions; i++) {
    const first = 4 * operands + outputs + 4 * i;
    const [opcode, a, b, c] = call.tail.slice(first, first + 4) as [number, number, number, number];
    if (mapOpcodes[opcode] === undefined) fail(where, `instruction ${i} has opcode ${opcode}`);
    const registers = mapOpcodes[opcode] === "constant" ? [] : [a, b, c];
    const bad = registers.find((register) => !isRegister(register, Math.max(1, inputs + i)));
    if (bad !== undefined || (registers.length > 0 && inputs + i === 0)) {
      fail(where, `instruction ${i} reads register ${bad ?? 0}, only ${inputs + i} are set`);
    }
  }
}

/** Outputs whose strides the caller chooses. */
function stridedOutputs(call: Call): readonly (Block & { readonly key: string })[] {
  const { kernel, numbers: n } = call;
  const pick = (...keys: string[]): number[] => keys.map((key) => n[key] as number);
  if (kernel === "map") {
    return Array.from({ length: n.outputs as number }, (_, i) => ({ key: `y${i}`, ...operandOf(call, `y${i}`) }));
  }
  if (kernel === "copy") {
    return [{ key: "y", d: pick("d0", "d1", "d2", "d3"), strides: pick("ys0", "ys1", "ys2", "ys3") }];
  }
  if (kernel === "multiply") return [{ key: "c", d: pick("M", "N"), strides: [n.cRow as number, 1] }];
  if (kernel === "gemm") return [{ key: "c", d: pick("batch", "M", "N"), strides: [...pick("cBatch", "cRow"), 1] }];
  return [];
}

/** No two elements of an output may be the same word: each stride must clear all that lies within it. */
function checkDistinct(call: Call, key: string, d: readonly number[], strides: readonly number[]): void {
  if (d.includes(0)) return;
  const axes = d
    .flatMap((size, i) => (size > 1 ? [{ size, stride: strides[i] }] : []))
    .sort((a, b) => a.stride - b.stride);
  let within = 1;
  for (const { size, stride } of axes) {
    if (stride < within) fail(name(call.number, call.kernel), `strides of \`${key}\` must keep its elements apart`);
    within += (size - 1) * stride;
  }
}

function checkBuffers(call: Call, memoryWords: number, owns?: (offset: number, words: number) => boolean): Span[] {
  const { layout, numbers, tail, kernel } = call;
  const extents: Readonly<Record<string, number>> = layout.row.extents(numbers, tail);
  return call.buffers.map((buffer) => {
    const { key, kind, offset, length } = buffer;
    const where = `${name(call.number, kernel)}, buffer \`${key}\``;
    if (!isCount(offset) || !isCount(length)) fail(where, `offset and length must be whole, were ${offset}, ${length}`);
    const wanted = Math.max(0, extents[key] ?? 0);
    const absent = offset === 0 && length === 0 && isOptional(kind) && kernel !== "map";
    if (!absent && !(length >= wanted)) fail(where, `must hold ${wanted} words, holds ${length}`);
    if (offset + length > memoryWords) {
      fail(where, `must end within ${memoryWords} words of memory, ends at ${offset + length}`);
    }
    if (length > 0 && owns?.(offset, length) === false) {
      fail(where, `must lie in one region, ${offset} to ${offset + length} does not (was it freed?)`);
    }
    return { ...buffer, words: absent ? 0 : wanted };
  });
}

function checkOverlap(call: Call, spans: readonly Span[]): void {
  for (const output of spans) {
    if (!isWritten(output.kind)) continue;
    for (const other of spans) {
      if (other === output || !overlap(output, other) || mayShare(call, output, other)) continue;
      fail(name(call.number, call.kernel), `buffer \`${output.key}\` must not overlap \`${other.key}\``);
    }
  }
}

function mayShare(call: Call, output: Span, other: Span): boolean {
  if (call.kernel === "map")
    return isWritten(other.kind) ? areInterleaved(call, output, other) : bothDense(call, output, other);
  if (output.offset !== other.offset) return false;
  return call.layout.row.inPlace.some(([y, x]) => y === output.key && x === other.key);
}

/** The block of a `map` call and the strides of one of its operands. */
function operandOf(call: Call, key: string): Block {
  const { d0, d1, d2, d3, inputs } = call.numbers as Record<string, number>;
  const operand = Number(key.slice(1)) + (key.startsWith("y") ? (inputs as number) : 0);
  return { d: [d0, d1, d2, d3] as number[], strides: call.tail.slice(4 * operand, 4 * operand + 4) };
}

function isDense(call: Call, key: string): boolean {
  const { d, strides } = operandOf(call, key);
  const dense = [d[1] * d[2] * d[3], d[2] * d[3], d[3], 1];
  return d.every((size, i) => size === 1 || strides[i] === dense[i]);
}

const bothDense = (call: Call, output: Span, input: Span): boolean =>
  output.offset === input.offset && isDense(call, output.key) && isDense(call, input.key);

/** True for two blocks of columns of one matrix: same rows, no column in common. */
function areInterleaved(call: Call, a: Span, b: Span): boolean {
  const [first, second] = [operandOf(call, a.key), operandOf(call, b.key)];
  const [d0, d1, rows, columns] = first.d;
  const [row, column] = [first.strides[2], first.strides[3]];
  const same = d0 === 1 && d1 === 1 && rows > 1 && row === second.strides[2];
  const dense = (columns === 1 || (column === 1 && second.strides[3] === 1)) && row >= columns;
  const apart = (((b.offset - a.offset) % row) + row) % row;
  return same && dense && apart >= columns && apart <= row - columns;
}

const overlap = (a: Span, b: Span): boolean =>
  a.words > 0 && b.words > 0 && a.offset < b.offset + b.words && b.offset < a.offset + a.words;
const isWritten = (kind: Kind): boolean => /out/i.test(kind);
const isOptional = (kind: Kind): boolean => kind === "optional" || kind === "optionalIds" || kind === "optionalInout";
const isCount = (value: number | undefined): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const name = (number: number, kernel: KernelName): string => `call ${number} (${kernel})`;

function fail(where: string, what: string): never {
  throw new DeviceError(`load: ${where}: ${what}`, { code: "program" });
}
