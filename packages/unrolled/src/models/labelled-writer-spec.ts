// What a labelled writer is, as plain JSON (spec.json): one to many. A label or a vector starts the network, tokens come out until END.
// V tokens, D embedding, E width of what starts it.
import { SpecError } from "../errors.js";
import { limits } from "../limits.js";
import { type StackLayer, stackShapes } from "../nn/stack.js";
import { fieldsOf, integerIn, namesIn, oneOf, refuseOthers, wrong } from "./fields.js";
import { type Cells, cellsAtHand, layersJson, readLayers } from "./layers.js";
import { type Columns, columnsIn, type TextKind, textKinds } from "./network-spec.js";

/** A label by its embedding; the numbers of a vector as they are; or columns, each less its mean and divided by its deviation. */
export type WriterStart =
  | { readonly kind: "label"; readonly labels: readonly string[]; readonly width: number }
  | { readonly kind: "vector"; readonly width: number }
  | ({ readonly kind: "columns"; readonly width: number } & Columns);

/** A start's numbers as the network reads them. */
export const startNumbers = (start: WriterStart, values: ArrayLike<number>): ArrayLike<number> =>
  start.kind === "columns"
    ? Float32Array.from(values, (value, e) => (value - start.mean[e]) / start.deviation[e])
    : values;

export const startUses = ["state", "input", "both"] as const;
/** state: what the layers' states begin as; input: beside the token at every step; both. */
export type StartUse = (typeof startUses)[number];

export interface LabelledWriterSpec {
  readonly format: "unrolled";
  readonly version: 1;
  readonly task: "write";
  readonly tokens: TextKind;
  /** V; id V is START where it is read and END where it is written. */
  readonly vocabulary: number;
  /** D. */
  readonly embedding: number;
  readonly layers: readonly StackLayer[];
  readonly start: WriterStart;
  readonly use: StartUse;
}

/** Width of what enters the first layer. */
export const writerInputWidth = ({ embedding, start, use }: LabelledWriterSpec): number =>
  use === "state" ? embedding : embedding + start.width;

/** Reads parsed JSON as a spec. SpecError with the path of the first thing that is wrong. `cells`: of one's own, by name. */
export function checkLabelledWriterSpec(value: unknown, cells: Cells = {}): LabelledWriterSpec {
  const given = fieldsOf("spec", value);
  const spec: LabelledWriterSpec = {
    format: oneOf("spec.format", given.get("format"), ["unrolled"]),
    version: given.get("version") === 1 ? 1 : wrong("spec.version", "1", given.get("version"), "spec-version"),
    task: oneOf("spec.task", given.get("task"), ["write"]),
    tokens: oneOf("spec.tokens", given.get("tokens"), textKinds),
    vocabulary: integerIn("spec.vocabulary", given.get("vocabulary"), 1, limits.vocabulary),
    embedding: integerIn("spec.embedding", given.get("embedding"), 1, limits.width),
    layers: readLayers("spec.layers", given.get("layers"), cells),
    start: startIn("spec.start", given.get("start")),
    use: oneOf("spec.use", given.get("use"), startUses),
  };
  refuseOthers("spec", given, spec);
  checkLayers(spec);
  return spec;
}

function startIn(path: string, value: unknown): WriterStart {
  const given = fieldsOf(path, value);
  const kind = oneOf(`${path}.kind`, given.get("kind"), ["label", "vector", "columns"]);
  const width = integerIn(`${path}.width`, given.get("width"), 1, limits.width);
  const read: WriterStart =
    kind === "label"
      ? { kind, labels: namesIn(`${path}.labels`, given.get("labels"), 1, limits.labels), width }
      : kind === "vector"
        ? { kind, width }
        : { kind, width, ...columnsIn(path, given) };
  if (read.kind === "columns" && read.columns.length !== width)
    wrong(`${path}.width`, `${read.columns.length}, the number of columns`, width);
  refuseOthers(path, given, read);
  return read;
}

function checkLayers(spec: LabelledWriterSpec): void {
  const no = (path: string, message: string, hint: string): never => {
    throw new SpecError(`spec.${path}: ${message}`, { code: "spec-combination", hint });
  };
  if (spec.layers.length === 0)
    no("layers", "must be at least one layer to write, was none", "a writer needs a memory");
  if (cellsAtHand(spec.layers)) stackShapes(spec.layers, writerInputWidth(spec));
  for (const [l, { direction, initial }] of spec.layers.entries()) {
    if (direction !== "forward")
      no(
        `layers[${l}].direction`,
        `must be "forward" to write, was "${direction}"`,
        "a layer that runs backwards needs the whole text first",
      );
    if (initial === "learned" && spec.use !== "input")
      no(
        `layers[${l}].initial`,
        `must be "zero" where the start sets the states, was "learned"`,
        'use "input", or leave the learned state out',
      );
  }
}

/** The spec as plain JSON: a cell of one's own becomes its name. */
export const labelledWriterJson = (spec: LabelledWriterSpec): object => ({ ...spec, layers: layersJson(spec.layers) });
