// What a run found, as plain data: the JSON file is this, table, Markdown and SVG are made from it.
import { leastFlops, modelFlops } from "../flops.js";
import type { Family } from "../measure/configurations.js";
import { bestOf, type Measurements, type Series } from "../measure/series.js";
import { median, pairedRatios, type Summary, summary } from "../statistics.js";
import type { Mark, Workload } from "../workloads.js";

export interface Row {
  readonly configuration: string;
  readonly family: Family;
  readonly threads: number;
  readonly ours: boolean;
  readonly detail: string;
  readonly tokensPerSecond: Summary;
  /** Tokens per second of each round. */
  readonly rounds: readonly number[];
  /** Billions of floating-point operations per second, by the model's formula. */
  readonly gflops: number;
  /** Share of the multiply loop's rate, counting only what is multiplied: PyTorch multiplies all of the model's formula. */
  readonly peakShare?: Summary;
  /** The same by the model's formula for everybody; above 1 where a program has less to multiply. */
  readonly modelPeakShare?: Summary;
  /** To the best setting of a peer, pair by pair. */
  readonly ratios: Readonly<Partial<Record<Family, Summary>>>;
  readonly peakBytes: number;
}

export interface MarkResult {
  /** "native, 2 threads to torch". */
  readonly what: string;
  readonly least: number;
  readonly measured: number;
  readonly met: boolean;
}

export interface WorkloadReport {
  readonly workload: Workload;
  readonly flopsPerToken: number;
  readonly leastFlopsPerToken: number;
  readonly rows: readonly Row[];
  readonly marks: readonly MarkResult[];
  readonly slower: readonly { readonly name: string; readonly tokensPerSecond: number }[];
  /** The multiply loop's median, GFLOP/s. */
  readonly peaks: Readonly<Record<string, number>>;
  readonly skipped: readonly { readonly name: string; readonly family: Family; readonly reason: string }[];
}

const peers = ["torch", "numpy", "tfjs", "brain", "jax"] as const;
const shown = (c: { readonly family: Family; readonly threads: number }): string =>
  `${c.family}, ${c.threads} ${c.threads === 1 ? "thread" : "threads"}`;

/** Rates, ratios and marks of one workload. */
export function reportOf(workload: Workload, { series, skipped, slower, peaks }: Measurements): WorkloadReport {
  const rows = series.map((s) => rowOf(workload, s, series, peaks));
  return {
    workload,
    flopsPerToken: modelFlops(workload),
    leastFlopsPerToken: leastFlops(workload),
    rows,
    marks: marksOf(workload, rows),
    slower: slower.map(({ name, rate }) => ({ name, tokensPerSecond: rate })),
    peaks: Object.fromEntries([...peaks].map(([name, rates]) => [name, median(rates) / 1e9])),
    skipped: skipped.map(({ configuration: c, reason }) => ({ name: c.name, family: c.family, reason })),
  };
}

function rowOf(workload: Workload, s: Series, all: readonly Series[], peaks: Measurements["peaks"]): Row {
  const { configuration: c, rates, detail, peakBytes } = s;
  const flops = modelFlops(workload);
  // PyTorch runs the same vector instructions as the native build, and may use both cores whatever its setting.
  const peak = peaks.get(c.family === "torch" ? "native, 2 threads" : shown(c));
  const share = (each: number) =>
    peak
      ? pairedRatios(
          rates.map((rate) => rate * each),
          peak,
        )
      : undefined; // prettier-ignore
  const [modelPeakShare, peakShare] = [share(flops), share(c.ours ? leastFlops(workload) : flops)];
  const ratios: Partial<Record<Family, Summary>> = {};
  for (const peer of c.ours ? peers : []) {
    const best = bestOf(all, peer);
    if (best) ratios[peer] = pairedRatios(rates, best.rates);
  }
  return {
    configuration: c.name,
    family: c.family,
    threads: c.threads,
    ours: c.ours,
    detail,
    tokensPerSecond: summary(rates),
    rounds: rates,
    gflops: (median(rates) * flops) / 1e9,
    ...(peakShare && { peakShare }),
    ...(modelPeakShare && { modelPeakShare }),
    ratios,
    peakBytes,
  }; // prettier-ignore
}

function marksOf(workload: Workload, rows: readonly Row[]): MarkResult[] {
  const find = (family: Family): Row | undefined => rows.find((row) => row.family === family && row.threads === 2);
  const results: MarkResult[] = [];
  const add = (what: string, least: number, measured: number | undefined): void => {
    if (measured !== undefined) results.push({ what, least, measured, met: measured >= least });
  };
  for (const mark of workload.marks)
    for (const family of ["native", "wasm"] as const) {
      const least: number | undefined = (mark satisfies Mark)[family];
      if (least !== undefined)
        add(`${family}, 2 threads / ${mark.peer}`, least, find(family)?.ratios[mark.peer]?.median);
    }
  if (workload.peakMark !== undefined)
    add("native, 2 threads, share of peak", workload.peakMark, find("native")?.peakShare?.median);
  return results;
}

export interface Report {
  /** ISO time of the start. */
  readonly date: string;
  readonly name: string;
  readonly command: string;
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly system: string;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly secondsEach: number;
  /** Mean number of runnable processes over the minute before the start: above 0.5 others were using the machine. */
  readonly loadBefore: number;
  readonly workloads: readonly WorkloadReport[];
  /** Seconds from process start, median. */
  readonly startup: readonly { readonly what: string; readonly seconds: Summary }[];
  readonly sizes: readonly { readonly what: string; readonly bytes: number; readonly gzipBytes: number }[];
  readonly notes: readonly string[];
}
