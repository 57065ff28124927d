// A series to forecast: waves of chosen periods at random phases, and noise. The next value is asked for at every step.
import { checkInteger, type GeneratedTask, generatedTask, type Valued } from "./task.js";

export interface SeriesOptions {
  /** T. */
  readonly length: number;
  /** Steps of one wave, and its height. */
  readonly waves?: readonly { readonly period: number; readonly height: number }[];
  /** Standard deviation of the noise on every value. */
  readonly noise?: number;
  readonly seed?: number;
}

/**
 * x [T,1], y [T]: the values one step later. Chance: always 0, the mean, mse = sum of height^2 / 2 + noise^2. `floor`:
 * the noise on the value asked for, which nothing foretells.
 */
export function seriesTask(options: SeriesOptions): GeneratedTask<Valued> & { readonly floor: number } {
  const { length: T, noise = 0.1, seed = 1 } = options;
  const waves = options.waves ?? [
    { period: 25, height: 1 },
    { period: 7, height: 0.5 },
  ];
  checkInteger("series.length", T, 1);
  const task = generatedTask<Valued>({
    name: `series T=${T}`,
    seed,
    chance: {
      measure: "mse",
      value: waves.reduce((sum, { height }) => sum + height ** 2 / 2, noise ** 2),
      predictor: "always 0, the mean of all phases",
    },
    draw: (random) => {
      const phases = waves.map(() => random.uniform());
      const values = Float32Array.from({ length: T + 1 }, (_, t) =>
        waves.reduce(
          (sum, { period, height }, i) => sum + height * Math.sin(2 * Math.PI * (t / period + phases[i])),
          noise * random.normal(),
        ),
      );
      return { x: values.slice(0, T), y: values.slice(1) };
    },
    key: ({ x }) => x.join(),
  });
  return { ...task, floor: noise ** 2 };
}
