// Sequences of real vectors from CSV or TSV: one row a step. D numbers a step.
import { DataError } from "../../errors.js";
import { type Limits, limits as standardLimits } from "../../limits.js";
import { atLine, columnOf, parseTable, type TableRow } from "./table.js";

export interface Series {
  /** [T,D], row-major. */
  readonly values: Float32Array;
  /** T. */
  readonly steps: number;
  /** One a step, where there is a label column. */
  readonly labels: readonly string[];
  /** Of the file, where it begins, from 1; 0 where the file has no lines. */
  readonly line: number;
}

export interface SeriesSet {
  /** D. */
  readonly width: number;
  /** What the numbers are called: the header's names, or their columns' numbers from 1. */
  readonly columns: readonly string[];
  readonly sequences: readonly Series[];
}

export interface SeriesOptions {
  /** Names the file in errors. */
  readonly where: string;
  readonly separator: "," | "\t";
  /** Rows of one sequence have the same value there and stand together; a column's name or its number from 1. */
  readonly idColumn?: string;
  /** A label of every step, which is no number of the vector; a column's name or its number from 1. */
  readonly labelColumn?: string;
  /** Every row is a sequence of one step. */
  readonly apart?: boolean;
  readonly limits?: Limits;
}

interface Columns {
  readonly header: readonly string[] | undefined;
  readonly width: number;
  readonly id: number;
  readonly label: number;
  readonly values: readonly number[];
}

const numeral = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const notNumbers = /^[+-]?(nan|inf|infinity)$|^(na|n\/a|null|none)?$/i;

/**
 * The sequences of a table of numbers. A first line with a field that is no number is the header. Empty lines part sequences,
 * and so does a new value in the id column. DataError with file and line: `not-a-number` (NaN, infinite, missing or words),
 * `row-fields`, `row-id`, `no-rows`, and those of the table.
 */
export function parseSeries(text: string, options: SeriesOptions): SeriesSet {
  const { where, separator, limits = standardLimits } = options;
  const rows = parseTable(text, { where, separator, limits });
  const first = rows.findIndex(({ fields }) => fields.length > 0);
  if (first < 0) throw new DataError(`${where}: must hold rows of numbers, holds none`, { code: "no-rows" });
  const columns = findColumns(rows[first]!, options);
  const groups = grouped(rows.slice(columns.header ? first + 1 : first), columns, options);
  if (groups.length === 0)
    throw new DataError(`${where}: must hold rows of numbers, holds a header line alone`, { code: "no-rows" });
  const names = columns.values.map((column) => columns.header?.[column] ?? String(column + 1));
  const sequences = groups.map((group) => readGroup(group, columns, names, where));
  return { width: names.length, columns: names, sequences };
}

function findColumns({ fields, line }: TableRow, { where, idColumn, labelColumn }: SeriesOptions): Columns {
  const isHeader = fields.some(
    (field, i) => !numeral.test(field.trim()) && !notNumbers.test(field.trim()) && !isNamed(i, [idColumn, labelColumn]),
  );
  const header = isHeader ? fields.map((field) => field.trim()) : undefined;
  const place = (wanted: string | undefined): number =>
    wanted === undefined ? -1 : columnOf(where, header, wanted, fields.length);
  const [id, label] = [place(idColumn), place(labelColumn)];
  if (id >= 0 && id === label)
    throw new DataError(`${where}: ids and labels must be two columns, were both column ${id + 1}`, {
      code: "table-column",
      hint: "name two: --id-column and --label-column",
    });
  const values = fields.flatMap((_, i) => (i === id || i === label ? [] : [i]));
  if (values.length === 0) throw atLine(where, line, "must have a column of numbers, has none", "row-fields");
  return { header, width: fields.length, id, label, values };
}

/** In a file without a header, ids and labels may be words: they make no header of a line. */
const isNamed = (column: number, wanted: readonly (string | undefined)[]): boolean =>
  wanted.some((name) => name === String(column + 1));

interface Group {
  readonly rows: TableRow[];
  readonly id: string | undefined;
}

function grouped(rows: readonly TableRow[], columns: Columns, { where, apart = false }: SeriesOptions): Group[] {
  const groups: Group[] = [];
  const seen = new Set<string>();
  let open: Group | undefined;
  for (const row of rows) {
    if (row.fields.length === 0) {
      open = undefined;
      continue;
    }
    if (row.fields.length !== columns.width)
      throw atLine(where, row.line, `must have ${columns.width} fields, has ${row.fields.length}`, "row-fields");
    const id = columns.id < 0 ? undefined : row.fields[columns.id]!;
    if (open === undefined || open.id !== id || apart) {
      if (id !== undefined && seen.has(id))
        throw atLine(
          where,
          row.line,
          `the rows of ${JSON.stringify(id)} must stand together, come again here`,
          "row-id",
          "sort the file by its id column",
        );
      if (id !== undefined) seen.add(id);
      open = { rows: [], id };
      groups.push(open);
    }
    open.rows.push(row);
  }
  return groups;
}

function readGroup({ rows }: Group, columns: Columns, names: readonly string[], where: string): Series {
  const D = columns.values.length;
  const values = new Float32Array(rows.length * D);
  const labels: string[] = [];
  for (const [t, { fields, line }] of rows.entries()) {
    for (const [d, column] of columns.values.entries())
      values[t * D + d] = numberIn(fields[column]!, where, line, names[d]!);
    if (columns.label < 0) continue;
    const label = fields[columns.label]!.trim();
    if (label === "") throw atLine(where, line, "the label must not be empty, was", "row-label");
    labels.push(label);
  }
  return { values, steps: rows.length, labels, line: rows[0]!.line };
}

/** A field as a number. DataError `not-a-number` with file and line. */
export function numberIn(field: string, where: string, line: number, column: string): number {
  const text = field.trim();
  const value = numeral.test(text) ? Math.fround(Number(text)) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw atLine(
    where,
    line,
    `column ${JSON.stringify(column)} must be a number that float32 can hold, was ${JSON.stringify(text.slice(0, 40))}`,
    "not-a-number",
    notNumbers.test(text) ? "leave the row out, or fill in a value" : undefined,
  );
}
