// `npm run bench:curves`: tokens/s against every size, beside the roofline; memory of a step against batch and length.
// Writes SVG for docs/performance.md and a dated JSON.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { machine, versions } from "../machine.js";
import { startChild } from "../measure/child.js";
import { benchFolder, ourConfigurations } from "../measure/configurations.js";
import { openPeaks } from "../measure/peaks.js";
import { median } from "../statistics.js";
import type { Workload } from "../workloads.js";
import { measureBandwidth } from "./bandwidth.js";
import { stepMemory } from "./memory.js";
import { plot } from "./plot.js";
import { bound, type Ceilings } from "./roofline.js";
import { middleText, type Sweep, sweeps } from "./sweeps.js";

const rounds = 3;
const seconds = 0.4;

/** Median tokens per second of one workload on `threads` threads. */
async function measure(workload: Workload, threads: number): Promise<number> {
  const configuration = ourConfigurations("native").find((c) => c.threads === threads);
  if (!configuration) throw new Error(`curves: no configuration of ${threads} threads`);
  const child = startChild(configuration.command);
  try {
    const { work } = await child.prepare({ do: "prepare", workload });
    await child.measure(1);
    const once = (await child.measure(1)).seconds;
    const repetitions = Math.max(1, Math.round(seconds / once));
    const rates: number[] = [];
    for (let i = 0; i < rounds; i++) rates.push((work * repetitions) / (await child.measure(repetitions)).seconds);
    return median(rates);
  } finally {
    await child.close();
  }
}

async function ceilings(): Promise<Ceilings> {
  const peaks = await openPeaks(["native"]);
  const measured = [await peaks.measure(), await peaks.measure(), await peaks.measure()];
  await peaks.close();
  const best = (name: string): number => Math.max(...measured.map((rates) => rates.get(name) ?? 0));
  const flops = new Map([
    [1, best("native, 1 thread")],
    [2, best("native, 2 threads")],
  ]); // prettier-ignore
  return { flops, bandwidth: await measureBandwidth() };
}

async function sweepPoints(sweep: Sweep, found: Ceilings) {
  const points = [];
  for (const { x, workload } of sweep.points) {
    const row = {
      x,
      one: await measure(workload, 1),
      two: await measure(workload, 2),
      bound: bound(workload, 2, found),
      memory: stepMemory(workload),
    };
    const { tokensPerSecond, limit } = row.bound;
    process.stdout.write(
      `${sweep.name} ${x}: ${Math.round(row.one)} and ${Math.round(row.two)} tokens/s, bound ${Math.round(tokensPerSecond)} (${limit})\n`,
    );
    points.push(row);
  }
  return points;
}

async function main(): Promise<void> {
  const folder = join(benchFolder, "results");
  mkdirSync(folder, { recursive: true });
  const found = await ceilings();
  const date = new Date().toISOString().slice(0, 10);
  const results: Record<string, unknown> = {};
  for (const sweep of sweeps) {
    const points = await sweepPoints(sweep, found);
    results[sweep.name] = points;
    const speed = plot(`tokens/s against ${sweep.label}`, sweep.label, "training", [
      {
        name: "bound, 2 threads",
        colour: "#999999",
        dashed: true,
        points: points.map((p) => [p.x, p.bound.tokensPerSecond]),
      },
      { name: "2 threads", colour: "#0b6e99", points: points.map((p) => [p.x, p.two]) },
      { name: "1 thread", colour: "#d9730d", points: points.map((p) => [p.x, p.one]) },
    ]);
    writeFileSync(join(folder, `${date}-curve-${sweep.name}.svg`), speed);
    const memory = plot(`memory of a step against ${sweep.label}`, sweep.label, "MiB", [
      {
        name: "estimate",
        colour: "#999999",
        dashed: true,
        points: points.map((p) => [p.x, p.memory.estimate / 2 ** 20]),
      },
      { name: "planned", colour: "#0b6e99", points: points.map((p) => [p.x, p.memory.planned / 2 ** 20]) },
    ]);
    if (sweep.name === "batch" || sweep.name === "sequence")
      writeFileSync(join(folder, `${date}-memory-${sweep.name}.svg`), memory);
  }
  const { flops, bandwidth } = found;
  const record = {
    date,
    command: "npm run bench:curves",
    machine: machine(),
    versions: versions(),
    middle: middleText,
    ceilings: { flops: Object.fromEntries(flops), bandwidth },
    results,
  };
  writeFileSync(join(folder, `${date}-curves.json`), `${JSON.stringify(record, null, 1)}\n`);
  process.stdout.write(`written: ${join(folder, `${date}-curve-*.svg`)}, ${date}-curves.json\n`);
}

await main();
