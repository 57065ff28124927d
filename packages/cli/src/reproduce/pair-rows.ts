// Several translators taught the same thing, seed by seed: a row for each.
import { type Bench, type Row, type Sample, seedsOf } from "./experiment.js";
import { learnPairs, type PairRecipe, type Writer } from "./pairs.js";
import { interval } from "./statistics.js";

export interface PairContender {
  readonly name: string;
  readonly lesson: (seed: number) => Omit<PairRecipe, "seed" | "what">;
  /** The row's cells, of one seed; `seconds` is what its lesson took. */
  readonly measure: (writer: Writer, seconds: number, seed: number) => readonly number[];
  readonly samples?: (writer: Writer, seed: number) => readonly Sample[];
}

/** Teaches each contender with each seed. */
export async function* comparePairs(bench: Bench, contenders: readonly PairContender[]): AsyncGenerator<Row> {
  for (const { name, lesson, measure, samples } of contenders) {
    const measured: (readonly number[])[] = [];
    let shown: readonly Sample[] | undefined;
    for (const seed of seedsOf(bench)) {
      const began = bench.clock();
      const writer = await learnPairs(bench, { ...lesson(seed), seed, what: `${name}, seed ${seed}` });
      measured.push(measure(writer, (bench.clock() - began) / 1000, seed));
      shown ??= samples?.(writer, seed);
      writer.close();
    }
    const cells = measured[0].map((_, i) => interval(measured.map((row) => row[i])));
    yield { name, cells, ...(shown && { samples: shown }) };
  }
}

/** What a writer makes of some pairs. */
export const samplesOf = (writer: Writer, pairs: readonly { source: string; target: string }[]): Sample[] => {
  const { written } = writer.free(pairs);
  return pairs.map(({ source, target }, i) => ({ input: source, wanted: target, written: written[i] }));
};

/** Attention or none: a bidirectional GRU reads where there is one, a GRU forward where there is not. */
export function gruNet(options: {
  readonly hidden: number;
  readonly embedding: number;
  readonly attention: boolean;
  readonly ends: boolean;
}): PairRecipe["net"] {
  const { hidden, embedding, attention, ends } = options;
  const size = { cell: "gru", hidden } as const;
  return {
    embedding,
    ends,
    attention: attention ? "general" : "none",
    feeding: false,
    encoder: [{ ...size, direction: "both" }],
    decoder: [size],
    bridge: "final",
  };
}
