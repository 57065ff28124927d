// Seeded random numbers on the host: first weights and sampling. (Draws inside a program are the device's Philox.)

export interface Draws {
  /** Uniform in [0,1), 32 bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
}

/** xoshiro128** of Blackman and Vigna (2018), seeded through SplitMix-style mixing of the seed. */
export function draws(seed: number): Draws {
  const s = seedWords(seed);
  const uniform = (): number => {
    const result = Math.imul(rotate(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11);
    return result / 2 ** 32;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

const rotate = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

function seedWords(seed: number): Int32Array {
  const words = new Int32Array(4);
  let state = (seed ^ Math.floor(seed / 2 ** 32)) | 0;
  for (let i = 0; i < 4; i++) {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    words[i] = z ^ (z >>> 16);
  }
  return words;
}
