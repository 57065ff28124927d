// What a language model is, as plain JSON (spec.json), and the strict reading of such JSON.
// V vocabulary, D embedding, H hidden, L layers.
import { SpecError } from "../errors.js";
import { limits } from "../limits.js";
import type { Cell } from "../nn/cell.js";
import { type CellChoice, chosenCell } from "../nn/cells/index.js";
import type { HeadSpec } from "../nn/heads.js";
import { type LayerOptions, layer, type StackLayer, stackShapes, stackWidth } from "../nn/stack.js";
import { type Fields, fieldsOf, flagIn, fractionIn, integerIn, listOf, oneOf, refuseOthers, wrong } from "./fields.js";
import { type HeadOptions, headOf, readHead } from "./head-spec.js";
import { type Cells, cellsAtHand, layersJson, readLayers } from "./layers.js";

export const tokenKinds = ["char", "word", "byte", "bpe"] as const;
export type TokenKind = (typeof tokenKinds)[number];

export interface EmbeddingSpec {
  /** D. */
  readonly width: number;
  /** Learnt with the rest, or kept as it was first. */
  readonly from: "trained" | "frozen";
}

/**
 * Everything that decides the shape and meaning of a model's weights. Spec + named weights = model. Plain JSON, but for a
 * cell of one's own, which lies in its layer as it is (`languageModelJson` names it).
 */
export interface LanguageModelSpec {
  readonly format: "unrolled";
  readonly version: 2;
  readonly task: "language-model";
  readonly tokens: TokenKind;
  /** V: number of tokens. */
  readonly vocabulary: number;
  readonly embedding: EmbeddingSpec;
  /** From the input upwards; all of them forward. */
  readonly layers: readonly StackLayer[];
  readonly head: HeadSpec;
  /** Id of the token that begins a document: a row that reads it knows nothing of what came before. null: one long text. */
  readonly separator: number | null;
}

export interface LanguageModelOptions {
  readonly tokens: TokenKind;
  readonly vocabulary: number;
  /** One cell for all layers, or one for each. */
  readonly cell?: CellChoice | Cell | readonly (CellChoice | Cell)[];
  /** Where the reset gate of the cells that are named "gru" acts: "after" the recurrent product, or "before" it. */
  readonly reset?: "after" | "before";
  /** H of each layer, from the input upwards. */
  readonly hidden?: readonly number[];
  /** Probability of dropping a unit after each layer (between layers, and before the head) while training. */
  readonly dropout?: number;
  /** Each layer in full, in place of the four above. */
  readonly layers?: readonly LayerOptions[];
  readonly embedding?: number | Partial<EmbeddingSpec>;
  /** The same as `head: "tied"`. */
  readonly tied?: boolean;
  readonly head?: HeadOptions;
  /** Id of the token that begins a document, in training and ever after; one long text where left out. */
  readonly separator?: number | null;
}

/** Every default filled in, nothing checked yet. The embedding is as wide as the first layer, or the last where tied. */
export function draftLanguageModelSpec(options: LanguageModelOptions): LanguageModelSpec {
  const layers = layersOf(options);
  const head = headOf(options.tied ? "tied" : (options.head ?? "linear"), options.vocabulary);
  const given = typeof options.embedding === "object" ? options.embedding : {};
  const width = typeof options.embedding === "number" ? options.embedding : given.width;
  return {
    format: "unrolled",
    version: 2,
    task: "language-model",
    tokens: options.tokens,
    vocabulary: options.vocabulary,
    embedding: {
      width: width ?? (head.kind === "tied" ? stackWidth(layers) : Math.min(layers[0].hidden, 512)),
      from: given.from ?? "trained",
    },
    layers,
    head,
    separator: options.separator ?? null,
  };
}

function layersOf(options: LanguageModelOptions): readonly StackLayer[] {
  const { cell = "lstm", reset, dropout = 0 } = options;
  if (options.layers) {
    for (const name of ["cell", "reset", "hidden", "dropout"] as const)
      if (options[name] !== undefined) wrong(name, "left out where layers are given", options[name]);
    return options.layers.map(layer);
  }
  const named = (choice: CellChoice | Cell): StackLayer["cell"] =>
    chosenCell(choice, choice === "gru" && reset !== undefined ? { reset } : {});
  const hidden = options.hidden ?? [128, 128];
  const cells = Array.isArray(cell) ? (cell as readonly CellChoice[]) : hidden.map(() => cell as CellChoice | Cell);
  if (cells.length !== hidden.length)
    wrong("cell", `one for each of the ${hidden.length} layers`, `${cells.length} cells`, "spec-cells");
  return hidden.map((H, l) => layer({ cell: named(cells[l]), hidden: H, dropout }));
}

