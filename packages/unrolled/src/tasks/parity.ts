// Parity: after each bit, whether the ones so far are odd. The network of the lecture has it in three hand-set units.
import { below, between, checkInteger, generatedTask, type Tagged, type TokenTask } from "./task.js";

export interface ParityOptions {
  /** Shortest and longest string of bits. */
  readonly minimum?: number;
  readonly length: number;
  readonly seed?: number;
}

/** Tokens and tags are "0" and "1"; every step is measured. Chance: 1/2, since each bit turns the answer or not. */
export function parityTask({ length, minimum = length, seed = 1 }: ParityOptions): TokenTask<Tagged> {
  checkInteger("parity.length", length, 1);
  checkInteger("parity.minimum", minimum, 1, length);
  const task = generatedTask<Tagged>({
    name: `parity ${minimum === length ? length : `${minimum}-${length}`}`,
    seed,
    chance: { measure: "accuracy", value: 1 / 2, predictor: "always the same answer" },
    draw: (random) => {
      const bits = Array.from({ length: between(random, minimum, length) }, () => below(random, 2));
      let odd = 0;
      const tags = bits.map((bit) => {
        odd ^= bit;
        return String(odd);
      });
      return { tokens: bits.map(String), tags, measured: bits.map((_, t) => t) };
    },
    key: ({ tokens }) => tokens.join(""),
  });
  return { ...task, tokens: ["0", "1"], answers: ["0", "1"] };
}
