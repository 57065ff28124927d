// exp, tanh, sigmoid, log and softplus of every build against double precision, over floats of every size and sign:
// at most 2 units in the last place, and what C's functions give for zeros, infinities and NaN.
import type { Device } from "unrolled";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mapOpcodes } from "../../unrolled/src/device/kernels.js";
import { buildsHere } from "./open-all.js";
import { program, span } from "./programs.js";

/** Every 9973rd float by its bits, and the ones that need care. */
function samples(): Float32Array {
  const bits = Uint32Array.from({ length: Math.floor(2 ** 32 / 9973) }, (_, i) => i * 9973);
  const special = [
    0,
    -0,
    Infinity,
    -Infinity,
    NaN,
    88.7228,
    88.723,
    -87.33,
    -87.4,
    -103.9,
    -104,
    9,
    10,
    1e-45,
    -1e-45,
    1,
  ];
  return Float32Array.from([...special, ...new Float32Array(bits.buffer)]);
}

/** The distance between neighbouring floats at |x|. */
function unit(x: number): number {
  const exponent = Math.max(-126, Math.min(127, Math.floor(Math.log2(Math.abs(x)))));
  return 2 ** (exponent - 23);
}

/** Error in units in the last place; where either is not finite, 0 if both are the same and else Infinity. */
function unitsApart(actual: number, truth: number): number {
  const rounded = Math.fround(truth);
  if (!Number.isFinite(rounded) || !Number.isFinite(actual)) return Object.is(actual, rounded) ? 0 : Infinity;
  return Math.abs(actual - truth) / unit(truth);
}

const functions = {
  exp: Math.exp,
  tanh: Math.tanh,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  log: Math.log,
  softplus: (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
} as const;

/** y = f(x) by the map kernel. */
function apply(device: Device, name: keyof typeof functions, x: Float32Array): Float32Array {
  const n = x.length;
  const [from, to] = [device.allocate(n), device.allocate(n)];
  device.view(from, "f32").set(x);
  const absent = (buffers: number): number[] => Array.from({ length: 2 * buffers }, () => 0);
  const tail = [0, 0, 0, 1, 0, 0, 0, 1, 1, mapOpcodes.indexOf(name), 0, 0, 0];
  const handle = device.load(
    program([["map", ...span(to), ...absent(7), ...span(from), ...absent(11), 1, 1, 1, n, 1, 1, 1, ...tail]]),
  );
  device.run(handle);
  const result = Float32Array.from(device.view(to, "f32"));
  device.unload(handle);
  for (const region of [from, to]) device.free(region);
  return result;
}

const x = samples();

for (const build of await buildsHere()) {
  describe(`accuracy, ${build.name}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await build.open(1);
    });
    afterAll(() => device.close());
    for (const [name, truth] of Object.entries(functions) as [keyof typeof functions, (x: number) => number][])
      it(`${name} within 2 units in the last place`, () => {
        const y = apply(device, name, x);
        let worst = { units: 0, at: 0 };
        for (let i = 0; i < x.length; i++) {
          const units = unitsApart(y[i] as number, truth(x[i] as number));
          if (!(units <= worst.units)) worst = { units, at: x[i] as number };
        }
        expect(worst.units, `at ${worst.at}`).toBeLessThanOrEqual(2);
      });
    it("tanh keeps the sign of zero", () => {
      expect(Array.from(apply(device, "tanh", Float32Array.of(0, -0)).subarray(0, 2))).toEqual([0, -0]);
    });
  });
}
