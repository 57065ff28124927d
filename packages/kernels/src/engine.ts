// What the two builds of the kernels have in common for TypeScript, and the Device made of it.

import {
  checkProgram,
  type Device,
  DeviceError,
  type DType,
  type EncodedProgram,
  type Handle,
  type Region,
} from "unrolled";
import { type Arena, createArena } from "./arena.js";
import { type Choice, openChoice, runChosen } from "./choice.js";
import { encodeSteps } from "./steps.js";

const wordBytes = 4;

/** Memory for an engine's own use, out of reach of programs. */
export interface Memory {
  readonly allocate: (words: number) => Region;
  readonly free: (region: Region) => void;
}

/** One build of the kernels, opened: memory of `limitWords` words from word 0 and a way to run steps. */
export interface Engine {
  readonly name: "native" | "wasm";
  readonly threads: number;
  readonly detail: string;
  readonly limitWords: number;
  /** Whether programs may multiply in bfloat16. */
  readonly bf16: boolean;
  /** Words that can be had from the system now. */
  readonly available: () => number;
  /** Makes memory reach to word `top`; false where it cannot. */
  readonly reach: (top: number) => boolean;
  /** Fills with zeros. */
  readonly clear: (offset: number, words: number) => void;
  /** The array buffer that holds the span, and where in it word `offset` lies. */
  readonly buffer: (offset: number, words: number) => { readonly buffer: ArrayBufferLike; readonly byteOffset: number };
  /** True while arrays over this buffer show device memory. */
  readonly isFresh: (buffer: ArrayBufferLike) => boolean;
  /** Called when the memory behind a buffer is freed. */
  readonly drop: (buffer: ArrayBufferLike) => void;
  readonly load: (steps: Float64Array, memory: Memory) => number;
  readonly unload: (program: number, memory: Memory) => void;
  readonly run: (program: number, times: number, alone: boolean) => void;
  readonly close: () => void;
}

/** Arrays over one taken block, made once. */
interface View {
  readonly words: number;
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly f32: Float32Array;
  readonly i32: Int32Array;
}

interface Loaded {
  /** Whether it runs on the calling thread alone, where that is in no doubt. */
  readonly way: boolean | Choice;
  /** Offsets of the regions that its buffers lie in. */
  readonly regions: ReadonlySet<number>;
  /** True once one of them was freed: what lies there now may be another's, or a program. */
  stale: boolean;
}

interface State {
  readonly engine: Engine;
  readonly arena: Arena;
  readonly views: Map<number, View>;
  /** Words the caller asked for, by offset: a region is freed only with the size it was given. */
  readonly sizes: Map<number, number>;
  readonly programs: Map<number, Loaded>;
  readonly budget: number;
  closed: boolean;
}

/** The device of an opened engine. */
export function createDevice(engine: Engine): Device {
  const budget = Math.min(engine.limitWords, Math.floor(engine.available() * 0.9));
  const state: State = {
    engine,
    arena: createArena(engine.limitWords),
    views: new Map(),
    sizes: new Map(),
    programs: new Map(),
    budget,
    closed: false,
  };
  const memory: Memory = {
    allocate: (words) => take(state, words),
    free: (region) => state.arena.give(region.offset),
  };
  return {
    name: engine.name,
    threads: engine.threads,
    precision: "f32",
    detail: engine.detail,
    resident: new WeakMap(),
    allocate: (words) => allocate(state, words),
    free: (region) => free(state, region),
    view: (region, dtype) => view(state, region, dtype),
    load: (program) => load(state, program, memory),
    unload: (handle) => unload(state, handle, memory),
    run: (handle, times = 1) => run(state, handle, times),
    close: () => close(state),
  };
}

function allocate(state: State, words: number): Region {
  assertOpen(state);
  if (!isCount(words)) {
    fail(`${state.engine.name}.allocate`, `words must be a whole number, was ${String(words)}`, "argument");
  }
  const region = take(state, words);
  state.sizes.set(region.offset, words);
  return region;
}

function take(state: State, words: number): Region {
  const { engine, arena } = state;
  const left = Math.max(0, Math.min(state.budget - arena.taken(), Math.floor(engine.available() * 0.9)));
  if (words > left) refuse(engine, words, left);
  const offset = arena.take(words);
  if (offset === undefined) refuse(engine, words, engine.limitWords - arena.top());
  if (!engine.reach(arena.top())) {
    arena.give(offset);
    refuse(engine, words, left);
  }
  engine.clear(offset, words);
  return { offset, words };
}

/** The region that holds the whole span, by its offset; undefined where none does. */
function findRegion(state: State, offset: number, words: number): number | undefined {
  const start = state.sizes.has(offset) ? offset : state.arena.find(offset, words);
  const size = start === undefined ? undefined : state.sizes.get(start);
  return start !== undefined && size !== undefined && offset + words <= start + size ? start : undefined;
}

function free(state: State, region: Region): void {
  assertOpen(state);
  const { engine, arena, sizes, views } = state;
  if (!isRegion(region) || sizes.get(region.offset) !== region.words) {
    fail(`${engine.name}.free`, "must be a region of this device, not freed before", "region");
  }
  const { offset, words } = region;
  const buffer = views.get(offset)?.buffer;
  if (buffer !== undefined) engine.drop(buffer);
  for (const loaded of state.programs.values()) if (loaded.regions.has(offset)) loaded.stale = true;
  views.delete(offset);
  sizes.delete(offset);
  arena.give(offset);
  engine.clear(offset, words);
}

