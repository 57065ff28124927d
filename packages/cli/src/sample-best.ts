// `unrolled sample --beam`: the likeliest texts, of a language model after a prompt or of a labelled writer for a label.
import {
  type BestText,
  type BestTextOptions,
  type Device,
  type LabelledWriter,
  type LanguageModel,
  noToken,
  type Vocabulary,
  writeBest,
  writeBestLabelled,
} from "unrolled";
import type { Context } from "./context.js";
import { UsageError } from "./exit.js";
import { quoted } from "./format.js";
import type { SampleOptions } from "./options.js";
import { checkSearch, prefixIds, searchSettings } from "./search.js";
import { harmless } from "./terminal/style.js";

export type BestSampleOptions = SampleOptions & { readonly beam: number };

export async function sampleBest(
  model: LanguageModel,
  device: Device,
  options: BestSampleOptions,
  context: Context,
): Promise<void> {
  const { prompt = "", end } = options;
  checkSearch(options, options.beam, noToken(model.vocabulary));
  const found = writeBest({
    ...textOptions(model.vocabulary, device, options),
    model,
    prompt,
    ...(end !== undefined && { end: endOf(model.vocabulary, end) }),
  });
  await showBest(found, { prompt }, options, context);
}

export async function sampleBestLabelled(
  model: LabelledWriter,
  device: Device,
  start: string | readonly number[],
  options: BestSampleOptions,
  context: Context,
): Promise<void> {
  if (options.end !== undefined)
    throw new UsageError("--end: must be left out: texts of this model have an end of their own", {
      hint: "leave it out",
    });
  checkSearch(options, options.beam, noToken(model.vocabulary) + 1);
  const found = writeBestLabelled({ ...textOptions(model.vocabulary, device, options), model, start });
  await showBest(found, typeof start === "string" ? { label: start } : { vector: start }, options, context);
}

function textOptions(vocabulary: Vocabulary, device: Device, options: BestSampleOptions): BestTextOptions {
  const { beam, length, prefix, allowUnknown } = options;
  prefixIds(vocabulary, prefix);
  if (length !== undefined) checkSearch({ ...options, maxLength: length }, beam, Number.POSITIVE_INFINITY);
  const { prefix: _, ...settings } = searchSettings(options);
  return {
    ...settings,
    device,
    beam,
    ...(length !== undefined && { length }),
    ...(prefix !== undefined && { prefix }),
    ...(allowUnknown !== undefined && { allowUnknown }),
  };
}

/** The id of the token that `--end` names; "\\n" is a newline. */
function endOf(vocabulary: Vocabulary, name: string): number {
  const token = name === "\\n" ? "\n" : name;
  const id = vocabulary.kind === "byte" ? byteOf(token) : vocabulary.tokens.indexOf(token);
  const wordEnd = token === "\n" ? vocabulary.end : undefined;
  if (id >= 0 || wordEnd !== undefined) return id >= 0 ? id : (wordEnd as number);
  throw new UsageError(`--end: must be one token of the model, was ${quoted(name)}`, {
    hint: "one character of a character model, one word of a word model; \\n is the end of a line",
  });
}

const byteOf = (token: string): number => {
  const bytes = new TextEncoder().encode(token);
  return bytes.length === 1 ? (bytes[0] as number) : -1;
};

async function showBest(
  found: readonly BestText[],
  start: { readonly prompt: string } | { readonly label: string } | { readonly vector: readonly number[] },
  { nBest = 1, json }: BestSampleOptions,
  { output }: Context,
): Promise<void> {
  for (const [i, { text, score, logProbability, tokens }] of found.entries()) {
    if (output.closed) return;
    if (json)
      await output.json({
        type: "sample",
        sample: i + 1,
        ...start,
        text,
        score,
        logProbability,
        tokens: tokens.length,
      });
    else {
      const shown = output.isTerminal ? harmless(text) : text;
      const prompt = "prompt" in start ? (output.isTerminal ? harmless(start.prompt) : start.prompt) : "";
      const head = nBest > 1 ? `${i > 0 ? "\n" : ""}--- ${i + 1} (score ${score.toFixed(4)})\n` : "";
      await output.write(`${head}${prompt}${shown}\n`);
    }
  }
}
