// Runs one kernel on a device between guard words and returns what it wrote. Throws when it wrote anywhere else.
import type { Device, DType, Region, Words } from "../device/device.js";
import { type KernelName, type Kind, kernelNames, kernels } from "../device/kernels.js";

/** A matrix that is packed on the device before the kernel runs: element (k, n) is x[k*kStride + n*nStride]. */
export interface PackedMatrix {
  readonly x: ArrayLike<number>;
  readonly K: number;
  readonly N: number;
  readonly kStride: number;
  readonly nStride: number;
  readonly groups: number;
}

export interface KernelCall {
  readonly kernel: KernelName;
  readonly numbers: Readonly<Record<string, number>>;
  readonly tail?: readonly number[];
  /** Contents by parameter; null = absent. An `out` that is not named here starts as NaN. */
  readonly buffers: Readonly<Record<string, ArrayLike<number> | PackedMatrix | null>>;
  /** Pairs [output, input] that share their memory. */
  readonly inPlace?: readonly (readonly [string, string])[];
  /** Parameters that hold integers although their kind says floats. */
  readonly integers?: readonly string[];
}

interface Slot {
  readonly key: string;
  readonly kind: Kind;
  readonly dtype: DType;
  readonly offset: number;
  readonly words: number;
  readonly content: ArrayLike<number> | PackedMatrix | null;
  readonly shared: boolean;
}

/** Fills every word that belongs to no buffer; a float32, so that it survives on every device. */
const guardWord = 1234567.125;
const guardWords = 16;
const unwrittenInteger = -7777;

const isPacked = (content: ArrayLike<number> | PackedMatrix): content is PackedMatrix => "groups" in content;
const isNumber = (kind: Kind): boolean => kind === "int" || kind === "float";
const isIds = (kind: Kind): boolean => /ids$/i.test(kind);
const isWritten = (kind: Kind): boolean => /out/i.test(kind);
const aligned = (words: number): number => Math.ceil(words / 16) * 16;

/** True for a parameter whose words are integers in this call. */
export function holdsIntegers(call: KernelCall, key: string): boolean {
  const kind = (kernels[call.kernel].parameters as Readonly<Record<string, Kind>>)[key];
  return isIds(kind) || (call.integers ?? []).includes(key);
}

/** Parameters that a kernel writes, in the order of its row. */
export function writtenBuffers(kernel: KernelName): readonly string[] {
  return Object.entries(kernels[kernel].parameters).flatMap(([key, kind]) => (isWritten(kind) ? [key] : []));
}

/**
 * Runs the call and returns every buffer that the kernel writes, whole, by parameter. Throws an Error when an input, a
 * guard word or any word of the arena outside the written buffers has changed. `work` is passed on as the program's
 * estimate: 0 keeps it on one thread, a large one spreads it.
 */
export function runKernel(device: Device, call: KernelCall, work = 0): Record<string, Float64Array> {
  const slots = layOut(call);
  const arena = device.allocate(
    slots.reduce((end, slot) => Math.max(end, slot.offset + aligned(slot.words)), 0) + guardWords,
  );
  try {
    const packs = slots.flatMap((slot) =>
      slot.content && isPacked(slot.content) ? [packInto(device, arena, slot)] : [],
    );
    fillArena(device, arena, slots);
    for (const pack of packs) pack();
    const before = bits(device, arena).slice();
    runCode(device, encodeCall(call, slots, arena.offset), work);
    return collect(device, arena, slots, before, call.kernel);
  } finally {
    device.free(arena);
  }
}

function layOut(call: KernelCall): Slot[] {
  const { kernel, numbers, tail = [], buffers, inPlace = [] } = call;
  const row = kernels[kernel];
  const extents: Record<string, number> = (row.extents as unknown as Extents)(numbers, tail);
  const slots: Slot[] = [];
  let next = guardWords;
  const place = (key: string, kind: Kind, sharedWith: string | undefined): void => {
    const content = buffers[key] ?? null;
    const absent = kind.startsWith("optional") && content === null;
    if (content === null && !absent && !isWritten(kind)) throw new Error(`test data: ${kernel} must be given ${key}`);
    const words = absent ? 0 : Math.max(0, extents[key]);
    const twin = slots.find((slot) => slot.key === sharedWith);
    const dtype: DType = holdsIntegers(call, key) ? "i32" : "f32";
    slots.push({ key, kind, dtype, words, content, shared: twin !== undefined, offset: twin?.offset ?? next });
    if (!twin) next += aligned(words) + guardWords;
  };
  const outputOf = new Map(inPlace);
  const parameters = Object.entries(row.parameters).filter(([, kind]) => !isNumber(kind));
  for (const [key, kind] of parameters) if (!outputOf.has(key)) place(key, kind, undefined);
  for (const [key, kind] of parameters) if (outputOf.has(key)) place(key, kind, outputOf.get(key));
  return slots;
}

