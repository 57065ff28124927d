// How the command ends: exit codes, and what is said when it cannot go on.
import { quoted } from "./format.js";

/** Documented in docs/cli.md; never renumbered. */
export const exitCodes = {
  done: 0,
  /** Something failed while running: a full disk, an engine that does not load, a loss that is not finite. */
  failed: 1,
  /** Wrong options or input that cannot be used. */
  usage: 2,
  hangup: 129,
  interrupted: 130,
  /** The reader of our output went away. */
  pipe: 141,
  terminated: 143,
} as const;

/** A mistake in the options, found before any work is done. */
export class UsageError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(message: string, detail: { readonly code?: string; readonly hint?: string | undefined } = {}) {
    super(message);
    this.name = "UsageError";
    this.code = detail.code ?? "usage";
    this.hint = detail.hint;
  }
}

/** An option that would change nothing without another. */
export function without(option: string, needed: string): never {
  throw new UsageError(`${option}: must come with ${needed}, which is not chosen`, {
    hint: `add ${needed}, or leave ${option} out`,
  });
}

/** What a failure is to the one who reads it. */
export interface Explanation {
  /** Stable, kebab-case. */
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: number;
}

/** Errors of bad input: exit code 2. NumericError and DeviceError are failures of the run. */
const inputErrors: ReadonlySet<string> = new Set([
  "UsageError",
  "SpecError",
  "CheckpointError",
  "DataError",
  "ShapeError",
]);

/** Codes of those errors that a healthy input can meet all the same. */
const runFailures: ReadonlySet<string> = new Set([
  "disk-full",
  "not-writable",
  "too-many-files",
  "disk-fault",
  "storage",
]);

/** For errors of the library that bring no hint of their own. */
const usualHints: ReadonlyMap<string, string> = new Map([
  ["SpecError", "change the option, or use the spec.json that was saved with the model"],
  ["CheckpointError", "use the files of one model as they were saved together"],
  ["DataError", "change the text or the options that read it: docs/cli.md"],
  ["DeviceError", "what this machine has: unrolled devices"],
]);

export function explain(error: unknown): Explanation {
  if (!(error instanceof Error)) return { code: "internal", message: String(error), hint: undefined, exitCode: 1 };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const hint = "hint" in error && typeof error.hint === "string" ? error.hint : undefined;
  if (code !== undefined && "syscall" in error) return explainSystem(error, code);
  if (code === undefined || /^ERR_/.test(code)) return internal(error);
  const wrongInput = inputErrors.has(error.name) && !runFailures.has(code);
  return {
    code,
    message: oneLine(error.message),
    hint: oneLine(hint ?? usualHints.get(error.name) ?? "see docs/cli.md"),
    exitCode: wrongInput ? exitCodes.usage : exitCodes.failed,
  };
}

const internal = (error: Error): Explanation => ({
  code: "internal",
  message: `internal error: ${oneLine(error.message)}`,
  hint: "this is a fault in unrolled; UNROLLED_DEBUG=1 shows where it happened",
  exitCode: exitCodes.failed,
});

const systemMessages: ReadonlyMap<string, readonly [what: string, hint: string, exitCode: number]> = new Map([
  ["ENOENT", ["no such file or directory", "check the spelling and the current directory", exitCodes.usage]],
  ["EISDIR", ["must be a file, was a directory", "name the files in it, for example DIR/*.txt", exitCodes.usage]],
  ["ENOTDIR", ["a part of the path is a file, not a directory", "choose another path", exitCodes.usage]],
  ["EACCES", ["permission denied", "check who owns it and its mode (ls -l)", exitCodes.failed]],
  ["EPERM", ["operation not permitted", "check who owns it and its mode (ls -l)", exitCodes.failed]],
  ["EROFS", ["the file system is read-only", "choose another --out directory", exitCodes.failed]],
  ["ENOSPC", ["no space left on the disk", "make room and try again", exitCodes.failed]],
  ["EDQUOT", ["the disk quota is used up", "make room and try again", exitCodes.failed]],
  ["EMFILE", ["too many open files", "raise the limit (ulimit -n)", exitCodes.failed]],
  ["EIO", ["the disk reports an input/output error", "check the disk", exitCodes.failed]],
]);

/** An error of the operating system, as a line: the path and what is wrong with it. */
function explainSystem(error: Error, code: string): Explanation {
  const path = "path" in error && typeof error.path === "string" ? error.path : undefined;
  const syscall = "syscall" in error ? String(error.syscall) : "system call";
  const known = systemMessages.get(code);
  return {
    code: `system-${code.toLowerCase()}`,
    message: `${path === undefined ? syscall : quoted(path, 200).slice(1, -1)}: ${known?.[0] ?? oneLine(error.message)}`,
    hint: known?.[1],
    exitCode: known?.[2] ?? exitCodes.failed,
  };
}

/** Control characters could move the cursor or fake a second message; they are shown as escapes. */
export function oneLine(text: string): string {
  let line = "";
  for (const character of text) line += isControl(character.codePointAt(0) ?? 0) ? escaped(character) : character;
  return line;
}

const isControl = (point: number): boolean => point < 32 || (point >= 127 && point < 160);
const escaped = (character: string): string =>
  character === "\n" ? "\\n" : `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`;
