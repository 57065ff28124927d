// The encoder-decoder network: one stack of layers reads a sentence, another writes its translation, with or without attention.
// S source steps, T target steps, N batch, V vocabulary, E embedding, H hidden, C width of the encoder's places.
import type { Device } from "../device/device.js";
import { CheckpointError } from "../errors.js";
import { sizeOf } from "../graph/tensor.js";
import type { NamedArray } from "../io/named-array.js";
import { attentionShapes } from "../nn/attention.js";
import { normalValues, uniformValues } from "../nn/init.js";
import { stackStates, stackWeights, stackWidth } from "../nn/stack.js";
import type { Vocabulary } from "../text/vocabulary.js";
import {
  checkTranslatorSpec,
  classes,
  inputWidth,
  partsWidth,
  placeWidth,
  readoutWidth,
  type SideSpec,
  type TranslatorOptions,
  type TranslatorSpec,
  translatorSpec,
} from "./translator-spec.js";
import type { Cells } from "./layers.js";
import { currentWeights, loadedWeights, newWeights, type WeightPlan, type Weights } from "./weights.js";

export interface Translator {
  readonly spec: TranslatorSpec;
  readonly source: Vocabulary;
  readonly target: Vocabulary;
  /** All weights by name, in one storage. */
  readonly weights: Weights;
}

/** A matrix or vector uniform in +-1/sqrt(its last axis). */
const uniform = (shape: readonly number[]): WeightPlan => ({
  shape,
  values: (draws) => uniformValues(shape, 1 / Math.sqrt(shape[shape.length - 1] ?? 1), draws),
});
const nothing = (shape: readonly number[]): WeightPlan => ({ shape, values: () => new Float32Array(sizeOf(shape)) });
const embedding = (rows: number, E: number): WeightPlan => ({
  shape: [rows, E],
  values: (draws) => normalValues([rows, E], 1 / Math.sqrt(E), draws),
});

/** Which table a side's tokens are looked up in; none for unit vectors. */
export const tableName = (spec: TranslatorSpec, side: "source" | "target"): string | undefined => {
  if (spec[side].embedding === 0) return undefined;
  return spec.shared ? "embedding.weight" : `${side}.embedding.weight`;
};

/** All weights in the order in which they lie in memory and in files. */
export function translatorWeights(spec: TranslatorSpec): ReadonlyMap<string, WeightPlan> {
  const plans = new Map<string, WeightPlan>();
  const { source, target, encoder, decoder } = spec;
  const [C, H] = [placeWidth(spec), stackWidth(decoder)];
  const tables = (side: SideSpec, name: string | undefined, rows: number): void => {
    if (name !== undefined) plans.set(name, embedding(rows, side.embedding));
  };
  tables(source, tableName(spec, "source"), source.vocabulary + (spec.shared ? 1 : 0));
  if (!spec.shared && (spec.reads || spec.tied)) tables(target, tableName(spec, "target"), target.vocabulary + 1);
  const stack = (layers: TranslatorSpec["encoder"], D: number, name: string): void => {
    for (const [key, plan] of stackWeights(layers, D, name)) if (!isSecondBias(spec, key)) plans.set(key, plan);
  };
  stack(encoder, source.embedding === 0 ? source.vocabulary : source.embedding, "encoder");
  if (spec.bridge === "final" || spec.bridge === "backward")
    for (const [name, [, width]] of stackStates(decoder, 1)) {
      if (name === "begun") continue;
      plans.set(`bridge.${name}.weight`, uniform([width, spec.bridge === "final" ? C : backwardWidth(spec)]));
      plans.set(`bridge.${name}.bias`, nothing([width]));
    }
  if (spec.attention !== "none")
    for (const [name, shape] of attentionShapes(spec.attention, { H, C, A: spec.units }))
      plans.set(`attention.${name}`, name.endsWith("bias") ? nothing(shape) : uniform(shape));
  stack(decoder, inputWidth(spec), "decoder");
  if (spec.readoutUnits > 0) {
    plans.set("readout.weight", uniform([spec.readoutUnits, partsWidth(spec)]));
    plans.set("readout.bias", nothing([spec.readoutUnits]));
  }
  if (!spec.tied) plans.set("head.weight", uniform([classes(spec), readoutWidth(spec)]));
  plans.set("head.bias", nothing([classes(spec)]));
  return plans;
}

/** The bias that a network with one bias does without. */
export const isSecondBias = (spec: TranslatorSpec, name: string): boolean =>
  spec.biases === "one" && name.includes(".bias_hh");

/** Width of one direction of the encoder's top layer. */
const backwardWidth = ({ encoder }: TranslatorSpec): number => {
  const top = encoder[encoder.length - 1];
  return stackWidth([{ ...top, direction: "reverse" }]);
};

/** Trainable numbers. */
export const translatorParameters = (spec: TranslatorSpec): number =>
  [...translatorWeights(spec).values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** A new translator of two vocabularies: weights drawn from `seed`. SpecError for options that describe none. */
export function translator(
  options: Omit<TranslatorOptions, "source" | "target"> & {
    readonly source: Vocabulary;
    readonly target: Vocabulary;
    /** E of both sides; 256 where left out. */
    readonly embedding?: number;
    readonly seed?: number;
  },
): Translator {
  const { source, target, seed = 1, embedding: E = 256, ...rest } = options;
  const side = ({ kind, tokens }: Vocabulary): SideSpec => ({ tokens: kind, vocabulary: tokens.length, embedding: E });
  const spec = translatorSpec({ ...rest, source: side(source), target: side(target) });
  return { spec, source, target, weights: newWeights(translatorWeights(spec), seed) };
}

/** A translator from its files. SpecError for a bad spec, CheckpointError where spec, vocabularies and weights disagree. */
export function loadTranslator(files: {
  readonly spec: unknown;
  readonly source: Vocabulary;
  readonly target: Vocabulary;
  readonly weights: readonly NamedArray[];
  readonly cells?: Cells;
}): Translator {
  const spec = checkTranslatorSpec(files.spec, files.cells);
  for (const side of ["source", "target"] as const) {
    const { tokens, kind } = files[side];
    if (tokens.length !== spec[side].vocabulary || kind !== spec[side].tokens)
      throw new CheckpointError(
        `vocabulary of the ${side}: must hold the ${spec[side].vocabulary} ${spec[side].tokens} tokens of spec.json, was ${tokens.length} ${kind} tokens`,
        { code: "vocabulary-mismatch", hint: "spec.json and vocabularies belong to different models" },
      );
  }
  const weights = loadedWeights(translatorWeights(spec), files.weights);
  return { spec, source: files.source, target: files.target, weights };
}

/** The weights as they are on a device now. */
export const readTranslator = (model: Translator, device: Device): NamedArray[] =>
  currentWeights(model.weights, device);
