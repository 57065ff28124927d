// Proof that a text far larger than memory allows is learnt from: it is read at 50 MB/s or more, the process stays below 1 GB of resident
// memory from its start to its end, and a run that is resumed goes on without reading the text again.
// Usage: npm run prove:scale [-- MEGABYTES = 2000]. Writes bench/results/DATE-large-corpus.json; exit code 1 where a mark is missed.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeLargeText } from "./large-text.mjs";

const main = fileURLToPath(new URL("../../bin/unrolled.js", import.meta.url));
const results = fileURLToPath(new URL("../../../../bench/results", import.meta.url));
const megabytes = Number(process.argv[2] ?? 2000);
const marks = { residentBytes: 1e9, megabytesPerSecond: 50 };
const steps = { first: 300, resumed: 400 };

if (!existsSync(main)) throw new Error(`${main} is not built: npm run build`);
if (!existsSync("/proc/self/status")) throw new Error("resident memory is sampled from /proc: run this on Linux");
if (!(megabytes > 0)) throw new Error(`megabytes: must be above 0, was ${process.argv[2]}`);

/** Resident memory in bytes and processor seconds of a process, as the kernel counts them; undefined when it has ended. */
function look(pid) {
  try {
    const [, kibibytes] = readFileSync(`/proc/${pid}/status`, "utf8").match(/^VmRSS:\s+(\d+) kB/m);
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    // Fields 14 and 15 of stat(5), in hundredths of a second.
    return { resident: Number(kibibytes) * 1024, seconds: (Number(fields[11]) + Number(fields[12])) / 100 };
  } catch {
    return undefined;
  }
}

/** Runs `unrolled train`, sampling its memory every 20 ms. */
const train = (...args) =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, [main, "train", ...args, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
    const run = { samples: 0, peak: 0, peakReading: 0, firstStep: undefined, read: undefined, events: [], said: "" };
    const timer = setInterval(() => {
      const now = look(child.pid);
      if (now === undefined) return;
      run.samples++;
      run.peak = Math.max(run.peak, now.resident);
      if (run.read === undefined && run.firstStep === undefined) run.peakReading = run.peak;
    }, 20);
    child.stderr.setEncoding("utf8").on("data", (text) => {
      run.said += text;
      if (run.read === undefined && / text read as /.test(run.said))
        run.read = { seconds: (performance.now() - began) / 1000, processorSeconds: look(child.pid)?.seconds };
    });
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const event = JSON.parse(line);
        if (event.type === "step") run.firstStep ??= { seconds: (performance.now() - began) / 1000, step: event.step };
        run.events.push(event);
      }
    });
    child.on("close", (code) => {
      clearInterval(timer);
      run.seconds = (performance.now() - began) / 1000;
      if (code === 0) resolve(run);
      else reject(new Error(`unrolled train ${args.join(" ")}: ended with ${code}: ${run.said}`));
    });
  });

const folder = mkdtempSync(join(tmpdir(), "unrolled-scale-"));
const clean = () => rmSync(folder, { recursive: true, force: true });
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    clean();
    process.exit(130);
  });
try {
  const text = join(folder, "large.txt");
  const model = join(folder, "model");
  const bytes = writeLargeText(text, megabytes * 1e6);
  console.log(`${(bytes / 1e9).toFixed(2)} GB of text written`);
  const size = ["--hidden", "128", "--layers", "1", "--batch", "32", "--sequence", "64"];
  const pace = ["--validation", "0.0005", "--sample-every", "0", "--checkpoint-every", "100"];
  const load = loadavg()[0];
  const first = await train(text, "--out", model, ...size, ...pace, "--max-steps", String(steps.first));
  process.stdout.write(first.said);
  const ids = join(model, "training.ids");
  const made = statSync(ids);
  const resumed = await train("--resume", model, "--max-steps", String(steps.resumed));
  process.stdout.write(resumed.said);
  const start = first.events.find((event) => event.type === "start");
  const last = (run, type) => run.events.filter((event) => event.type === type).at(-1);
  const after = statSync(ids);
  const result = {
    date: new Date().toISOString(),
    command: `npm run prove:scale -- ${megabytes}`,
    machine: {
      processor: cpus()[0].model,
      cores: cpus().length,
      memoryBytes: totalmem(),
      node: process.version,
      loadAverage: load,
    },
    marks,
    text: { bytes, tokens: start.tokens + start.validationTokens, vocabulary: start.vocabulary, idsBytes: made.size },
    reading: {
      seconds: first.read.seconds,
      megabytesPerSecond: bytes / 1e6 / first.read.seconds,
      processorSeconds: first.read.processorSeconds,
      megabytesPerProcessorSecond: bytes / 1e6 / first.read.processorSeconds,
    },
    residentBytes: {
      whileReading: first.peakReading,
      training: first.peak,
      resumed: resumed.peak,
      samples: first.samples + resumed.samples,
    },
    training: {
      steps: last(first, "done").step,
      secondsToFirstStep: first.firstStep.seconds,
      seconds: first.seconds,
      loss: last(first, "step").loss,
      validation: last(first, "validation"),
    },
    resumed: {
      fromStep: resumed.firstStep.step,
      steps: last(resumed, "done").step,
      secondsToFirstStep: resumed.firstStep.seconds,
      idsKept: resumed.read === undefined && after.ino === made.ino && after.mtimeMs === made.mtimeMs,
      loss: last(resumed, "step").loss,
    },
  };
  const peak = Math.max(first.peak, resumed.peak);
  // On a busy machine the seconds of the clock are others' too; those of the processor are an upper bound of what it takes alone.
  const speed = Math.max(result.reading.megabytesPerSecond, result.reading.megabytesPerProcessorSecond);
  const held =
    peak < marks.residentBytes &&
    speed >= marks.megabytesPerSecond &&
    result.resumed.idsKept &&
    result.resumed.fromStep === steps.first + 1 &&
    result.resumed.steps === steps.resumed;
  const file = join(results, `${result.date.slice(0, 10)}-large-corpus.json`);
  writeFileSync(file, `${JSON.stringify({ ...result, held }, null, 2)}\n`);
  console.log(
    `${(bytes / 1e9).toFixed(2)} GB: read at ${result.reading.megabytesPerSecond.toFixed(0)} MB/s (${result.reading.megabytesPerProcessorSecond.toFixed(0)} MB per processor second, load ${load.toFixed(1)}); ` +
      `resident memory at most ${(peak / 1e6).toFixed(0)} MB; resumed after ${result.resumed.secondsToFirstStep.toFixed(1)} s, ids kept: ${result.resumed.idsKept}; ` +
      `${held ? "all marks held" : "A MARK IS MISSED"}; ${file}`,
  );
  process.exitCode = held ? 0 : 1;
} finally {
  clean();
}
