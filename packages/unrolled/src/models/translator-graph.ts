// The translator as a graph: reading a source once, and one step of writing. S source steps, T target steps,
// N sentences, K rows of each (beams; 1 in training), V vocabulary, E embedding, H hidden, C width of the encoder's places, P readout.
import {
  add,
  at,
  broadcastTo,
  concat,
  dropout,
  equal,
  gather,
  linear,
  matmul,
  reshape,
  slice,
  stack,
  tanh,
  zeros,
} from "../graph/ops/index.js";
import type { Tensor } from "../graph/tensor.js";
import { type Attended, attend, attended } from "../nn/attention.js";
import type { LayerInput, Named } from "../nn/cell.js";
import { runStack, stackStates, stackWeights } from "../nn/stack.js";
import { counting } from "../nn/steps.js";
import { isSecondBias, tableName, type Translator } from "./translator.js";
import { inputWidth, readWidth, seesBefore, type TranslatorSpec } from "./translator-spec.js";

/** Streams of draws, apart from those of the stacks, which begin at 0 (encoder) and at 8192 (decoder). */
export const streams = { source: 5_000_000, target: 5_000_001, readout: 5_000_002, decoder: 8192, step: 4096 } as const;

/** A source that has been read. */
export interface Reading {
  /** v: last state of the encoder's top layer, both directions side by side [N,C]. */
  readonly v: Tensor;
  /** [S,N,C]; zero past the end of a sentence. */
  readonly places: Tensor;
  readonly lengths: Tensor;
  /** The states that the decoder begins with, by the names of `decoderStates`. */
  readonly states: Named;
}

/** Weights of a stack by name; zeros for the second biases of a network that has one. */
export function stackOf({ spec, weights }: Translator, name: "encoder" | "decoder"): Named {
  const D = name === "encoder" ? readWidth(spec.source) : inputWidth(spec);
  return Object.fromEntries(
    [...stackWeights(spec[name], D, name)].map(([key, { shape }]) => [
      key,
      isSecondBias(spec, key) ? zeros(shape) : weights[key],
    ]),
  );
}

/** The vectors that a side's tokens are read as: its table, or the unit vectors. */
export function tokenTable({ spec, weights }: Translator, side: "source" | "target"): Tensor {
  const name = tableName(spec, side);
  if (name !== undefined) return weights[name];
  const numbers = counting(spec[side].vocabulary);
  return equal(reshape(numbers, [numbers.shape[0], 1]), reshape(numbers, [1, numbers.shape[0]]));
}

/** Shapes of what a decoder carries from step to step for M rows: its stack's states, and the readout where it is fed back. */
export function decoderStates(spec: TranslatorSpec, M: number): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map(stackStates(spec.decoder, M));
  if (spec.feeding) shapes.set("readout", [M, spec.readoutUnits]);
  return shapes;
}

/** Reads sources: ids [S,N] (i32, anything past a sentence's end), lengths i32 [N]. `key` i32 [2] where things are dropped. */
export function readSource(model: Translator, ids: Tensor, lengths: Tensor, key?: Tensor, frozen = false): Reading {
  const { spec } = model;
  const table = tokenTable(model, "source");
  const drop = key !== undefined && spec.dropout > 0;
  const input: LayerInput = drop
    ? dropout(gather(table, ids), { rate: spec.dropout, key, stream: streams.source })
    : { table, ids, frozen };
  const { y, states } = runStack(
    spec.encoder,
    stackOf(model, "encoder"),
    input,
    {},
    { lengths, name: "encoder", ...(key && { key }) },
  );
  const top = spec.encoder.length - 1;
  const [first] = [...stackStates([spec.encoder[top]], 1).keys()].map((name) => name.split(".")[0]);
  const [forward, backward] = [states[`${first}.${top}`], states[`${first}.${top}.reverse`]];
  const merged = spec.encoder[top].merge === "sum" && forward && backward;
  const v = merged ? add(forward, backward) : concat([forward, backward].filter((state) => state !== undefined));
  return { v, places: y, lengths, states: firstStates(model, states, v, backward ?? forward, ids.shape[1]) };
}

/** What the decoder's states begin as. */
function firstStates({ spec, weights }: Translator, encoder: Named, v: Tensor, backward: Tensor, N: number): Named {
  const entries = [...decoderStates(spec, N)].map(([name, shape]) => {
    if (name === "readout" || name === "begun" || spec.bridge === "zero") return [name, zeros(shape)] as const;
    if (spec.bridge === "copy") return [name, encoder[name]] as const;
    const from = spec.bridge === "final" ? v : backward;
    return [name, tanh(linear(from, weights[`bridge.${name}.weight`], weights[`bridge.${name}.bias`]))] as const;
  });
  return Object.fromEntries(entries);
}

