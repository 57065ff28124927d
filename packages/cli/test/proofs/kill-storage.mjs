// Proof R1: `node kill-storage.mjs [N] [seed]` kills a saving process N times (default 10,000) at seeded random moments.
// After each kill the directory must resume at the last acknowledged checkpoint or the one after it, every value right; the model
// must be readable without any notice; nothing but the files of a model and of the killed process may lie there.
// 10,000 kills or more are recorded in bench/results.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { progress, writeRecord } from "../../../../tools/proof.mjs";
import { transpileStorage } from "./transpile.mjs";

const kills = Number(process.argv[2] ?? 10_000);
const seed = Number(process.argv[3] ?? 1);
const killsPerDirectory = 10;

// Mulberry32: a small seeded generator is all that is needed to choose delays.
function randomFrom(start) {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const work = mkdtempSync(join(tmpdir(), "unrolled-kill-"));
const { storage, checkpoints } = transpileStorage(join(work, "code"));
const { readModel, resumeModelDirectory } = await import(pathToFileURL(storage));
const { checkpointAt, metricsAt } = await import(pathToFileURL(checkpoints));
const child = join(dirname(fileURLToPath(import.meta.url)), "kill-storage-child.mjs");
const modelNames = new Set(["model.safetensors", "spec.json", "vocabulary.json", "ngram.bin", "metrics.jsonl"]);
modelNames.add("training.safetensors").add("training.previous.safetensors");

/** Starts a child, kills it `delay` milliseconds after it is ready; gives its last acknowledged step and its process id. */
function killAfter(folder, elements, delay, acknowledged) {
  return new Promise((resolve, reject) => {
    const modules = [pathToFileURL(storage).href, pathToFileURL(checkpoints).href];
    const running = spawn(process.execPath, [child, ...modules, folder, String(elements)]);
    let output = "";
    let complaint = "";
    let ready = false;
    running.stderr.on("data", (data) => {
      complaint += data;
    });
    running.stdout.on("data", (data) => {
      output += data;
      if (ready) return;
      ready = true;
      setTimeout(() => running.kill("SIGKILL"), delay);
    });
    running.on("error", reject);
    running.on("close", (code, signal) => {
      if (signal !== "SIGKILL") return reject(new Error(`the child ended by itself (${code}): ${complaint}`));
      const saved = [...output.matchAll(/^saved (\d+)$/gm)].map((match) => Number(match[1]));
      resolve({ acknowledged: Math.max(acknowledged, ...saved), pid: running.pid });
    });
  });
}

function must(condition, message) {
  if (!condition) throw new Error(message);
}

// `seen`: the step that the directory resumed at before this run, which may be above the last acknowledged one.
// `killed`: the processes that saved here; a temporary file of any other is not ours.
function check(folder, elements, acknowledged, seen, killed) {
  const temporary = (name) => killed.some((pid) => name.startsWith(`.unrolled-${pid}-`));
  const strange = readdirSync(folder).filter((name) => !modelNames.has(name) && !temporary(name));
  must(strange.length === 0, `left over: ${strange}`);
  if (acknowledged < 0 && !readdirSync(folder).some((name) => name.startsWith("training"))) return "none";
  const model = readModel(folder);
  const { checkpoint, notices } = resumeModelDirectory(folder);
  const { step } = checkpoint;
  const least = Math.max(acknowledged, seen);
  must(step === least || step === least + 1, `acknowledged ${acknowledged}, seen ${seen}, resumes at ${step}`);
  const wanted = checkpointAt(step, elements);
  for (const part of ["weights", "arrays", "record"])
    must(isDeepStrictEqual(checkpoint[part], wanted[part]), `${part} are torn`);
  for (const part of ["spec", "vocabulary", "ngram"]) {
    must(Buffer.compare(checkpoint.companions[part], wanted.companions[part]) === 0, `${part} is torn`);
  }
  const between = notices.length > 0;
  must(!between || notices[0].endsWith("is missing"), notices.join("; "));
  must(isDeepStrictEqual(model.weights, checkpointAt(model.step, elements).weights), "the model is torn");
  must(model.step >= acknowledged, `acknowledged ${acknowledged}, the model is of step ${model.step}`);
  // Before the first acknowledgement the derived files may still be missing.
  must(acknowledged < 0 || model.notices.length === 0, model.notices.join("; "));
  const metrics = step === 0 ? "" : readFileSync(join(folder, "metrics.jsonl"), "utf8");
  must(metrics === metricsAt(step), `metrics are those of another step than ${step}`);
  const left = readdirSync(folder).filter((name) => !modelNames.has(name));
  must(left.length === 0, `not cleaned: ${left}`);
  return between
    ? "between the renames"
    : step > acknowledged
      ? "unacknowledged"
      : model.step > step
        ? "model ahead"
        : "acknowledged";
}

/** One after another, `count` kills in directories of its own; adds to `found` what the kills left. */
async function lane(name, count, random, found, tell) {
  let folder = "";
  let elements = 0;
  let acknowledged = -1;
  let seen = -1;
  let killed = [];
  for (let kill = 0; kill < count; kill++) {
    if (kill % killsPerDirectory === 0) {
      if (folder !== "") rmSync(folder, { recursive: true, force: true });
      folder = join(work, `${name}-${kill}`);
      elements = random() < 0.5 ? 16 : Math.floor(random() * 20_000);
      acknowledged = -1;
      seen = -1;
      killed = [];
    }
    const { acknowledged: now, pid } = await killAfter(folder, elements, random() * 30, acknowledged);
    acknowledged = now;
    killed.push(pid);
    try {
      const state = existsSync(folder) ? check(folder, elements, acknowledged, seen, killed) : "no directory";
      found.set(state, (found.get(state) ?? 0) + 1);
      tell([...found.values()].reduce((sum, of) => sum + of, 0));
      if (state !== "none" && state !== "no directory") seen = resumeModelDirectory(folder).checkpoint.step;
    } catch (error) {
      const message = error instanceof Error ? error.message : error;
      throw new Error(`lane ${name}, kill ${kill} of seed ${seed}: ${message}`, { cause: error });
    }
  }
}

const found = new Map();
const started = Date.now();
try {
  const half = Math.floor(kills / 2);
  const tell = progress("kills", kills);
  const second = lane("second", half, randomFrom(seed + 0x9e3779b9), found, tell);
  await Promise.all([lane("first", kills - half, randomFrom(seed), found, tell), second]);
} finally {
  rmSync(work, { recursive: true, force: true });
}
const seconds = (Date.now() - started) / 1000;
const states = Object.fromEntries(found);
console.log(`${kills} kills in ${seconds.toFixed(1)} s, none torn, none lost: ${JSON.stringify(states)}`);
if (kills >= 10_000)
  writeRecord("storage", `npm run prove:storage -- ${seed}`, { kills, seed, seconds, torn: 0, lost: 0, states });
