// Whole files, durably: written under a temporary name in the same folder, flushed, and only then given their name.
import { dirname, join } from "node:path";
import type { Files } from "./files.js";

const temporary = /^\.unrolled-(\d{1,10})-[a-z.-]+\.tmp$/;

export function temporaryPath(files: Files, folder: string, name: string): string {
  return join(folder, `.unrolled-${files.pid}-${name}.tmp`);
}

export function writeAll(files: Files, file: number, bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.length) {
    const taken = files.write(file, bytes.subarray(at));
    if (taken <= 0) throw Object.assign(new Error("nothing more could be written"), { code: "ENOSPC" });
    at += taken;
  }
}

/** A flushed temporary file that holds `bytes`, or an error and no file. */
export function writeTemporary(files: Files, folder: string, name: string, bytes: Uint8Array): string {
  const path = temporaryPath(files, folder, name);
  return orRemove(files, path, () => {
    const file = files.open(path, "write");
    closing(files, file, () => {
      writeAll(files, file, bytes);
      files.sync(file);
    });
    return path;
  });
}

/** Runs `work`; where it fails, the temporary file goes. */
export function orRemove<T>(files: Files, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    try {
      files.remove(path);
    } catch {
      // It was never made, or cannot go; the next one to open the folder tries again.
    }
    throw error;
  }
}

function closing<T>(files: Files, file: number, work: () => T): T {
  let result: T;
  try {
    result = work();
  } catch (error) {
    closeQuietly(files, file);
    throw error;
  }
  files.close(file);
  return result;
}

/** Closes a file of which nothing more is wanted, or after an error that says more. */
export function closeQuietly(files: Files, file: number): void {
  try {
    files.close(file);
  } catch {
    // Nothing depends on it.
  }
}

/**
 * Replaces folder/name by `bytes`: at any crash it is wholly old or wholly new. That it is new is certain only after the
 * folder was synced.
 */
export function replaceFile(files: Files, folder: string, name: string, bytes: Uint8Array): void {
  const path = writeTemporary(files, folder, name, bytes);
  orRemove(files, path, () => files.rename(path, join(folder, name)));
}

export function readAll(files: Files, path: string): Uint8Array {
  const file = files.open(path, "read");
  return closing(files, file, () => {
    const bytes = new Uint8Array(files.size(file));
    let at = 0;
    while (at < bytes.length) {
      const got = files.read(file, bytes.subarray(at), at);
      if (got <= 0) return bytes.slice(0, at);
      at += got;
    }
    return bytes;
  });
}

/** Appends to a file that holds `length` good bytes, cutting off whatever follows them; flushed. Returns the new length. */
export function appendAt(files: Files, path: string, length: number, bytes: Uint8Array): number {
  const file = files.open(path, "append");
  return closing(files, file, () => {
    const size = files.size(file);
    if (size > length) files.truncate(file, length);
    const start = Math.min(size, length);
    try {
      writeAll(files, file, bytes);
      if (bytes.length > 0) files.sync(file);
    } catch (error) {
      try {
        files.truncate(file, start);
      } catch {
        // The next append cuts it off.
      }
      throw error;
    }
    return start + bytes.length;
  });
}

/** Removes temporary files of ours whose process is gone. */
export function removeStale(files: Files, folder: string): void {
  for (const name of files.list(folder)) {
    const pid = Number(temporary.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid)) continue;
    if (pid === files.pid || !files.alive(pid)) files.remove(join(folder, name));
  }
}

/** Makes a folder and those above it that are missing, durably. */
export function makeFolders(files: Files, path: string): void {
  if (files.kind(path) !== "nothing") return;
  const parent = dirname(path);
  if (parent !== path) makeFolders(files, parent);
  files.makeFolder(path);
  files.syncFolder(parent);
}
