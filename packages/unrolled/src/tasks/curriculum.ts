// The order of difficulty in learning to execute: four strategies as pure functions. Source: Zaremba & Sutskever 2014,
// section 4.
import type { Draws } from "../draws.js";
import type { Difficulty } from "./programs.js";
import { between } from "./task.js";

/** The goal at once; step by step to the goal; any difficulty up to the goal; one example in five mixed, else stepwise. */
export const curricula = ["baseline", "naive", "mix", "combined"] as const;
export type Curriculum = (typeof curricula)[number];

/** Where a run stands: the difficulty of the naive strategy now, and what its validation has been. */
export interface Stage {
  readonly now: Difficulty;
  readonly best: number;
  /** Validations since the best one. */
  readonly waited: number;
}

export const firstStage: Stage = { now: { length: 1, nesting: 1 }, best: 0, waited: 0 };

/** The difficulty of the next example. */
export function drawDifficulty(curriculum: Curriculum, goal: Difficulty, { now }: Stage, random: Draws): Difficulty {
  switch (curriculum) {
    case "baseline":
      return goal;
    case "naive":
      return now;
    case "mix":
      return mixed(goal, random);
    case "combined":
      return random.uniform() < 1 / 5 ? mixed(goal, random) : now;
    default:
      return curriculum satisfies never;
  }
}

const mixed = (goal: Difficulty, random: Draws): Difficulty => ({
  length: between(random, 1, goal.length),
  nesting: between(random, 1, goal.nesting),
});

/**
 * The stage after a validation at the present difficulty: harder above an accuracy of .95, or when `patience` validations
 * brought no gain. Longer numbers first; at the goal's length one level deeper, with short numbers again.
 */
export function nextStage(stage: Stage, goal: Difficulty, accuracy: number, patience = 3): Stage {
  const waited = accuracy > stage.best ? 0 : stage.waited + 1;
  if (accuracy <= 0.95 && waited < patience) return { ...stage, best: Math.max(stage.best, accuracy), waited };
  return { now: harder(stage.now, goal), best: 0, waited: 0 };
}

function harder({ length, nesting }: Difficulty, goal: Difficulty): Difficulty {
  if (length < goal.length) return { length: length + 1, nesting };
  return nesting < goal.nesting ? { length: 1, nesting: nesting + 1 } : { length, nesting };
}
