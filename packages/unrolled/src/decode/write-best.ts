// The likeliest texts by beam search: of a language model after a prompt, of a labelled writer for a label.
import type { Device } from "../device/device.js";
import { compile, f32, i32 } from "../graph/compile.js";
import { reshape } from "../graph/ops/index.js";
import { evict, writeVariable } from "../graph/variable.js";
import { zero } from "../models/evaluate.js";
import { type LabelledWriter, writerCarried, writerForward, writerStates } from "../models/labelled-writer.js";
import { carriedStates, forward, type LanguageModel } from "../models/language-model.js";
import { noToken, opening } from "../models/start-token.js";
import { decode } from "../text/decode.js";
import { encode } from "../text/encode.js";
import type { Vocabulary } from "../text/vocabulary.js";
import { type BeamOptions, beamSearch } from "./beam.js";
import { rowSteps } from "./beam-rows.js";
import { startValues } from "./labelled.js";

export interface BestTextOptions extends Omit<BeamOptions, "maximum" | "prefix" | "attention" | "coverage"> {
  readonly device: Device;
  /** Tokens to write, at most; 500 for a language model and 200 for a labelled writer where left out. */
  readonly length?: number;
  /** What every text begins with. Unlike a prompt it counts in the text, its length and its score. */
  readonly prefix?: string;
  /** Read tokens of prompt and prefix that the vocabulary lacks as <unk>, or as nothing where it has none. */
  readonly allowUnknown?: boolean;
}

export interface WriteBestOptions extends BestTextOptions {
  readonly model: LanguageModel;
  /** What the model has read before it writes. */
  readonly prompt?: string;
  /** Id of the token that ends a text; the separator of a model of documents where left out, else texts all have the full length. */
  readonly end?: number;
}

export interface WriteBestLabelledOptions extends BestTextOptions {
  readonly model: LabelledWriter;
  /** A label that the model knows, or a vector as wide as its start. */
  readonly start: string | ArrayLike<number>;
}

export interface BestText {
  /** Without the end. */
  readonly text: string;
  readonly tokens: readonly number[];
  /** Sum over the tokens, and the end where there is one. */
  readonly logProbability: number;
  /** What the texts are ranked by. */
  readonly score: number;
}

/**
 * The `best` likeliest texts that the search finds, best first. <unk> is never written. SpecError for options that can find nothing,
 * DataError for a prompt or prefix the vocabulary cannot read.
 */
export function writeBest(options: WriteBestOptions): readonly BestText[] {
  const { device, model, prompt = "", length = 500, beam, allowUnknown = false } = options;
  const { vocabulary, spec } = model;
  const read = prompt ? encode(vocabulary, prompt, { allowUnknown, missing: noToken(vocabulary) }) : new Int32Array(0);
  const given = opening(read, vocabulary, spec.separator);
  const states = carriedStates(spec, beam);
  const made = rowSteps(device, {
    beam,
    states,
    forward(ids, before) {
      const { logits, states: after } = forward(model, reshape(ids, [1, beam]), before, { frozen: true });
      return { logits: reshape(logits, [beam, spec.vocabulary]), states: after };
    },
  });
  try {
    zero(device, states);
    for (const id of given.subarray(0, -1)) made.read(id);
    const start = given[given.length - 1];
    const end = options.end ?? spec.separator ?? -1;
    return found(vocabulary, { start, end, step: made.step }, { ...options, length });
  } finally {
    made.close();
    for (const { storage } of Object.values(states)) evict(device, storage);
  }
}

/** The same of a labelled writer, whose texts end with its END. DataError `label-unknown` or `start-width` as in `writeLabelled`. */
export function writeBestLabelled(options: WriteBestLabelledOptions): readonly BestText[] {
  const { device, model, length = 200, beam } = options;
  const { spec, vocabulary } = model;
  const V = spec.vocabulary;
  const one = startValues(model, options.start);
  const every = Array.from({ length: beam }, () => Array.from(one)).flat();
  const start = spec.start.kind === "label" ? i32(beam) : f32(beam, spec.start.width);
  const states = writerCarried(spec, beam);
  const made = rowSteps(device, {
    beam,
    states,
    inputs: { start: { spec: start, values: every } },
    forward(ids, before, inputs) {
      const input = { ids: reshape(ids, [1, beam]), start: inputs.start };
      const { logits, states: after } = writerForward(model, input, before, { frozen: true });
      return { logits: reshape(logits, [beam, V + 1]), states: after };
    },
  });
  try {
    zero(device, states);
    if (spec.use !== "input") {
      const begin = compile(device, { start }, (inputs) => ({ outputs: writerStates(model, inputs.start) }));
      const begun = begin.run({ start: every }) as Readonly<Record<string, ArrayLike<number>>>;
      for (const [name, values] of Object.entries(begun)) writeVariable(device, states[name], values);
      begin.close();
    }
    return found(vocabulary, { start: V, end: V, step: made.step }, { ...options, length });
  } finally {
    made.close();
    for (const { storage } of Object.values(states)) evict(device, storage);
  }
}

function found(
  vocabulary: Vocabulary,
  model: Parameters<typeof beamSearch>[0],
  options: BestTextOptions & { readonly length: number },
): readonly BestText[] {
  const { prefix = "", allowUnknown = false, length, banned, ...search } = options;
  const first = prefix ? encode(vocabulary, prefix, { allowUnknown, missing: noToken(vocabulary) }) : undefined;
  const { unknown } = vocabulary;
  const never = unknown === undefined ? banned : new Set([...(banned ?? []), unknown]);
  const [results] = beamSearch(model, 1, {
    ...search,
    maximum: length,
    ...(first && { prefix: first }),
    ...(never && { banned: never }),
  });
  return results.map(({ tokens, logProbability, score }) => {
    return {
      text: decode(
        vocabulary,
        tokens.filter((id) => id < vocabulary.tokens.length),
      ),
      tokens,
      logProbability,
      score,
    }; // prettier-ignore
  });
}
