// The recurrent language model: embedding, a stack of recurrent layers, dropout between them, a linear head (its own or
// the embedding's). T time, N batch, V vocabulary, D embedding, H hidden, L layers.
import type { Device } from "../device/device.js";
import { draws } from "../draws.js";
import { CheckpointError } from "../errors.js";
import { dropout, linear } from "../graph/ops/index.js";
import { sameShape, type Shape, showShape, sizeOf, type Tensor, type Variable } from "../graph/tensor.js";
import { readVariable, variables, writeVariable } from "../graph/variable.js";
import type { NamedArray } from "../io/named-array.js";
import { type Cell, type LayerInput, type LayerResult, runLayer } from "../nn/cell.js";
import { gruCell, lstmCell, rnnCell } from "../nn/cells/index.js";
import { cellValues, normalValues, uniformValues } from "../nn/init.js";
import type { Vocabulary } from "../text/vocabulary.js";
import {
  checkLanguageModelSpec,
  type LanguageModelOptions,
  type LanguageModelSpec,
  languageModelSpec,
} from "./spec.js";

export interface LanguageModel {
  readonly spec: LanguageModelSpec;
  readonly vocabulary: Vocabulary;
  /** All weights by PyTorch's names, in one storage. */
  readonly weights: Readonly<Record<string, Variable>>;
}

/** State of every layer: "h.0" [N,H], for an LSTM "c.0" too, and so on upwards. */
export type LayerStates = Readonly<Record<string, Tensor>>;

export function cellOf(spec: LanguageModelSpec): Cell {
  switch (spec.cell) {
    case "rnn":
      return rnnCell as unknown as Cell;
    case "gru":
      return gruCell(spec.reset) as unknown as Cell;
    case "lstm":
      return lstmCell as unknown as Cell;
    default:
      return spec.cell satisfies never;
  }
}

/** Width of what enters layer l. */
const inputWidth = (spec: LanguageModelSpec, layer: number): number =>
  layer === 0 ? spec.embedding : spec.hidden[layer - 1];

/** Shapes of all weights by PyTorch's names, in the order in which they lie in memory and in files. */
export function weightShapes(spec: LanguageModelSpec): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>([["embedding.weight", [spec.vocabulary, spec.embedding]]]);
  for (const [l, H] of spec.hidden.entries())
    for (const [name, shape] of Object.entries(cellOf(spec).weights({ D: inputWidth(spec, l), H })))
      shapes.set(`rnn.${name}_l${l}`, shape);
  if (!spec.tied) shapes.set("head.weight", [spec.vocabulary, spec.hidden[spec.hidden.length - 1]]);
  shapes.set("head.bias", [spec.vocabulary]);
  return shapes;
}

/** Trainable numbers. */
export const parameterCount = (spec: LanguageModelSpec): number =>
  [...weightShapes(spec).values()].reduce((sum, shape) => sum + sizeOf(shape), 0);

/**
 * Bytes that a float32 training step needs: weights, gradient and two moments, packed copies, and per token the gates, the
 * states and their gradients of every layer and the logits.
 */
export function memoryEstimate(
  spec: LanguageModelSpec,
  { batch, sequence }: { readonly batch: number; readonly sequence: number },
): number {
  const gates = { rnn: 1, gru: 3, lstm: 4 }[spec.cell];
  const perToken = spec.hidden.reduce((sum, H) => sum + (gates + 5) * H, 3 * spec.vocabulary + spec.embedding);
  return 4 * (6 * parameterCount(spec) + batch * sequence * perToken);
}

/** A new model: weights drawn from `seed` when they first come to a device. Throws SpecError for options that describe none. */
export function languageModel(
  options: Omit<LanguageModelOptions, "tokens" | "vocabulary"> & {
    readonly vocabulary: Vocabulary;
    readonly seed?: number;
  },
): LanguageModel {
  const { vocabulary, seed = 1, ...rest } = options;
  const spec = languageModelSpec({ ...rest, tokens: vocabulary.kind, vocabulary: vocabulary.tokens.length });
  let number = 0;
  return build(spec, vocabulary, (name, shape) => {
    const stream = draws(seed * 65_537 + number++);
    return () => firstValues(spec, name, shape, stream);
  });
}

function firstValues(
  spec: LanguageModelSpec,
  name: string,
  shape: Shape,
  stream: ReturnType<typeof draws>,
): Float32Array {
  if (name === "embedding.weight") return normalValues(shape, spec.tied ? 1 / Math.sqrt(spec.embedding) : 1, stream);
  if (name === "head.bias") return new Float32Array(sizeOf(shape));
  if (name === "head.weight") return uniformValues(shape, 1 / Math.sqrt(shape[1]), stream);
  const [, weight, layer] = name.match(/^rnn\.(.+)_l(\d+)$/) as RegExpMatchArray;
  const l = Number(layer);
  return cellValues(cellOf(spec), weight, { D: inputWidth(spec, l), H: spec.hidden[l] }, stream);
}