/** The complete spec of the options. SpecError for options that describe no model. */
export const languageModelSpec = (options: LanguageModelOptions): LanguageModelSpec =>
  checkLanguageModelSpec(draftLanguageModelSpec(options));

/**
 * Reads parsed JSON as a spec; one of version 1 is brought up to version 2. Throws SpecError with the path of the first
 * thing that is wrong. `cells` are the cells of one's own that it may name.
 */
export function checkLanguageModelSpec(value: unknown, cells: Cells = {}): LanguageModelSpec {
  const given = fieldsOf("spec", value);
  const version = given.get("version");
  if (version === 1) return sound(firstVersion(given));
  const read: LanguageModelSpec = {
    format: oneOf("spec.format", given.get("format"), ["unrolled"]),
    version: version === 2 ? 2 : wrong("spec.version", "1 or 2", version, "spec-version"),
    task: oneOf("spec.task", given.get("task"), ["language-model"]),
    tokens: oneOf("spec.tokens", given.get("tokens"), tokenKinds),
    vocabulary: integerIn("spec.vocabulary", given.get("vocabulary"), 2, limits.vocabulary),
    embedding: readEmbedding(fieldsOf("spec.embedding", given.get("embedding"))),
    layers: readLayers("spec.layers", given.get("layers"), cells),
    head: readHead("spec.head", given.get("head"), Number(given.get("vocabulary"))),
    separator: readSeparator(given.get("separator"), Number(given.get("vocabulary"))),
  };
  refuseOthers("spec", given, read);
  return sound(read);
}

/** Models of before have none. */
const readSeparator = (value: unknown = null, V: number): number | null =>
  value === null ? null : integerIn("spec.separator", value, 0, V - 1);

function readEmbedding(given: Fields): EmbeddingSpec {
  const read: EmbeddingSpec = {
    width: integerIn("spec.embedding.width", given.get("width"), 1, limits.width),
    from: oneOf("spec.embedding.from", given.get("from"), ["trained", "frozen"]),
  };
  refuseOthers("spec.embedding", given, read);
  return read;
}

/** A spec of version 1: one cell for all layers, a linear head or a tied one. */
function firstVersion(given: Fields): LanguageModelSpec {
  const read = {
    format: oneOf("spec.format", given.get("format"), ["unrolled"]),
    version: 1,
    task: oneOf("spec.task", given.get("task"), ["language-model"]),
    tokens: oneOf("spec.tokens", given.get("tokens"), tokenKinds),
    vocabulary: integerIn("spec.vocabulary", given.get("vocabulary"), 2, limits.vocabulary),
    cell: oneOf("spec.cell", given.get("cell"), ["rnn", "gru", "lstm"]),
    reset: oneOf("spec.reset", given.get("reset"), ["after", "before"]),
    embedding: integerIn("spec.embedding", given.get("embedding"), 1, limits.width),
    hidden: listOf("spec.hidden", given.get("hidden"), [1, limits.layers], (path, each) =>
      integerIn(path, each, 1, limits.width),
    ),
    dropout: fractionIn("spec.dropout", given.get("dropout")),
    tied: flagIn("spec.tied", given.get("tied")),
  };
  refuseOthers("spec", given, read);
  return draftLanguageModelSpec(read);
}

/** Refuses what fits together badly, by name. */
function sound(spec: LanguageModelSpec): LanguageModelSpec {
  for (const [l, { direction }] of spec.layers.entries())
    if (direction !== "forward")
      throw new SpecError(
        `spec.layers[${l}].direction: must be "forward" in a language model, was ${JSON.stringify(direction)}`,
        {
          code: "spec-direction",
          hint: "a layer that reads backwards needs the whole sequence before its first output, and would see the tokens that the model is to predict",
        },
      );
  if (!cellsAtHand(spec.layers)) return spec;
  stackShapes(spec.layers, spec.embedding.width);
  const top = stackWidth(spec.layers);
  if (spec.head.kind === "tied" && spec.embedding.width !== top)
    throw new SpecError(
      `spec.embedding: must equal the last hidden size ${top} in a tied model, was ${spec.embedding.width}`,
      { code: "spec-tied", hint: `use --embedding ${top}, or leave --tied out` },
    );
  return spec;
}

/** The spec as plain JSON, for spec.json: a cell of one's own becomes its name. */
export const languageModelJson = (spec: LanguageModelSpec): unknown => ({ ...spec, layers: layersJson(spec.layers) });
