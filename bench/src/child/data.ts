// Random ids and made-up vocabularies of any size. T time, N batch, V vocabulary.
import { type Chunks, draws, type LanguageModel, languageModel, streams, type Vocabulary } from "unrolled";
import type { Workload } from "../workloads.js";

/** V characters (newline first), or words where there are many. */
export function madeUpVocabulary(V: number): Vocabulary {
  if (V > 1000)
    return {
      kind: "word",
      tokens: Array.from({ length: V }, (_, i) => ["<unk>", "<eos>"][i] ?? `w${i}`),
      unknown: 0,
      end: 1,
    };
  return {
    kind: "char",
    tokens: Array.from({ length: V }, (_, i) => (i === 0 ? "\n" : String.fromCodePoint(0x20 + i))),
  };
}

/** Eight chunks of random ids, so that no branch predictor learns them by heart. */
export function randomChunks({ vocabulary: V, batch, sequence }: Workload): Chunks {
  const { uniform } = draws(7);
  return streams(
    Int32Array.from({ length: batch * (sequence * 8 + 1) + 1 }, () => Math.floor(uniform() * V)),
    { batch, sequence },
  );
}

export function modelOf({ vocabulary, cell, hidden, layers }: Workload): LanguageModel {
  return languageModel({
    vocabulary: madeUpVocabulary(vocabulary),
    cell,
    hidden: new Array<number>(layers).fill(hidden),
    embedding: hidden,
    seed: 1,
  });
}
