// The copy memory task: ten symbols, T blanks, then the ten again. Source: Hochreiter & Schmidhuber 1997, in the form of
// Arjovsky, Shah & Bengio 2016.
import { checkInteger, generatedTask, pick, type Tagged, type TokenTask } from "./task.js";

export interface CopyMemoryOptions {
  /** T: blanks between the last symbol read and the first written, the mark among them. */
  readonly delay: number;
  /** Different symbols: 8. */
  readonly symbols?: number;
  /** Symbols to remember: 10. */
  readonly length?: number;
  readonly seed?: number;
}

/**
 * Tokens: `length` symbols, T-1 blanks "_", the mark ":", `length` blanks; tags: blanks up to the mark, then the symbols.
 * T + 2 length steps. Chance: blanks are foreseen and symbols guessed, length ln(symbols) / (T + 2 length) nats a step.
 */
export function copyMemoryTask(options: CopyMemoryOptions): TokenTask<Tagged> {
  const { delay: T, symbols = 8, length = 10, seed = 1 } = options;
  checkInteger("copyMemory.delay", T, 1);
  checkInteger("copyMemory.symbols", symbols, 2, 26);
  checkInteger("copyMemory.length", length, 1);
  const letters = Array.from({ length: symbols }, (_, i) => String.fromCharCode(97 + i));
  const steps = T + 2 * length;
  const blanks = (n: number): string[] => Array.from({ length: n }, () => "_");
  const task = generatedTask<Tagged>({
    name: `copy memory T=${T}`,
    seed,
    chance: {
      measure: "nats",
      value: (length * Math.log(symbols)) / steps,
      predictor: "blanks where blanks are due, then every symbol equally likely",
    },
    draw: (random) => {
      const said = Array.from({ length }, () => pick(random, letters));
      return {
        tokens: [...said, ...blanks(T - 1), ":", ...blanks(length)],
        tags: [...blanks(T + length), ...said],
        measured: Array.from({ length: steps }, (_, t) => t),
      };
    },
    key: ({ tokens }) => tokens.slice(0, length).join(""),
  });
  return { ...task, tokens: ["_", ":", ...letters], answers: ["_", ...letters] };
}