function view(state: State, region: Region, dtype: DType): Float32Array | Int32Array {
  assertOpen(state);
  const where = `${state.engine.name}.view`;
  if (dtype !== "f32" && dtype !== "i32") fail(where, `dtype must be f32 or i32, was ${String(dtype)}`, "argument");
  if (!isRegion(region)) fail(where, "must be given a region", "region");
  const { offset, words } = region;
  const start = findRegion(state, offset, words);
  if (start === undefined) fail(where, "must lie in a region of this device that is not freed", "region");
  const block = blockView(state, start);
  if (offset === start && words === block.words) return dtype === "f32" ? block.f32 : block.i32;
  const at = block.byteOffset + (offset - start) * wordBytes;
  return dtype === "f32" ? new Float32Array(block.buffer, at, words) : new Int32Array(block.buffer, at, words);
}

function blockView(state: State, start: number): View {
  const known = state.views.get(start);
  if (known !== undefined && state.engine.isFresh(known.buffer)) return known;
  const words = state.sizes.get(start) ?? 0;
  const { buffer, byteOffset } = state.engine.buffer(start, words);
  const made: View = {
    words,
    buffer,
    byteOffset,
    f32: new Float32Array(buffer, byteOffset, words),
    i32: new Int32Array(buffer, byteOffset, words),
  };
  state.views.set(start, made);
  return made;
}

function load(state: State, program: EncodedProgram, memory: Memory): Handle {
  assertOpen(state);
  const { engine, arena } = state;
  if (typeof program !== "object" || program === null)
    fail(`${engine.name}.load`, "must be given a program", "argument");
  // A copy first: what is checked is what runs, whoever else writes to the array.
  const { calls, work, products = "f32" } = program;
  const copy = {
    code: program.code instanceof Float64Array ? new Float64Array(program.code) : program.code,
    calls,
    work,
    products,
  };
  if (products !== "f32" && !(products === "bf16" && engine.bf16)) refuseProducts(engine, String(products));
  const regions = new Set<number>();
  checkProgram(copy, arena.top(), (offset, words) => {
    const region = findRegion(state, offset, words);
    if (region !== undefined) regions.add(region);
    return region !== undefined;
  });
  const steps = encodeSteps(copy, engine.threads);
  const handle = engine.load(steps.code, memory);
  state.programs.set(handle, { way: steps.doubtful ? openChoice() : steps.alone, regions, stale: false });
  return handle as Handle;
}

function refuseProducts({ name, detail }: Engine, products: string): never {
  throw new DeviceError(`${name}.load: products must be f32 on this device (${detail}), were ${products}`, {
    code: "precision",
    hint: "bf16 needs the native device on a processor with AVX-512 BF16",
  });
}

function unload(state: State, handle: Handle, memory: Memory): void {
  assertOpen(state);
  if (!state.programs.delete(handle)) failHandle(state, "unload", handle);
  state.engine.unload(handle, memory);
}

function run(state: State, handle: Handle, times: number): void {
  const loaded = state.programs.get(handle);
  if (loaded === undefined || state.closed) failHandle(state, "run", handle);
  const { way, stale } = loaded;
  if (stale) {
    fail(`${state.engine.name}.run`, "must find the program's regions where they were, one was freed", "region");
  }
  if (!isCount(times) || times >= 2 ** 32) {
    fail(`${state.engine.name}.run`, `times must be a whole number, was ${String(times)}`, "argument");
  }
  if (typeof way === "boolean") state.engine.run(handle, times, way);
  else runChosen(way, state.engine, handle, times);
}

function close(state: State): void {
  if (state.closed) return;
  state.closed = true;
  for (const { buffer } of state.views.values()) state.engine.drop(buffer);
  state.views.clear();
  state.engine.close();
}

function assertOpen(state: State): void {
  if (state.closed) fail(state.engine.name, "must be open, was closed", "closed");
}

function failHandle(state: State, action: string, handle: unknown): never {
  assertOpen(state);
  fail(
    `${state.engine.name}.${action}`,
    `must be given the handle of a loaded program, was ${String(handle)}`,
    "handle",
  );
}

function fail(where: string, what: string, code: string): never {
  throw new DeviceError(`${where}: ${what}`, { code });
}

function refuse(engine: Engine, words: number, left: number): never {
  throw new DeviceError(
    `${engine.name}.allocate: must fit into memory, wanted ${size(words)}, ${size(left)} can be had`,
    {
      code: "memory",
      hint: "a smaller model (hidden size, layers), batch or sequence needs less",
    },
  );
}

function size(words: number): string {
  const bytes = words * wordBytes;
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toPrecision(4)} GiB`;
  return bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toPrecision(4)} MiB` : `${bytes} bytes`;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isRegion = (region: unknown): region is Region =>
  typeof region === "object" &&
  region !== null &&
  isCount((region as Region).offset) &&
  isCount((region as Region).words);
