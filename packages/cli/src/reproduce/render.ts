// A finished experiment as text for a terminal, as Markdown and as JSON.
import { duration, plural } from "../format.js";
import type { Claim, Report, Row, Unit } from "./experiment.js";
import type { Interval } from "./statistics.js";

export interface Machine {
  readonly device: string;
  readonly threads: number;
  readonly cores: number;
  readonly node: string;
}

export interface Finished {
  readonly name: string;
  readonly summary: string;
  /** YYYY-MM-DD */
  readonly date: string;
  readonly command: string;
  readonly quick: boolean;
  /** The first of them. */
  readonly seed: number;
  readonly seeds: number;
  readonly seconds: number;
  readonly machine: Machine;
  readonly report: Report;
  readonly rows: readonly Row[];
  /** Not judged after a quick look, or where some rows are missing. */
  readonly claims: readonly Claim[] | undefined;
}

const number = (value: number, unit: Unit): string => {
  if (!Number.isFinite(value)) return "-";
  switch (unit) {
    case "%":
      return (100 * value).toFixed(1);
    case "nats":
      return value.toFixed(4);
    case "mse":
    case "value":
      return value.toPrecision(3);
    case "":
      return Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 3 : 1);
    default:
      return unit satisfies never;
  }
};

/** "98.2 ±1.1" */
export function cellText(cell: Interval | number | undefined, unit: Unit): string {
  if (cell === undefined) return "-";
  if (typeof cell === "number") return number(cell, unit);
  return cell.half === undefined ? number(cell.mean, unit) : `${number(cell.mean, unit)} ±${number(cell.half, unit)}`;
}

const titleOf = ({ title, unit }: Report["columns"][number]): string =>
  unit === "" || unit === "value" || title.includes(unit) ? title : `${title}, ${unit}`;

function grid({ report, rows }: Pick<Finished, "report" | "rows">): string[][] {
  const body = rows.map((row) => [row.name, ...report.columns.map(({ unit }, i) => cellText(row.cells[i], unit))]);
  return [[report.rows, ...report.columns.map(titleOf)], ...body];
}

/** What the networks wrote, side by side: the input, what was wanted, and a column for each row that has samples. */
function samplesGrid(rows: readonly Row[]): string[][] {
  const writers = rows.flatMap(({ name, samples }) => (samples ? [{ name, samples }] : []));
  if (writers.length === 0) return [];
  const body = writers[0].samples.map(({ input, wanted }, i) => [
    input,
    wanted,
    ...writers.map(({ samples }) => samples[i]?.written ?? "-"),
  ]);
  return [["input", "wanted", ...writers.map(({ name }) => name)], ...body];
}

const aligned = (lines: readonly (readonly string[])[], align: (cell: string, i: number, width: number) => string) => {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines.map((line) =>
    line
      .map((cell, i) => align(cell, i, widths[i]))
      .join("   ")
      .trimEnd(),
  );
};

/** The table and what is said of it, for a terminal. */
export function tableText(finished: Pick<Finished, "report" | "rows" | "claims">): string {
  const table = aligned(grid(finished), (cell, i, width) => (i === 0 ? cell.padEnd(width) : cell.padStart(width)));
  const samples = aligned(samplesGrid(finished.rows), (cell, _, width) => cell.padEnd(width));
  const claims = (finished.claims ?? []).map(
    ({ text, holds }) => `${holds ? "holds:         " : "does not hold: "} ${text}`,
  );
  const written = samples.length > 0 ? ["", ...samples] : [];
  return [...table, "", ...finished.report.notes, ...written, ...(claims.length > 0 ? ["", ...claims] : []), ""].join(
    "\n",
  );
}

/** A section with the table, for a page of results. */
export function markdown(finished: Finished): string {
  const { name, summary, report, claims, seeds, quick, machine, seconds, date, command } = finished;
  const [head, ...body] = grid(finished).map((line) => `| ${line.join(" | ")} |`);
  const rule = `|---|${report.columns.map(() => "---:|").join("")}`;
  const [sampleHead, ...samples] = samplesGrid(finished.rows).map((line) => `| ${line.map(literal).join(" | ")} |`);
  const judged = (claims ?? []).map(({ text, holds }) => `- ${holds ? "holds" : "**does not hold**"}: ${text}`);
  return [
    `# ${name}: ${summary}`,
    "",
    `\`${command}\`, ${date}: ${plural(seeds, "seed")}${quick ? " (quick)" : ""}, ${duration(seconds)} on ${plural(machine.cores, "core")} (${machine.device}, ${plural(machine.threads, "thread")}).${seeds > 1 ? " Mean ± half the 95 % confidence interval." : ""}`,
    "",
    head,
    rule,
    ...body,
    "",
    ...report.notes.map((note) => `- ${note}`),
    ...(sampleHead ? ["", sampleHead, `|${"---|".repeat(2 + columnsOf(finished.rows))}`, ...samples] : []),
    ...(judged.length > 0 ? ["", ...judged] : []),
    "",
  ].join("\n");
}

/** Text in a table's cell as it is. */
const literal = (text: string): string => text.replace(/[\\|*_`<#]/g, "\\$&");

const columnsOf = (rows: readonly Row[]): number => rows.filter(({ samples }) => samples).length;

/** All numbers, every seed's own among them. */
export function asJson(finished: Finished): object {
  const { report, rows, ...rest } = finished;
  const table = rows.map((row) => ({
    name: row.name,
    ...(row.samples && { samples: row.samples }),
    ...Object.fromEntries(
      report.columns.map(({ title }, i) => {
        const cell = row.cells[i];
        return [
          title,
          typeof cell === "object" ? { mean: cell.mean, half: cell.half ?? null, values: cell.values } : (cell ?? null),
        ]; // prettier-ignore
      }),
    ),
  }));
  return { ...rest, claims: finished.claims ?? null, notes: report.notes, rows: table };
}
