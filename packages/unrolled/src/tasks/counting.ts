// Counting: a^n b^n and a^n b^n c^n, learnt to some n and tried beyond it. Source: Gers & Schmidhuber 2001.
import { checkInteger, generatedTask, type Part, pick, type Tagged, type TokenTask } from "./task.js";

export interface CountingOptions {
  /** 2: a^n b^n, 3: a^n b^n c^n. */
  readonly letters?: 2 | 3;
  /** Largest n of training; the test goes to twice as far. */
  readonly maximum: number;
  readonly seed?: number;
}

/**
 * The tag is the next symbol, "$" after the last; measured are the steps that counting decides: from the first b on. Every
 * fourth n up to `maximum` is for validation, the others from 2 on for training, and those above for the test.
 * Chance of a word being wholly right: 0, since each holds two different answers and a constant gives one.
 */
export function countingTask({ letters = 2, maximum, seed = 1 }: CountingOptions): TokenTask<Tagged> {
  checkInteger("counting.maximum", maximum, 4);
  checkInteger("counting.letters", letters, 2, 3);
  const range = (low: number, high: number): number[] => Array.from({ length: high - low + 1 }, (_, i) => low + i);
  const numbers: Readonly<Record<Part, readonly number[]>> = {
    training: range(2, maximum).filter((n) => n % 4 !== 0),
    validation: range(2, maximum).filter((n) => n % 4 === 0),
    test: range(maximum + 1, 2 * maximum),
  };
  const partOf = (key: string): Part =>
    Number(key) > maximum ? "test" : Number(key) % 4 === 0 ? "validation" : "training";
  const symbols = ["a", "b", "c"].slice(0, letters);
  const task = generatedTask<Tagged>({
    name: `counting ${symbols.map((s) => `${s}^n`).join(" ")} to ${maximum}`,
    seed,
    chance: { measure: "exact", value: 0, predictor: "always the same symbol" },
    draw: (random, part) => {
      const n = pick(random, numbers[part]);
      const tokens = symbols.flatMap((symbol) => Array.from({ length: n }, () => symbol));
      const tags = [...tokens.slice(1), "$"];
      return { tokens, tags, measured: tokens.map((_, t) => t).filter((t) => t >= n) };
    },
    key: ({ tokens }) => String(tokens.indexOf("b")),
    partOf,
  });
  return { ...task, tokens: symbols, answers: [...symbols.slice(1), "a", "$"] };
}
