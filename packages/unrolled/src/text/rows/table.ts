// Tables as text: comma-separated values with the quoting of RFC 4180, and tab-separated ones without any.
import { DataError } from "../../errors.js";
import { type Limits, limits as standardLimits } from "../../limits.js";

export interface TableRow {
  /** None at all: a line with nothing on it. */
  readonly fields: readonly string[];
  /** Where it begins, from 1. */
  readonly line: number;
}

export interface TableOptions {
  /** Names the file in errors. */
  readonly where: string;
  /** A tab: fields are taken as they are, quotes and all. */
  readonly separator: "," | "\t";
  readonly limits?: Limits;
}

/** An error at a line of a file. */
export const atLine = (where: string, line: number, message: string, code: string, hint?: string): DataError =>
  new DataError(`${where}, line ${line}: ${message}`, { code, ...(hint === undefined ? {} : { hint }) });

interface Scan {
  readonly text: string;
  readonly where: string;
  at: number;
  line: number;
}

/**
 * All rows, in order. A field in quotes may hold separators, newlines, and quotes written twice; lines end with LF or CRLF.
 * DataError `table-quote`, `table-rows` or `table-columns` with file and line.
 */
export function parseTable(text: string, options: TableOptions): TableRow[] {
  const { where, separator, limits = standardLimits } = options;
  const scan: Scan = { text, where, at: 0, line: 1 };
  const rows: TableRow[] = [];
  while (scan.at < text.length) {
    const { line } = scan;
    const fields = separator === "\t" ? plainFields(scan) : quotedFields(scan, limits);
    if (fields.length > limits.columns)
      throw atLine(where, line, `must have at most ${limits.columns} fields, has ${fields.length}`, "table-columns");
    if (rows.length === limits.rows)
      throw atLine(where, line, `must be one of at most ${limits.rows} rows`, "table-rows");
    rows.push({ fields, line });
  }
  return rows;
}

/** One line of a file whose lines end with LF or CRLF; moves past it. */
function takeLine(scan: Scan): string {
  const newline = scan.text.indexOf("\n", scan.at);
  const end = newline < 0 ? scan.text.length : newline;
  const line = scan.text.slice(scan.at, scan.text[end - 1] === "\r" && end > scan.at ? end - 1 : end);
  scan.at = newline < 0 ? end : end + 1;
  scan.line++;
  return line;
}

function plainFields(scan: Scan): string[] {
  const line = takeLine(scan);
  return line === "" ? [] : line.split("\t");
}

function quotedFields(scan: Scan, limits: Limits): string[] {
  const fields: string[] = [];
  const from = scan.at;
  for (;;) {
    fields.push(scan.text[scan.at] === '"' ? quotedField(scan) : bareField(scan));
    const next = scan.text[scan.at];
    if (next === "," && fields.length <= limits.columns) {
      scan.at++;
      continue;
    }
    const empty = scan.at === from;
    if (next === "\r" && scan.text[scan.at + 1] === "\n") scan.at++;
    if (scan.at < scan.text.length) scan.at++;
    scan.line++;
    return empty ? [] : fields;
  }
}

function bareField(scan: Scan): string {
  const { text } = scan;
  const from = scan.at;
  while (scan.at < text.length) {
    const unit = text.charCodeAt(scan.at);
    if (unit === 0x2c || unit === 0x0a || (unit === 0x0d && text.charCodeAt(scan.at + 1) === 0x0a)) break;
    if (unit === 0x22)
      throw atLine(
        scan.where,
        scan.line,
        `a quote must begin its field, was after ${JSON.stringify(text.slice(from, scan.at).slice(-20))}`,
        "table-quote",
        'put the whole field in quotes and write a quote inside it twice: "say ""hi"""; or use tabs (.tsv)',
      );
    scan.at++;
  }
  return text.slice(from, scan.at);
}

function quotedField(scan: Scan): string {
  const { text, where } = scan;
  const begun = scan.line;
  const pieces: string[] = [];
  let from = ++scan.at;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) throw atLine(where, begun, "must close the quote that it opens, does not", "table-quote");
    pieces.push(text.slice(from, quote));
    scan.at = quote + 1;
    if (text[scan.at] !== '"') break;
    from = scan.at + 1;
  }
  const field = pieces.join('"');
  for (let i = field.indexOf("\n"); i >= 0; i = field.indexOf("\n", i + 1)) scan.line++;
  const next = text[scan.at];
  const ends = next === undefined || next === "," || next === "\n" || (next === "\r" && text[scan.at + 1] === "\n");
  if (!ends)
    throw atLine(
      where,
      scan.line,
      `a closing quote must end its field, was before ${JSON.stringify(next)}`,
      "table-quote",
    );
  return field;
}

/** The column that a name or a number from 1 stands for. DataError `table-column` with the names there are. */
export function columnOf(where: string, header: readonly string[] | undefined, wanted: string, width: number): number {
  const named = header?.indexOf(wanted) ?? -1;
  if (named >= 0) {
    if (header!.indexOf(wanted, named + 1) >= 0)
      throw new DataError(`${where}, line 1: column ${JSON.stringify(wanted)} must be there once, comes twice`, {
        code: "table-column",
        hint: "name the column by its number, from 1",
      });
    return named;
  }
  const number = /^[1-9]\d{0,5}$/.test(wanted) ? Number(wanted) : 0;
  if (number >= 1 && number <= width) return number - 1;
  const known = header
    ? `one of ${header.map((name) => JSON.stringify(name)).join(", ")}`
    : `a number from 1 to ${width}`;
  throw new DataError(`${where}: column must be ${known}, was ${JSON.stringify(wanted)}`, {
    code: "table-column",
    hint: header ? "see the first line of the file" : "the file has no header line: name columns by their number",
  });
}
