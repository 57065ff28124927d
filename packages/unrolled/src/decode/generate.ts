// Generation: a language model writes, one token at a time, feeding back what it wrote.
import type { Device, Words } from "../device/device.js";
import { draws } from "../draws.js";
import { compile, i32 } from "../graph/compile.js";
import { assign, reshape } from "../graph/ops/index.js";
import { evict } from "../graph/variable.js";
import { carriedStates, forward, type LanguageModel } from "../models/language-model.js";
import { noToken, startToken } from "../models/start-token.js";
import { decoder } from "../text/decode.js";
import { encode } from "../text/encode.js";
import { checkSampling, chooseToken, type SamplingOptions } from "./sampling.js";
import { zero } from "../models/evaluate.js";

export interface GenerateOptions extends SamplingOptions {
  readonly model: LanguageModel;
  readonly device: Device;
  /** What the model has read before it writes; where empty it begins a line. */
  readonly prompt?: string;
  /** Tokens to write; 500 where left out. */
  readonly length?: number;
  readonly seed?: number;
  /** Read tokens of the prompt that the vocabulary lacks as <unk>, or as nothing (the zero vector) where it has no <unk>. */
  readonly allowUnknown?: boolean;
}

/** One sequence being written: a frozen program for one step and its own states. */
export interface Writer {
  /** Reads one id and gives the logits [V] of the next; valid until the next call. */
  read(id: number): Words;
  reset(): void;
  /** To be called when the weights have changed. */
  refresh(): void;
  close(): void;
}

export function writer(device: Device, model: LanguageModel): Writer {
  const states = carriedStates(model.spec, 1);
  const program = compile(
    device,
    { x: i32(1, 1) },
    ({ x }) => {
      const { logits, states: after } = forward(model, x, states, { frozen: true });
      const carry = Object.entries(states).map(([name, v]) => assign(v, after[name]));
      return { outputs: { logits: reshape(logits, [model.spec.vocabulary]) }, updates: carry };
    },
    { frozen: true },
  );
  const x = new Int32Array(1);
  return {
    read(id) {
      x[0] = id;
      return program.run({ x }).logits;
    },
    reset: () => zero(device, states),
    refresh: () => program.refresh(),
    close() {
      program.close();
      for (const { storage } of Object.values(states)) evict(device, storage);
    },
  };
}

/**
 * Writes text piece by piece. <unk> is never written. Throws DataError for a prompt the vocabulary cannot read and SpecError
 * for sampling options that allow no token.
 */
export async function* generate(options: GenerateOptions): AsyncGenerator<string> {
  checkSampling(options);
  const made = writer(options.device, options.model);
  try {
    yield* write(made, options);
  } finally {
    made.close();
  }
}

/** The same with a writer that exists already. */
export function* write(made: Writer, options: Omit<GenerateOptions, "device">): Generator<string> {
  const { model, length = 500, seed = 1 } = options;
  const { vocabulary } = model;
  const prompt = options.prompt
    ? encode(vocabulary, options.prompt, { allowUnknown: options.allowUnknown ?? false, missing: noToken(vocabulary) })
    : new Int32Array();
  const banned = vocabulary.unknown === undefined ? undefined : new Set([vocabulary.unknown]);
  const text = decoder(vocabulary);
  const random = draws(seed);
  made.reset();
  let logits = prompt.length > 0 ? undefined : made.read(startToken(vocabulary));
  for (const id of prompt) {
    logits = made.read(id);
    if (id < vocabulary.tokens.length) text.push(id); // lets the decoder know what the text so far ends with
  }
  for (let i = 0; i < length; i++) {
    const id = chooseToken(logits as Words, options, random.uniform(), banned);
    const piece = text.push(id);
    if (piece) yield piece;
    if (i + 1 < length) logits = made.read(id);
  }
  const rest = text.end();
  if (rest) yield rest;
}
