// The adding problem: two of T numbers are marked; their sum is asked for at the end. Source: Hochreiter & Schmidhuber 1997,
// experiment 4; marked as by Le, Jaitly & Hinton 2015 (one in each half).
import { below, checkInteger, type GeneratedTask, generatedTask, type Valued } from "./task.js";

export interface AddingOptions {
  /** T, at least 2. */
  readonly length: number;
  readonly seed?: number;
}

/** x [T,2]: a number uniform in [0,1) and its mark, 0 or 1; y [1]: the sum of the marked two. Chance: always 1, mse 1/6. */
export function addingTask({ length: T, seed = 1 }: AddingOptions): GeneratedTask<Valued> {
  checkInteger("adding.length", T, 2);
  const half = Math.floor(T / 2);
  return generatedTask<Valued>({
    name: `adding T=${T}`,
    seed,
    chance: { measure: "mse", value: 1 / 6, predictor: "always the mean, 1: the variance of two uniform numbers" },
    draw: (random) => {
      const x = new Float32Array(2 * T);
      for (let t = 0; t < T; t++) x[2 * t] = random.uniform();
      const marked = [below(random, half), half + below(random, T - half)];
      for (const t of marked) x[2 * t + 1] = 1;
      return { x, y: Float32Array.of(x[2 * marked[0]] + x[2 * marked[1]]) };
    },
    key: ({ x }) => x.join(),
  });
}
