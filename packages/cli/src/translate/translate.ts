// `unrolled translate`: sentences from arguments, a file or standard input, by beam search.
import { readFile, writeFile } from "node:fs/promises";
import {
  bannedOf,
  DataError,
  decode,
  encoder,
  type Hypothesis,
  linesOf,
  noToken,
  textOf,
  type Translator,
  translating,
} from "unrolled";
import type { Context } from "../context.js";
import type { DeviceRequest } from "../device-options.js";
import { exitCodes, UsageError } from "../exit.js";
import { harmless } from "../terminal/style.js";
import { type Alignment, alignmentSvg, drawAlignment } from "./draw.js";
import { openTranslator } from "./model.js";

export interface TranslateOptions extends DeviceRequest {
  readonly file?: string;
  readonly beam?: number;
  readonly nBest?: number;
  readonly normalization?: "none" | "gnmt" | "average";
  readonly alpha?: number;
  readonly coverage?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly batch?: number;
  readonly allowUnknown?: boolean;
  readonly attention?: boolean;
  readonly svg?: string;
  readonly json?: boolean;
}

/** Sentences that are read and written at once: answers come while more is read. */
const together = 256;

export async function translate(
  directory: string,
  texts: readonly string[],
  options: TranslateOptions,
  context: Context,
): Promise<number> {
  const sentences = await sentencesOf(texts, options.file);
  const { model, device } = await openTranslator(directory, options, context);
  if ((options.attention || options.svg !== undefined) && model.spec.attention === "none")
    throw new UsageError(`${directory}: must have attention to show it, has none`, { hint: "leave --attention out" });
  const beam = options.beam ?? 5;
  checkBeam(beam, model);
  const made = translating({ device, model, beam, batch: options.batch ?? 32 });
  try {
    const read = encoder(model.source);
    for (let from = 0; from < sentences.length; from += together) {
      const part = sentences.slice(from, from + together);
      const ids = part.map((text, i) => idsOf(read, text, from + i, model, options.allowUnknown ?? false));
      const found = await made.translate(ids, searchOptions(model, options), () => new Promise(setImmediate));
      for (const [i, own] of found.entries()) await show(model, part[i], ids[i], own, options, context);
    }
    return exitCodes.done;
  } finally {
    made.close();
    device.close();
  }
}

export function checkBeam(beam: number, { spec }: Translator): void {
  if (beam <= spec.target.vocabulary + 1) return;
  throw new UsageError(`--beam: must be at most the ${spec.target.vocabulary + 1} tokens there are, was ${beam}`, {
    hint: "5 to 12 are usual",
  });
}

function searchOptions(model: Translator, options: TranslateOptions) {
  const { nBest, normalization, alpha, coverage, minLength, maxLength } = options;
  return {
    ...(nBest !== undefined && { best: nBest }),
    ...(normalization !== undefined && { normalization }),
    ...(alpha !== undefined && { alpha }),
    ...(coverage !== undefined && { coverage }),
    ...(minLength !== undefined && { minimum: minLength }),
    ...(maxLength !== undefined && { maximum: maxLength }),
    ...bannedOf(model),
    attention: options.attention === true || options.svg !== undefined || options.json === true,
  };
}

function idsOf(
  read: ReturnType<typeof encoder>,
  text: string,
  index: number,
  { source }: Translator,
  allowUnknown: boolean,
): Int32Array {
  try {
    return read(text, { allowUnknown: allowUnknown || source.kind === "word", missing: noToken(source) });
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(`sentence ${index + 1}: ${error.message}`, {
      code: error.code,
      hint: "the model never saw it; --allow-unknown reads it as nothing",
    });
  }
}

async function sentencesOf(texts: readonly string[], file: string | undefined): Promise<readonly string[]> {
  if (texts.length > 0 && file !== undefined)
    throw new UsageError("--file: must not come with sentences as arguments", { hint: "choose one of the two" });
  if (texts.length > 0) return texts;
  const bytes = file === undefined ? await readInput() : new Uint8Array(await readFile(file));
  if (bytes.length === 0)
    throw new UsageError("translate: must be given at least one sentence, was given none", {
      hint: "sentences as arguments, --file FILE, or lines on standard input",
    });
  return linesOf(textOf(bytes, file ?? "standard input"));
}

async function readInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function show(
  model: Translator,
  text: string,
  ids: Int32Array,
  found: readonly Hypothesis[],
  options: TranslateOptions,
  { output }: Context,
): Promise<void> {
  if (options.json) {
    const hypotheses = found.map(({ tokens, score, logProbability, attention }) => ({
      text: decode(model.target, tokens),
      tokens: tokens.map((id) => model.target.tokens[id]),
      score,
      logProbability,
      ...(attention && { attention: attention.map((row) => Array.from(row)) }),
    }));
    await output.json({ type: "translation", source: text, sourceTokens: namesOf(model, ids), hypotheses });
  } else {
    const several = (options.nBest ?? 1) > 1;
    for (const { tokens, score } of found)
      await output.write(`${several ? `${score.toFixed(4)}\t` : ""}${harmless(decode(model.target, tokens))}\n`);
  }
  const drawn = alignmentOf(model, ids, found[0]);
  if (options.attention && !options.json && drawn) await output.write(drawAlignment(drawn));
  if (options.svg !== undefined && drawn) await writeFile(options.svg, alignmentSvg(drawn));
}

const namesOf = ({ source }: Translator, ids: Int32Array): string[] =>
  Array.from(ids, (id) => source.tokens[id] ?? "?");

function alignmentOf(model: Translator, ids: Int32Array, { tokens, attention }: Hypothesis): Alignment | undefined {
  if (!attention) return undefined;
  const target = [...tokens.map((id) => model.target.tokens[id]), ...(model.spec.ends ? ["(end)"] : [])];
  return { source: namesOf(model, ids), target, rows: attention };
}