/** What every step of writing sees of the source. */
export interface Sight {
  readonly v: Tensor;
  readonly attended?: Attended;
  /** Where what is attended to is not the places but their products with the weights that would read them. */
  readonly products?: ContextProducts;
}

/** Columns of the places' products: first those with the first layer's weights, then those with the readout's; 0 where there are none. */
export interface ContextProducts {
  readonly input: number;
  readonly readout: number;
}

/** A source that has been read, or what was kept of it: values [N,S,C] and keys. */
export type Seen = Pick<Reading, "v" | "lengths"> &
  ({ readonly places: Tensor } | { readonly ready: { readonly values: Tensor; readonly keys: Tensor } });

export function sightOf({ spec, weights }: Translator, reading: Seen): Sight {
  if (spec.attention === "none") return { v: reading.v };
  const own = Object.entries(weights).flatMap(([name, w]) =>
    name.startsWith("attention.") ? [[name.slice("attention.".length), w] as const] : [],
  );
  const named = Object.fromEntries(own);
  const seen =
    "ready" in reading
      ? {
          name: spec.attention,
          weights: named,
          ...reading.ready,
          lengths: reading.lengths,
        }
      : attended(spec.attention, named, reading.places, reading.lengths);
  return { v: reading.v, attended: seen };
}

/** Embeddings of target tokens [...,E]; undefined for a decoder that does not read what it wrote. */
export function readTarget(model: Translator, ids: Tensor, key?: Tensor): Tensor | undefined {
  const { spec } = model;
  if (!spec.reads) return undefined;
  const vectors = gather(tokenTable(model, "target"), ids);
  return key && spec.dropout > 0 ? dropout(vectors, { rate: spec.dropout, key, stream: streams.target }) : vectors;
}

/** How one step is made: what does not change from step to step. */
export interface Writing {
  readonly model: Translator;
  readonly sight: Sight;
  readonly stack: Named;
  readonly key?: Tensor;
}

export const writing = (model: Translator, sight: Sight, key?: Tensor): Writing => ({
  model,
  sight,
  stack: stackOf(model, "decoder"),
  ...(key && { key }),
});

export interface WrittenStep {
  /** What the head reads [M,P]. */
  readonly read: Tensor;
  readonly states: Named;
  /** [N,K,S] */
  readonly attention?: Tensor;
}

/** A token as a step takes it: its vector [M,E], and the vector's products with the first layer's and the readout's weights where known. */
export interface StepToken {
  readonly vector?: Tensor;
  readonly product?: Tensor;
  readonly readout?: Tensor;
}

/** One step for M = N*K rows. t tells the draws of steps apart. */
export function writeStep(how: Writing, token: StepToken, states: Named, t: number): WrittenStep {
  const { spec } = how.model;
  const { state, seen, states: next, attention } = decodeStep(how, token, states, t);
  const read = how.sight.products
    ? readoutOfProducts(how, how.sight.products, state, seen, token)
    : readoutOf(how, partsOf(spec, state, seen, token.vector), t);
  return { read, states: spec.feeding ? { ...next, readout: read } : next, ...(attention && { attention }) };
}

/** A step before its readout. */
export interface DecodedStep {
  /** [M,H] of the top layer. */
  readonly state: Tensor;
  /** What it has seen of the source [M,C], or the products of that. */
  readonly seen?: Tensor;
  readonly states: Named;
  readonly attention?: Tensor;
}

export function decodeStep(how: Writing, token: StepToken, states: Named, t: number): DecodedStep {
  const { model, sight, stack: weights, key } = how;
  const { spec } = model;
  const top = `${firstState(spec)}.${spec.decoder.length - 1}`;
  const M = states[top].shape[0];
  const before = seesBefore(spec) ? look(sight, states[top]) : undefined;
  const seen = before?.context ?? (spec.context === "every" ? rowsOf(sight.v, M) : undefined);
  const fed = spec.feeding ? states.readout : undefined;
  const input =
    before && sight.products
      ? knownInput(weights, token, slice(before.context, 1, 0, sight.products.input))
      : stepInput(model, weights, token, [seen, fed]);
  const variational = spec.decoder.some((layer) => layer.variational);
  const stream = streams.decoder + (variational ? 0 : streams.step * t);
  const ran = runStack(spec.decoder, weights, input, states, { name: "decoder", stream, ...(key && { key }) });
  const state = at(ran.y, 0, 0);
  const after = !seesBefore(spec) && sight.attended ? look(sight, state) : undefined;
  const view = after?.context ?? seen;
  const attention = before?.weights ?? after?.weights;
  return { state, states: ran.states, ...(view && { seen: view }), ...(attention && { attention }) };
}

