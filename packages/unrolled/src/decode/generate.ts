// Generation: a language model writes, one token at a time, feeding back what it wrote; many texts side by side.
// N sequences.
import type { Device } from "../device/device.js";
import { draws } from "../draws.js";
import { ShapeError } from "../errors.js";
import type { LanguageModel } from "../models/language-model.js";
import { noToken, opening } from "../models/start-token.js";
import { decoder } from "../text/decode.js";
import { encode } from "../text/encode.js";
import { checkSampling, type SamplingOptions } from "./sampling.js";
import { type Writer, writer } from "./writer.js";

interface WritingOptions extends SamplingOptions {
  readonly model: LanguageModel;
  /** Tokens to write; 500 where left out. */
  readonly length?: number;
  readonly seed?: number;
  /** Read tokens of the prompt that the vocabulary lacks as <unk>, or as nothing (the zero vector) where it has no <unk>. */
  readonly allowUnknown?: boolean;
}

export interface GenerateOptions extends WritingOptions {
  readonly device: Device;
  /** What the model has read before it writes; where empty it begins a line, or a document where the model learnt documents. */
  readonly prompt?: string;
}

export interface GenerateManyOptions extends WritingOptions {
  readonly device: Device;
  /** One text is written after each; text n is the one that seed + n gives alone. */
  readonly prompts: readonly string[];
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

/** Writes many texts side by side, which is faster than one after the other: the next pieces of all, "" where there is none. */
export async function* generateMany(options: GenerateManyOptions): AsyncGenerator<readonly string[]> {
  checkSampling(options);
  const made = writer(options.device, options.model, options.prompts.length);
  try {
    yield* writeMany(made, options);
  } finally {
    made.close();
  }
}

/** `generate` with a writer of one sequence that exists already. */
export function* write(made: Writer, options: Omit<GenerateOptions, "device">): Generator<string> {
  const { prompt = "", ...rest } = options;
  for (const [piece] of writeMany(made, { ...rest, prompts: [prompt] })) if (piece) yield piece;
}

/** `generateMany` with a writer of as many sequences as there are prompts. */
export function* writeMany(made: Writer, options: Omit<GenerateManyOptions, "device">): Generator<readonly string[]> {
  const { prompts, length = 500, seed = 1 } = options;
  if (prompts.length !== made.sequences)
    throw new ShapeError(`writeMany: must be given ${made.sequences} prompts, was ${prompts.length}`);
  const pages = prompts.map((prompt, n) => openPage(prompt, seed + n, length, options));
  const rows = Math.max(0, ...pages.map((page) => page.rows));
  made.begin(pages.map((page) => page.first));
  let block = Math.min(...pages.map((page) => page.rows - length)) + 1; // the first characters come at once
  for (let row = 0; row < rows; block *= 2) {
    const count = Math.min(block, made.mostRows, rows - row);
    const { ids } = made.advance(...rowsOf(pages, row, count), options);
    for (let i = 0; i < count; i++, row++) {
      const pieces = pages.map((page, n) => page.take(row, ids[i * pages.length + n]));
      if (pieces.some(isText)) yield pieces;
    }
  }
  const rest = pages.map((page) => page.end());
  if (rest.some(isText)) yield rest;
}

const isText = (piece: string): boolean => piece !== "";

/** What `count` rows from `row` on read, and their draws: [count,N] each. */
function rowsOf(pages: readonly Page[], row: number, count: number): [text: Int32Array, draws: Int32Array] {
  const N = pages.length;
  const [text, words] = [new Int32Array(count * N), new Int32Array(count * N)];
  for (let i = 0; i < count; i++)
    for (let n = 0; n < N; n++) {
      const id = pages[n].at(row + i);
      text[i * N + n] = id;
      if (id === chosen) words[i * N + n] = pages[n].draw();
    }
  return [text, words];
}

/** Stands for an id that is to be chosen. */
const chosen = -1;

/** One text: what is read before it, then as many rows as are chosen. */
interface Page {
  /** What the first step reads. */
  readonly first: number;
  readonly rows: number;
  /** What is read after row r: an id of the prompt, `chosen`, or nothing where the text is done. */
  at(row: number): number;
  /** The next draw, an unsigned 32-bit word as an i32. */
  draw(): number;
  /** The text that the id of this row completes. */
  take(row: number, id: number): string;
  end(): string;
}

function openPage(prompt: string, seed: number, length: number, { model, allowUnknown = false }: WritingOptions): Page {
  const { vocabulary, spec } = model;
  const missing = noToken(vocabulary);
  const prompted = prompt ? encode(vocabulary, prompt, { allowUnknown, missing }) : new Int32Array(0);
  const read = opening(prompted, vocabulary, spec.separator);
  const text = decoder(vocabulary);
  for (const id of prompted) if (id < missing) text.push(id); // lets the decoder know what the text so far ends with
  const random = draws(seed);
  const given = read.subarray(1);
  const rows = given.length + length;
  return {
    first: read[0],
    rows,
    at: (row) => (row < given.length ? given[row] : row < rows ? chosen : missing),
    draw: () => (random.uniform() * 2 ** 32) | 0,
    take: (row, id) => (row >= given.length && row < rows ? text.push(id) : ""),
    end: text.end,
  };
}
