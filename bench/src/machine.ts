// What the measurements were made on.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import type { Report } from "./report/report.js";

export function machine(): Report["machine"] {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
  };
}

export const load = (): number => loadavg()[0];

/** Versions of what runs: Node, V8, this library and its commit where git knows it. */
export function versions(): Record<string, string> {
  const { version } = JSON.parse(
    readFileSync(new URL("../../packages/unrolled/package.json", import.meta.url), "utf8"),
  ) as { version: string };
  const { node, v8 } = process.versions;
  return { node, v8, unrolled: `${version}${commit()}` };
}

function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync("git", args, {
        cwd: new URL(".", import.meta.url),
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
    return ` (${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain", "--", ":/packages") ? " with changes" : ""})`;
  } catch {
    return "";
  }
}
