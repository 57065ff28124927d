// Labelled texts: one text and its label a row, from CSV, TSV or JSONL.
import { DataError } from "../../errors.js";
import { type Limits, limits as standardLimits } from "../../limits.js";
import { type Json, parseJson } from "../json.js";
import { atLine, columnOf, parseTable, type TableRow } from "./table.js";

export interface LabelledText {
  readonly text: string;
  /** Undefined where the rows need none and this one has none. */
  readonly label: string | undefined;
  /** Of the file, from 1. */
  readonly line: number;
}

export type RowFormat = "csv" | "tsv" | "jsonl";

export interface LabelledOptions {
  /** Names the file in errors. */
  readonly where: string;
  readonly format: RowFormat;
  /** A column of the header line, a number from 1, or a JSON key; "text" where left out. */
  readonly textColumn?: string;
  /** The same; "label" where left out. */
  readonly labelColumn?: string;
  readonly limits?: Limits;
}

/**
 * The rows of a file. A table whose first line names the columns that are asked for (or "text" and "label") has a header; one
 * without has the text first and the label second. DataError with file and line: `row-text`, `row-label`, `row-fields`,
 * `row-json`, `no-rows`, and those of the table.
 */
export function parseLabelled(text: string, options: LabelledOptions): LabelledText[] {
  const rows = options.format === "jsonl" ? jsonRows(text, options) : tableRows(text, options, options.format);
  if (rows.length === 0)
    throw new DataError(`${options.where}: must hold rows of a text and its label, holds none`, {
      code: "no-rows",
      hint: "a header line alone is no row",
    });
  for (const row of rows) {
    if (row.text === "") throw atLine(options.where, row.line, "the text must not be empty, was", "row-text");
    if (row.label === "") throw atLine(options.where, row.line, "the label must not be empty, was", "row-label");
  }
  return rows;
}

interface Columns {
  readonly text: number;
  readonly label: number;
  readonly header: boolean;
  readonly width: number;
}

function tableRows(text: string, options: LabelledOptions, format: "csv" | "tsv"): LabelledText[] {
  const { where, limits = standardLimits } = options;
  const all = parseTable(text, { where, separator: format === "csv" ? "," : "\t", limits });
  const rows = all.filter(({ fields }) => fields.length > 0);
  if (rows.length === 0) return [];
  const columns = findColumns(rows[0]!, options);
  return rows.slice(columns.header ? 1 : 0).map(({ fields, line }) => {
    if (fields.length !== columns.width)
      throw atLine(
        where,
        line,
        `must have ${columns.width} fields like line ${rows[0]!.line}, has ${fields.length}`,
        "row-fields",
        "a text with a comma in it stands in quotes; or use tabs (.tsv)",
      );
    return { text: fields[columns.text]!, label: fields[columns.label]!, line };
  });
}

function findColumns({ fields, line }: TableRow, options: LabelledOptions): Columns {
  const { where, textColumn, labelColumn } = options;
  const width = fields.length;
  const named = [textColumn ?? "text", labelColumn ?? "label"];
  const isHeader = named.every((name) => fields.includes(name)) || namesOne(fields, [textColumn, labelColumn]);
  const header = isHeader ? fields : undefined;
  const place = (wanted: string | undefined, usual: string, without: number): number => {
    if (wanted !== undefined) return columnOf(where, header, wanted, width);
    return header?.includes(usual) ? header.indexOf(usual) : without;
  };
  if (width < 2) throw atLine(where, line, `must have two fields, a text and its label, has ${width}`, "row-fields");
  if (width > 2 && !isHeader && (textColumn === undefined || labelColumn === undefined))
    throw atLine(
      where,
      line,
      `must have two fields, a text and its label, has ${width}`,
      "row-fields",
      "name the columns: --text-column and --label-column, by name or by number from 1",
    );
  // Where one of two columns is named, the other is the rest.
  const label = place(labelColumn, "label", textColumn === undefined ? 1 : 1 - place(textColumn, "text", 0));
  const text = place(textColumn, "text", labelColumn === undefined ? 0 : 1 - label);
  if (text === label || text < 0 || label < 0)
    throw new DataError(`${where}: text and label must be two columns, were both column ${text + 1}`, {
      code: "table-column",
      hint: "name both: --text-column and --label-column",
    });
  return { text, label, header: isHeader, width };
}

const isNumber = (name: string): boolean => /^\d+$/.test(name);
const namesOne = (fields: readonly string[], wanted: readonly (string | undefined)[]): boolean =>
  wanted.some((name) => name !== undefined && !isNumber(name) && fields.includes(name));

/** Lines of JSON objects, each with its line number; empty lines are left out. DataError `row-json`. */
export function* jsonObjects(
  text: string,
  where: string,
  limits: Limits = standardLimits,
): Generator<{ readonly object: ReadonlyMap<string, Json>; readonly line: number }> {
  let line = 0;
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf("\n", from);
    const end = newline < 0 ? text.length : newline;
    const source = text.slice(from, end).trim();
    from = end + 1;
    if (++line > limits.rows) throw atLine(where, line, `must be one of at most ${limits.rows} rows`, "table-rows");
    if (source === "") continue;
    const fail = (_: string, message: string): never => {
      throw atLine(where, line, `must be JSON: ${message}`, "row-json");
    };
    const value = parseJson(source, { depth: limits.jsonDepth, values: limits.jsonValues, naturals: false, fail });
    if (!(value instanceof Map)) throw atLine(where, line, "must be a JSON object, was not", "row-json");
    yield { object: value as ReadonlyMap<string, Json>, line };
  }
}

function jsonRows(text: string, options: LabelledOptions): LabelledText[] {
  const { where, textColumn = "text", labelColumn = "label", limits = standardLimits } = options;
  const rows: LabelledText[] = [];
  for (const { object, line } of jsonObjects(text, where, limits)) {
    const words = (key: string): string => {
      const value = object.get(key);
      if (typeof value === "string") return value;
      if (value === undefined) throw atLine(where, line, `must have ${JSON.stringify(key)}, does not`, "row-json");
      // A label may be written as a number, or as a list of several.
      if (key === labelColumn && typeof value === "number") return String(value);
      if (key === labelColumn && Array.isArray(value) && value.every((item) => typeof item === "string"))
        return value.join("|");
      throw atLine(where, line, `${JSON.stringify(key)} must be text, was ${JSON.stringify(value)}`, "row-json");
    };
    rows.push({ text: words(textColumn), label: words(labelColumn), line });
  }
  return rows;
}
