// Temporal order: in a long noise, an X or Y early and an X or Y later; which two, in which order? Source: Hochreiter &
// Schmidhuber 1997, experiment 6a (there T = 100, the first at 10-20, the second at 50-60).
import { between, checkInteger, generatedTask, type Labelled, pick, type TokenTask } from "./task.js";

export interface TemporalOrderOptions {
  /** T; sequences are T to 1.1 T long. */
  readonly length: number;
  readonly seed?: number;
}

const noise = ["a", "b", "c", "d"] as const;

/** Tokens: E, noise of a b c d with the two signs in it, B. Labels XX, XY, YX, YY. Chance: 1/4. */
export function temporalOrderTask({ length: T, seed = 1 }: TemporalOrderOptions): TokenTask<Labelled> {
  checkInteger("temporalOrder.length", T, 10);
  const answers = ["XX", "XY", "YX", "YY"] as const;
  const tenth = Math.floor(T / 10);
  const task = generatedTask<Labelled>({
    name: `temporal order T=${T}`,
    seed,
    chance: { measure: "accuracy", value: 1 / 4, predictor: "always the same of the four" },
    draw: (random) => {
      const label = pick(random, answers);
      const tokens: string[] = Array.from({ length: between(random, T, T + tenth) }, () => pick(random, noise));
      tokens[0] = "E";
      tokens[tokens.length - 1] = "B";
      tokens[between(random, tenth, 2 * tenth)] = label[0];
      tokens[between(random, 5 * tenth, 6 * tenth)] = label[1];
      return { tokens, label };
    },
    key: ({ tokens }) => tokens.join(""),
  });
  return { ...task, tokens: ["E", "B", "X", "Y", ...noise], answers };
}
