// Rows of any kind as what a network learns from: texts with a label, tokens with tags, sequences of vectors; and the rows as
// numbers for a network that is built (what they say about the network to build: row-facts.ts).
// T steps of a row, D numbers of a step, C labels.
import { DataError } from "../errors.js";
import { encoder } from "../text/encode.js";
import { type LabelIndex, labelIndex, labelsIn } from "../text/rows/labels.js";
import type { LabelledText } from "../text/rows/labelled.js";
import type { Series, SeriesSet } from "../text/rows/series.js";
import { atLine } from "../text/rows/table.js";
import type { TaggedTokens } from "../text/rows/tagged.js";
import type { Vocabulary } from "../text/vocabulary.js";
import type { Network } from "./network.js";
import type { Columns, NetworkOutput, NetworkTask } from "./network-spec.js";

/** Tokens have a tag each, or, to classify, one label in all. */
export type Rows =
  | {
      readonly kind: "texts";
      readonly rows: readonly LabelledText[];
      /** Of the numbers that start the texts, where they do. */
      readonly columns?: readonly string[];
    }
  | { readonly kind: "tokens"; readonly rows: readonly TaggedTokens[] }
  | { readonly kind: "series"; readonly columns: readonly string[]; readonly rows: readonly Series[] };

export const seriesRows = ({ columns, sequences }: SeriesSet): Rows => ({ kind: "series", columns, rows: sequences });

/** Some of the rows, by their places. */
export function pickRows(rows: Rows, places: readonly number[]): Rows {
  return { ...rows, rows: places.map((place) => rows.rows[place]) } as Rows;
}

/** What a fair split keeps apart: the label of each row; undefined where a row has no one label. */
export const rowClasses = (task: NetworkTask, rows: Rows): readonly string[] | undefined =>
  task !== "classify"
    ? undefined
    : rows.kind === "texts"
      ? rows.rows.map(({ label }) => label ?? "")
      : rows.kind === "series"
        ? rows.rows.map(({ labels }) => labels[0] ?? "")
        : rows.rows.map(({ tags }) => tags[0] ?? "");

/** DataError `rows-kind` or `no-rows` where the rows are not what the task learns from. */
export function refuseUnfit(rows: Rows, task: NetworkTask, where: string): void {
  const fits = rows.kind === "series" || (rows.kind === "texts" ? task === "classify" : task !== "regress");
  if (!fits)
    throw new DataError(
      `${where}: must hold ${task === "regress" ? "numbers" : "labels"} to ${task}, holds ${rows.kind}`,
      {
        code: "rows-kind",
      },
    );
  if (rows.rows.length === 0)
    throw new DataError(`${where}: must hold at least one row, holds none`, { code: "no-rows" });
  if (rows.kind === "series" && task !== "regress" && rows.rows.some(({ labels }) => labels.length === 0))
    throw new DataError(`${where}: must have a column of labels to ${task}, has none`, {
      code: "rows-kind",
      hint: "name it: --label-column",
    });
}

/** A row as numbers. */
export interface Example {
  /** T: at least 1. */
  readonly steps: number;
  /** ids [T], or normalised numbers [T,D]. */
  readonly input: Int32Array | Float32Array;
  /** What is wanted, one for the row or one a step: ids of labels, or 0 and 1 for each label, or normalised numbers. */
  readonly target: Int32Array | Float32Array;
}

/**
 * Rows as numbers for a network. DataError with file and line: `label-unknown`, `row-text` (no token at all), `tag-token`,
 * `table-column`, `row-short`. Where `wanted` is false targets are left empty and labels are not looked at.
 */
export function rowExamples(
  { spec, vocabulary }: Network,
  rows: Rows,
  where: string,
  wanted = true,
): readonly Example[] {
  const { task, output } = spec;
  if (wanted) refuseUnfit(rows, task, where);
  if (rows.kind === "series") return rows.rows.map(seriesReader({ spec, vocabulary }, rows.columns, where, wanted));
  const target = output.kind === "linear" ? undefined : labelTargets(output, where);
  const read = rows.kind === "texts" ? textReader(vocabulary) : undefined;
  const tokenIds = rows.kind === "tokens" ? tokenReader(vocabulary, where) : undefined;
  return rows.rows.map((row) => {
    const input = "tokens" in row ? tokenIds!(row.tokens, row.line) : read!(row.text);
    if (input.length === 0)
      throw atLine(where, row.line, `must hold at least one ${vocabulary.kind}, holds none`, "row-text");
    const labels = "tags" in row ? row.tags : [row.label ?? ""];
    return { steps: input.length, input, target: wanted ? target!(labels, row.line) : nothing };
  });
}

