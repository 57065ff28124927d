// Products in bfloat16: what they compute, the same bits however they are split, and who refuses them. M, N, K as in gemm.
import { adam, type Device, DeviceError, languageModel, characters, openReference, train } from "unrolled";
import { close, numbers, rowsAlone, runKernel, sameBitsForThreads, sequenceInPieces } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { openNative, openWasm } from "../src/index.js";

/** The same device, whose every program multiplies in bfloat16. */
const halved = (device: Device): Device => ({
  ...device,
  load: (program) => device.load({ ...program, products: "bf16" }),
});

async function hasBf16(): Promise<boolean> {
  try {
    const device = await openNative({ threads: 1 });
    const handle = device.load({ code: new Float64Array(), calls: 0, work: 0, products: "bf16" });
    device.unload(handle);
    device.close();
    return true;
  } catch (error) {
    if (error instanceof DeviceError && ["precision", "absent"].includes(error.code)) return false;
    throw error;
  }
}

const toBf16 = new Float32Array(1);
const bits = new Uint32Array(toBf16.buffer);
/** Rounded to the nearest bfloat16, ties to even. */
function round(value: number): number {
  toBf16[0] = value;
  bits[0] = (bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) & 0xffff0000;
  return toBf16[0];
}

const shapes = [
  [1, 1, 1],
  [1, 70, 33],
  [1, 500, 2],
  [3, 17, 5],
  [9, 48, 64],
  [25, 65, 100],
  [40, 130, 1100],
  [13, 51, 31],
] as const;

/** c [M,N] = a b with both rounded first, in float64. */
function product(a: Float64Array, b: Float64Array, [M, N, K]: readonly [number, number, number]): Float64Array {
  const c = new Float64Array(M * N);
  for (let m = 0; m < M; m++)
    for (let k = 0; k < K; k++) for (let n = 0; n < N; n++) c[m * N + n] += round(a[m * K + k]) * round(b[k * N + n]);
  return c;
}

/** Sums of K products of size 1: nothing but the rounding of the sums. */
const tolerance = (K: number) => ({ relative: 3e-6, scale: 2 * Math.sqrt(K) });

const transposed = (x: Float64Array, rows: number, columns: number): Float64Array =>
  Float64Array.from(x, (_, i) => x[(i % rows) * columns + Math.floor(i / rows)]);

describe.skipIf(!(await hasBf16()))("bfloat16 on native avx512", () => {
  for (const threads of [1, 2])
    it(`multiplies rounded numbers and adds in float32, threads ${threads}`, async () => {
      const opened = await openNative({ threads });
      const device = halved(opened);
      for (const shape of shapes) {
        const [M, N, K] = shape;
        const draw = numbers(M + N + K);
        const [a, b, bias] = [draw.normal(M * K), draw.normal(K * N), draw.normal(N)];
        const expected = product(a, b, shape);
        const size = { M, N, K, aRow: K, cRow: N, accumulate: 0 };
        for (const turned of [false, true]) {
          const x = turned ? transposed(b, K, N) : b;
          const [kStride, nStride] = turned ? [1, K] : [N, 1];
          const p = { x, K, N, kStride, nStride, groups: 1 };
          const { c } = runKernel(device, { kernel: "multiply", numbers: size, buffers: { a, p, bias } }, 1e12);
          const label = `multiply ${shape}${turned ? ", turned" : ""}`;
          close(
            c,
            expected.map((sum, i) => sum + bias[i % N]),
            { ...tolerance(K), label },
          ); // prettier-ignore
          for (const upright of [false, true]) {
            const strides = {
              ...(upright ? { aRow: K, aCol: 1 } : { aRow: 1, aCol: M }),
              ...{ bRow: kStride, bCol: nStride, cRow: N, batch: 1, aBatch: 0, bBatch: 0, cBatch: 0 },
            };
            const left = upright ? a : transposed(a, M, K);
            const call = { kernel: "gemm", numbers: { M, N, K, accumulate: 0, ...strides } } as const;
            const made = runKernel(device, { ...call, buffers: { a: left, b: x } }, 1e12);
            close(made.c, expected, { ...tolerance(K), label: `gemm ${shape} ${upright} ${turned}` });
          }
        }
      }
      opened.close();
    });

  it("gives the same bits for any number of threads, for rows alone and for sequences in pieces", async () => {
    const devices = await Promise.all([1, 2, 3, 8].map((threads) => openNative({ threads })));
    sameBitsForThreads(devices.map(halved));
    rowsAlone(halved(devices[1]));
    sequenceInPieces(halved(devices[1]));
    for (const device of devices) device.close();
  });

  const losses = async (device: Device, precision: "f32" | "bf16"): Promise<number[]> => {
    const corpus = characters("the cat sat on the mat and the rat sat on the cat. ".repeat(20), { validation: 0 });
    const model = languageModel({ vocabulary: corpus.vocabulary, hidden: [48, 33] });
    const run = { model, corpus, device, batch: 5, sequence: 12, maxSteps: 60, optimizer: adam(), precision };
    const found: number[] = [];
    for await (const event of train(run)) if (event.type === "step") found.push(event.loss);
    return found;
  };

  it("precision has an effect, a small one, and threads have none", async () => {
    const [one, two] = await Promise.all([1, 2].map((threads) => openNative({ threads })));
    const [single, half] = [await losses(one, "f32"), await losses(one, "bf16")];
    expect(half).not.toEqual(single);
    expect(await losses(two, "bf16")).toEqual(half);
    close(half, single, { relative: 0.02, label: "losses of 60 steps in bfloat16" });
    one.close();
    two.close();
  });
});

describe("devices without bfloat16", () => {
  it("refuse to load, and say what is wanted", async () => {
    const devices = [await openWasm({ threads: 1 }), openReference()];
    for (const device of devices) {
      expect(() => device.load({ code: new Float64Array(), calls: 0, work: 0, products: "bf16" })).toThrow(
        expect.objectContaining({ name: "DeviceError", code: "precision" }),
      );
      device.close();
    }
  });
});
