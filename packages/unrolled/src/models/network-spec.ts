// What a network over rows is, as plain JSON (spec.json): what it reads, its layers, how steps become an answer, what it
// answers. Classifier, tagger and regressor are such networks. T time, N batch, D input, C labels or numbers answered.
import { SpecError } from "../errors.js";
import { limits } from "../limits.js";
import { type StackLayer, stackShapes } from "../nn/stack.js";
import { type Cells, cellsAtHand, layersJson, readLayers } from "./layers.js";
import { fieldsOf, integerIn, listOf, namesIn, numberIn, oneOf, refuseOthers, wrong } from "./fields.js";

/** How texts are cut into tokens. */
export const textKinds = ["char", "word", "byte"] as const;
export type TextKind = (typeof textKinds)[number];

/** Tokens by their embedding, or vectors of numbers, each column less its mean and divided by its deviation. */
export type NetworkInput =
  | {
      readonly kind: TextKind;
      /** V. */
      readonly vocabulary: number;
      /** D. */
      readonly embedding: number;
    }
  | ({ readonly kind: "vector" } & Columns);

/** Numbers by name, and what they are normalised with. */
export interface Columns {
  readonly columns: readonly string[];
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/**
 * softmax: one label of several; logistic: any number of them, each for itself. linear: numbers, either columns of the data at
 * the same step, or ("next") the input at the step that follows.
 */
export type NetworkOutput =
  | { readonly kind: "softmax" | "logistic"; readonly labels: readonly string[] }
  | ({ readonly kind: "linear"; readonly target: "columns" | "next" } & Columns);

export const networkTasks = ["classify", "tag", "regress"] as const;
export type NetworkTask = (typeof networkTasks)[number];
export const poolings = ["none", "last", "mean", "max"] as const;
/**
 * none: an answer at every step. last: the top layer's state after the last step a row has (both directions' states side by
 * side, or added as the layer does). mean, max: over the steps a row has.
 */
export type Pooling = (typeof poolings)[number];

export interface NetworkSpec {
  readonly format: "unrolled";
  readonly version: 1;
  /** classify: one answer a row; tag: labels at every step; regress: numbers. */
  readonly task: NetworkTask;
  readonly input: NetworkInput;
  /** From the input upwards; none: every step for itself. */
  readonly layers: readonly StackLayer[];
  readonly pool: Pooling;
  /** Widths of feed-forward layers (tanh) between the recurrent layers and the answer. */
  readonly deep: readonly number[];
  readonly output: NetworkOutput;
}

/** D of what enters the first layer. */
export const inputWidthOf = (input: NetworkInput): number =>
  input.kind === "vector" ? input.columns.length : input.embedding;

/** C: how many labels or numbers an answer has. */
export const answersOf = (output: NetworkOutput): number =>
  output.kind === "linear" ? output.columns.length : output.labels.length;

/** Reads parsed JSON as a spec. SpecError with the path of the first thing that is wrong. */
export function checkNetworkSpec(value: unknown, cells: Cells = {}): NetworkSpec {
  const given = fieldsOf("spec", value);
  const spec: NetworkSpec = {
    format: oneOf("spec.format", given.get("format"), ["unrolled"]),
    version: given.get("version") === 1 ? 1 : wrong("spec.version", "1", given.get("version"), "spec-version"),
    task: oneOf("spec.task", given.get("task"), networkTasks),
    input: inputIn("spec.input", given.get("input")),
    layers: readLayers("spec.layers", given.get("layers"), cells, 0),
    pool: oneOf("spec.pool", given.get("pool"), poolings),
    deep: listOf("spec.deep", given.get("deep"), [0, limits.layers], (path, n) => integerIn(path, n, 1, limits.width)),
    output: outputIn("spec.output", given.get("output")),
  };
  refuseOthers("spec", given, spec);
  checkWhole(spec);
  return spec;
}

function inputIn(path: string, value: unknown): NetworkInput {
  const given = fieldsOf(path, value);
  const kind = oneOf(`${path}.kind`, given.get("kind"), [...textKinds, "vector"]);
  const read: NetworkInput =
    kind === "vector"
      ? { kind, ...columnsIn(path, given) }
      : {
          kind,
          vocabulary: integerIn(`${path}.vocabulary`, given.get("vocabulary"), 1, limits.vocabulary),
          embedding: integerIn(`${path}.embedding`, given.get("embedding"), 1, limits.width),
        };
  refuseOthers(path, given, read);
  return read;
}

function outputIn(path: string, value: unknown): NetworkOutput {
  const given = fieldsOf(path, value);
  const kind = oneOf(`${path}.kind`, given.get("kind"), ["softmax", "logistic", "linear"]);
  const read: NetworkOutput =
    kind === "linear"
      ? {
          kind,
          target: oneOf(`${path}.target`, given.get("target"), ["columns", "next"]),
          ...columnsIn(path, given),
        }
      : { kind, labels: namesIn(`${path}.labels`, given.get("labels"), kind === "softmax" ? 2 : 1, limits.labels) };
  refuseOthers(path, given, read);
  return read;
}

/** Columns of a spec, each with its mean and deviation. */
export function columnsIn(path: string, given: ReadonlyMap<string, unknown>): Columns {
  const columns = namesIn(`${path}.columns`, given.get("columns"), 1, limits.columns);
  const many = [columns.length, columns.length] as const;
  return {
    columns,
    mean: listOf(`${path}.mean`, given.get("mean"), many, numberIn),
    deviation: listOf(`${path}.deviation`, given.get("deviation"), many, (at, value) =>
      numberIn(at, value) > 0 ? (value as number) : wrong(at, "above 0", value),
    ),
  };
}

/** The spec as plain JSON: a cell of one's own becomes its name. */
export const networkJson = (spec: NetworkSpec): object => ({ ...spec, layers: layersJson(spec.layers) });

/** Combinations that make no network. */
function checkWhole({ task, input, layers, pool, output }: NetworkSpec): void {
  if (layers.length > 0 && cellsAtHand(layers)) stackShapes(layers, inputWidthOf(input));
  const no = (path: string, message: string, hint: string): never => {
    throw new SpecError(`spec.${path}: ${message}`, { code: "spec-combination", hint });
  };
  if ((task === "regress") !== (output.kind === "linear"))
    no(
      "output.kind",
      `must be ${task === "regress" ? "linear" : "softmax or logistic"} to ${task}, was ${output.kind}`,
      "numbers are answered by regress, labels by classify and tag",
    );
  if (task === "classify" && pool === "none")
    no("pool", 'must be "last", "mean" or "max" to classify, was "none"', "an answer at every step is what tag gives");
  if (task === "tag" && pool !== "none")
    no("pool", `must be "none" to tag, was "${pool}"`, "one answer a row is what classify gives");
  const top = layers[layers.length - 1];
  if (pool === "last" && (top === undefined || top.residual !== "none"))
    no(
      "pool",
      `must be "mean" or "max" ${top ? "above a residual connection" : "where there is no recurrent layer"}, was "last"`,
      "the last state is that of the top layer's cell alone",
    );
  if (output.kind !== "linear" || output.target !== "next") return;
  if (pool !== "none")
    no("pool", `must be "none" to forecast, was "${pool}"`, "the next step is predicted at every step");
  const sees = layers.findIndex(({ direction }) => direction !== "forward");
  if (sees >= 0)
    no(
      `layers[${sees}].direction`,
      `must be "forward" to forecast, was "${layers[sees].direction}"`,
      "a layer that runs backwards has seen the step that it is to predict",
    );
}
