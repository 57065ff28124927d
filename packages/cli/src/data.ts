// The text files of a run: read, checked, made into a corpus, and known again when the run is resumed.
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { bytes, type Corpus, characters, DataError, textOf, words } from "unrolled";
import { bytes as size } from "./format.js";
import type { RunSettings } from "./settings.js";
import { named } from "./where.js";

/** A file as it was when the run began. */
export interface DataFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** Of its content, hexadecimal. */
  readonly sha256: string;
}

export interface RunData {
  readonly files: readonly DataFile[];
  readonly corpus: Corpus;
}

/** What JavaScript can hold as one text, with room to spare. */
const largest = 500_000_000;

/** The content of a regular file. System errors for what is not there; DataError for what is no file to read. */
export async function readBytes(path: string): Promise<Uint8Array> {
  const found = await stat(path);
  if (found.isDirectory())
    throw new DataError(`${path}: must be a file, was a directory`, {
      code: "directory",
      hint: `name the files in it, for example ${path.replace(/\/+$/, "")}/*.txt`,
    });
  if (!found.isFile())
    throw new DataError(`${path}: must be a regular file, was a device or pipe`, {
      code: "not-a-file",
      hint: "save it to a file first: a run that is resumed reads it again",
    });
  if (found.size > largest)
    throw new DataError(`${path}: must be at most ${size(largest)}, was ${size(found.size)}`, {
      code: "file-size",
      hint: "train on a part of it",
    });
  return readFile(path);
}

/** Reads the files in order and makes one corpus of them. DataError names the file and the place. */
export async function readData(paths: readonly string[], settings: RunSettings): Promise<RunData> {
  const files: DataFile[] = [];
  const contents: Uint8Array[] = [];
  for (const path of paths) {
    const content = await readBytes(path);
    if (content.length === 0)
      throw new DataError(`${path}: must hold text, was empty`, {
        code: "empty-text",
        hint: "name a file that holds text",
      });
    files.push({ path: resolve(path), bytes: content.length, sha256: fingerprint(content) });
    contents.push(content);
  }
  const where = paths.length === 1 ? paths[0] : `${paths.length} files`;
  const total = contents.reduce((sum, content) => sum + content.length, 0);
  if (total > largest)
    throw new DataError(`${where}: must be at most ${size(largest)} together, was ${size(total)}`, {
      code: "file-size",
    });
  return { files, corpus: named(where, () => makeCorpus(paths, contents, settings)) };
}

const fingerprint = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

function makeCorpus(paths: readonly string[], contents: readonly Uint8Array[], settings: RunSettings): Corpus {
  const { validation, minCount } = settings;
  if (settings.tokens === "byte") return bytes(Buffer.concat(contents), { validation });
  const text = contents.map((content, i) => textOf(content, paths[i])).join("");
  switch (settings.tokens) {
    case "char":
      return characters(text, { validation });
    case "word":
      return words(text, { validation, minimumCount: minCount });
    default:
      return settings.tokens satisfies never;
  }
}

/** Throws DataError unless every file still holds what the run began with. */
export async function checkData(files: readonly DataFile[]): Promise<void> {
  const hint = "put the file back as it was, or start a new run with --out";
  for (const { path, bytes: length, sha256 } of files) {
    const content = await readBytes(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      throw new DataError(`${path}: must be there to resume, the run was started with it`, {
        code: "data-missing",
        hint,
      });
    });
    if (content.length === length && fingerprint(content) === sha256) continue;
    throw new DataError(
      `${path}: must hold the data the run was started with (${length} bytes, sha256 ${sha256.slice(0, 12)}), ` +
        `was ${content.length} bytes, sha256 ${fingerprint(content).slice(0, 12)}`,
      { code: "data-changed", hint },
    );
  }
}
