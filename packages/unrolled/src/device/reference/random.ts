// Philox4x32-10, the counter-based generator (Salmon 2011), and the reference kernels that draw from it.
import type { Arguments } from "./arguments.js";

/** Four unsigned 32-bit words. */
export type Words4 = readonly [number, number, number, number];

/** High 32 bits of the product of two unsigned 32-bit words, from 16-bit halves: every partial sum is below 2^33. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle % 0x10000);
  return aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000);
}

/** The four random words of one counter under one key. */
export function philox(counter: Words4, key0: number, key1: number): Words4 {
  let [c0, c1, c2, c3] = counter;
  let k0 = key0 >>> 0;
  let k1 = key1 >>> 0;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0) >>> 0;
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

const uniform = (word: number): number => (word >>> 8) / 2 ** 24;

/** Uniform numbers in [0,1) of the four lanes of counter block `block`. */
function uniforms(key: Float64Array, block: number, stream: number): [number, number, number, number] {
  const [a, b, c, d] = philox([block >>> 0, stream >>> 0, 0, 0], key[0], key[1]);
  return [uniform(a), uniform(b), uniform(c), uniform(d)];
}

export function dropout({ y, x, key, n, stream, rate }: Arguments<"dropout">): void {
  for (let i = 0; i < n; i += 4) {
    const u = uniforms(key, i / 4, stream);
    for (let lane = 0; lane < 4 && i + lane < n; lane++) {
      y[i + lane] = u[lane] < rate ? 0 : x[i + lane] / (1 - rate);
    }
  }
}

export function random({ y, key, n, stream, kind }: Arguments<"random">): void {
  for (let i = 0; i < n; i += 4) {
    const u = uniforms(key, i / 4, stream);
    const lanes = kind === 0 ? u : [...boxMuller(u[0], u[1]), ...boxMuller(u[2], u[3])];
    for (let lane = 0; lane < 4 && i + lane < n; lane++) y[i + lane] = lanes[lane];
  }
}

function boxMuller(uEven: number, uOdd: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(1 - uEven));
  const angle = 2 * Math.PI * uOdd;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}
