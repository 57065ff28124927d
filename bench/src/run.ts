// A whole run: every workload, then startup and sizes, as one report.
import {
  type Configuration,
  type Family,
  howToInstall,
  ourConfigurations,
  peerConfigurations,
} from "./measure/configurations.js";
import { type Peaks, openPeaks } from "./measure/peaks.js";
import { measureWorkload } from "./measure/series.js";
import { measureSizes } from "./measure/sizes.js";
import { measureStartup } from "./measure/startup.js";
import { load, machine, versions } from "./machine.js";
import type { Options } from "./options.js";
import { type Report, reportOf, type WorkloadReport } from "./report/report.js";
import type { Workload } from "./workloads.js";

const isOurs = (family: Family): family is "native" | "wasm" | "wasm-simd" =>
  family === "native" || family === "wasm" || family === "wasm-simd";

export interface Audience {
  /** A workload is done. */
  readonly workload: (report: WorkloadReport) => void;
  /** What is going on now. */
  readonly tell: (what: string) => void;
}

export async function runBenchmark(options: Options, command: string, audience: Audience): Promise<Report> {
  const date = new Date().toISOString();
  const loadBefore = load();
  const peaks = await openPeaks(options.families.filter(isOurs));
  const reports: WorkloadReport[] = [];
  try {
    const absent = new Set<Family>();
    for (const workload of options.workloads) {
      const report = await measureOne(workload, options, peaks, absent, audience.tell);
      reports.push(report);
      audience.workload(report);
    }
  } finally {
    await peaks.close();
  }
  const startup = options.startup ? await measureStartup(options.quick ? 2 : 7, audience.tell) : [];
  const sizes = options.startup ? await measureSizes() : [];
  const { rounds, seconds: secondsEach, name } = options;
  return {
    date,
    name,
    command,
    machine: machine(),
    versions: { ...versions(), ...peerVersions(reports) },
    rounds,
    secondsEach,
    loadBefore,
    workloads: reports,
    startup,
    sizes,
    notes: notesOf(reports, loadBefore),
  }; // prettier-ignore
}

async function measureOne(
  workload: Workload,
  options: Options,
  peaks: Peaks,
  absent: Set<Family>,
  tell: (what: string) => void,
): Promise<WorkloadReport> {
  const { rounds, seconds } = options;
  const configurations = options.families
    .filter((family) => !absent.has(family))
    .flatMap((family): Configuration[] => {
      if (!isOurs(family)) return peerConfigurations(family, workload);
      return ourConfigurations(family).filter((c) => options.threads.includes(c.threads));
    }); // prettier-ignore
  const measurements = await measureWorkload(workload, configurations, { rounds, seconds }, peaks, tell);
  // A peer that cannot be loaded will not load for the next workload either.
  for (const { configuration, reason } of measurements.skipped)
    if (/No module|Cannot find|ENOENT|not found|reference BLAS/i.test(reason)) absent.add(configuration.family);
  return reportOf(workload, measurements);
}

/** "PyTorch 1.13.0, OpenBLAS" from what the peers say of themselves. */
function peerVersions(reports: readonly WorkloadReport[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { rows } of reports)
    for (const { ours, detail } of rows) {
      const [, name, version, blas] = detail.match(/^(\S+) ([^,]+)(?:, ([^,]*BLAS[^,]*|MKL|BLIS))?/) ?? [];
      if (!ours && name) found[name] = blas ? `${version} with ${blas}` : version;
    }
  return found;
}

function notesOf(reports: readonly WorkloadReport[], loadBefore: number): string[] {
  const notes: string[] = [];
  if (loadBefore > 0.5)
    notes.push(
      `other programs were using the machine (load ${loadBefore.toFixed(2)} before the run): rates are too low and ratios noisy`,
    );
  const absent = new Map(
    reports.flatMap(({ skipped }) => skipped.map(({ family, reason }) => [family, reason] as const)),
  );
  for (const [family, reason] of absent)
    if (!isOurs(family)) notes.push(`${family} was left out (${reason}); to have it: ${howToInstall(family)}`);
  return notes;
}
