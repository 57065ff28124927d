// What the WebAssembly engine here can do, asked by tiny modules: header, one function type, one function, its body.

import { nodeModule } from "./platform.js";

const header = [0, 97, 115, 109, 1, 0, 0, 0];
const noArguments = [1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0]; // type () -> v128, one function of it

/** A module whose one function has this body (locals and `end` are added). */
function knows(body: readonly number[]): boolean {
  const code = [0, ...body, 11];
  return WebAssembly.validate(
    new Uint8Array([...header, ...noArguments, 10, code.length + 2, 1, code.length, ...code]),
  );
}

const zero = [65, 0, 253, 15]; // i32.const 0, i8x16.splat

/** Fixed-width SIMD: i8x16.splat. */
export function hasSimd(): boolean {
  return knows(zero);
}

/** Relaxed SIMD: f32x4.relaxed_madd. Node 20 knows it once its flag is set. */
export function hasRelaxedSimd(): boolean {
  const madd = [...zero, ...zero, ...zero, 253, 133, 2];
  if (knows(madd)) return true;
  nodeModule("node:v8")?.setFlagsFromString("--experimental-wasm-relaxed-simd");
  return knows(madd);
}

/** Memory that threads share. A page has it only when it is isolated from other origins. */
export function hasSharedMemory(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  const isolated: unknown = (globalThis as { crossOriginIsolated?: unknown }).crossOriginIsolated;
  return nodeModule("node:worker_threads") !== undefined || isolated === true;
}

/** False on the main thread of a page, which must never sleep. */
export function canBlock(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}
