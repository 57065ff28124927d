// Seeded test data. Every number is a float32, so that float32 and float64 devices are given the same.

/** Sizes around the vector widths 4, 8 and 16, some odd ones and two that need several tiles. */
export const sizes = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 50, 65] as const;

export interface Numbers {
  /** Uniform in [low, high). */
  uniform(n: number, low?: number, high?: number): Float64Array;
  /** Normal with mean 0 and the given deviation. */
  normal(n: number, deviation?: number): Float64Array;
  /** Whole numbers in [low, high). */
  integers(n: number, low: number, high: number): Float64Array;
}

/** Numbers drawn from a 32-bit mixing generator: the same for the same seed, on every machine. */
export function numbers(seed: number): Numbers {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
  const list = (n: number, draw: () => number): Float64Array => Float64Array.from({ length: n }, draw);
  return {
    uniform: (n, low = -1, high = 1) => list(n, () => Math.fround(low + (high - low) * next())),
    normal: (n, deviation = 1) =>
      list(n, () => {
        const radius = Math.sqrt(-2 * Math.log(1 - next()));
        return Math.fround(deviation * radius * Math.cos(2 * Math.PI * next()));
      }),
    integers: (n, low, high) => list(n, () => low + Math.floor((high - low) * next())),
  };
}

/** A seed made from a name, so that adding a case does not change the numbers of the others. */
export function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
