// What the operating system refuses, said so that a person can mend it.
import { CheckpointError } from "unrolled";
import { systemCode } from "./files.js";

interface Meaning {
  readonly code: string;
  readonly what: string;
  readonly hint: string;
}

const meanings: ReadonlyMap<string, Meaning> = new Map([
  [
    "ENOSPC",
    {
      code: "disk-full",
      what: "no space is left",
      hint: "make space; the last checkpoint is whole, --resume goes on from it",
    },
  ],
  [
    "EDQUOT",
    {
      code: "disk-full",
      what: "the quota is used up",
      hint: "make space; the last checkpoint is whole, --resume goes on from it",
    },
  ],
  ["EROFS", { code: "not-writable", what: "the file system is read-only", hint: "choose another --out" }],
  [
    "EACCES",
    { code: "not-writable", what: "access is denied", hint: "choose another --out, or change the permissions" },
  ],
  [
    "EPERM",
    { code: "not-writable", what: "access is denied", hint: "choose another --out, or change the permissions" },
  ],
  [
    "EMFILE",
    { code: "too-many-files", what: "too many files are open", hint: "raise the limit (ulimit -n) and --resume" },
  ],
  ["ENFILE", { code: "too-many-files", what: "too many files are open", hint: "close other programs and --resume" }],
  [
    "EIO",
    {
      code: "disk-fault",
      what: "the disk reports a fault",
      hint: "the last checkpoint is kept; copy the directory to another disk",
    },
  ],
  ["ENOENT", { code: "missing-file", what: "it does not exist", hint: "was the directory moved or removed?" }],
  ["ENOTDIR", { code: "not-a-directory", what: "a part of the path is a file", hint: "give the path of a directory" }],
]);

/** CheckpointError for an error of the operating system; any other error is returned as it is. */
export function storageError(error: unknown, action: string): unknown {
  const code = systemCode(error);
  if (code === "") return error;
  const meaning = meanings.get(code);
  const what = meaning?.what ?? `the system reports ${code}`;
  return new CheckpointError(`${action}: must succeed, but ${what}`, {
    code: meaning?.code ?? "storage",
    hint: meaning?.hint ?? "the last checkpoint is kept",
    cause: error,
  });
}

/** Runs `work`; what the operating system refuses becomes a CheckpointError that begins with `action`. */
export function during<T>(action: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageError(error, action);
  }
}
