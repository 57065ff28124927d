// Proof: a training process that is killed with SIGKILL at random moments, and resumed each time, ends with the very bits of one
// that was left alone. Usage: node packages/cli/test/proofs/kill-training.mjs [kills = 20] [device = wasm] [seed = 1]
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../bin/unrolled.js", import.meta.url));
const kills = Number(process.argv[2] ?? 20);
const device = process.argv[3] ?? "wasm";
const seed = Number(process.argv[4] ?? 1);
const folder = mkdtempSync(join(tmpdir(), "unrolled-kill-"));
const text = join(folder, "text.txt");
const killed = join(folder, "killed");
const alone = join(folder, "alone");
// So many steps that the run is never finished by being resumed.
const steps = 100_000;
const last = ["--threads", "1", "--device", device];

let state = seed >>> 0;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

const run = (...args) => {
  const { status, stderr } = spawnSync(process.execPath, [main, "train", ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`unrolled train ${args.join(" ")}: ended with ${status}: ${stderr}`);
  return stderr;
};

/** Starts training, kills it after `delay` ms from its first line on. */
const killAfter = (delay, args) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [main, "train", ...args, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stderr.on("data", (data) => {
      said += data;
    });
    child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), delay));
    child.stdout.resume();
    child.on("close", (code, signal) => resolve({ code, signal, said }));
  });

const weights = (directory) => readFileSync(join(directory, "model.safetensors"));
const stepOf = (directory) => {
  const { stdout } = spawnSync(process.execPath, [main, "info", directory, "--json"], { encoding: "utf8" });
  return JSON.parse(stdout).run.counters.step;
};

writeFileSync(
  text,
  Array.from({ length: 300 }, (_, i) => `the ${["cat", "dog", "sun"][(i * i) % 3]} is ${i % 7}\n`).join(""),
);
const settings = ["--hidden", "16", "--batch", "4", "--sequence", "10", "--dropout", "0.2", "--checkpoint-every", "3"];
const endless = ["--max-steps", String(steps), "--epochs", "1000000", "--sample-every", "0"];
let reached = 0;
for (let i = 0; i < kills; i++) {
  const args =
    existsSync(join(killed, "training.safetensors")) || existsSync(join(killed, "training.previous.safetensors"))
      ? ["--resume", killed, ...last]
      : [text, "--out", killed, ...settings, ...endless, ...last];
  const { code, signal, said } = await killAfter(random() * 300, args);
  if (signal !== "SIGKILL") throw new Error(`kill ${i + 1}: ended by itself with ${code}: ${said}`);
  if (!existsSync(killed) || readdirSync(killed).every((name) => name.startsWith("."))) continue;
  const step = stepOf(killed);
  if (step < reached) throw new Error(`kill ${i + 1}: step ${reached} was reached, now it is ${step}`);
  reached = step;
}
const goal = reached + 10;
run("--resume", killed, "--max-steps", String(goal), ...last);
run(
  text,
  "--out",
  alone,
  ...settings,
  "--max-steps",
  String(goal),
  "--epochs",
  "1000000",
  "--sample-every",
  "0",
  ...last,
);
const same = weights(killed).equals(weights(alone));
const left = readdirSync(killed).filter((name) => name.startsWith("."));
console.log(
  `${kills} kills, ${goal} steps on ${device}: ${same ? "the same bits" : "OTHER BITS"}; ${left.length} temporary files left`,
);
rmSync(folder, { recursive: true, force: true });
process.exit(same && left.length === 0 ? 0 : 1);
