// Runs the built command as its users do: as a process of its own. Used by the tests that spawn.
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../bin/unrolled.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Runs as this user, where the tests run as root. */
  readonly uid?: number;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard output holds what is looked for. */
  until(text: string): Promise<void>;
}

/** Starts the command. */
export const startUnrolled = (args: readonly string[], options: RunOptions = {}): Running =>
  startNode([main, ...args], options);

/** Starts a script in a process of its own. Tests fail here, and say so, where it is not built. */
export function startNode([script = "", ...args]: readonly string[], options: RunOptions = {}): Running {
  if (!existsSync(script)) throw new Error(`${script} is not built: npm run build`);
  const child = spawn(process.execPath, [script, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    ...(options.uid === undefined ? {} : { uid: options.uid }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const until = async (text: string): Promise<void> => {
    let over = false;
    void ended.then(() => {
      over = true;
    });
    while (!stdout.includes(text)) {
      if (over) throw new Error(`must print ${text}, ended after: ${stdout}${stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { child, ended, until };
}

export const unrolled = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  startUnrolled(args, options).ended;

export interface Line {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The JSON lines of an output; throws at one that is none, or not ended by a newline. */
export function jsonLines(stdout: string): Line[] {
  if (stdout !== "" && !stdout.endsWith("\n")) throw new Error(`half a line: ${stdout.slice(-80)}`);
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

/** A folder of its own for a test file. */
export function scratch(): { readonly path: (...names: string[]) => string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "unrolled-cli-"));
  chmodSync(folder, 0o755);
  return {
    path: (...names) => join(folder, ...names),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Some 5,000 characters in which there is something to learn. */
export function writeText(path: string): void {
  const words = [
    "the cat sat on the mat",
    "a dog ran to the door",
    "the sun is over the sea",
    "no bird sang in the tree",
  ];
  let text = "";
  for (let i = 0; text.length < 5000; i++) text += `${words[(i * i + (i >> 2)) % words.length]}, ${i % 7}.\n`;
  writeFileSync(path, text);
}

/** Options of a model small enough to be trained in a moment. */
export const tiny = ["--hidden", "8", "--layers", "1", "--batch", "4", "--sequence", "10"] as const;
