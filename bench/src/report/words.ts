// A report in words: rows of cells for the terminal and for Markdown.
import { describeWorkload } from "../workloads.js";
import type { MarkResult, Report, Row, WorkloadReport } from "./report.js";
import { type Column, formatTable, markdownTable, type Paint, plain, short } from "./table.js";

export const columns: readonly Column[] = [
  { title: "" },
  { title: "tokens/s", right: true },
  { title: "spread", right: true, spare: 4 },
  { title: "GFLOP/s", right: true, spare: 2 },
  { title: "of peak", right: true, spare: 1 },
  { title: "by model", right: true, spare: 3 },
  { title: "MiB", right: true, spare: 5 },
  { title: "/ PyTorch", right: true },
  { title: "others", right: true, spare: 6 },
];

export const percent = (share: number | undefined): string =>
  share === undefined ? "" : `${(100 * share).toFixed(0)} %`;
export const times = (ratio: number): string => `${short(ratio)} x`;

/** One cell for each of `columns`. */
export function cells(row: Row): string[] {
  const { median, low, high } = row.tokensPerSecond;
  const { torch, ...others } = row.ratios;
  return [
    row.configuration,
    short(median),
    percent((high - low) / median),
    short(row.gflops),
    percent(row.peakShare?.median),
    percent(row.modelPeakShare?.median),
    (row.peakBytes / 2 ** 20).toFixed(0),
    torch ? `${times(torch.median)} (${short(torch.low)}-${short(torch.high)})` : "",
    Object.entries(others)
      .map(([peer, ratio]) => `${times(ratio?.median ?? 0)} ${peer}`)
      .join(", "),
  ]; // prettier-ignore
}

export function markLine({ what, least, measured, met }: MarkResult, paint: Paint = plain): string {
  const number = what.endsWith("peak") ? percent : times;
  const verdict = met ? paint.good("met") : paint.bad("not met");
  return `${what}: ${number(measured)}, mark ${number(least)}: ${verdict}`;
}

/** The lines of one workload for the terminal. */
export function workloadLines(report: WorkloadReport, width: number, paint: Paint): string[] {
  const { workload: w, rows, marks, skipped, slower } = report;
  const peaks = Object.entries(report.peaks).map(([name, peak]) => `${name} ${short(peak)}`);
  return [
    paint.bold(w.name) + paint.dim(`  ${describeWorkload(w)}`),
    ...formatTable(columns, rows.map(cells), width, paint),
    ...(peaks.length > 0 ? [paint.dim(`multiply loop, GFLOP/s: ${peaks.join("; ")}`)] : []),
    ...(slower.length > 0
      ? [paint.dim(`slower in a trial: ${slower.map((s) => `${s.name} ${short(s.tokensPerSecond)}`).join("; ")}`)]
      : []),
    ...skipped.map((s) => paint.dim(`left out: ${s.name}: ${s.reason}`)),
    ...marks.map((mark) => markLine(mark, paint)),
    "",
  ];
}

const seconds = (value: number): string => (value < 1 ? `${(1000 * value).toFixed(0)} ms` : `${value.toFixed(2)} s`);

export const startupTable = (report: Report): [readonly Column[], string[][]] => [
  [{ title: "process start to" }, { title: "time", right: true }, { title: "quartiles", right: true }],
  report.startup.map(({ what, seconds: s }) => [what, seconds(s.median), `${seconds(s.low)}-${seconds(s.high)}`]),
];
const sizeTable = (report: Report): [readonly Column[], string[][]] => [
  [{ title: "file" }, { title: "bytes", right: true }, { title: "gzip", right: true }],
  report.sizes.map(({ what, bytes, gzipBytes }) => [what, bytes.toLocaleString("en"), gzipBytes.toLocaleString("en")]),
];

/** Startup, sizes and notes for the terminal. */
export function closingLines(report: Report, width: number, paint: Paint): string[] {
  const tables = [startupTable(report), sizeTable(report)].filter(([, rows]) => rows.length > 0);
  return [
    ...tables.flatMap(([heads, rows]) => [...formatTable(heads, rows, width, paint), ""]),
    ...report.notes.map((note) => `note: ${note}`),
  ];
}

/** The dated record. `svg` is the name of the picture beside it. */
export function markdown(report: Report, svg: string): string {
  const { machine, versions } = report;
  const marks = report.workloads.flatMap((w) => w.marks.map((mark) => [w.workload.name, ...markCells(mark)]));
  return [
    `# Benchmark: ${report.name}, ${report.date.slice(0, 10)}`,
    "",
    `${machine.processor}, ${machine.cores} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB, ${machine.system}. Load before the run: ${report.loadBefore.toFixed(2)}.`,
    `${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}.`,
    "",
    `    ${report.command}`,
    "",
    `Median of ${report.rounds} rounds of about ${report.secondsEach} s each, all configurations in turn; ratios pair by pair, to the peer's best thread setting, with quartiles.`,
    "What the columns mean: docs/benchmarks.md.",
    ...report.notes.map((note) => `\n**Note:** ${note}`),
    "",
    `![tokens per second, as ratio to PyTorch](${svg})`,
    ...(marks.length > 0
      ? [
          "",
          "## Marks",
          "",
          ...markdownTable(
            [
              { title: "workload" },
              { title: "" },
              { title: "measured", right: true },
              { title: "mark", right: true },
              { title: "" },
            ],
            marks,
          ),
        ]
      : []),
    ...report.workloads.flatMap(workloadMarkdown),
    ...[
      ["Start", startupTable(report)],
      ["Sizes", sizeTable(report)],
    ].flatMap(([title, table]) => {
      const [heads, rows] = table as [readonly Column[], string[][]];
      return rows.length > 0 ? ["", `## ${title}`, "", ...markdownTable(heads, rows)] : [];
    }),
    "",
  ].join("\n"); // prettier-ignore
}

export function markCells({ what, least, measured, met }: MarkResult): string[] {
  const number = what.endsWith("peak") ? percent : times;
  return [what, number(measured), number(least), met ? "met" : "**not met**"];
}

function workloadMarkdown({ workload: w, rows, skipped, slower, peaks, flopsPerToken }: WorkloadReport): string[] {
  const ceilings = Object.entries(peaks).map(([name, peak]) => `${name} ${short(peak)}`);
  return [
    "",
    `## ${w.name}`,
    "",
    `${describeWorkload(w)}; ${short(flopsPerToken)}FLOP per token.${ceilings.length > 0 ? ` Multiply loop, GFLOP/s: ${ceilings.join("; ")}.` : ""}`,
    "",
    ...markdownTable(columns, rows.map(cells)),
    ...(slower.length > 0
      ? ["", `Slower in a trial: ${slower.map((s) => `${s.name} ${short(s.tokensPerSecond)}`).join("; ")}.`]
      : []),
    ...skipped.map((s) => `\nLeft out: ${s.name}: ${s.reason}`),
  ];
}
