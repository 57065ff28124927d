// Promise R7: whatever is called with whatever, at the devices and at the addon below them, ends in a JavaScript error or
// in a right result, never in a crash. UNROLLED_BAD_CALLS sets how many calls (default 5,000); a proof of 100,000 or more is
// recorded in bench/results.
import { createRequire } from "node:module";
import { openReference, type Device } from "unrolled";
import { afterAll, describe, expect, it } from "vitest";
import { progress, writeRecord } from "../../../tools/proof.mjs";
import { openNative } from "../src/index.js";
import { buildsHere } from "./open-all.js";
import { program, span } from "./programs.js";

const calls = Number(process.env.UNROLLED_BAD_CALLS ?? 5000);
const patience = 60_000 + 5 * calls;
const isProof = calls >= 100_000;

interface Row {
  readonly what: string;
  readonly calls: number;
  readonly errors: number;
  readonly seconds: number;
}

const rows: Row[] = [];
afterAll(() => {
  if (isProof && rows.length === devices.length + Number(isNativeHere))
    writeRecord("boundary", `npm run prove:boundary (${calls} calls each)`, { crashes: 0, rows });
});

/** Calls `one` for every case and keeps how many threw. */
function campaign(what: string, one: (i: number) => boolean): void {
  const began = performance.now();
  const tell = isProof ? progress(what, calls) : () => {};
  let errors = 0;
  for (let i = 0; i < calls; i++) {
    if (one(i)) errors++;
    tell(i + 1);
  }
  expect(errors).toBeGreaterThan(calls / 3);
  rows.push({ what, calls, errors, seconds: (performance.now() - began) / 1000 });
}

/** A small generator of numbers (mulberry32), so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Draw = ReturnType<typeof generator>;

const oddNumbers = [
  0,
  1,
  2,
  3,
  15,
  16,
  17,
  64,
  1000,
  65536,
  -1,
  -0,
  0.5,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
]; // prettier-ignore

function oddNumber(draw: Draw): number {
  return draw(4) === 0 ? draw(200) : (oddNumbers[draw(oddNumbers.length)] as number);
}

/** Values of all kinds, the known ones (regions, handles, devices, arrays) among them. */
function oddValue(draw: Draw, known: readonly unknown[]): unknown {
  const detached = new Float64Array(8);
  structuredClone(detached, { transfer: [detached.buffer] });
  const values: readonly (() => unknown)[] = [
    () => oddNumber(draw),
    () => known[draw(known.length)],
    () => undefined,
    () => null,
    () => "f32",
    () => "7",
    () => ({ offset: oddNumber(draw), words: oddNumber(draw) }),
    () => ({ code: oddCode(draw, known), calls: oddNumber(draw), work: oddNumber(draw) }),
    () => oddCode(draw, known),
    () => detached,
    () => new Float64Array(new SharedArrayBuffer(64)),
    () => new Float32Array(4),
    () => new ArrayBuffer(16),
    () => 10n,
    () => Symbol("odd"),
    () => [1, 2, 3],
    () => () => 1,
    () => new Proxy({}, { get: () => oddNumber(draw) }),
  ];
  return values[draw(values.length)]?.();
}

/** Code that is nearly a program. */
function oddCode(draw: Draw, known: readonly unknown[]): Float64Array {
  const region = known.find((value): value is { offset: number; words: number } => {
    return typeof value === "object" && value !== null && "words" in value;
  }) ?? { offset: 16, words: 64 };
  const good = [0, 4, region.offset, region.words, region.words, 1];
  const code = Array.from({ length: draw(3) }, () => good).flat();
  for (let changes = draw(3); changes > 0 && code.length > 0; changes--) code[draw(code.length)] = oddNumber(draw);
  if (draw(4) === 0) code.push(oddNumber(draw), oddNumber(draw));
  return Float64Array.from(code);
}

/** Calls one function and answers whether it threw; anything thrown must be an Error with a message. */
function attempt(call: () => unknown): { readonly threw: boolean; readonly value: unknown } {
  try {
    return { threw: false, value: call() };
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message.length).toBeGreaterThan(5);
    return { threw: true, value: undefined };
  }
}

function works(device: Device): void {
  const region = device.allocate(100);
  const handle = device.load(program([["fill", ...span(region), 100, 3]]));
  device.run(handle);
  expect(device.view(region, "f32").every((value) => value === 3)).toBe(true);
  device.unload(handle);
  device.free(region);
}

const methods = ["allocate", "free", "view", "load", "unload", "run"] as const;
type Loose = Readonly<Record<string, (...values: readonly unknown[]) => unknown>>;

const devices = [
  { name: "reference", open: async (): Promise<Device> => openReference({ limit: 2 ** 24 }) },
  ...(await buildsHere()).map(({ name, open }) => ({ name, open: () => open(2) })),
];

describe.each(devices)("$name", ({ name, open }) => {
  it(
    `survives ${calls} bad calls`,
    async () => {
      const draw = generator(42);
      const device = await open();
      let known: unknown[] = [device, device.allocate(64)];
      campaign(name, () => {
        const method = methods[draw(methods.length)] as (typeof methods)[number];
        const values = Array.from({ length: draw(4) }, () => oddValue(draw, known));
        // A run of many times is right, only long.
        if (method === "run" && Number(typeof values[1] === "number" ? values[1] : 0) > 1000) values.pop();
        const { threw, value } = attempt(() => (device as unknown as Loose)[method]?.(...values));
        if (value !== undefined) known = [...known.slice(-8), value];
        return threw;
      });
      works(device);
      device.close();
    },
    patience,
  );
});

const isNativeHere = devices.some(({ name }) => name.startsWith("native"));

describe.runIf(isNativeHere)("the addon itself", () => {
  it(
    `survives ${calls} bad calls`,
    async () => {
      const draw = generator(7);
      const addon = createRequire(import.meta.url)("../build/Release/plain.node") as Loose;
      const names = Object.keys(addon).filter((name) => name !== "open");
      const device = addon.open?.(2, 0, 2 ** 24);
      let known: unknown[] = [device, addon.view?.(device, 64, 256)];
      campaign("the addon itself", () => {
        const name = names[draw(names.length)] as string;
        if (name === "close" && draw(20) > 0) return false;
        const values = Array.from({ length: draw(6) }, (_, at) =>
          at === 0 && draw(2) === 0 ? device : oddValue(draw, known),
        );
        if (name === "close" && values[0] === device) return false;
        // What runs is checked above the addon: here only whether it accepts the call.
        if (name === "run" && typeof values[2] === "number") values[2] = Math.min(values[2], 0);
        const { threw, value } = attempt(() => addon[name]?.(...values));
        if (value !== undefined) known = [...known.slice(-8), value];
        return threw;
      });
      addon.close?.(device);
      expect(() => addon.run?.(device, 0, 1, 0)).toThrow("open device");
      works(await openNative({ threads: 2 }));
    },
    patience,
  );

  it("starts no multiply loop that would not end", () => {
    const addon = createRequire(import.meta.url)("../build/Release/plain.node") as Loose;
    expect(() => addon.multiplyBare?.(2 ** 53)).toThrow("from 0 to 1000000");
    expect(addon.multiplyBare?.(1)).toBeGreaterThan(0);
  });

  it("keeps a view readable and empty after its region and its device are gone", async () => {
    const device = await openNative({ threads: 1 });
    const region = device.allocate(1000);
    const view = device.view(region, "f32");
    device.free(region);
    expect(view.length).toBe(0);
    const other = device.view(device.allocate(10), "i32");
    device.close();
    expect(other.length).toBe(0);
  });
});
