// A matrix that one small product alone reads is multiplied where it lies, one that two read is packed: the same bits.
// M rows, K terms, N columns.
import { compile, type Device, draws, f32, kernelNames, matmul, variable } from "unrolled";
import { identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { buildsHere } from "./open-all.js";

type Sizes = readonly [M: number, K: number, N: number];

const randomly = (count: number, seed: number): Float32Array => {
  const random = draws(seed);
  return Float32Array.from({ length: count }, () => random.uniform() - 0.5);
};

/** x W, or x W and z W of one program, and the kernels that it called, but for copies to its outputs. */
function product(device: Device, [M, K, N]: Sizes, twice: boolean) {
  const called: string[] = [];
  const watched: Device = {
    ...device,
    load: (given) => {
      for (let at = 0; at < given.code.length; at += 2 + given.code[at + 1])
        called.push(kernelNames[given.code[at]] as string);
      return device.load(given);
    },
  };
  const W = variable("W", { shape: [K, N], initial: () => randomly(K * N, 1) });
  const program = compile(watched, { x: f32(M, K), z: f32(M, K) }, ({ x, z }) => ({
    outputs: twice ? { y: matmul(x, W), other: matmul(z, W) } : { y: matmul(x, W) },
  }));
  const [x, z] = [randomly(M * K, 2), randomly(M * K, 3)];
  const y = Float32Array.from(program.run({ x, z }).y as Float32Array);
  program.close();
  return { y, called: called.filter((kernel) => kernel !== "copy") };
}

const small: readonly Sizes[] = [
  [1, 100, 100],
  [2, 1, 1],
  [3, 7, 15],
  [9, 33, 8],
  [13, 20, 9],
  [25, 100, 100],
  [25, 65, 100],
  [31, 512, 65],
  [32, 3, 512],
];
const large: readonly Sizes[] = [
  [33, 20, 20],
  [4, 513, 9],
  [4, 9, 513],
];

for (const build of await buildsHere())
  describe(build.name, () => {
    it.each([1, 2])("the bits of packed products, on %d threads", async (threads) => {
      const device = await build.open(threads);
      for (const sizes of [...small, ...large]) {
        const [alone, packed] = [product(device, sizes, false), product(device, sizes, true)];
        expect(packed.called, `${sizes}`).toEqual(["pack", "multiply", "multiply"]);
        expect(alone.called, `${sizes}`).toEqual(small.includes(sizes) ? ["gemm"] : ["pack", "multiply"]);
        identical(alone.y, packed.y, `${sizes}`);
      }
      device.close();
    });
  });
