// `unrolled translate`: sentences from arguments, a file or standard input, by beam search.
import { randomInt } from "node:crypto";
import { writeFile } from "node:fs/promises";
import {
  bannedOf,
  DataError,
  decode,
  encoder,
  type Hypothesis,
  linesOf,
  noToken,
  textOf,
  type Translating,
  type Translator,
  translating,
  unseenTokens,
  type Vocabulary,
} from "unrolled";
import type { Context } from "../context.js";
import type { DeviceRequest } from "../device-options.js";
import { exitCodes, UsageError } from "../exit.js";
import { readBytes } from "../data.js";
import { plural, quoted } from "../format.js";
import { checkSearch, type DrawingOptions, draws, prefixIds, type SearchOptions, searchSettings } from "../search.js";
import { harmless } from "../terminal/style.js";
import { type Alignment, alignmentSvg, drawAlignment } from "./draw.js";
import { openTranslator } from "./model.js";

export interface TranslateOptions extends DeviceRequest, SearchOptions, DrawingOptions {
  readonly file?: string;
  readonly batch?: number;
  readonly precision?: "f32" | "bf16";
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
  const drawn = draws(options);
  const beam = drawn ? 1 : (options.beam ?? 5);
  checkSearch(options, beam, model.spec.target.vocabulary + 1);
  if (drawn) refuseDrawn(options);
  const search = drawn ? drawingOf(model, options) : searchOf(model, options);
  const { batch = 32, precision = "f32" } = options;
  const made = translating({ device, model, beam, batch, products: precision });
  try {
    const read = encoder(model.source);
    const watch = openWatch(model);
    for (let from = 0; from < sentences.length; from += together) {
      const part = sentences.slice(from, from + together);
      const ids = part.map((text, i) => idsOf(read, text, from + i, model, options.allowUnknown ?? false));
      for (const [i, text] of part.entries()) watch.look(text, ids[i], from + i + 1);
      const found = await search(made, ids, from);
      for (const [i, own] of found.entries()) await show(model, part[i], ids[i], own, options, context);
    }
    const unread = watch.found();
    if (unread !== undefined) await context.people.write(`note: ${unread}\n`);
    return exitCodes.done;
  } finally {
    made.close();
    device.close();
  }
}

/** Writes what these sources mean; `from` is the number of the first among all. */
type Search = (
  made: Translating,
  ids: readonly Int32Array[],
  from: number,
) => Promise<readonly (readonly Hypothesis[])[]>;

const pause = (): Promise<void> => new Promise(setImmediate);

function searchOf(model: Translator, options: TranslateOptions): Search {
  const prefix = prefixIds(model.target, options.prefix);
  const settings = {
    ...searchSettings(options),
    ...lengthsOf(options, prefix),
    ...bannedOf(model),
    attention: options.attention === true || options.svg !== undefined || options.json === true,
  };
  return (made, ids) => made.translate(ids, settings, pause);
}

function drawingOf(model: Translator, options: TranslateOptions): Search {
  const { temperature, topK, topP, count = 1, minLength } = options;
  const prefix = prefixIds(model.target, options.prefix);
  const seed = options.seed ?? randomInt(2 ** 32);
  const settings = {
    ...(temperature !== undefined && { temperature }),
    ...(topK !== undefined && { topK }),
    ...(topP !== undefined && { topP }),
    ...(minLength !== undefined && { minimum: minLength }),
    ...lengthsOf(options, prefix),
    count,
  };
  return (made, ids, from) => made.draw(ids, { ...settings, seed: seed + from * count }, pause);
}

/** A prefix that is longer than a translation may be by default makes room for itself. */
function lengthsOf({ maxLength, prefix: text }: TranslateOptions, prefix: Int32Array | undefined) {
  if (maxLength !== undefined && prefix && prefix.length > maxLength)
    throw new UsageError(
      `--prefix: must have at most --max-length ${maxLength} tokens, ${quoted(text ?? "")} has ${prefix.length}`,
      {
        hint: `--max-length ${2 * prefix.length}`,
      },
    );
  const room = prefix?.length ?? 0;
  return {
    maximum: maxLength ?? ((source: number): number => Math.max(2 * source + 10, room)),
    ...(prefix && { prefix }),
  };
}

/** What a drawn translation has none of. */
function refuseDrawn({ attention, svg }: TranslateOptions): void {
  const flag = attention ? "--attention" : svg !== undefined ? "--svg" : undefined;
  if (flag !== undefined)
    throw new UsageError(`${flag}: must come with a search, not with tokens that are drawn`, { hint: "leave it out" });
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

/** Looks for sentences with tokens that a model never saw; what it found is one line for people. */
function openWatch({ source, spec }: Translator) {
  const unseen = new Set([...unseenTokens(spec), source.unknown, noToken(source)]);
  let [sentences, first] = [0, ""];
  return {
    look(text: string, ids: Int32Array, number: number): void {
      if (!ids.some((id) => unseen.has(id))) return;
      if (sentences++ === 0) first = `${number} ${quoted(text)}`;
    },
    found: (): string | undefined =>
      sentences === 0
        ? undefined
        : `${plural(sentences, "sentence has", "sentences have")} tokens that the model never saw in training: sentence ${first}`,
  };
}

async function sentencesOf(texts: readonly string[], file: string | undefined): Promise<readonly string[]> {
  if (texts.length > 0 && file !== undefined)
    throw new UsageError("--file: must not come with sentences as arguments", { hint: "choose one of the two" });
  if (texts.length > 0) return texts;
  const bytes = file === undefined ? await readInput() : await readBytes(file);
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
    const several = Math.max(options.nBest ?? 1, options.count ?? 1) > 1;
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
  const target = [...tokens.map((id) => readable(model.target, id)), ...(model.spec.ends ? ["(end)"] : [])];
  return { source: Array.from(ids, (id) => readable(model.source, id)), target, rows: attention };
}

/** A token as people write it: a byte-pair token without its mark of a space. The token itself where it is half a letter. */
function readable(vocabulary: Vocabulary, id: number): string {
  const token = vocabulary.tokens[id];
  if (token === undefined) return "?";
  const text = decode(vocabulary, [id]);
  return text === "" || text.includes("\ufffd") ? token : text.trim() || text;
}
