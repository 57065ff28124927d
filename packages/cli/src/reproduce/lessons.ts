// Learning to execute as lessons for a translator: curricula, the ways a program is read, and what is measured. Source: Zaremba &
// Sutskever 2014.
import {
  type Curriculum,
  type Difficulty,
  drawDifficulty,
  examples,
  firstStage,
  type GeneratedTask,
  nextStage,
  type Pair,
  programCharacters,
  programEnd,
  programTask,
  type Stage,
} from "unrolled/tasks";
import type { PairContender } from "./pair-rows.js";
import type { PairRecipe, Writer } from "./pairs.js";

export interface Execution {
  readonly name: string;
  readonly curriculum: Curriculum;
  readonly goal: Difficulty;
  /** Two numbers to be added, and nothing else. */
  readonly addition: boolean;
  /** The program is read from its end, twice, or both ways and looked back at while the answer is written (Bahdanau 2015). */
  readonly reversed?: boolean;
  readonly doubled?: boolean;
  readonly attention?: boolean;
  readonly size: ExecutionSize;
  /** Programs of the goal to measure with. */
  readonly tested: number;
}

export interface ExecutionSize {
  readonly cell: "lstm" | "gru";
  readonly layers: number;
  readonly hidden: number;
  readonly embedding: number;
  readonly batch: number;
  readonly rate: number;
  readonly steps: number;
  /** Steps between looks, after which a curriculum may go on. */
  readonly every: number;
}

/** The answer's stop is the translator's own end. */
const withoutStop = ({ source, target }: Pair, doubled: boolean): Pair => ({
  source: doubled ? source.slice(0, -programEnd.length) + source : source,
  target: target.slice(0, -1),
});

export const executionPairs = (execution: Execution, part: "validation" | "test", count: number): Pair[] =>
  examples(taskAt(execution, execution.goal, 9), part, count).map((pair) =>
    withoutStop(pair, execution.doubled ?? false),
  );

const taskAt = (
  { addition }: Execution,
  difficulty: Parameters<typeof programTask>[0]["difficulty"],
  seed: number,
): GeneratedTask<Pair> => programTask({ addition, difficulty, seed });

export function executionContender(execution: Execution): PairContender {
  const { name, curriculum, goal, addition, tested } = execution;
  const reached = { length: 0, nesting: 0 };
  return {
    name,
    lesson: (seed) => lessonOf(execution, seed, (now) => Object.assign(reached, now)),
    measure: (writer, seconds) => {
      const pairs = executionPairs(execution, "test", tested);
      const { length, nesting } = curriculum === "naive" || curriculum === "combined" ? reached : goal;
      const depth = addition ? [] : [nesting];
      return [writer.forced(pairs).accuracy, writer.free(pairs).exact, length, ...depth, seconds / 60];
    },
    samples: (writer) => executionSamples(writer, execution),
  };
}

/** Programs as Python has them, whichever way they were read. */
function executionSamples(writer: Writer, execution: Execution) {
  const plain = executionPairs({ ...execution, doubled: false }, "test", 6);
  const { written } = writer.free(executionPairs(execution, "test", 6));
  return plain.map(({ source, target }, i) => ({
    input: source.replace(programEnd, "").replaceAll("#", "; "),
    wanted: target,
    written: written[i],
  }));
}

function lessonOf(
  execution: Execution,
  seed: number,
  tell: (now: Difficulty) => void,
): Omit<PairRecipe, "seed" | "what"> {
  const { curriculum, goal, size, doubled = false } = execution;
  const stepwise = curriculum === "naive" || curriculum === "combined";
  let stage: Stage = firstStage;
  tell(stage.now);
  const task = taskAt(execution, (random) => drawDifficulty(curriculum, goal, stage, random), seed);
  const { batch, rate, steps, every } = size;
  return {
    net: executionNet(execution),
    letters: { source: programCharacters.join(""), target: "-0123456789" },
    steps,
    batch,
    rate,
    every,
    training: (i) => withoutStop(task.example("training", i), doubled),
    validation: () =>
      examples(taskAt(execution, stepwise ? stage.now : goal, 5), "validation", 2 * batch).map((pair) =>
        withoutStop(pair, doubled),
      ),
    looked: ({ accuracy }) => {
      stage = nextStage(stage, goal, accuracy);
      tell(stage.now);
      return false;
    },
  };
}

/** Layers read and as many write, from the states that reading left; or with attention, reading both ways. */
function executionNet({ attention = false, reversed = false, size }: Execution): PairRecipe["net"] {
  const { cell, layers, hidden, embedding } = size;
  const one = { cell, hidden };
  const stack = Array.from({ length: layers }, () => one);
  if (!attention) return { embedding, reversed, attention: "none", encoder: stack, decoder: stack, bridge: "copy" };
  const encoder = stack.map((each) => ({ ...each, direction: "both" as const }));
  return { embedding, attention: "bahdanau", encoder, decoder: stack, bridge: "final" };
}
