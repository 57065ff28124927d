// Columns of text, aligned: words to the left, numbers to the right. Colours take no room.

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences that this file itself writes
const escapes = /\u001b\[\d+m/g;
const width = (text: string): number => [...text.replace(escapes, "")].length;

export interface Column {
  readonly title: string;
  readonly right?: boolean;
  /** Columns with the highest number are left out first where the line is too short; 0 is never left out. */
  readonly spare?: number;
}

export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

const same = (text: string): string => text;
const wrap = (open: number, close: number) => (text: string) => `\u001b[${open}m${text}\u001b[${close}m`;
export const plain: Paint = { bold: same, dim: same, good: same, bad: same };
export const coloured: Paint = { bold: wrap(1, 22), dim: wrap(2, 22), good: wrap(32, 39), bad: wrap(31, 39) };

/** Colour only on a terminal that has it, and never where NO_COLOR is set (no-color.org). */
export const paintFor = (isTerminal: boolean, env: NodeJS.ProcessEnv): Paint =>
  isTerminal && !env.NO_COLOR && env.TERM !== "dumb" ? coloured : plain;

/** Lines no wider than `columns` characters, unless what may not be left out is wider. */
export function formatTable(
  heads: readonly Column[],
  rows: readonly (readonly string[])[],
  columns: number,
  paint: Paint = plain,
): string[] {
  const widths = heads.map((head, i) => Math.max(width(head.title), ...rows.map((row) => width(row[i] ?? ""))));
  const shown = new Set(heads.keys());
  const total = (): number => [...shown].reduce((sum, i) => sum + widths[i] + 2, -2);
  const spare = [...heads.keys()]
    .filter((i) => heads[i].spare)
    .sort((a, b) => (heads[b].spare ?? 0) - (heads[a].spare ?? 0));
  for (const i of spare) if (total() > columns) shown.delete(i);
  const line = (cells: readonly string[]): string =>
    [...shown]
      .map((i) => pad(cells[i] ?? "", widths[i], heads[i].right ?? false))
      .join("  ")
      .trimEnd(); // prettier-ignore
  return [paint.dim(line(heads.map((head) => head.title))), ...rows.map(line)];
}

function pad(text: string, to: number, right: boolean): string {
  const space = " ".repeat(Math.max(0, to - width(text)));
  return right ? space + text : text + space;
}

/** A Markdown table; bars in cells are escaped. */
export function markdownTable(heads: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    line(heads.map((head) => head.title)),
    `|${heads.map((head) => (head.right ? "--:" : "---")).join("|")}|`,
    ...rows.map(line),
  ];
}

/** Three significant digits, with k and M: 0.0123, 4.70 k, 12.3 M. */
export function short(value: number): string {
  for (const [unit, name] of [
    [1e9, " G"],
    [1e6, " M"],
    [1e3, " k"],
  ] as const)
    if (Math.abs(value) >= unit) return `${threeDigits(value / unit)}${name}`; // prettier-ignore
  return threeDigits(value);
}

const threeDigits = (value: number): string => {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : size >= 1 || value === 0 ? value.toFixed(2) : value.toPrecision(3);
};