const firstState = ({ decoder }: TranslatorSpec): string =>
  [...stackStates(decoder.slice(-1), 1).keys()][0].split(".")[0];

/** Attention for M = N*K queries [M,H]; the context as [M,C]. */
function look({ attended: seen }: Sight, query: Tensor): { readonly context: Tensor; readonly weights: Tensor } {
  const [M, H] = query.shape;
  const N = (seen as Attended).values.shape[0];
  const { context, weights } = attend(seen as Attended, reshape(query, [N, M / N, H]));
  return { context: reshape(context, [M, context.shape[2]]), weights };
}

/** One row for each sentence becomes one for each of its beams. */
function rowsOf(x: Tensor, M: number): Tensor {
  const [N, C] = x.shape;
  return N === M ? x : reshape(broadcastTo(reshape(x, [N, 1, C]), [N, M / N, C]), [M, C]);
}

/** The input of the first layer: the token, then what is seen or fed back. The token's product is not made again. */
function stepInput(
  { spec }: Translator,
  weights: Named,
  { vector, product }: StepToken,
  others: readonly (Tensor | undefined)[],
): LayerInput {
  const rest = others.filter((x) => x !== undefined);
  const all = [...(vector ? [vector] : []), ...rest];
  const sequence = (): Tensor => stack([all.length > 0 ? concat(all) : zeros([0])]);
  const W = weights["decoder.weight_ih_l0"];
  if (!product || !W || rest.length === 0) return sequence();
  const from = readWidth(spec.target);
  const beside = matmul(concat(rest), slice(W, 1, from, W.shape[1]), { transposeB: true });
  return { product: stack([add(product, beside)]), of: W, sequence };
}

/** The input of the first layer where its products with token and context are known. */
function knownInput(weights: Named, { product }: StepToken, seen: Tensor): LayerInput {
  const sequence = (): Tensor => {
    throw new Error("translator: a layer that takes products asks for its sequence");
  };
  return { product: stack([product ? add(product, seen) : seen]), of: weights["decoder.weight_ih_l0"], sequence };
}

/** Products of all tokens [T,N,E] with the first layer's weights at once; undefined where the cell has no such weights. */
export function tokenProducts(how: Writing, vectors: Tensor | undefined): Tensor | undefined {
  const W = how.stack["decoder.weight_ih_l0"];
  if (!W || !vectors) return undefined;
  return matmul(vectors, slice(W, 1, 0, vectors.shape[vectors.shape.length - 1]), { transposeB: true });
}

export function partsOf(
  spec: TranslatorSpec,
  state: Tensor,
  context: Tensor | undefined,
  token: Tensor | undefined,
): Tensor {
  if (spec.readout === "state") return state;
  const parts = spec.readout === "context" ? [state, context] : [state, context, token];
  return concat(parts.filter((part) => part !== undefined));
}

/** What the head reads: the parts, or tanh(W parts + b), less what is dropped. t tells the draws of steps apart. */
export function readoutOf({ model, key }: Writing, parts: Tensor, t = 0): Tensor {
  const { spec, weights } = model;
  const read =
    spec.readoutUnits === 0 ? parts : tanh(linear(parts, weights["readout.weight"], weights["readout.bias"]));
  return key && spec.dropout > 0 ? dropout(read, { rate: spec.dropout, key, stream: streams.readout + t }) : read;
}

/** The readout where its products with token and context are known. */
function readoutOfProducts(
  { model: { spec, weights } }: Writing,
  { input, readout }: ContextProducts,
  state: Tensor,
  seen: Tensor | undefined,
  token: StepToken,
): Tensor {
  if (spec.readoutUnits === 0) return state;
  const own = linear(state, slice(weights["readout.weight"], 1, 0, state.shape[1]), weights["readout.bias"]);
  const known = [seen && readout > 0 ? slice(seen, 1, input, input + readout) : undefined, token.readout];
  return tanh(known.reduce<Tensor>((sum, x) => (x ? add(sum, x) : sum), own));
}

/** A row of the head for each class [V+1,P], and its bias [V+1]. */
export function headOf({ spec, weights }: Translator): { readonly rows: Tensor; readonly bias: Tensor } {
  const table = weights[spec.tied ? (tableName(spec, "target") as string) : "head.weight"];
  const bias = weights["head.bias"];
  return { rows: slice(table, 0, 0, bias.shape[0]), bias };
}

/** Logits [...,V+1] of what the head reads. */
export function logitsOf(model: Translator, read: Tensor): Tensor {
  const { rows, bias } = headOf(model);
  return linear(read, rows, bias);
}
