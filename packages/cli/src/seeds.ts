// `unrolled train --seeds n`: one run for each seed, in directories of their own, and what they come to together.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "./context.js";
import { exitCodes, UsageError } from "./exit.js";
import { interval } from "./reproduce/statistics.js";
import { newRun, type RunRequest } from "./run.js";
import type { RunSettings } from "./settings.js";
import { nodeFiles, replaceFile } from "./storage/index.js";
import { openRun } from "./store.js";

/** What is kept of all runs in summary.json. */
export interface SeedsSummary {
  readonly type: "seeds";
  readonly settings: RunSettings;
  readonly runs: readonly { readonly seed: number; readonly directory: string; readonly best: number }[];
  /** Of the best validation of each run, in nats per token; the interval holds the mean with 95 % (Student's t). */
  readonly mean: number;
  readonly half: number | null;
}

/** Trains with the seeds from the settings' own on, into `directory`/seed-1 and so on. Stops where a run is stopped. */
export async function seededRuns(
  files: readonly string[],
  directory: string,
  settings: RunSettings,
  seeds: number,
  request: RunRequest,
  context: Context,
): Promise<number> {
  if (settings.validation === 0)
    throw new UsageError("--seeds: must come with held-out text to compare the runs by, --validation is 0", {
      hint: "leave --validation out to hold out a tenth",
    });
  if (existsSync(directory))
    throw new UsageError(`${directory}: must not exist, the runs of all seeds come to lie in it`, {
      hint: "choose another --out",
    });
  mkdirSync(directory, { recursive: true });
  const runs: { seed: number; directory: string; best: number }[] = [];
  for (let seed = settings.seed; seed < settings.seed + seeds; seed++) {
    const own = join(directory, `seed-${seed}`);
    await context.people.write(`seed ${seed}, run ${runs.length + 1} of ${seeds}\n`);
    const code = await newRun(files, own, { ...settings, seed }, request, context);
    if (code !== exitCodes.done) return code;
    const { record } = await openRun(own, { trustCell: true });
    runs.push({ seed, directory: own, best: record.counters.bestValidation ?? Number.NaN });
  }
  const { mean, half } = interval(runs.map(({ best }) => best));
  const summary: SeedsSummary = { type: "seeds", settings, runs, mean, half: half ?? null };
  const bytes = new TextEncoder().encode(`${JSON.stringify(summary, null, 2)}\n`);
  replaceFile(nodeFiles, directory, "summary.json", bytes);
  if (request.json) await context.output.json(summary);
  else await context.output.write(summaryLines(summary).join("\n"));
  return exitCodes.done;
}

const summaryLines = ({ runs, mean, half }: SeedsSummary): string[] => [
  "",
  ...runs.map(({ seed, best, directory }) => `seed ${seed}: best validation ${best.toFixed(4)} nats, in ${directory}`),
  `mean of ${runs.length}: ${mean.toFixed(4)} nats, 95 % interval ${(mean - (half ?? 0)).toFixed(4)} to ${(mean + (half ?? 0)).toFixed(4)} (Student's t)`,
  "",
];
