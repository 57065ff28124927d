// Compile: a traced function becomes a Program, which is loaded once and replayed without allocation.
import type { Device, DType, Handle, Products, Region, Words } from "../device/device.js";
import { type Kind, kernels } from "../device/kernels.js";
import { ShapeError } from "../errors.js";
import { encode, type Locate } from "./encode.js";
import { type Call, resolve } from "./call.js";
import { lower } from "./lower.js";
import { node, type Op, type Root } from "./op.js";
import { planApart, planShared } from "./plan.js";
import { type Scalar, type Shape, showShape, sizeOf, type Tensor } from "./tensor.js";
import { isVariable, reside } from "./variable.js";

/** Shape and type of a program input; make one with `f32(...)` or `i32(...)`. */
export interface InputSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

export const f32 = (...shape: number[]): InputSpec => ({ shape, dtype: "f32" });
export const i32 = (...shape: number[]): InputSpec => ({ shape, dtype: "i32" });

/** What a traced function gives back: named tensors to read, updates to make, and the guard they depend on. */
export interface Traced {
  readonly outputs?: Readonly<Record<string, Tensor>>;
  /** Made by `assign` and `update`; they take effect after everything has been read. */
  readonly updates?: readonly Tensor[];
  /** A scalar; where it is not finite no update is made, so that a step that exploded changes nothing. */
  readonly guard?: Scalar;
}

export type Values<R extends Traced> = {
  readonly [K in keyof R["outputs"]]: R["outputs"][K] extends Scalar ? number : Words;
};

/** A graph made runnable on one device. */
export interface Program<I extends string, R extends Traced> {
  /**
   * Runs once. Inputs are row-major values of the declared shapes. The result object is the same each time: scalars are
   * numbers, other outputs are views of device memory that the next run overwrites. `times` over, on the same inputs and
   * without leaving the device, where that is more than 1 (the default).
   */
  run(inputs: Readonly<Record<I, ArrayLike<number>>>, times?: number): Values<R>;
  /** Recomputes what was prepared from frozen variables; needed after they have changed. */
  refresh(): void;
  /** The first value of the last run that is not finite, for a diagnosis; only where compiled with `inspect`. */
  firstNotFinite(): Finding | undefined;
  /** Words of scratch memory that runs use, beside inputs, outputs and variables. */
  readonly scratchWords: number;
  readonly calls: number;
  /** Estimated multiply-adds of one run. */
  readonly work: number;
  close(): void;
}

export interface Finding {
  /** Kernel and the weights it works with: "lstm (rnn.weight_hh_l0)". */
  readonly where: string;
  /** Index into the result's shape. */
  readonly index: readonly number[];
  readonly shape: Shape;
  readonly value: number;
}

export interface CompileOptions {
  /** Variables do not change between runs: weights are packed and tables multiplied out once. */
  readonly frozen?: boolean;
  /** Keep every value of a run apart, to look at afterwards. Needs much memory. */
  readonly inspect?: boolean;
  /** How matrices are multiplied; f32 where left out. */
  readonly products?: Products;
}

const inputOp: Op<{ readonly input: string }> = { name: "input" };

/** Key of the scratch region that programs of a device share. */
const scratchKey = {};

/** Builds the graph by calling `trace` with one tensor per input, and makes it runnable. */
export function compile<const I extends string, const R extends Traced>(
  device: Device,
  inputs: Readonly<Record<I, InputSpec>>,
  trace: (inputs: Readonly<Record<I, Tensor>>) => R,
  options: CompileOptions = {},
): Program<I, R> {
  const names = Object.keys(inputs) as I[];
  const ports = names.map((name) => port(device, name, inputs[name]));
  const traced = trace(Object.fromEntries(ports.map(({ name, tensor }) => [name, tensor])) as Record<I, Tensor>);
  const outputs = Object.entries(traced.outputs ?? {}).map(([name, tensor]) => ({
    ...port(device, name, tensor),
    tensor,
  }));
  const lowered = lower({
    inputs: new Map(ports.map(({ tensor, root }) => [tensor, root])),
    outputs,
    updates: traced.updates ?? [],
    guard: traced.guard,
    frozen: options.frozen ?? false,
  });
  for (const [storage, root] of lowered.storages) root.fixed = reside(device, storage).offset;

  const kept = planApart(options.inspect ? [...lowered.once, ...lowered.each] : lowered.once);
  const keptRegion = kept.words > 0 ? device.allocate(kept.words) : undefined;
  const shared = planShared(lowered.each, new Set(kept.places.keys()));
  const scratch = sharedScratch(device, shared.words);
  const locate = locator(kept.places, keptRegion, shared.places, scratch);
  const { products = "f32" } = options;
  const once = lowered.once.length > 0 ? device.load({ ...encode(lowered.once, locate), products }) : undefined;
  const encoded = { ...encode(lowered.each, locate), products };
  const each = device.load(encoded);
  let prepared = once === undefined;
  const values = {} as Record<string, number | Words>;

  return {
    scratchWords: shared.words,
    calls: lowered.each.length,
    work: encoded.work,
    run(given, times = 1) {
      for (const { name, region, size, tensor } of ports) {
        const value = given[name];
        if (value?.length !== size)
          throw new ShapeError(
            `run: input ${name} must be ${size} values for ${showShape(tensor.shape)}, was ${value?.length ?? "absent"}`,
          );
        device.view(region, tensor.dtype).set(value);
      }
      if (!prepared) this.refresh();
      device.run(each, times);
      for (const { name, region, size, tensor } of outputs) {
        const view = device.view(region, tensor.dtype);
        values[name] = tensor.shape.length === 0 ? view[0] : view.length === size ? view : view.subarray(0, size);
      }
      return values as Values<R>;
    },
    refresh() {
      if (once !== undefined) device.run(once);
      prepared = true;
    },
    firstNotFinite: () =>
      options.inspect ? findNotFinite(device, [...lowered.once, ...lowered.each], locate) : undefined,
    close() {
      for (const handle of [once, each] as (Handle | undefined)[]) if (handle !== undefined) device.unload(handle);
      for (const { region } of [...ports, ...outputs]) device.free(region);
      if (keptRegion) device.free(keptRegion);
    },
  };
}

