// The n-gram model of the training text, and the line it adds to every evaluation.
import { bestNgram, type Corpus, type Ngram, ngramScorer } from "unrolled";
import type { Baseline } from "./reporter.js";

const longest = 6;

function baselineOf(nats: number, order: number, tokens: number): Baseline {
  return { n: order + 1, nats, bitsPerToken: nats / Math.LN2, perplexity: Math.exp(nats), tokens };
}

export interface CountedNgram {
  readonly model: Ngram;
  readonly baseline: Baseline;
}

/** Counts the training text, keeps the length up to 6 that predicts the held-out text best. Undefined where none is held out. */
export function countNgrams({ training, validation, vocabulary }: Corpus): CountedNgram | undefined {
  if (validation.length < 2) return undefined;
  const { model, nats } = bestNgram(training, validation, {
    vocabularySize: vocabulary.tokens.length,
    order: longest - 1,
  });
  return { model, baseline: baselineOf(nats, model.order, validation.length - 1) };
}

/** The same n-gram model on another text. */
export function readWithNgrams(model: Ngram, ids: Int32Array): Baseline {
  const nats = ngramScorer(model).nats(ids);
  return baselineOf(nats[model.order], model.order, ids.length - 1);
}
