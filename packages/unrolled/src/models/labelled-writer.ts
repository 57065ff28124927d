// A labelled writer: one to many. The label's embedding (or a vector) sets the layers' first states and is read beside every token.
// T time, N batch, V tokens, D embedding, E width of what starts it.
import { CheckpointError } from "../errors.js";
import { broadcastTo, concat, gather, linear, reshape, tanh } from "../graph/ops/index.js";
import { type Shape, sizeOf, type Tensor, type Variable } from "../graph/tensor.js";
import { variables } from "../graph/variable.js";
import type { NamedArray } from "../io/named-array.js";
import { cellSpec } from "../nn/cells/index.js";
import type { LayerInput, Named } from "../nn/cell.js";
import { type StackLayer, layer, runStack, stackStates, stackWeights, stackWidth } from "../nn/stack.js";
import type { Vocabulary } from "../text/vocabulary.js";
import {
  checkLabelledWriterSpec,
  type LabelledWriterSpec,
  type StartUse,
  type WriterStart,
  writerInputWidth,
} from "./labelled-writer-spec.js";
import type { Cells } from "./layers.js";
import { embeddingPlan, linearPlan } from "./network.js";
import type { Columns, TextKind } from "./network-spec.js";
import { loadedWeights, newWeights, type WeightPlan, type WeightPlans, type Weights } from "./weights.js";

export interface LabelledWriter {
  readonly spec: LabelledWriterSpec;
  readonly vocabulary: Vocabulary;
  readonly weights: Weights;
}

export interface LabelledWriterOptions {
  readonly vocabulary: Vocabulary;
  /** What may start it: labels, vectors of a width, or the columns of numbers that are read less their means. */
  readonly start: readonly string[] | number | Columns;
  /** E of labels; 16 where left out. */
  readonly startWidth?: number;
  /** "both" where left out. */
  readonly use?: StartUse;
  /** D; as wide as the first layer, at most 128, where left out. */
  readonly embedding?: number;
  /** An LSTM of 128 units where left out. */
  readonly layers?: readonly StackLayer[];
  readonly seed?: number;
}

/** A new writer: weights drawn from `seed` when they first come to a device. SpecError for options that make none. */
export function labelledWriter(options: LabelledWriterOptions): LabelledWriter {
  const { vocabulary, start, startWidth = 16, use = "both", seed = 1 } = options;
  const layers = options.layers ?? [{ ...layer({ hidden: 128 }), cell: cellSpec("lstm") }];
  const begun: WriterStart =
    typeof start === "number"
      ? { kind: "vector", width: start }
      : "columns" in start
        ? { kind: "columns", width: start.columns.length, ...start }
        : { kind: "label", labels: start, width: startWidth };
  const spec = checkLabelledWriterSpec({
    format: "unrolled",
    version: 1,
    task: "write",
    tokens: vocabulary.kind as TextKind,
    vocabulary: vocabulary.tokens.length,
    embedding: options.embedding ?? Math.min(layers[0]?.hidden ?? 128, 128),
    layers,
    start: begun,
    use,
  });
  return { spec, vocabulary, weights: newWeights(writerWeights(spec), seed) };
}

/** A writer from its files. SpecError for a bad spec, CheckpointError where spec, vocabulary and weights disagree. */
export function loadLabelledWriter(files: {
  readonly spec: unknown;
  readonly vocabulary: Vocabulary;
  readonly weights: readonly NamedArray[];
  /** Cells of one's own that the spec may name. */
  readonly cells?: Cells;
}): LabelledWriter {
  const spec = checkLabelledWriterSpec(files.spec, files.cells);
  const { vocabulary } = files;
  if (vocabulary.kind !== spec.tokens || vocabulary.tokens.length !== spec.vocabulary)
    throw new CheckpointError(
      `vocabulary.json: must hold the ${spec.vocabulary} ${spec.tokens} tokens of spec.json, was ${vocabulary.tokens.length} ${vocabulary.kind} tokens`,
      { code: "vocabulary-mismatch", hint: "spec.json and vocabulary.json belong to different models" },
    );
  return { spec, vocabulary, weights: loadedWeights(writerWeights(spec), files.weights) };
}

