// Generated examples as sequences of numbers.
import type { Labelled, Tagged, TokenTask } from "unrolled/tasks";
import type { Sequence } from "./net.js";

const indexOf = (list: readonly string[]): ((token: string) => number) => {
  const ids = new Map(list.map((token, i) => [token, i]));
  return (token) => ids.get(token) ?? -1;
};

type Symbols = Pick<TokenTask<unknown>, "tokens" | "answers">;

/** One answer after the last step. */
export function labelEncoder({ tokens, answers }: Symbols): (example: Labelled) => Sequence {
  const [id, answer] = [indexOf(tokens), indexOf(answers)];
  return (e) => ({
    steps: e.tokens.length,
    input: Int32Array.from(e.tokens, id),
    target: Int32Array.of(answer(e.label)),
  });
}

/** An answer at each step; all are learnt, the measured ones count. */
export function tagEncoder({ tokens, answers }: Symbols): (example: Tagged) => Sequence {
  const [id, answer] = [indexOf(tokens), indexOf(answers)];
  return (e) => ({
    steps: e.tokens.length,
    input: Int32Array.from(e.tokens, id),
    target: Int32Array.from(e.tags, answer),
    measured: e.measured,
  });
}
