// Tables of the record inside other documents, between `<!-- bench:NAME [workloads] -->` and `<!-- /bench -->`: they are made
// from the record, never typed.
import { describeWorkload } from "../workloads.js";
import type { Report, Row, WorkloadReport } from "./report.js";
import { type Column, markdownTable, short } from "./table.js";
import { markCells, percent, startupTable, times } from "./words.js";

/** What may stand between the marks: a report, the words after the name, and the link to the record without its ending. */
type Part = (report: Report, words: readonly string[], link: string) => readonly string[];

const rateColumns: readonly Column[] = [
  { title: "workload (H hidden, L layers, T steps, N streams, V tokens)" },
  { title: "native, tokens/s", right: true },
  { title: "to PyTorch's best", right: true },
  { title: "of peak", right: true },
  { title: "wasm to PyTorch's best", right: true },
];

const ratioOf = (row: Row | undefined): string => (row?.ratios.torch ? times(row.ratios.torch.median) : "");

function rateCells({ workload, rows }: WorkloadReport): string[] {
  const [native, wasm] = ["native", "wasm"].map((family) =>
    rows.find((row) => row.family === family && row.threads === 2),
  );
  return [
    describeWorkload(workload),
    native ? short(native.tokensPerSecond.median) : "",
    ratioOf(native),
    percent(native?.peakShare?.median),
    ratioOf(wasm),
  ];
}

/** All workloads, or those named. */
function rates({ workloads }: Report, names: readonly string[]): readonly string[] {
  const missing = names.find((name) => !workloads.some(({ workload }) => workload.name === name));
  if (missing !== undefined) throw new RangeError(`bench:rates: must name workloads of the record, was ${missing}`);
  const chosen = workloads.filter(({ workload }) => names.length === 0 || names.includes(workload.name));
  return markdownTable(rateColumns, chosen.map(rateCells));
}

/** The marks that were not met. */
function missed({ workloads }: Report): readonly string[] {
  const rows = workloads.flatMap(({ workload, marks }) =>
    marks.filter(({ met }) => !met).map((mark) => [describeWorkload(workload), ...markCells(mark).slice(0, 3)]),
  );
  if (rows.length === 0) return ["All marks are met."];
  return markdownTable(
    [{ title: "workload" }, { title: "" }, { title: "measured", right: true }, { title: "mark", right: true }],
    rows,
  );
}

/** One line: when, where, beside what, and where the whole of it lies. */
function source({ date, machine, versions, rounds, loadBefore }: Report, _: readonly string[], link: string) {
  const busy = loadBefore > 0.5 ? ` Other programs used the machine (load ${loadBefore.toFixed(2)}).` : "";
  return [
    `Measured on ${date.slice(0, 10)} (${machine.processor}, ${machine.cores} cores, Node ${versions.node}, PyTorch ${versions.PyTorch ?? "absent"}),`,
    `two threads each, medians of ${rounds} rounds in turn: [full table](${link}.md), [picture](${link}.svg).${busy}`,
  ];
}

const parts: Readonly<Record<string, Part>> = {
  rates,
  missed,
  source,
  start: (report) =>
    report.startup.length > 0 ? markdownTable(...startupTable(report)) : ["Not measured in this run."],
};

const block = /(<!-- bench:([a-z]+)((?: [a-z0-9-]+)*) -->\n)([\s\S]*?)(<!-- \/bench -->)/g;

/**
 * The document with every part made anew. `link`: the record's path as seen from the document, without an ending. Throws
 * RangeError for a part or a workload that does not exist, and for a mark without an end.
 */
export function embed(document: string, report: Report, link: string): string {
  const opened = document.match(/<!-- bench:/g)?.length ?? 0;
  let closed = 0;
  const filled = document.replace(block, (_, open: string, name: string, words: string, _old: string, end: string) => {
    closed++;
    const part = Object.hasOwn(parts, name) ? parts[name] : undefined;
    if (!part) throw new RangeError(`bench:${name}: must be one of ${Object.keys(parts).join(", ")}`);
    return `${open}\n${part(report, words.split(" ").filter(Boolean), link).join("\n")}\n\n${end}`;
  });
  if (closed !== opened)
    throw new RangeError(`embed: must find an end for each of ${opened} <!-- bench: -->, found ${closed}`);
  return filled;
}
