// Proof that a training step leaves nothing behind: resident memory and JavaScript heap after 100 steps and after 10,000.
// `npm run prove:memory [-- --steps N]`: exit code 1 where, on any device, the heap grows by a mebibyte or more, or
// resident memory by its trend once V8 has compiled what is hot (a fifth of the steps).
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openNative, openWasm } from "@unrolled/kernels";
import { adam, type Device, type TrainEvent, train, characters, draws, languageModel } from "unrolled";
import { machine, versions } from "./machine.js";
import { benchFolder } from "./measure/configurations.js";
import { median } from "./statistics.js";
import { formatTable, plain } from "./report/table.js";

const firstReading = 100;
const allowed = 2 ** 20;
/**
 * What V8 itself may take while it compiles hot functions in the first fifth of the steps: two megabytes or so, whatever
 * the length of the run.
 */
const allowedForCode = 8 * 2 ** 20;
/** A young generation of fixed size, compiling and collecting on the main thread: V8's own memory stays where it is. */
const flags = ["--expose-gc", "--max-semi-space-size=1", "--single-threaded"];
const configurations = ["native 1", "native 2", "wasm 1", "wasm 2"] as const;

interface Reading {
  readonly step: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
}

interface Result {
  readonly device: string;
  readonly readings: readonly Reading[];
  /** From 100 steps to the end, V8's compiled code included. */
  readonly residentGrowth: number;
  /** What the trend from a fifth of the steps on makes in all the steps. */
  readonly trend: number;
  readonly heapGrowth: number;
  readonly held: boolean;
}

/** What is in memory once garbage is gone. */
function read(step: number): Reading {
  if (!globalThis.gc) throw new Error("memory-proof: the measuring process must run with --expose-gc");
  for (let i = 0; i < 3; i++) globalThis.gc();
  return { step, residentBytes: residentBytes(), heapBytes: process.memoryUsage().heapUsed };
}

/** Linux counts exactly only in smaps; the quick figure may be hundreds of pages off. */
function residentBytes(): number {
  try {
    const [, kibibytes] = readFileSync("/proc/self/smaps_rollup", "utf8").match(/^Rss:\s+(\d+) kB/m) ?? [];
    return Number(kibibytes) * 1024;
  } catch {
    return process.memoryUsage().rss;
  }
}

/** Readings while a small model learns. */
async function measure(configuration: string, steps: number): Promise<Reading[]> {
  const [name, threads] = configuration.split(" ");
  const device: Device = await (name === "native" ? openNative : openWasm)({ threads: Number(threads) });
  const { uniform } = draws(5);
  const text = Array.from({ length: 5000 }, () => String.fromCharCode(97 + Math.floor(uniform() * 20))).join("");
  const corpus = characters(text, { validation: 0 });
  const model = languageModel({ vocabulary: corpus.vocabulary, cell: "lstm", hidden: [32, 32], dropout: 0.1 });
  const times = new Set([firstReading, ...Array.from({ length: 50 }, (_, i) => Math.round((steps * (i + 1)) / 50))]);
  const readings: Reading[] = [];
  const events: AsyncIterable<TrainEvent> = train({
    model,
    corpus,
    device,
    batch: 8,
    sequence: 16,
    maxSteps: steps,
    optimizer: adam(),
    clip: { norm: 5 },
    clock: () => performance.now(),
  }); // prettier-ignore
  for await (const event of events) if (event.type === "step" && times.has(event.step)) readings.push(read(event.step));
  device.close();
  return readings;
}

/** Bytes per step: the median of the slopes between any two readings (Theil & Sen), so that one page taken late is no trend. */
function slope(readings: readonly Reading[]): number {
  const slopes = readings.flatMap((a, i) =>
    readings.slice(i + 1).map((b) => (b.residentBytes - a.residentBytes) / (b.step - a.step)),
  );
  return median(slopes);
}

function judge(device: string, readings: readonly Reading[]): Result {
  const [first, last] = [readings[0], readings[readings.length - 1]];
  const residentGrowth = last.residentBytes - first.residentBytes;
  const trend = slope(readings.filter((reading) => reading.step * 5 >= last.step)) * last.step;
  const heapGrowth = last.heapBytes - first.heapBytes;
  const held = trend < allowed && heapGrowth < allowed && residentGrowth < allowedForCode;
  return { device, readings, residentGrowth, trend, heapGrowth, held };
}

function prove(steps: number): Result[] {
  const self = fileURLToPath(import.meta.url);
  return configurations.map((configuration) => {
    process.stderr.write(`${configuration}: ${steps} steps\n`);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...flags, self, "--child", configuration, "--steps", String(steps)],
      { encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`memory-proof, ${configuration}: ${stderr.trim().split("\n").pop()}`);
    return judge(configuration, JSON.parse(stdout) as Reading[]);
  });
}

function report(results: readonly Result[], steps: number): void {
  const kib = (bytes: number): string => (bytes / 1024).toFixed(0);
  const rows = results.map((r) => [
    r.device,
    kib(r.readings[0].residentBytes),
    kib(r.residentGrowth),
    kib(r.trend),
    kib(r.heapGrowth),
    r.held ? "held" : "BROKEN",
  ]);
  const right = true;
  const heads = [
    { title: "device" },
    { title: `KiB after ${firstReading} steps`, right },
    { title: `growth to ${steps}`, right },
    { title: "trend", right },
    { title: "heap growth", right },
    { title: "" },
  ]; // prettier-ignore
  process.stdout.write(`${formatTable(heads, rows, 200, plain).join("\n")}\n`);
  const folder = join(benchFolder, "results");
  mkdirSync(folder, { recursive: true });
  const date = new Date().toISOString();
  const record = {
    date,
    command: `npm run prove:memory -- --steps ${steps}`,
    machine: machine(),
    versions: versions(),
    steps,
    allowed,
    results,
  };
  writeFileSync(join(folder, `${date.slice(0, 10)}-memory.json`), `${JSON.stringify(record)}\n`);
}

const { values } = parseArgs({ options: { child: { type: "string" }, steps: { type: "string", default: "10000" } } });
const steps = Number(values.steps);
if (!Number.isInteger(steps) || steps <= firstReading) {
  process.stderr.write(`prove:memory: --steps must be a whole number above ${firstReading}, was ${values.steps}\n`);
  process.exitCode = 2;
} else if (values.child !== undefined) process.stdout.write(JSON.stringify(await measure(values.child, steps)));
else {
  const results = prove(steps);
  report(results, steps);
  process.exitCode = results.every((r) => r.held) ? 0 : 1;
}
