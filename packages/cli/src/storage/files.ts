// The file operations that storage uses, and no others: a test can count, record or fail each of them.
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";

export type OpenMode = "read" | "write" | "append";

export interface Files {
  /** "write" makes the file empty, "append" keeps what it holds; both make it where it is missing. */
  readonly open: (path: string, mode: OpenMode) => number;
  /** Writes at the end; returns how many bytes were taken, which may be fewer. */
  readonly write: (file: number, bytes: Uint8Array) => number;
  readonly read: (file: number, into: Uint8Array, position: number) => number;
  readonly size: (file: number) => number;
  readonly truncate: (file: number, length: number) => void;
  /** Returns when the content of the file will outlast a power cut. */
  readonly sync: (file: number) => void;
  readonly close: (file: number) => void;
  readonly rename: (from: string, to: string) => void;
  readonly remove: (path: string) => void;
  readonly makeFolder: (path: string) => void;
  /** Returns when the names in the folder will outlast a power cut. */
  readonly syncFolder: (path: string) => void;
  readonly list: (path: string) => readonly string[];
  readonly kind: (path: string) => "file" | "folder" | "other" | "nothing";
  /** Of this process; stands in the names of temporary files. */
  readonly pid: number;
  readonly alive: (pid: number) => boolean;
}

const flags = { read: "r", write: "w", append: "a" } as const;

export const nodeFiles: Files = {
  open: (path, mode) => openSync(path, flags[mode]),
  write: (file, bytes) => writeSync(file, bytes),
  read: (file, into, position) => readSync(file, into, 0, into.length, position),
  size: (file) => fstatSync(file).size,
  truncate: ftruncateSync,
  sync: fsyncSync,
  close: closeSync,
  rename: renameSync,
  remove: unlinkSync,
  makeFolder: (path) => {
    mkdirSync(path);
  },
  syncFolder: (path) => {
    // Windows keeps names safe by itself and cannot open folders.
    if (process.platform === "win32") return;
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  },
  list: (path) => readdirSync(path),
  kind: (path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return "nothing";
    return found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
  },
  pid: process.pid,
  alive: (pid) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return systemCode(error) === "EPERM";
    }
  },
};

/** ENOSPC, EIO ... of an error of the operating system, "" of any other. */
export function systemCode(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) return "";
  return typeof error.code === "string" && /^E[A-Z0-9]+$/.test(error.code) ? error.code : "";
}
