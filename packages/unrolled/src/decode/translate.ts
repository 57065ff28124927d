// Translating a batch with a trained model: sources are read once, then written by beam search. As sentences end, those that go on move to
// programs of half as many. S source steps, N sentences, K beams of each, M = N*K rows.
import type { Device, Products } from "../device/device.js";
import { SpecError } from "../errors.js";
import type { Translator } from "../models/translator.js";
import { boundary } from "../models/translator-spec.js";
import { type BeamModel, type BeamOptions, beamSearch, type Hypothesis } from "./beam.js";
import { fill } from "./source-rows.js";
import { type Place, type TokenProducts, translatorPlace } from "./translator-place.js";

/** Translates batches of up to `sentences` sources of up to `steps` tokens. */
export interface TranslatorProgram {
  /** At most `sentences` sources; results of each, best first. */
  search(
    sources: readonly Int32Array[],
    options: Omit<BeamOptions, "beam">,
    maxima?: readonly number[],
  ): readonly (readonly Hypothesis[])[];
  /** To be called when the weights have changed, after the products. */
  refresh(): void;
  close(): void;
}

export interface TranslatorProgramOptions {
  readonly sentences: number;
  readonly beam: number;
  readonly steps: number;
  readonly products: Products;
}

/** Programs of fewer rows than this are not halved again: a step would hardly be shorter. */
const fewestRows = 16;

/** Programs of all sizes down from `sentences`, each made when it is first needed. */
export function translatorProgram(
  device: Device,
  model: Translator,
  tokens: TokenProducts,
  options: TranslatorProgramOptions,
): TranslatorProgram {
  const { sentences: N, beam: K } = options;
  const { spec } = model;
  const places = new Map<number, Place>();
  const placeFor = (count: number): Place => {
    let sentences = N;
    while (halfOf(sentences, K) >= count) sentences = halfOf(sentences, K);
    const known = places.get(sentences) ?? translatorPlace(device, model, tokens, { ...options, sentences });
    places.set(sentences, known);
    return known;
  };
  return {
    search(sources, search, maxima) {
      if (sources.length > N)
        throw new SpecError(`translate: must be at most ${N} sentences at once, was ${sources.length}`);
      const first = placeFor(sources.length);
      const own = writingOf(model, sources, first, placeFor);
      const found = beamSearch(own, sources.length, { ...search, beam: K }, maxima, first.sizes.sentences);
      return search.attention
        ? found.map((one, n) => one.map((hypothesis) => shown(hypothesis, sources[n].length, spec.reversed)))
        : found;
    },
    refresh() {
      for (const place of places.values()) place.refresh();
    },
    close() {
      for (const place of places.values()) place.close();
      places.clear();
    },
  };
}

/** The next smaller number of sentences; 0 where there is none. */
const halfOf = (sentences: number, K: number): number =>
  sentences > 1 && sentences * K > fewestRows ? Math.ceil(sentences / 2) : 0;

/** A batch being written, as the search sees it. */
function writingOf(
  { spec }: Translator,
  sources: readonly Int32Array[],
  first: Place,
  placeFor: (count: number) => Place,
): BeamModel {
  const { beam: K, steps: S, sentences: N } = first.sizes;
  let lengths = new Int32Array(N);
  let place = first;
  let begun = false;
  const begin: BeamModel["step"] = ({ asked, width }) => {
    const source = new Int32Array(S * N);
    fill(sources, { source, lengths, S, N, reversed: spec.reversed });
    begun = true;
    return place.begin(
      source,
      lengths,
      asked.filter((_, m) => m % K === 0),
      width,
    ); // prettier-ignore
  };
  return {
    start: boundary(spec),
    end: spec.ends ? boundary(spec) : -1,
    step: (request) => (begun ? place.step(request, lengths) : begin(request)),
    keep(sentences) {
      const next = placeFor(sentences.length);
      if (next === place) return undefined;
      const kept = Int32Array.from({ length: next.sizes.sentences }, (_, i) => sentences[i] ?? sentences[0]);
      next.take(place, kept);
      lengths = kept.map((sentence) => lengths[sentence]);
      place = next;
      return next.sizes.sentences;
    },
  };
}

/** Attention over the tokens as they stand in the sentence, whichever way it was read. */
function shown(found: Hypothesis, length: number, reversed: boolean): Hypothesis {
  if (!found.attention) return found;
  return {
    ...found,
    attention: found.attention.map((row) => {
      const own = row.slice(0, length);
      return reversed ? own.reverse() : own;
    }),
  };
}
