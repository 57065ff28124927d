// Several networks taught the same thing, seed by seed: a row for each.
import { layer, type StackLayer } from "unrolled";
import { type Bench, type Row, seedsOf } from "./experiment.js";
import type { Bias } from "./gates.js";
import { type Learned, learn, type Recipe } from "./learn.js";
import { interval } from "./statistics.js";

export interface Contender {
  readonly name: string;
  readonly layers: readonly StackLayer[];
  /** First values of its biases, for a seed. */
  readonly bias?: (seed: number) => Bias;
}

/** What is taught; the contender brings the network. */
export interface Lesson extends Omit<Recipe, "net" | "seed" | "what"> {
  readonly net: Omit<Recipe["net"], "layers" | "bias">;
  /** The row's cells, of one seed. */
  readonly measure: (learned: Learned) => readonly number[];
}

/** The three cells that the lectures compare, one layer each. */
export const threeCells = (hidden: number): readonly Contender[] =>
  (["rnn", "gru", "lstm"] as const).map((cell) => ({ name: cell, layers: [layer({ cell, hidden })] }));

/** Teaches each contender with each seed. `lesson` makes it all anew for a seed. */
export async function* compare(
  bench: Bench,
  contenders: readonly Contender[],
  lesson: (seed: number) => Lesson,
): AsyncGenerator<Row> {
  for (const contender of contenders) {
    const measured: (readonly number[])[] = [];
    for (const seed of seedsOf(bench)) {
      const { net, measure, ...recipe } = lesson(seed);
      const { name, layers, bias } = contender;
      const learned = await learn(bench, {
        ...recipe,
        net: { ...net, layers, ...(bias && { bias: bias(seed) }) },
        seed,
        what: `${name}, seed ${seed}`,
      });
      measured.push(measure(learned));
      learned.close();
    }
    yield { name: contender.name, cells: measured[0].map((_, i) => interval(measured.map((row) => row[i]))) };
  }
}