/** States that the start sets: all that are vectors. */
const setStates = (spec: LabelledWriterSpec): readonly (readonly [name: string, width: number])[] =>
  spec.use === "input"
    ? []
    : [...stackStates(spec.layers, 1)].flatMap(([name, shape]) =>
        shape.length === 2 ? [[name, shape[1]] as const] : [],
      );

const zeroPlan = (shape: Shape): WeightPlan => ({ shape, values: () => new Float32Array(sizeOf(shape)) });

/**
 * "embedding.weight" [V+1,D] with START last, "start.embedding.weight" of labels, "start.h.0.weight" and so on for the states it
 * sets, PyTorch's names under "rnn.", "head.weight" [V+1,H] with END last.
 */
export function writerWeights(spec: LabelledWriterSpec): WeightPlans {
  const { vocabulary: V, embedding, layers, start } = spec;
  const plans = new Map<string, WeightPlan>([["embedding.weight", embeddingPlan([V + 1, embedding])]]);
  if (start.kind === "label") plans.set("start.embedding.weight", embeddingPlan([start.labels.length, start.width]));
  for (const [name, width] of setStates(spec))
    plans.set(`start.${name}.weight`, linearPlan([width, start.width])).set(`start.${name}.bias`, zeroPlan([width]));
  for (const [name, plan] of stackWeights(layers, writerInputWidth(spec))) plans.set(name, plan);
  return plans.set("head.weight", linearPlan([V + 1, stackWidth(layers)])).set("head.bias", zeroPlan([V + 1]));
}

/** What starts N texts [N,E]: labels by their ids i32 [N], or the vectors f32 [N,E] as they are. */
const startOf = ({ spec, weights }: LabelledWriter, start: Tensor): Tensor =>
  spec.start.kind === "label" ? gather(weights["start.embedding.weight"], start) : start;

/** The states that a start sets: tanh(e W' + b) each. */
export function writerStates(model: LabelledWriter, start: Tensor): Named {
  const e = startOf(model, start);
  const { weights } = model;
  return Object.fromEntries(
    setStates(model.spec).map(([name]) => [
      name,
      tanh(linear(e, weights[`start.${name}.weight`], weights[`start.${name}.bias`])),
    ]),
  );
}

/** Zero states for N texts, as variables that outlive a run. */
export const writerCarried = (spec: LabelledWriterSpec, N: number): Readonly<Record<string, Variable>> =>
  variables("carried", Object.fromEntries([...stackStates(spec.layers, N)].map(([name, shape]) => [name, { shape }])));

export interface WriterRun {
  /** Steps of each text, i32 [N]; all T where left out. */
  readonly lengths?: Tensor;
  /** i32 [2], seed and step: training. */
  readonly key?: Tensor;
  readonly frozen?: boolean;
}

/**
 * ids [T,N] (V is START, V+1 nothing), start i32 [N] or f32 [N,E], states by name (from `writerStates`, or carried) -> logits
 * [T,N,V+1] of the next token, END last, and the states after the last step.
 */
export function writerForward(
  model: LabelledWriter,
  { ids, start }: { readonly ids: Tensor; readonly start: Tensor },
  states: Named,
  run: WriterRun = {},
): { readonly logits: Tensor; readonly states: Named } {
  const { spec, weights } = model;
  const table = weights["embedding.weight"];
  const [T, N] = ids.shape;
  let input: LayerInput = { table, ids, frozen: run.frozen ?? false };
  if (spec.use !== "state") {
    const beside = broadcastTo(reshape(startOf(model, start), [1, N, spec.start.width]), [T, N, spec.start.width]);
    input = concat([gather(table, ids), beside]);
  }
  const result = runStack(spec.layers, weights, input, states, {
    ...(run.lengths && { lengths: run.lengths }),
    ...(run.key && { key: run.key }),
  });
  return { logits: linear(result.y, weights["head.weight"], weights["head.bias"]), states: result.states };
}