/** Words of scratch memory that the program of a graph would use; no device is asked and nothing is allocated. */
export function scratchWords<const I extends string>(
  inputs: Readonly<Record<I, InputSpec>>,
  trace: (inputs: Readonly<Record<I, Tensor>>) => Traced,
): number {
  const somewhere = (name: string, { shape, dtype }: InputSpec) => ({
    tensor: node(inputOp, [], shape, { input: name }, { dtype }),
    root: { words: sizeOf(shape), fixed: 0 },
  });
  const ports = Object.entries<InputSpec>(inputs).map(([name, spec]) => ({ name, ...somewhere(name, spec) }));
  const traced = trace(Object.fromEntries(ports.map(({ name, tensor }) => [name, tensor])) as Record<I, Tensor>);
  const lowered = lower({
    inputs: new Map(ports.map(({ tensor, root }) => [tensor, root])),
    outputs: Object.entries(traced.outputs ?? {}).map(([name, tensor]) => ({ ...somewhere(name, tensor), tensor })),
    updates: traced.updates ?? [],
    guard: traced.guard,
    frozen: false,
  });
  for (const root of lowered.storages.values()) root.fixed = 0;
  return planShared(lowered.each, new Set()).words;
}

interface Port {
  readonly name: string;
  readonly tensor: Tensor;
  readonly region: Region;
  readonly root: Root;
  readonly size: number;
}

function port<N extends string>(device: Device, name: N, { shape, dtype }: InputSpec): Port & { readonly name: N } {
  const size = sizeOf(shape);
  const region = device.allocate(Math.max(size, 1));
  const root: Root = { words: size, fixed: region.offset };
  return { name, tensor: node(inputOp, [], shape, { input: name }, { dtype }), region, root, size };
}

/** One region for all programs of a device; a larger program gets a larger one, earlier programs keep theirs. */
function sharedScratch(device: Device, words: number): Region | undefined {
  const present = device.resident.get(scratchKey);
  if (words === 0 || (present && present.words >= words)) return present;
  const region = device.allocate(words);
  device.resident.set(scratchKey, region);
  return region;
}

function locator(
  kept: ReadonlyMap<Root, number>,
  keptRegion: Region | undefined,
  shared: ReadonlyMap<Root, number>,
  scratch: Region | undefined,
): Locate {
  return (root) => {
    if (root.fixed !== undefined) return root.fixed;
    const [place, region] = kept.has(root) ? [kept.get(root), keptRegion] : [shared.get(root), scratch];
    if (place === undefined || !region) throw new Error("compile: a buffer without a place");
    return region.offset + place;
  };
}

/** Looks through the buffers of every call in order: what a call reads before what it writes. */
function findNotFinite(device: Device, calls: readonly Call[], locate: Locate): Finding | undefined {
  const looked = new Set<string>();
  for (const call of calls) {
    const kinds = kernels[call.kernel].parameters as Readonly<Record<string, Kind>>;
    const names = Object.keys(call.args).filter((name) =>
      ["in", "optional", "optionalInout", "inout", "out"].includes(kinds[name]),
    );
    for (const name of [...names.filter((n) => !isWritten(kinds[n])), ...names.filter((n) => isWritten(kinds[n]))]) {
      const buffer = call.args[name];
      if (typeof buffer !== "object" || call.tensor.dtype !== "f32") continue;
      const { root, offset } = resolve(buffer);
      const key = `${locate(root) + offset}+${buffer.words}`;
      if (looked.has(key)) continue;
      looked.add(key);
      const words = device.view({ offset: locate(root) + offset, words: buffer.words }, "f32");
      const at = words.findIndex((word, i) => i < buffer.words && !Number.isFinite(word));
      if (at >= 0) return describe(call, words[at], at, buffer.words);
    }
  }
  return undefined;
}

const isWritten = (kind: Kind): boolean => kind === "out" || kind === "inout";

/** Names a call by its kernel and the variables nearest to it. */
function describe(call: Call, value: number, at: number, words: number): Finding {
  const near = [call.tensor, ...call.tensor.inputs, ...call.tensor.inputs.flatMap((t) => t.inputs)];
  const names = [...new Set(near.filter(isVariable).map((v) => v.name))];
  const shape = near.flatMap((t) => [t.shape, ...t.further]).find((s) => sizeOf(s) === words) ?? [words];
  return {
    where: names.length > 0 ? `${call.kernel} (${names.join(", ")})` : call.kernel,
    index: unravel(at, shape),
    shape,
    value,
  };
}

function unravel(at: number, shape: Shape): number[] {
  let rest = at;
  return [...shape]
    .reverse()
    .map((n) => {
      const i = rest % n;
      rest = (rest - i) / n;
      return i;
    })
    .reverse(); // prettier-ignore
}

/** The value of a tensor that depends on variables and constants alone: a copy, with its shape. */
export function evaluate(device: Device, tensor: Tensor): { readonly data: Words; readonly shape: Shape } {
  const program = compile(device, {}, () => ({ outputs: { value: tensor } }));
  const { value } = program.run({}) as { value: number | Words };
  const data = typeof value === "number" ? Float64Array.of(value) : value.slice();
  program.close();
  return { data, shape: tensor.shape };
}
