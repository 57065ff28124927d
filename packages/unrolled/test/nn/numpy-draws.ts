// The normal numbers that numpy gives after np.random.seed(n): the Coursera notebooks' inputs are drawn so. MT19937 (Matsumoto
// and Nishimura 1998), 53-bit uniforms, Marsaglia's polar method with the second number kept.

const [length, middle] = [624, 397];

/** Unsigned 32-bit words of MT19937 seeded with one number. */
function words(seed: number): () => number {
  const state = new Uint32Array(length);
  state[0] = seed;
  for (let i = 1; i < length; i++) state[i] = Math.imul(1_812_433_253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  let at = length;
  const twist = (): void => {
    for (let i = 0; i < length; i++) {
      const joined = (state[i] & 0x80000000) | (state[(i + 1) % length] & 0x7fffffff);
      state[i] = state[(i + middle) % length] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    at = 0;
  };
  return () => {
    if (at === length) twist();
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}

/** np.random.seed(seed), then np.random.randn(...shape) flat, as often as it is called. */
export function numpyNormal(seed: number): (...shape: readonly number[]) => Float64Array {
  const next = words(seed);
  const uniform = (): number => ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 9_007_199_254_740_992;
  let kept: number | undefined;
  const normal = (): number => {
    if (kept !== undefined) {
      const value = kept;
      kept = undefined;
      return value;
    }
    for (;;) {
      const [a, b] = [2 * uniform() - 1, 2 * uniform() - 1];
      const square = a * a + b * b;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      kept = factor * a;
      return factor * b;
    }
  };
  return (...shape) => Float64Array.from({ length: shape.reduce((n, k) => n * k, 1) }, normal);
}