type Extents = (numbers: Readonly<Record<string, number>>, tail: readonly number[]) => Record<string, number>;

const view = (device: Device, arena: Region, slot: Slot): Words =>
  device.view({ offset: arena.offset + slot.offset, words: slot.words }, slot.dtype);

/** The raw words: bit patterns on a float32 device, the numbers themselves on the reference. */
const bits = (device: Device, arena: Region): Words => device.view(arena, "i32");

function fillArena(device: Device, arena: Region, slots: readonly Slot[]): void {
  device.view(arena, "f32").fill(guardWord);
  for (const slot of slots) {
    const { content, words, dtype } = slot;
    if (slot.shared || words === 0) continue;
    const target = view(device, arena, slot);
    target.fill(dtype === "i32" ? unwrittenInteger : Number.NaN);
    if (content === null || isPacked(content)) continue;
    if (content.length !== words)
      throw new Error(`test data: ${slot.key} must have ${words} words, has ${content.length}`);
    target.set(content);
  }
}

/** Packs a matrix into its slot, from a region of its own, when called. */
function packInto(device: Device, arena: Region, slot: Slot): () => void {
  const { x, K, N, kStride, nStride, groups } = slot.content as PackedMatrix;
  const source = device.allocate(x.length);
  device.view(source, "f32").set(x);
  return () => {
    const at = [arena.offset + slot.offset, slot.words, source.offset, source.words];
    runCode(device, [kernelNames.indexOf("pack"), 9, ...at, K, N, kStride, nStride, groups], 0);
    device.free(source);
  };
}

function encodeCall(call: KernelCall, slots: readonly Slot[], start: number): number[] {
  const code: number[] = [];
  for (const [key, kind] of Object.entries(kernels[call.kernel].parameters)) {
    const slot = slots.find((candidate) => candidate.key === key);
    if (slot) code.push(slot.words === 0 ? 0 : start + slot.offset, slot.words);
    else if (isNumber(kind) && call.numbers[key] !== undefined) code.push(call.numbers[key]);
    else throw new Error(`test data: ${call.kernel} must be given the number ${key}`);
  }
  code.push(...(call.tail ?? []));
  return [kernelNames.indexOf(call.kernel), code.length, ...code];
}

function runCode(device: Device, code: readonly number[], work: number): void {
  const handle = device.load({ code: Float64Array.from(code), calls: 1, work });
  try {
    device.run(handle);
  } finally {
    device.unload(handle);
  }
}

function collect(
  device: Device,
  arena: Region,
  slots: readonly Slot[],
  before: Words,
  kernel: KernelName,
): Record<string, Float64Array> {
  const written = slots.filter((slot) => isWritten(slot.kind));
  const after = bits(device, arena);
  const mayChange = new Uint8Array(arena.words);
  for (const slot of written) mayChange.fill(1, slot.offset, slot.offset + slot.words);
  for (let i = 0; i < arena.words; i++) {
    if (mayChange[i] || Object.is(after[i], before[i])) continue;
    const owner = slots.find((slot) => i >= slot.offset && i < slot.offset + slot.words);
    const place = owner ? `word ${i - owner.offset} of input ${owner.key}` : besideWhich(slots, i);
    throw new Error(`${kernel}: wrote to ${place}`);
  }
  return Object.fromEntries(written.map((slot) => [slot.key, Float64Array.from(view(device, arena, slot))]));
}

function besideWhich(slots: readonly Slot[], word: number): string {
  const before = slots.filter((slot) => slot.offset <= word).sort((a, b) => b.offset - a.offset)[0];
  if (!before) return "a guard word in front of the first buffer";
  return `a guard word, ${word - before.offset - before.words} words past the end of ${before.key}`;
}
