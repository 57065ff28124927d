// Proof that neither a training step nor a program loaded and let go leaves anything behind: resident memory and JavaScript
// heap after 100 steps and after 10,000, after 100 cycles and after 10,000. `npm run prove:memory [-- --steps N --cycles N]`
// (`--quick`: half a minute, not recorded). Exit code 1 where, on any device, the heap grows by a mebibyte or more, or resident memory by
// its trend once V8 has compiled what is hot (a fifth of the steps).
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openNative, openWasm } from "@unrolled/kernels";
import { adam, compile, type Device, type TrainEvent, train, characters, draws, languageModel, tanh } from "unrolled";
import { machine, versions } from "./machine.js";
import { benchFolder } from "./measure/configurations.js";
import { median } from "./statistics.js";
import { formatTable, plain } from "./report/table.js";

const firstReading = 100;
const allowed = 2 ** 20;
/** A short run lies wholly in the time when V8 compiles: only a coarse leak shows. */
const allowedShort = 4 * 2 ** 20;
const shortRun = 10_000;
/**
 * What V8 itself may take while it compiles hot functions and, once, the optimised WebAssembly: some ten megabytes,
 * whatever the length of the run.
 */
const allowedForCode = 16 * 2 ** 20;
/** A young generation of fixed size, compiling and collecting on the main thread: V8's own memory stays where it is. */
const flags = ["--expose-gc", "--max-semi-space-size=1", "--single-threaded"];
const configurations = ["native 1", "native 2", "wasm 1", "wasm 2"] as const;

interface Reading {
  readonly step: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
}

/** What is done over and over. */
type Kind = "steps" | "cycles";

interface Result {
  readonly device: string;
  readonly kind: Kind;
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

async function measure(configuration: string, kind: Kind, count: number): Promise<Reading[]> {
  const [name, threads] = configuration.split(" ");
  const device: Device = await (name === "native" ? openNative : openWasm)({ threads: Number(threads) });
  const times = new Set([firstReading, ...Array.from({ length: 50 }, (_, i) => Math.round((count * (i + 1)) / 50))]);
  const readings = await (kind === "steps" ? measureSteps : measureCycles)(device, count, times);
  device.close();
  return readings;
}

/** Readings while programs of changing size are compiled, run once and let go. */
async function measureCycles(device: Device, cycles: number, times: ReadonlySet<number>): Promise<Reading[]> {
  const readings: Reading[] = [];
  for (let cycle = 1; cycle <= cycles; cycle++) {
    const size = 1 + (cycle % 7) * 400;
    const program = compile(device, { x: { dtype: "f32", shape: [size] } }, ({ x }) => ({ outputs: { y: tanh(x) } }));
    program.run({ x: new Float32Array(size).fill(cycle) });
    program.close();
    if (cycle % 10 === 0) await new Promise(setImmediate); // Node lets go of outside memory only between turns
    if (times.has(cycle)) readings.push(read(cycle));
  }
  return readings;
}

/** Readings while a small model learns. */
async function measureSteps(device: Device, steps: number, times: ReadonlySet<number>): Promise<Reading[]> {
  const { uniform } = draws(5);
  const text = Array.from({ length: 5000 }, () => String.fromCharCode(97 + Math.floor(uniform() * 20))).join("");
  const corpus = characters(text, { validation: 0 });
  const model = languageModel({ vocabulary: corpus.vocabulary, cell: "lstm", hidden: [32, 32], dropout: 0.1 });
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
  return readings;
}

/** Bytes per step: the median of the slopes between any two readings (Theil & Sen), so that one page taken late is no trend. */
function slope(readings: readonly Reading[]): number {
  const slopes = readings.flatMap((a, i) =>
    readings.slice(i + 1).map((b) => (b.residentBytes - a.residentBytes) / (b.step - a.step)),
  );
  return median(slopes);
}

function judge(device: string, kind: Kind, readings: readonly Reading[]): Result {
  const [first, last] = [readings[0], readings[readings.length - 1]];
  const residentGrowth = last.residentBytes - first.residentBytes;
  const trend = slope(readings.filter((reading) => reading.step * 5 >= last.step)) * last.step;
  const heapGrowth = last.heapBytes - first.heapBytes;
  const held =
    trend < (last.step < shortRun ? allowedShort : allowed) && heapGrowth < allowed && residentGrowth < allowedForCode;
  return { device, kind, readings, residentGrowth, trend, heapGrowth, held };
}

function prove(counts: Readonly<Record<Kind, number>>): Result[] {
  return (["steps", "cycles"] as const).flatMap((kind) =>
    configurations.map((configuration) => proveOne(configuration, kind, counts[kind])),
  );
}

function proveOne(configuration: string, kind: Kind, count: number): Result {
  process.stderr.write(`${configuration}: ${count} ${kind}\n`);
  const self = fileURLToPath(import.meta.url);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, self, "--child", configuration, `--${kind}`, String(count), "--kind", kind],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`memory-proof, ${configuration}, ${kind}: ${stderr.trim().split("\n").pop()}`);
  return judge(configuration, kind, JSON.parse(stdout) as Reading[]);
}

/** The table, and where it is wanted the dated record. */
function report(
  results: readonly Result[],
  { steps, cycles }: Readonly<Record<Kind, number>>,
  recorded: boolean,
): void {
  const kib = (bytes: number): string => (bytes / 1024).toFixed(0);
  const rows = results.map((r) => [
    r.device,
    `${r.readings[r.readings.length - 1].step} ${r.kind}`,
    kib(r.readings[0].residentBytes),
    kib(r.residentGrowth),
    kib(r.trend),
    kib(r.heapGrowth),
    r.held ? "held" : "BROKEN",
  ]);
  const right = true;
  const heads = [
    { title: "device" },
    { title: "what", right },
    { title: `KiB after ${firstReading}`, right },
    { title: "growth to the end", right },
    { title: "trend", right },
    { title: "heap growth", right },
    { title: "" },
  ]; // prettier-ignore
  process.stdout.write(`${formatTable(heads, rows, 200, plain).join("\n")}\n`);
  if (!recorded) return;
  const folder = join(benchFolder, "results");
  mkdirSync(folder, { recursive: true });
  const date = new Date().toISOString();
  const record = {
    date,
    command: `npm run prove:memory -- --steps ${steps} --cycles ${cycles}`,
    machine: machine(),
    versions: versions(),
    steps,
    cycles,
    allowed,
    results,
  };
  writeFileSync(join(folder, `${date.slice(0, 10)}-memory.json`), `${JSON.stringify(record)}\n`);
}

const { values } = parseArgs({
  options: {
    child: { type: "string" },
    kind: { type: "string", default: "steps" },
    quick: { type: "boolean", default: false },
    steps: { type: "string" },
    cycles: { type: "string" },
  },
});
const counts = {
  steps: Number(values.steps ?? (values.quick ? 1000 : 10_000)),
  cycles: Number(values.cycles ?? (values.quick ? 1000 : 10_000)),
};
const wrong = Object.entries(counts).find(([, count]) => !Number.isInteger(count) || count <= firstReading);
if (wrong !== undefined) {
  process.stderr.write(`prove:memory: --${wrong[0]} must be a whole number above ${firstReading}, was ${wrong[1]}\n`);
  process.exitCode = 2;
} else if (values.child !== undefined) {
  const kind = values.kind === "cycles" ? "cycles" : "steps";
  process.stdout.write(JSON.stringify(await measure(values.child, kind, counts[kind])));
} else {
  const results = prove(counts);
  report(results, counts, !values.quick);
  process.exitCode = results.every((r) => r.held) ? 0 : 1;
}
