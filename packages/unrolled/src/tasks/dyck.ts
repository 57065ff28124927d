// Dyck words: brackets of k kinds, well nested to a depth. After each symbol: which bracket has to close next?
import type { Draws } from "../draws.js";
import { below, checkInteger, generatedTask, type Tagged, type TokenTask } from "./task.js";

export interface DyckOptions {
  /** Kinds of brackets, 1 to 4: () [] {} <>. */
  readonly kinds?: number;
  /** Brackets open at once, at most. */
  readonly depth: number;
  /** Symbols in a word: even. */
  readonly length: number;
  readonly seed?: number;
}

const opening = ["(", "[", "{", "<"] as const;
const closing = [")", "]", "}", ">"] as const;

/**
 * Where both are allowed, opening and closing are equally likely; a new bracket is of each kind equally often. The tag is
 * the bracket that closes the innermost open one, or "-" where none is open. Chance: the likeliest tag, whose share is
 * counted exactly over all words.
 */
export function dyckTask({ kinds = 2, depth, length, seed = 1 }: DyckOptions): TokenTask<Tagged> {
  checkInteger("dyck.kinds", kinds, 1, opening.length);
  checkInteger("dyck.depth", depth, 1);
  checkInteger("dyck.length / 2", length / 2, 1);
  const none = shareOfEmpty(depth, length);
  const likeliest = Math.max(none, (1 - none) / kinds);
  const task = generatedTask<Tagged>({
    name: `dyck-${kinds} depth ${depth} length ${length}`,
    seed,
    chance: {
      measure: "accuracy",
      value: likeliest,
      predictor: likeliest === none ? "always: none is open" : "always the same bracket",
    },
    draw: (random) => drawWord(random, kinds, depth, length),
    key: ({ tokens }) => tokens.join(""),
  });
  return {
    ...task,
    tokens: [...opening.slice(0, kinds), ...closing.slice(0, kinds)],
    answers: ["-", ...closing.slice(0, kinds)],
  };
}

const mayOpen = (open: number, depth: number, left: number): boolean => open < depth && open + 1 <= left - 1;

function drawWord(random: Draws, kinds: number, depth: number, length: number): Tagged {
  const stack: number[] = [];
  const tokens: string[] = [];
  const tags: string[] = [];
  for (let left = length; left > 0; left--) {
    const open = mayOpen(stack.length, depth, left) && (stack.length === 0 || random.uniform() < 0.5);
    if (open) stack.push(below(random, kinds));
    const top = stack[stack.length - 1];
    tokens.push((open ? opening : closing)[top]);
    if (!open) stack.pop();
    tags.push(stack.length === 0 ? "-" : closing[stack[stack.length - 1]]);
  }
  return { tokens, tags, measured: tokens.map((_, t) => t) };
}

/** Expected share of the steps after which no bracket is open: the law of the number of open brackets, step by step. */
function shareOfEmpty(depth: number, length: number): number {
  let law = new Map([[0, 1]]);
  let empty = 0;
  for (let left = length; left > 0; left--) {
    const next = new Map<number, number>();
    const move = (open: number, p: number): Map<number, number> => next.set(open, (next.get(open) ?? 0) + p);
    for (const [open, p] of law) {
      const up = mayOpen(open, depth, left);
      if (up) move(open + 1, open === 0 ? p : p / 2);
      if (open > 0) move(open - 1, up ? p / 2 : p);
    }
    law = next;
    empty += law.get(0) ?? 0;
  }
  return empty / length;
}
