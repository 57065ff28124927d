// The native device: Node addons built from the C++ kernels, one per instruction set.

import { type Device, DeviceError } from "unrolled";
import { createDevice, type Engine } from "./engine.js";
import { cores, describeThreads, nodeModule, threadCount } from "./platform.js";

/** Builds of the native kernels: `plain` is SSE2 or NEON. */
export type InstructionSet = "plain" | "avx2" | "avx512";

export interface NativeOptions {
  /** Threads that compute, the calling one among them. Default: one per available core. */
  readonly threads?: number;
  /** Default: the best that this processor runs, or what the environment variable UNROLLED_ISA names. */
  readonly isa?: InstructionSet;
}

/** What cpp/native/addon.cpp exports; `device` is opaque. */
interface Addon {
  readonly open: (threads: number, oversubscribed: number, bytes: number) => unknown;
  readonly close: (device: unknown) => void;
  readonly view: (device: unknown, offset: number, bytes: number) => ArrayBuffer;
  readonly detach: (buffer: ArrayBuffer) => void;
  readonly clear: (device: unknown, offset: number, bytes: number) => void;
  readonly load: (device: unknown, steps: Float64Array) => number;
  readonly unload: (device: unknown, program: number) => void;
  readonly run: (device: unknown, program: number, times: number, alone: number) => void;
  readonly multiplyBare: (turns: number) => number;
  readonly multipliesHalf: () => boolean;
  readonly supports?: () => InstructionSet[];
}

const wordBytes = 4;
/** Addresses to reserve, most first; only what is written becomes real. */
const reserves = [64, 16, 4, 1].map((gibibytes) => gibibytes * 2 ** 30);

/** Opens the native device. Throws DeviceError (code "absent") with the reason where there is no native build. */
export async function openNative(options: NativeOptions = {}): Promise<Device> {
  const threads = threadCount("native", options.threads);
  const plain = loadAddon("plain");
  const isa = chooseInstructionSet(plain.supports?.() ?? ["plain"], options.isa);
  const addon = isa === "plain" ? plain : loadAddon(isa);
  const { handle, bytes } = openArena(addon, threads);
  return createDevice(makeEngine(addon, handle, bytes, threads, `${isa}, ${describeThreads(threads)}`));
}

/** The bare multiply loop on the calling thread: `turns` rounds (at most a million), floating-point operations out. Throws DeviceError. */
export function nativeMultiplyLoop(options: Pick<NativeOptions, "isa"> = {}): (turns: number) => number {
  const plain = loadAddon("plain");
  const isa = chooseInstructionSet(plain.supports?.() ?? ["plain"], options.isa);
  return (isa === "plain" ? plain : loadAddon(isa)).multiplyBare;
}

function chooseInstructionSet(supported: readonly InstructionSet[], asked: InstructionSet | undefined): InstructionSet {
  const wanted = asked ?? globalThis.process?.env.UNROLLED_ISA;
  if (wanted === undefined || wanted === "") return supported[0] as InstructionSet;
  const found = supported.find((isa) => isa === wanted);
  if (found !== undefined) return found;
  throw new DeviceError(`native: instruction set must be ${supported.join(", ")} on this processor, was ${wanted}`, {
    code: "isa",
    hint: "unset UNROLLED_ISA to take the best",
  });
}

function loadAddon(isa: InstructionSet): Addon {
  const module = nodeModule("node:module");
  const files = nodeModule("node:fs");
  if (module === undefined || files === undefined) {
    throw new DeviceError("native: must run in Node, is not Node", { code: "absent", hint: "use the wasm device" });
  }
  const file = new URL(`../build/Release/${isa}.node`, import.meta.url);
  try {
    return module.createRequire(import.meta.url)(decodeURIComponent(file.pathname)) as Addon;
  } catch (cause) {
    throw new DeviceError(`native: must be built, is not: ${absence(files, cause)}`, {
      code: "absent",
      hint: "with a C++ compiler installed, run: npm rebuild, or npm run build",
      cause,
    });
  }
}

/** Why the build left no addon, in its own words. */
function absence(files: typeof import("node:fs"), cause: unknown): string {
  const note = new URL("../build/native-absent.json", import.meta.url);
  if (files.existsSync(note)) {
    const { reason }: { reason?: unknown } = JSON.parse(files.readFileSync(note, "utf8"));
    if (typeof reason === "string") return reason.split("\n")[0] as string;
  }
  return cause instanceof Error ? (cause.message.split("\n")[0] as string) : String(cause);
}

function openArena(addon: Addon, threads: number): { handle: unknown; bytes: number } {
  let last: unknown;
  for (const bytes of reserves) {
    try {
      return { handle: addon.open(threads, threads > cores() ? 1 : 0, bytes), bytes };
    } catch (error) {
      last = error;
    }
  }
  throw new DeviceError(
    `native: must open with ${threads} threads, did not: ${last instanceof Error ? last.message : last}`,
    {
      code: "open",
      cause: last,
    },
  );
}

function makeEngine(addon: Addon, device: unknown, bytes: number, threads: number, detail: string): Engine {
  const os = nodeModule("node:os");
  const availableBytes = (): number => globalThis.process.availableMemory?.() ?? os?.freemem() ?? bytes;
  return {
    name: "native",
    threads,
    detail,
    limitWords: bytes / wordBytes,
    bf16: addon.multipliesHalf(),
    available: () => Math.floor(availableBytes() / wordBytes),
    reach: () => true,
    clear: (offset, words) => addon.clear(device, offset * wordBytes, words * wordBytes),
    buffer: (offset, words) => ({ buffer: addon.view(device, offset * wordBytes, words * wordBytes), byteOffset: 0 }),
    isFresh: () => true,
    drop: (buffer) => addon.detach(buffer as ArrayBuffer),
    load: (steps) => addon.load(device, steps),
    unload: (program) => addon.unload(device, program),
    run: (program, times, alone) => addon.run(device, program, times, alone ? 1 : 0),
    close: () => addon.close(device),
  };
}
