// The probability of sentences: how the lecture chooses between "pair" and "pear".
import type { Device } from "../device/device.js";
import { encode } from "../text/encode.js";
import { startToken } from "./start-token.js";
import { evaluator } from "./evaluate.js";
import type { LanguageModel } from "./language-model.js";

export interface ScoredToken {
  readonly token: string;
  /** Nats. */
  readonly logProbability: number;
}

export interface ScoredSentence {
  readonly sentence: string;
  /** log P(sentence) in nats, the sum over its tokens. */
  readonly logProbability: number;
  readonly tokens: readonly ScoredToken[];
}

const sequence = 32;

/**
 * log P of each sentence from a zero state, in input order. The first token is predicted from the token that starts a text
 * (see `startToken`), or from the zero vector where there is none; a word sentence ends with <eos>. DataError
 * for a token the vocabulary lacks, unless `allowUnknown`.
 */
export async function scoreSentences(o: {
  readonly model: LanguageModel;
  readonly device: Device;
  readonly sentences: readonly string[];
  readonly allowUnknown?: boolean;
}): Promise<ScoredSentence[]> {
  const { model, device } = o;
  const { vocabulary } = model;
  const made = evaluator(device, model, { batch: 1, sequence });
  try {
    made.program.refresh();
    return o.sentences.map((sentence) => {
      const encoded = Array.from(encode(vocabulary, sentence, { allowUnknown: o.allowUnknown ?? false }));
      const ids =
        vocabulary.end === undefined || encoded[encoded.length - 1] === vocabulary.end
          ? encoded
          : [...encoded, vocabulary.end];
      const nats = natsOf(made, [startToken(vocabulary, model.spec.separator), ...ids]);
      const tokens = ids.map((id, i) => ({ token: vocabulary.tokens[id], logProbability: -nats[i] }));
      return { sentence, tokens, logProbability: tokens.reduce((sum, t) => sum + t.logProbability, 0) };
    });
  } finally {
    made.close();
  }
}

/** Nats of every id after the first, from a zero state. */
function natsOf(made: ReturnType<typeof evaluator>, ids: readonly number[]): number[] {
  made.reset();
  const nats: number[] = [];
  for (let from = 0; from < ids.length - 1; from += sequence) {
    const count = Math.min(sequence, ids.length - 1 - from);
    const x = Int32Array.from({ length: sequence }, (_, t) => (t < count ? ids[from + t] : -1));
    const y = Int32Array.from({ length: sequence }, (_, t) => (t < count ? ids[from + t + 1] : -1));
    nats.push(...Array.from(made.program.run({ x, y }).each).slice(0, count));
  }
  return nats;
}
