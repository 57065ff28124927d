// Translating by beam search with the library's translator: sentences of 13 to 30 tokens, each translation as long as its source.
import {
  type Device,
  draws,
  loadTranslator,
  readTranslator,
  type Translator,
  translating,
  translator,
  type Vocabulary,
} from "unrolled";
import type { Workload } from "../workloads.js";
import type { Task } from "./answer.js";

/** Lengths of the sentences; the peer has the same. */
const lengthOf = (sentence: number, longest: number): number => {
  const shortest = Math.ceil(longest * 0.43);
  return shortest + ((sentence * 7) % (longest - shortest + 1));
};

export function beamSearching(device: Device, w: Workload): Omit<Task, "detail"> {
  const { vocabulary: V, sequence, batch, beam = 5, sentences = 1000 } = w;
  const model = modelOf(device, w);
  const made = translating({ device, model, beam, batch, products: w.products ?? "f32" });
  const { uniform } = draws(7);
  const sources = Array.from({ length: sentences }, (_, i) =>
    Int32Array.from({ length: lengthOf(i, sequence) }, () => Math.floor(uniform() * V)),
  );
  return {
    work: sources.reduce((sum, { length }) => sum + length, 0),
    run() {
      const found = made.now(sources, { maximum: (length) => length });
      const short = found.findIndex(([best], i) => best.tokens.length !== sources[i].length);
      if (short >= 0) throw new Error(`beam search: sentence ${short} must be as long as its source`);
    },
  };
}

/** The model of the peer; its sentences end where they must, not before. */
function modelOf(device: Device, { vocabulary: V, hidden }: Workload): Translator {
  const words: Vocabulary = {
    kind: "word",
    tokens: Array.from({ length: V }, (_, i) => (i === 0 ? "<unk>" : `w${i}`)),
    unknown: 0,
  };
  const drawn = translator({
    source: words,
    target: words,
    embedding: hidden,
    encoder: [{ cell: "gru", hidden, direction: "both" }],
    decoder: [{ cell: "gru", hidden }],
    attention: "bahdanau",
    seed: 1,
  });
  const weights = readTranslator(drawn, device);
  weights.find(({ name }) => name === "head.bias")?.data.set([-10], V);
  return loadTranslator({ spec: drawn.spec, source: words, target: words, weights });
}
