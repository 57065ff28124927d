// Time from process start to the first training step and to the first generated character, as a user of the command sees it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { draws } from "unrolled";
import { type Summary, summary } from "../statistics.js";
import type { Command } from "./child.js";
import { benchFolder, torchCommand } from "./configurations.js";

export interface Startup {
  readonly what: string;
  readonly seconds: Summary;
}

interface Trial {
  readonly what: string;
  readonly command: Command;
  /** True for the output that holds what is waited for. */
  readonly arrived: (output: string) => boolean;
}

const patience = 60_000;

/** Each trial `times` times, in turn. Trials that fail are left out and told. */
export async function measureStartup(times: number, tell: (what: string) => void): Promise<Startup[]> {
  const folder = mkdtempSync(join(tmpdir(), "unrolled-bench-"));
  try {
    const { uniform } = draws(3);
    const text = join(folder, "text.txt");
    writeFileSync(
      text,
      Array.from({ length: 100_000 }, () => String.fromCharCode(32 + Math.floor(uniform() * 65))).join(""),
    );
    await firstOutput(trainTrial("native", text, join(folder, "model"), 1).command, () => false).catch(() => {});
    const taken = new Map<string, number[]>();
    for (let i = 0; i < times; i++)
      for (const trial of trials(folder, text, i)) {
        tell(`start: ${trial.what}, ${i + 1} of ${times}`);
        await sleep(20);
        const seconds = await firstOutput(trial.command, trial.arrived).catch(() => undefined);
        if (seconds !== undefined) taken.set(trial.what, [...(taken.get(trial.what) ?? []), seconds]);
      }
    return [...taken].map(([what, seconds]) => ({ what, seconds: summary(seconds) }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const cli = join(benchFolder, "../packages/cli/bin/unrolled.js");
const hasOutput = (output: string): boolean => output.length > 0;

function trainTrial(device: string, text: string, out: string, i: number): Trial {
  const args = [
    cli,
    "train",
    text,
    "--out",
    `${out}-${device}-${i}`,
    "--json",
    "--max-steps",
    "1",
    "--sample-every",
    "0",
    "--device",
    device,
  ];
  return {
    what: `first training step, unrolled train, ${device}`,
    command: { file: process.execPath, args },
    arrived: (output) => output.includes('"type":"step"'),
  };
}

function trials(folder: string, text: string, i: number): Trial[] {
  const sample = (device: string): Trial => ({
    what: `first character, unrolled sample, ${device}`,
    command: {
      file: process.execPath,
      args: [cli, "sample", join(folder, "model-native-1"), "--length", "1", "--device", device],
    },
    arrived: hasOutput,
  });
  const torch = (what: string, mode: string): Trial => ({
    what: `${what}, PyTorch`,
    command: torchCommand({ own: 1, blas: 1 }, mode),
    arrived: hasOutput,
  });
  return [
    trainTrial("native", text, join(folder, "run"), i),
    trainTrial("wasm", text, join(folder, "run"), i),
    torch("first training step", "first-step"),
    sample("native"),
    sample("wasm"),
    torch("first character", "first-character"),
  ];
}

/** Seconds until the output satisfies `arrived`; waits for the end of the process. Rejects where it ends without. */
function firstOutput({ file, args, env }: Command, arrived: (output: string) => boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "ignore"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), patience);
    let output = "";
    let seconds: number | undefined;
    child.stdout.on("data", (data: Buffer) => {
      output += data.toString();
      if (seconds === undefined && arrived(output)) seconds = (performance.now() - start) / 1000;
    });
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(timer);
      if (seconds === undefined) reject(new Error("no output"));
      else resolve(seconds);
    });
  });
}
