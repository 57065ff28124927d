// How many bytes per second the kernels can read: a sum of squares over arrays that fit one cache level after the other.
import { openNative, openWasm } from "@unrolled/kernels";
import { compile, type Device, sumSquares, variable } from "unrolled";

async function rate(device: Device, bytes: number): Promise<number> {
  const words = bytes / 4;
  const x = variable("x", { shape: [words], initial: () => new Float32Array(words).fill(1e-3) });
  const program = compile(device, {}, () => ({ outputs: { y: sumSquares(x) } }));
  program.run({});
  let best = 0;
  const times = Math.max(2, Math.ceil(2e8 / bytes));
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (let i = 0; i < times; i++) program.run({});
    best = Math.max(best, (bytes * times * 1000) / (performance.now() - start));
  }
  program.close();
  return best;
}

/** Bytes per second: one core from its own cache; two from the shared cache and from memory. */
export async function measureBandwidth(): Promise<{ own: number; shared: number; memory: number }> {
  const open = (threads: number): Promise<Device> => openNative({ threads }).catch(() => openWasm({ threads }));
  const one = await open(1);
  const own = await rate(one, 2 ** 19);
  one.close();
  const two = await open(2);
  const [shared, memory] = [await rate(two, 2 ** 23), await rate(two, 2 ** 28)];
  two.close();
  return { own, shared, memory };
}
