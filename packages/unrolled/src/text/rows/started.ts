// Texts that start from numbers: one to many from real vectors, from CSV, TSV or JSONL. E numbers a row.
import { DataError } from "../../errors.js";
import { type Limits, limits as standardLimits } from "../../limits.js";
import type { Json } from "../json.js";
import { jsonObjects, type LabelledText, type RowFormat } from "./labelled.js";
import { numberIn } from "./series.js";
import { atLine, columnOf, parseTable } from "./table.js";

export interface StartedText extends LabelledText {
  /** [E]. */
  readonly values: Float32Array;
}

export interface StartedTexts {
  /** What the numbers are called: as they were asked for; "key.1", "key.2" of a list under a JSON key. */
  readonly columns: readonly string[];
  readonly rows: readonly StartedText[];
}

export interface StartedOptions {
  /** Names the file in errors. */
  readonly where: string;
  readonly format: RowFormat;
  /** The columns of numbers: names of the header line, numbers from 1, or JSON keys of a number or a list of numbers. */
  readonly startColumns: readonly string[];
  /** "text", or the first column that is no number's, where left out. */
  readonly textColumn?: string;
  readonly limits?: Limits;
}

/**
 * The rows of a file. DataError with file and line: `not-a-number`, `row-text`, `row-fields`, `row-json`, `table-column`,
 * `no-rows`, and those of the table.
 */
export function parseStarted(text: string, options: StartedOptions): StartedTexts {
  const read = options.format === "jsonl" ? jsonRows(text, options) : tableRows(text, options, options.format);
  if (read.rows.length === 0)
    throw new DataError(`${options.where}: must hold rows of numbers and a text, holds none`, { code: "no-rows" });
  const empty = read.rows.find((row) => row.text === "");
  if (empty) throw atLine(options.where, empty.line, "the text must not be empty, was", "row-text");
  return read;
}

const isNumber = (name: string): boolean => /^\d+$/.test(name);

function tableRows(text: string, options: StartedOptions, format: "csv" | "tsv"): StartedTexts {
  const { where, startColumns, textColumn, limits = standardLimits } = options;
  const separator = format === "csv" ? "," : "\t";
  const all = parseTable(text, { where, separator, limits }).filter(({ fields }) => fields.length > 0);
  if (all.length === 0) return { columns: startColumns, rows: [] };
  const [{ fields: first, line }] = all;
  const names = [...startColumns, textColumn ?? "text"].filter((name) => !isNumber(name));
  const header = names.some((name) => first.includes(name)) ? first : undefined;
  const places = startColumns.map((name) => columnOf(where, header, name, first.length));
  const usual = header?.includes("text") ? header.indexOf("text") : first.findIndex((_, i) => !places.includes(i));
  const place = textColumn === undefined ? usual : columnOf(where, header, textColumn, first.length);
  if (place < 0 || places.includes(place))
    throw atLine(where, line, "must have a column of text beside those of numbers, has none", "row-fields");
  const rows = all.slice(header ? 1 : 0).map(({ fields, line: at }): StartedText => {
    if (fields.length !== first.length)
      throw atLine(where, at, `must have ${first.length} fields like line ${line}, has ${fields.length}`, "row-fields");
    const values = places.map((column, i) => numberIn(fields[column], where, at, startColumns[i]));
    return { text: fields[place], label: undefined, line: at, values: Float32Array.from(values) };
  });
  return { columns: startColumns, rows };
}

function jsonRows(text: string, options: StartedOptions): StartedTexts {
  const { where, startColumns, textColumn = "text", limits = standardLimits } = options;
  let known: readonly string[] | undefined;
  const rows: StartedText[] = [];
  for (const { object, line } of jsonObjects(text, where, limits)) {
    known ??= startColumns.flatMap((name) => expanded(object, name));
    const columns = known;
    const given = object.get(textColumn);
    if (typeof given !== "string")
      throw atLine(where, line, `${JSON.stringify(textColumn)} must be text, was ${JSON.stringify(given)}`, "row-json");
    const values = columns.map((name) => {
      const value = numberAt(object, name);
      if (typeof value === "number" && Number.isFinite(Math.fround(value))) return value;
      throw atLine(
        where,
        line,
        `${JSON.stringify(name)} must be a number that float32 can hold, was ${JSON.stringify(value)}`,
        "not-a-number",
      );
    });
    const more = startColumns.find(
      (name) => numberAt(object, `${name}.${listLength(columns, name) + 1}`) !== undefined,
    );
    if (more !== undefined)
      throw atLine(
        where,
        line,
        `${JSON.stringify(more)} must be ${listLength(columns, more)} numbers like the first row's, was more`,
        "row-json",
      );
    rows.push({ text: given, label: undefined, line, values: Float32Array.from(values) });
  }
  return { columns: known ?? startColumns, rows };
}

/** A key of a list stands for all its numbers. */
function expanded(object: ReadonlyMap<string, Json>, name: string): readonly string[] {
  const value = object.get(name);
  return Array.isArray(value) ? value.map((_, i) => `${name}.${i + 1}`) : [name];
}

const listLength = (columns: readonly string[], name: string): number =>
  columns.filter((column) => column.startsWith(`${name}.`) && isNumber(column.slice(name.length + 1))).length;

/** The number under a key, or under "key.i" the i-th of a list. */
function numberAt(object: ReadonlyMap<string, Json>, name: string): Json | undefined {
  if (object.has(name)) return object.get(name);
  const dot = name.lastIndexOf(".");
  const list = object.get(name.slice(0, dot));
  return dot > 0 && Array.isArray(list) ? list[Number(name.slice(dot + 1)) - 1] : undefined;
}
