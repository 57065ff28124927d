// The WebAssembly device: the same C++ kernels in Node and in browsers. With threads where shared memory is allowed.

import { type Device, DeviceError } from "unrolled";
import { createDevice, type Engine } from "./engine.js";
import { canBlock, hasRelaxedSimd, hasSharedMemory, hasSimd } from "./features.js";
import { cores, describeThreads, nodeModule, threadCount } from "./platform.js";
import { type Crew, startWorkers } from "./workers.js";

export interface WasmOptions {
  /** Threads that compute, the calling one among them. Default: one per core, or 1 where memory cannot be shared. */
  readonly threads?: number;
  /** Relaxed SIMD (fused multiply-add): faster. Default: where the engine knows it. */
  readonly relaxed?: boolean;
  /** Where the .wasm files lie. Default: beside this package's dist folder. */
  readonly base?: URL;
}

/** What cpp/wasm/module.cpp exports. Addresses are unsigned: `>>> 0`. */
interface Exports {
  readonly open: (threads: number, spinning: number, callerMaySleep: number) => number;
  readonly stackTop: (rank: number) => number;
  readonly run: (code: number, steps: number, times: number, alone: number) => number;
  readonly lastWords: () => number;
  readonly clear: (address: number, bytes: number) => void;
  readonly finish: () => void;
  readonly multiplyBare: (turns: number) => number;
}

const wordBytes = 4;
const initialPages = 64;
/** Most memory to ask for, in pages of 64 KiB; some engines refuse to reserve it all. */
const pageLimits = [65536, 32768, 16384, 8192];

/** Opens the WebAssembly device. Throws DeviceError where the engine lacks SIMD, or shared memory for the threads asked for. */
export async function openWasm(options: WasmOptions = {}): Promise<Device> {
  if (!hasSimd()) throw new DeviceError("wasm: the engine must know SIMD, does not", { code: "absent" });
  const relaxed = chooseRelaxed(options.relaxed);
  const shared = hasSharedMemory();
  const threads = options.threads === undefined && !shared ? 1 : threadCount("wasm", options.threads);
  if (threads > 1 && !shared) {
    throw new DeviceError(`wasm: threads must be 1 where memory cannot be shared, was ${threads}`, {
      code: "threads",
      hint: "a page needs the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp",
    });
  }
  const name = `${relaxed ? "relaxed" : "simd"}-${threads > 1 ? "threads" : "single"}`;
  const url = new URL(`${name}.wasm`, options.base ?? new URL("../wasm/", import.meta.url));
  const crew = startWorkers(threads - 1);
  try {
    return await openModule(url, relaxed, threads, crew);
  } catch (error) {
    crew.stop();
    throw error;
  }
}

async function openModule(url: URL, relaxed: boolean, threads: number, crew: Crew): Promise<Device> {
  const module = await compileModule(url);
  const { memory, pages } = createMemory(threads > 1);
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const exports = instance.exports as unknown as Exports;
  const heap = exports.open(threads, threads > cores() ? 0 : 1, canBlock() ? 1 : 0) >>> 0;
  if (heap === 0) throw new DeviceError(`wasm: must have memory for ${threads} threads, has not`, { code: "memory" });
  const ranks = Array.from({ length: threads - 1 }, (_, i) => ({
    rank: i + 1,
    stackTop: exports.stackTop(i + 1) >>> 0,
  }));
  await crew.begin(module, memory, ranks);
  const detail = `${relaxed ? "relaxed SIMD" : "SIMD"}, ${describeThreads(threads)}`;
  const close = (): void => {
    exports.finish();
    crew.stop();
  };
  return createDevice(makeEngine(exports, memory, { heap, pages, threads, detail, close }));
}

/** The bare multiply loop on the calling thread: `turns` rounds, floating-point operations out. Throws DeviceError. */
export async function wasmMultiplyLoop(
  options: Pick<WasmOptions, "relaxed" | "base"> = {},
): Promise<(turns: number) => number> {
  if (!hasSimd()) throw new DeviceError("wasm: the engine must know SIMD, does not", { code: "absent" });
  const name = chooseRelaxed(options.relaxed) ? "relaxed-single" : "simd-single";
  const module = await compileModule(new URL(`${name}.wasm`, options.base ?? new URL("../wasm/", import.meta.url)));
  const instance = await WebAssembly.instantiate(module, { env: { memory: createMemory(false).memory } });
  return (instance.exports as unknown as Exports).multiplyBare;
}

