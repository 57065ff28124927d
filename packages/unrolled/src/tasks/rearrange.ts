// Copy, reverse, sort: what a network that reads all before it writes must be able to do.
import { between, checkInteger, type GeneratedTask, generatedTask, type Pair, pick } from "./task.js";

export interface RearrangeOptions {
  readonly manner: "copy" | "reverse" | "sort";
  /** Shortest and longest. */
  readonly minimum?: number;
  readonly length: number;
  /** Different letters, from a on. */
  readonly letters?: number;
  readonly seed?: number;
}

/** Letters to the same letters, in another order. Chance: one letter in `letters`, since each is as frequent as any. */
export function rearrangeTask(options: RearrangeOptions): GeneratedTask<Pair> {
  const { manner, length, minimum = 1, letters = 26, seed = 1 } = options;
  checkInteger("rearrange.length", length, 1);
  checkInteger("rearrange.minimum", minimum, 1, length);
  checkInteger("rearrange.letters", letters, 2, 26);
  const alphabet = Array.from({ length: letters }, (_, i) => String.fromCharCode(97 + i));
  return generatedTask<Pair>({
    name: `${manner} ${minimum}-${length}`,
    seed,
    chance: { measure: "accuracy", value: 1 / letters, predictor: "always the same letter" },
    draw: (random) => {
      const source = Array.from({ length: between(random, minimum, length) }, () => pick(random, alphabet));
      return { source: source.join(""), target: rearrange(manner, source).join("") };
    },
    key: ({ source }) => source,
  });
}

function rearrange(manner: RearrangeOptions["manner"], letters: readonly string[]): readonly string[] {
  switch (manner) {
    case "copy":
      return letters;
    case "reverse":
      return letters.toReversed();
    case "sort":
      return letters.toSorted();
    default:
      return manner satisfies never;
  }
}
