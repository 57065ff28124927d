// Translating any number of sentences: those of about one length together, results in the order of the sentences.
import type { Device, Products } from "../device/device.js";
import { SpecError } from "../errors.js";
import type { Translator } from "../models/translator.js";
import type { BeamOptions, Hypothesis } from "./beam.js";
import { type TranslatorProgram, translatorProgram } from "./translate.js";
import { checkDraw, type Drawing, type DrawOptions, translatorDrawing } from "./translator-draw.js";
import { tokenProducts } from "./translator-place.js";

export interface TranslatingOptions {
  readonly device: Device;
  readonly model: Translator;
  /** K; 1 is greedy. Default 1. */
  readonly beam?: number;
  /** Sentences side by side. Default 32. */
  readonly batch?: number;
  /** How matrices are multiplied: f32 where left out; bf16 is faster where the device has it, and its scores are good to three digits. */
  readonly products?: Products;
}

export interface TranslateOptions extends Omit<BeamOptions, "beam" | "maximum"> {
  /** Tokens at most, or how many for a source of so many; twice the source and ten more where left out. */
  readonly maximum?: number | ((source: number) => number);
}

/** Programs for a model, kept from call to call. */
export interface Translating {
  /** The same as `translate`, at once. */
  now(sources: readonly Int32Array[], options?: TranslateOptions): readonly (readonly Hypothesis[])[];
  translate(
    sources: readonly Int32Array[],
    options?: TranslateOptions,
    pause?: () => Promise<void>,
  ): Promise<readonly (readonly Hypothesis[])[]>;
  /** Translations by chance, `count` of each source. The end is barred before the minimum length, which raises what remains. */
  draw(
    sources: readonly Int32Array[],
    options?: DrawOptions & Pick<TranslateOptions, "maximum">,
    pause?: () => Promise<void>,
  ): Promise<readonly (readonly Hypothesis[])[]>;
  /** To be called when the weights have changed. */
  refresh(): void;
  close(): void;
}

/** Sources are run with their length rounded up to a multiple of this: few programs, and the same bits whatever lies beside. */
const stride = 16;

export function translating({
  device,
  model,
  beam = 1,
  batch = 32,
  products = "f32",
}: TranslatingOptions): Translating {
  if (!Number.isInteger(batch) || batch < 1)
    throw new SpecError(`batch: must be a whole number from 1, was ${batch}`, { code: "beam-options" });
  const tokens = tokenProducts(device, model);
  const programs = new Map<number, TranslatorProgram>();
  const programFor = (steps: number): TranslatorProgram => {
    const known = programs.get(steps);
    if (known) return known;
    const made = translatorProgram(device, model, tokens, { sentences: batch, beam, steps, products });
    programs.set(steps, made);
    return made;
  };
  const drawings = new Map<string, Drawing>();
  const drawingFor = (steps: number, count: number): Drawing => {
    const key = `${steps} ${count}`;
    const made = drawings.get(key) ?? translatorDrawing(device, model, { sentences: batch, steps, count });
    drawings.set(key, made);
    return made;
  };
  const run = (
    sources: readonly Int32Array[],
    own: readonly number[],
    options: TranslateOptions,
    results: (readonly Hypothesis[])[],
  ): void => {
    const maxima = own.map((i) => maximumOf(options, sources[i].length));
    const found = programFor(rounded(sources[own[0]].length)).search(
      own.map((i) => sources[i]),
      { ...options, maximum: Math.max(...maxima) },
      maxima,
    );
    for (const [k, i] of own.entries()) results[i] = found[k];
  };
  return {
    now: (sources, options = {}) => {
      const results = new Array<readonly Hypothesis[]>(sources.length);
      for (const part of parts(sources, batch)) run(sources, part, options, results);
      return results;
    },
    async translate(sources, options = {}, pause) {
      const results = new Array<readonly Hypothesis[]>(sources.length);
      for (const part of parts(sources, batch)) {
        run(sources, part, options, results);
        await pause?.();
      }
      return results;
    },
    async draw(sources, options = {}, pause) {
      checkDraw(options);
      const results = new Array<readonly Hypothesis[]>(sources.length);
      for (const part of parts(sources, batch)) {
        const own = part.map((i) => sources[i]);
        const maxima = own.map(({ length }) => maximumOf(options, length));
        const made = drawingFor(rounded(own[0].length), options.count ?? 1).draw(own, part, maxima, options);
        for (const [k, i] of part.entries()) results[i] = made[k];
        await pause?.();
      }
      return results;
    },
    refresh() {
      tokens.refresh();
      for (const program of [...programs.values(), ...drawings.values()]) program.refresh();
    },
    close() {
      for (const program of [...programs.values(), ...drawings.values()]) program.close();
      programs.clear();
      drawings.clear();
      tokens.close();
    },
  };
}

const maximumOf = ({ maximum }: TranslateOptions, source: number): number =>
  typeof maximum === "number" ? maximum : (maximum?.(source) ?? 2 * source + 10);

const rounded = (length: number): number => Math.max(stride, Math.ceil(length / stride) * stride);

/** Indices of sentences that are run together: at most `batch`, of one rounded length. */
function parts(sources: readonly Int32Array[], batch: number): readonly (readonly number[])[] {
  const order = sources.map((_, i) => i).sort((a, b) => sources[a].length - sources[b].length || a - b);
  const all: number[][] = [];
  for (const i of order) {
    const last = all.at(-1);
    const fits = last && last.length < batch && rounded(sources[last[0]].length) === rounded(sources[i].length);
    if (fits) last.push(i);
    else all.push([i]);
  }
  return all;
}