function chooseRelaxed(asked: boolean | undefined): boolean {
  const known = asked !== false && hasRelaxedSimd();
  if (asked === true && !known) {
    throw new DeviceError("wasm: the engine must know relaxed SIMD, does not", {
      code: "isa",
      hint: "leave `relaxed` out to take what the engine knows",
    });
  }
  return known;
}

async function compileModule(url: URL): Promise<WebAssembly.Module> {
  try {
    if (url.protocol !== "file:") return await WebAssembly.compileStreaming(fetch(url));
    return await WebAssembly.compile(nodeModule("node:fs")?.readFileSync(url) as Uint8Array<ArrayBuffer>);
  } catch (cause) {
    throw new DeviceError(`wasm: ${url.pathname} must be built, cannot be read`, {
      code: "absent",
      hint: "run: npm run build",
      cause,
    });
  }
}

function createMemory(shared: boolean): { memory: WebAssembly.Memory; pages: number } {
  let last: unknown;
  for (const pages of pageLimits) {
    try {
      return { memory: new WebAssembly.Memory({ initial: initialPages, maximum: pages, shared }), pages };
    } catch (error) {
      last = error;
    }
  }
  throw new DeviceError("wasm: must have memory, has none", { code: "memory", cause: last });
}

interface Opened {
  readonly heap: number;
  readonly pages: number;
  readonly threads: number;
  readonly detail: string;
  readonly close: () => void;
}

function makeEngine(exports: Exports, memory: WebAssembly.Memory, opened: Opened): Engine {
  const { heap, pages, threads, detail, close } = opened;
  const pageBytes = 65536;
  const programs = new Map<number, { offset: number; words: number; address: number; steps: number }>();
  const address = (offset: number): number => heap + offset * wordBytes;
  const limitWords = Math.floor((pages * pageBytes - heap) / wordBytes);
  let next = 0;
  return {
    name: "wasm",
    threads,
    detail,
    bf16: false,
    limitWords,
    available: () => Math.floor((globalThis.process?.availableMemory?.() ?? pages * pageBytes) / wordBytes),
    reach: (top) => reach(memory, Math.ceil(address(top) / pageBytes)),
    clear: (offset, words) => exports.clear(address(offset), words * wordBytes),
    buffer: (offset) => ({ buffer: memory.buffer, byteOffset: address(offset) }),
    isFresh: (buffer) => buffer === memory.buffer,
    drop: () => {},
    load: (steps, own) => {
      const region = own.allocate(steps.length * 2);
      new Float64Array(memory.buffer, address(region.offset), steps.length).set(steps);
      programs.set(next, { ...region, address: address(region.offset), steps: countSteps(steps) });
      return next++;
    },
    unload: (program, own) => {
      const region = programs.get(program);
      if (region !== undefined) own.free(region);
      programs.delete(program);
    },
    run: (program, times, alone) => {
      const loaded = programs.get(program);
      if (loaded === undefined || exports.run(loaded.address, loaded.steps, times, alone ? 1 : 0) === 1) return;
      throw new DeviceError(`wasm.run: all threads must live, one died: ${lastWords(exports, memory)}`, {
        code: "thread",
        hint: "close the device and open another",
      });
    },
    close,
  };
}

function lastWords(exports: Exports, memory: WebAssembly.Memory): string {
  const at = exports.lastWords() >>> 0;
  const bytes = new Uint8Array(memory.buffer).slice(at + 1, at + 1 + (new Uint8Array(memory.buffer)[at] ?? 0));
  return new TextDecoder().decode(bytes);
}

function reach(memory: WebAssembly.Memory, pages: number): boolean {
  const missing = pages - memory.buffer.byteLength / 65536;
  if (missing <= 0) return true;
  try {
    memory.grow(missing);
    return true;
  } catch {
    return false;
  }
}

function countSteps(steps: Float64Array): number {
  let count = 0;
  for (let at = 0; at < steps.length; at += 3 + (steps[at + 2] as number)) count++;
  return count;
}
