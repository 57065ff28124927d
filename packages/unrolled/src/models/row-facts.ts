// What rows say about the network to build: its vocabulary and labels, or its columns with their means and deviations.
// T steps of a row, D numbers of a step, C labels.
import { DataError } from "../errors.js";
import { cellSpec } from "../nn/cells/index.js";
import { type StackLayer, layer } from "../nn/stack.js";
import { labelSet, labelsIn } from "../text/rows/labels.js";
import type { Series } from "../text/rows/series.js";
import { atLine } from "../text/rows/table.js";
import {
  byteVocabulary,
  characterVocabulary,
  type Vocabulary,
  wordVocabulary,
  wordVocabularyOf,
} from "../text/vocabulary.js";
import { noVocabulary } from "./network.js";
import {
  type Columns,
  checkNetworkSpec,
  type NetworkOutput,
  type NetworkSpec,
  type NetworkTask,
  type Pooling,
  type TextKind,
} from "./network-spec.js";
import { type Rows, refuseUnfit } from "./rows.js";

export interface FactOptions {
  /** Names the data in errors. */
  readonly where: string;
  readonly task: NetworkTask;
  /** How texts are read; tokens of tagged rows are words or characters. */
  readonly tokens?: TextKind;
  /** Words that come less often are `<unk>`: 2 where left out, so that it is learnt what to make of new ones. */
  readonly minimumCount?: number;
  /** A row or step may have several labels, "a|b", or none, "-". */
  readonly multiLabel?: boolean;
  /** Rows whose labels are all to be known, where these are only a part of them: those held out, too. */
  readonly labelled?: Rows;
  /** Columns to answer; the next step's input where left out. */
  readonly targets?: readonly string[];
}

/** What a network reads, but for the width of its embedding. */
export type InputFacts =
  | { readonly kind: TextKind; readonly vocabulary: number }
  | ({ readonly kind: "vector" } & Columns);

/** What the data say about the network. */
export interface Facts {
  readonly task: NetworkTask;
  readonly input: InputFacts;
  readonly output: NetworkOutput;
  readonly vocabulary: Vocabulary;
}

/** DataError where the rows do not fit the task or hold nothing to learn. */
export function rowFacts(rows: Rows, options: FactOptions): Facts {
  const { where, task, multiLabel = false } = options;
  refuseUnfit(rows, task, where);
  if (rows.kind === "series" && task === "regress") return numberFacts(rows, options);
  const { labelled = rows } = options;
  const all = labelled.rows.flatMap((row) =>
    "labels" in row ? row.labels : "tags" in row ? row.tags : [row.label ?? ""],
  );
  if (!multiLabel) refuseNone(labelled, where);
  const labels = multiLabel ? labelSet(all.flatMap(labelsIn), where, 1) : labelSet(all, where);
  const output = { kind: multiLabel ? "logistic" : "softmax", labels } as const;
  if (rows.kind === "series")
    return {
      task,
      input: { kind: "vector", ...columnsOf(rows.rows, rows.columns, rows.columns) },
      output,
      vocabulary: noVocabulary,
    };
  const vocabulary = vocabularyOf(rows, options);
  return { task, input: { kind: options.tokens ?? "char", vocabulary: vocabulary.tokens.length }, output, vocabulary };
}

function refuseNone(rows: Rows, where: string): void {
  if (rows.kind !== "tokens") return;
  const none = rows.rows.find(({ tags }) => tags.includes(""));
  if (none)
    throw atLine(
      where,
      none.line,
      "every token must have one tag, one has none",
      "tag-empty",
      "several or none: --multi-label",
    );
}

function vocabularyOf(rows: Rows, { where, tokens = "char", minimumCount = 2 }: FactOptions): Vocabulary {
  if (tokens === "byte") return byteVocabulary();
  if (rows.kind === "texts") {
    const text = rows.rows.map((row) => row.text).join("\n");
    return tokens === "char" ? characterVocabulary(text) : wordVocabulary(text, { minimumCount });
  }
  if (rows.kind !== "tokens") throw new DataError(`${where}: must hold tokens`, { code: "rows-kind" });
  if (tokens === "char") return characterVocabulary(rows.rows.flatMap((row) => row.tokens).join(""));
  const counts = new Map<string, number>();
  for (const row of rows.rows) for (const token of row.tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return wordVocabularyOf(counts, { minimumCount });
}

function numberFacts(rows: Rows & { kind: "series" }, { where, targets }: FactOptions): Facts {
  for (const name of targets ?? [])
    if (!rows.columns.includes(name))
      throw new DataError(`${where}: column must be one of ${rows.columns.join(", ")}, was ${JSON.stringify(name)}`, {
        code: "table-column",
      });
  const inputs = rows.columns.filter((name) => !targets?.includes(name));
  if (inputs.length === 0)
    throw new DataError(`${where}: must have a column beside ${targets?.join(", ")} to answer from, has none`, {
      code: "table-column",
    });
  const input = { kind: "vector", ...columnsOf(rows.rows, rows.columns, inputs) } as const;
  const output = targets
    ? { target: "columns" as const, ...columnsOf(rows.rows, rows.columns, targets) }
    : { target: "next" as const, columns: input.columns, mean: input.mean, deviation: input.deviation };
  return { task: "regress", input, output: { kind: "linear", ...output }, vocabulary: noVocabulary };
}

/** Means and deviations of some columns over all steps; 1 for a column that does not vary. */
export function columnsOf(
  rows: readonly Pick<Series, "values" | "steps">[],
  all: readonly string[],
  names: readonly string[],
): Columns {
  const steps = rows.reduce((sum, { steps }) => sum + steps, 0);
  const places = names.map((name) => all.indexOf(name));
  const over = (value: (x: number, i: number) => number): number[] =>
    places.map((place, i) => {
      let total = 0;
      for (const row of rows) for (let t = 0; t < row.steps; t++) total += value(row.values[t * all.length + place], i);
      return total / steps;
    });
  const mean = over((x) => x);
  const variance = over((x, i) => (x - mean[i]) ** 2);
  return { columns: names, mean, deviation: variance.map((v) => (v > 1e-24 ? Math.sqrt(v) : 1)) };
}

export interface NetworkOptions {
  /** D of the embedding of tokens; as wide as the first layer, at most 256, where left out. */
  readonly embedding?: number;
  /** An LSTM of 128 units where left out. */
  readonly layers?: readonly StackLayer[];
  /** "none" where every step is answered, else "last" (or "mean" where there are no layers). */
  readonly pool?: Pooling;
  readonly deep?: readonly number[];
}

/** The complete spec of a network for some data. SpecError for options that make none. */
export function networkSpec({ task, input, output }: Facts, options: NetworkOptions = {}): NetworkSpec {
  const layers = options.layers ?? [{ ...layer({ hidden: 128 }), cell: cellSpec("lstm") }];
  const embedding = options.embedding ?? Math.min(layers[0]?.hidden ?? 128, 256);
  const usual: Pooling = task !== "classify" ? "none" : layers.length > 0 ? "last" : "mean";
  return checkNetworkSpec({
    format: "unrolled",
    version: 1,
    task,
    input: input.kind === "vector" ? input : { ...input, embedding },
    layers,
    pool: options.pool ?? usual,
    deep: options.deep ?? [],
    output,
  });
}