const nothing = new Int32Array();

/** Text to ids; what the vocabulary lacks is <unk>, or nothing (the zero vector) where it has none. */
function textReader(vocabulary: Vocabulary): (text: string) => Int32Array {
  const encode = encoder(vocabulary);
  return (text) => encode(text, { allowUnknown: true, missing: vocabulary.tokens.length });
}

function tokenReader(vocabulary: Vocabulary, where: string): (tokens: readonly string[], line: number) => Int32Array {
  const ids = new Map(vocabulary.tokens.map((token, id) => [token, id]));
  const missing = vocabulary.unknown ?? vocabulary.tokens.length;
  return (tokens, line) =>
    Int32Array.from(tokens, (token) => {
      if (vocabulary.kind === "char" && [...token].length !== 1)
        throw atLine(
          where,
          line,
          `every token must be one character, was ${JSON.stringify(token)}`,
          "tag-token",
          "use --tokens word",
        );
      return ids.get(token) ?? missing;
    });
}

/** Labels of the steps (or of the row) as ids, or as 0 and 1 for each label. */
function labelTargets(output: NetworkOutput & { labels: readonly string[] }, where: string) {
  const index: LabelIndex = labelIndex(output.labels);
  const C = output.labels.length;
  return (labels: readonly string[], line: number): Int32Array | Float32Array => {
    if (output.kind === "softmax") return Int32Array.from(labels, (label) => index.idOf(label, where, line));
    const target = new Float32Array(labels.length * C);
    for (const [t, several] of labels.entries())
      for (const label of labelsIn(several)) target[t * C + index.idOf(label, where, line)] = 1;
    return target;
  };
}

function seriesReader(
  { spec }: Pick<Network, "spec" | "vocabulary">,
  columns: readonly string[],
  where: string,
  wanted: boolean,
) {
  const { input, output, pool } = spec;
  if (input.kind !== "vector")
    throw new DataError(`${where}: must hold ${input.kind} tokens, holds numbers`, { code: "rows-kind" });
  const inputs = placesOf(input, columns, where);
  const next = output.kind === "linear" && output.target === "next";
  const targets = output.kind === "linear" && wanted && !next ? placesOf(output, columns, where) : [];
  const labels = output.kind === "linear" ? undefined : labelTargets(output, where);
  return (row: Series): Example => {
    const at = row.line > 0 ? row.line : 1;
    if (next && wanted && row.steps < 2)
      throw atLine(where, at, "must have at least two steps to learn the next from, has one", "row-short");
    const steps = next && wanted ? row.steps - 1 : row.steps;
    const values = normalised(row, columns.length, input, inputs, 0, steps);
    if (!wanted) return { steps, input: values, target: nothing };
    if (labels) return { steps, input: values, target: labels(labelsOf(row, pool !== "none", where), at) };
    const numbers = output as NetworkOutput & { kind: "linear" };
    if (next) return { steps, input: values, target: normalised(row, columns.length, numbers, inputs, 1, row.steps) };
    const target = normalised(row, columns.length, numbers, targets, pool === "none" ? 0 : steps - 1, steps);
    return { steps, input: values, target };
  };
}

/** One label for the whole row, or all. */
function labelsOf(row: Series, one: boolean, where: string): readonly string[] {
  if (!one) return row.labels;
  const other = row.labels.findIndex((label) => label !== row.labels[0]);
  if (other >= 0)
    throw atLine(
      where,
      row.line + other,
      `a sequence must have one label, has ${JSON.stringify(row.labels[0])} and ${JSON.stringify(row.labels[other])}`,
      "row-label",
      "labels at every step are what --task tag learns",
    );
  return row.labels.slice(0, 1);
}

/** Where the columns that a network knows by name stand in the data. */
function placesOf({ columns }: Columns, present: readonly string[], where: string): readonly number[] {
  return columns.map((name) => {
    const place = present.indexOf(name);
    if (place >= 0) return place;
    throw new DataError(
      `${where}: must have the columns that the model was trained with, lacks ${JSON.stringify(name)}`,
      {
        code: "table-column",
        hint: `it has ${present.join(", ")}`,
      },
    );
  });
}

function normalised(
  { values }: Series,
  width: number,
  { mean, deviation }: Columns,
  places: readonly number[],
  from: number,
  to: number,
): Float32Array {
  const D = places.length;
  const result = new Float32Array((to - from) * D);
  for (let t = from; t < to; t++)
    for (let d = 0; d < D; d++) result[(t - from) * D + d] = (values[t * width + places[d]] - mean[d]) / deviation[d];
  return result;
}