/** A model from its files. Throws SpecError for a bad spec, CheckpointError where spec, vocabulary and weights disagree. */
export function loadLanguageModel(files: {
  readonly spec: unknown;
  readonly vocabulary: Vocabulary;
  readonly weights: readonly NamedArray[];
}): LanguageModel {
  const spec = checkLanguageModelSpec(files.spec);
  const { vocabulary } = files;
  if (vocabulary.tokens.length !== spec.vocabulary || vocabulary.kind !== spec.tokens)
    throw new CheckpointError(
      `vocabulary.json: must hold the ${spec.vocabulary} ${spec.tokens} tokens of spec.json, was ${vocabulary.tokens.length} ${vocabulary.kind} tokens`,
      { code: "vocabulary-mismatch", hint: "spec.json and vocabulary.json belong to different models" },
    );
  const arrays = new Map(files.weights.map((array) => [array.name, array]));
  const shapes = weightShapes(spec);
  for (const name of arrays.keys())
    if (!shapes.has(name))
      throw new CheckpointError(`model.safetensors: tensor ${name} is not part of the model of spec.json`, {
        code: "weights-unknown",
      });
  return build(spec, vocabulary, (name, shape) => {
    const array = arrays.get(name);
    if (!array)
      throw new CheckpointError(`model.safetensors: must hold tensor ${name} ${showShape(shape)}, was absent`, {
        code: "weights-missing",
      });
    if (!sameShape(array.shape, shape))
      throw new CheckpointError(
        `model.safetensors: tensor ${name} must be ${showShape(shape)} by spec.json, was ${showShape(array.shape)}`,
        { code: "weights-shape" },
      );
    const bad = array.data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new CheckpointError(`model.safetensors: tensor ${name} must be finite, was ${array.data[bad]} at ${bad}`, {
        code: "weights-not-finite",
      });
    return () => array.data;
  });
}

function build(
  spec: LanguageModelSpec,
  vocabulary: Vocabulary,
  valuesOf: (name: string, shape: Shape) => () => ArrayLike<number>,
): LanguageModel {
  const specs = [...weightShapes(spec)].map(
    ([name, shape]) => [name, { shape, initial: valuesOf(name, shape) }] as const,
  );
  return { spec, vocabulary, weights: variables("weights", Object.fromEntries(specs)) };
}

/** The weights as they are on a device now, by PyTorch's names. */
export function readWeights(model: LanguageModel, device: Device): NamedArray[] {
  return Object.values(model.weights).map((v) => ({ name: v.name, shape: v.shape, data: readVariable(device, v) }));
}

/** Sets the weights on a device. */
export function writeWeights(model: LanguageModel, device: Device, arrays: readonly NamedArray[]): void {
  for (const { name, data } of arrays) writeVariable(device, model.weights[name], data);
}

/** Zero states for N rows, as variables that outlive a run. */
export function carriedStates(spec: LanguageModelSpec, N: number): Readonly<Record<string, Variable>> {
  const specs: Record<string, { shape: Shape }> = {};
  for (const [l, H] of spec.hidden.entries())
    for (const [name, shape] of Object.entries(cellOf(spec).state({ D: H, H })))
      specs[`${name}.${l}`] = { shape: [N, ...shape] };
  return variables("carried", specs);
}

export interface ForwardOptions {
  /** i32 [2] (seed, step): draw dropout masks; no dropout where left out. */
  readonly dropoutKey?: Tensor;
  /** Weights do not change between runs: multiply the embedding into the first layer once. */
  readonly frozen?: boolean;
}

/** ids [T,N] (i32) and states -> logits [T,N,V] and the states after the last step. */
export function forward(
  model: LanguageModel,
  ids: Tensor,
  states: LayerStates,
  options: ForwardOptions = {},
): { readonly logits: Tensor; readonly states: LayerStates } {
  const { spec, weights } = model;
  const cell = cellOf(spec);
  const after: Record<string, Tensor> = {};
  let input: LayerInput = { table: weights["embedding.weight"], ids, frozen: options.frozen ?? false };
  for (const l of spec.hidden.keys()) {
    const own = Object.keys(cell.weights({ D: 1, H: 1 })).map((name) => [name, weights[`rnn.${name}_l${l}`]] as const);
    const state = Object.keys(cell.state({ D: 1, H: 1 })).map((name) => [name, states[`${name}.${l}`]] as const);
    const result: LayerResult = runLayer(cell, Object.fromEntries(own), input, Object.fromEntries(state));
    for (const [name, tensor] of Object.entries(result.state)) after[`${name}.${l}`] = tensor;
    input = options.dropoutKey
      ? dropout(result.y, { rate: spec.dropout, key: options.dropoutKey, stream: l })
      : result.y;
  }
  const head = spec.tied ? weights["embedding.weight"] : weights["head.weight"];
  return { logits: linear(input as Tensor, head, weights["head.bias"]), states: after };
}
