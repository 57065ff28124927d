// The ceiling of this machine: what bare multiply-adds on registers reach, on one thread.

import { nativePeak } from "./native.js";
import { wasmPeak } from "./wasm.js";

/**
 * Floating-point operations per second (two for a multiply-add) of one thread doing nothing else, the best of several
 * short measurements of about 20 ms. Throws DeviceError where the build is absent.
 */
export async function measurePeak(
  device: "native" | "wasm",
  now: () => number = () => performance.now(),
): Promise<number> {
  const work = device === "native" ? nativePeak : await wasmPeak();
  const iterations = 2_000_000;
  work(iterations);
  let best = 0;
  for (let i = 0; i < 5; i++) {
    const start = now();
    const operations = work(iterations);
    best = Math.max(best, operations / ((now() - start) / 1000));
  }
  return best;
}
