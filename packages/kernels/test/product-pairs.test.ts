// Neighbouring products that halves of the threads compute side by side: which they are, and the same bits for any number of
// threads.
import { type Device, draws, type EncodedProgram, kernelNames } from "unrolled";
import { identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { encodeSteps } from "../src/steps.js";
import { buildsHere } from "./open-all.js";

const [M, K, N] = [70, 40, 50];
const gemm = kernelNames.indexOf("gemm");

type Offsets = readonly [c: number, a: number, b: number];

/** c = a b for each, one after the other; every call is worth all threads. */
function program(products: readonly Offsets[], columns: readonly number[] = products.map(() => N)): EncodedProgram {
  const code = products.flatMap(([c, a, b], i) => {
    const n = columns[i];
    const numbers = [c, M * n, a, M * K, b, K * n, 1, M, n, K, 0, K, 1, 0, n, 1, M * n, n, 0];
    return [gemm, numbers.length, ...numbers];
  });
  return { code: Float64Array.from(code), calls: products.length, work: 1e12 };
}

const flagsOf = (given: EncodedProgram, threads: number): number[] => {
  const { code } = encodeSteps(given, threads);
  const flags: number[] = [];
  for (let at = 0; at < code.length; at += 3 + (code[at + 2] as number)) flags.push(code[at + 1] as number);
  return flags;
};
const [meet, lower, upper] = [2, 16, 32];
const words = 4096;
const at = (...places: readonly number[]): Offsets => places.map((place) => words * place) as unknown as Offsets;

describe("pairs", () => {
  it("two neighbours, without a meeting between them; a third one is alone", () => {
    const three = program([at(0, 3, 4), at(1, 3, 4), at(2, 3, 4)]);
    expect(flagsOf(three, 2)).toEqual([lower, upper + meet, meet]);
    expect(flagsOf(three, 4)).toEqual([lower, upper + meet, meet]);
  });
  it("not on an odd number of threads, nor of different sizes", () => {
    expect(flagsOf(program([at(0, 3, 4), at(1, 3, 4)]), 3)).toEqual([meet, meet]);
    expect(flagsOf(program([at(0, 3, 4), at(1, 3, 4)], [N, N - 10]), 2)).toEqual([meet, meet]);
  });
  it("not where one reads or writes what the other writes", () => {
    expect(flagsOf(program([at(0, 3, 4), at(1, 0, 4)]), 2)).toEqual([meet, meet]);
    expect(flagsOf(program([at(0, 3, 4), at(3, 1, 4)]), 2)).toEqual([meet, meet]);
    expect(flagsOf(program([at(0, 3, 4), at(0, 1, 4)]), 2)).toEqual([meet, meet]);
  });
});

function resultsOn(device: Device): Float32Array {
  const region = device.allocate(8 * words);
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => region.offset + i * words);
  const random = draws(1);
  const memory = device.view(region, "f32") as Float32Array;
  for (let i = 0; i < 2 * words; i++) memory[i] = random.uniform() - 0.5;
  device.run(
    device.load(
      program([
        [c, a, b],
        [d, b, a],
        [c + 2 * words, c, b],
      ]),
    ),
  );
  return (device.view(region, "f32") as Float32Array).slice();
}

for (const build of await buildsHere())
  it(`${build.name}: the same bits on 1, 2, 3, 4 and 6 threads`, async () => {
    const found: Float32Array[] = [];
    for (const threads of [1, 2, 3, 4, 6]) {
      const device = await build.open(threads);
      found.push(resultsOn(device));
      device.close();
    }
    for (const other of found) identical(other, found[0] as Float32Array, build.name);
    expect(found[0]?.some((value) => value !== 0)).toBe(true);
  });
