// Files of rows: read by what their names say they are, and by what the task learns from.
import { createHash } from "node:crypto";
import { extname, resolve } from "node:path";
import {
  DataError,
  parseLabelled,
  parseNpy,
  parseSeries,
  parseStarted,
  parseTagged,
  type RowFormat,
  type Rows,
  seriesRows,
  textOf,
} from "unrolled";
import { type DataFile, readBytes } from "../data.js";
import type { RowSettings } from "./settings.js";

/** Which of a run's settings decide how its files are read. */
export type RowReading = Pick<
  RowSettings,
  "task" | "tokens" | "textColumn" | "labelColumn" | "idColumn" | "startColumns"
>;

/** The rows of one file. */
export interface RowFile {
  readonly where: string;
  readonly rows: Rows;
  readonly file: DataFile;
}

export async function readRowFile(path: string, reading: RowReading): Promise<RowFile> {
  const bytes = await readBytes(path);
  const file = { path: resolve(path), bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  return { where: path, rows: parseRows(path, bytes, reading), file };
}

/** Several files, one after the other. */
export async function readRowFiles(paths: readonly string[], reading: RowReading): Promise<readonly RowFile[]> {
  const files: RowFile[] = [];
  for (const path of paths) files.push(await readRowFile(path, reading));
  const columns = ({ rows }: RowFile): string => ("columns" in rows && rows.columns ? rows.columns.join() : "");
  const other = files.find((each) => columns(each) !== columns(files[0]));
  if (other)
    throw new DataError(
      `${other.where}: must have the columns of ${files[0].where} (${columns(files[0])}), has ${columns(other)}`,
      {
        code: "table-column",
      },
    );
  return files;
}

/** All rows of some files as one set. */
export const joined = (files: readonly RowFile[]): Rows =>
  ({ ...files[0].rows, rows: files.flatMap(({ rows }) => rows.rows as readonly unknown[]) }) as Rows;

const extensions = new Map<string, RowFormat>([
  [".csv", "csv"],
  [".tsv", "tsv"],
  [".jsonl", "jsonl"],
  [".ndjson", "jsonl"],
]);

/** The rows of a file's bytes. DataError with file and line. */
export function parseRows(path: string, bytes: Uint8Array, reading: RowReading): Rows {
  const extension = extname(path).toLowerCase();
  const format = extensions.get(extension);
  if (reading.tokens === "vector") return parseVectors(path, bytes, reading);
  if (reading.task === "tag") {
    if (format === "csv" || extension === ".npy")
      throw wrongFormat(path, ".jsonl, or lines of a token and its tag (.tsv, .conll, .txt)", "tags");
    return {
      kind: "tokens",
      rows: parseTagged(textOf(bytes, path), { where: path, format: format === "jsonl" ? "jsonl" : "conll" }),
    };
  }
  if (format === undefined) throw wrongFormat(path, ".csv, .tsv or .jsonl", "texts with labels");
  const { idColumn: _, ...names } = columns(reading);
  const { startColumns } = reading;
  if (startColumns !== null)
    return { kind: "texts", ...parseStarted(textOf(bytes, path), { where: path, format, startColumns, ...names }) };
  return { kind: "texts", rows: parseLabelled(textOf(bytes, path), { where: path, format, ...names }) };
}

/** Sequences of numbers; standard input is CSV. DataError with file and line. */
export function parseVectors(
  path: string,
  bytes: Uint8Array,
  reading: Omit<RowReading, "tokens" | "startColumns">,
): Rows {
  const extension = extname(path).toLowerCase();
  if (extension === ".npy" && reading.task === "regress") return seriesRows(parseNpy(bytes, path));
  if (extension !== "" && extension !== ".csv" && extension !== ".tsv")
    throw wrongFormat(path, reading.task === "regress" ? ".csv, .tsv or .npy" : ".csv or .tsv", "numbers");
  const text = textOf(bytes, path);
  const separator = extension === ".tsv" ? "\t" : ",";
  const { idColumn, labelColumn } = { ...columns(reading), ...usualLabel(text, separator, reading) };
  // One to one: a vector and its label.
  const apart = reading.task === "classify" && reading.idColumn === null;
  const named = { ...(idColumn !== undefined && { idColumn }), ...(labelColumn !== undefined && { labelColumn }) };
  return seriesRows(parseSeries(text, { where: path, separator, apart, ...named }));
}

/** A column called "label", where labels are learnt and no column is named. */
function usualLabel(
  text: string,
  separator: string,
  { task, labelColumn }: Pick<RowReading, "task" | "labelColumn">,
): { readonly labelColumn?: string } {
  if (task === "regress" || labelColumn !== null) return {};
  const [header] = text.split(/\r?\n/, 1);
  return header.split(separator).includes("label") ? { labelColumn: "label" } : {};
}

interface NamedColumns {
  readonly textColumn?: string;
  readonly labelColumn?: string;
  readonly idColumn?: string;
}

/** Columns that were named. */
const columns = ({ textColumn, labelColumn, idColumn }: Omit<RowReading, "tokens" | "startColumns">): NamedColumns => ({
  ...(textColumn !== null && { textColumn }),
  ...(labelColumn !== null && { labelColumn }),
  ...(idColumn !== null && { idColumn }),
});

const wrongFormat = (path: string, wanted: string, what: string): DataError =>
  new DataError(`${path}: must be ${wanted} for ${what}, by its name`, {
    code: "rows-format",
    hint: "the ending of a file's name says how it is read: docs/tasks.md",
  });
