// The n-gram model of the training text, and the line it adds to every evaluation.
import { bestNgram, type Corpus, firstIds, type Ids, type Ngram, ngramScorer } from "unrolled";
import type { Baseline } from "./reporter.js";

const longest = 6;

/** Ids of a long text that are counted, and that are read of its held-out part; the rest would take minutes and gigabytes. */
export const counted = { training: 1 << 24, heldOut: 1 << 22 } as const;

function baselineOf(nats: number, order: number, tokens: number): Baseline {
  return { n: order + 1, nats, bitsPerToken: nats / Math.LN2, perplexity: Math.exp(nats), tokens };
}

export interface CountedNgram {
  readonly model: Ngram;
  readonly baseline: Baseline;
}

/**
 * Counts the training text, keeps the length up to 6 that predicts the held-out text best; of long texts only the beginning of
 * either. Undefined where none is held out.
 */
export function countNgrams(
  { training, validation, vocabulary }: Corpus<Ids>,
  most = counted,
): CountedNgram | undefined {
  if (validation.length < 2) return undefined;
  const learnt = firstIds(training, most.training);
  const heldOut = firstIds(validation, most.heldOut);
  const { model, nats } = bestNgram(learnt, heldOut, {
    vocabularySize: vocabulary.tokens.length,
    order: longest - 1,
  });
  const baseline = baselineOf(nats, model.order, heldOut.length - 1);
  const all = learnt.length === training.length && heldOut.length === validation.length;
  return { model, baseline: all ? baseline : { ...baseline, countedOn: learnt.length } };
}

/** The same n-gram model on another text. */
export function readWithNgrams(model: Ngram, ids: Int32Array): Baseline {
  const nats = ngramScorer(model).nats(ids);
  return baselineOf(nats[model.order], model.order, ids.length - 1);
}
