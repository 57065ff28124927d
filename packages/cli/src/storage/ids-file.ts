// training.ids: the tokens of a long text as numbers, beside the model that learns them. Made from the text and made again where
// it is missing or damaged. Layout: 16 bytes of head, the ids (1, 2 or 4 bytes each, little-endian), facts as JSON, 16 bytes of tail.
import { join } from "node:path";
import { crc32 as crcOf } from "node:zlib";
import { CheckpointError, DataError, encodeUtf8, type IdSource, readJson } from "unrolled";
import { closeQuietly, temporaryPath, writeAll } from "./atomic.js";
import { during } from "./errors.js";
import { type Files, nodeFiles, systemCode } from "./files.js";

export const idsName = "training.ids";

/** What the ids were made from, and what they are. */
export interface IdsFacts {
  readonly format: "unrolled-ids";
  readonly version: 1;
  readonly files: readonly {
    readonly path: string;
    readonly bytes: number;
    /** Time of last change, milliseconds. */
    readonly modified: number;
    readonly sha256: string;
  }[];
  readonly tokens: "char" | "word" | "byte" | "bpe";
  readonly minCount: number;
  /** Size of a byte-pair vocabulary; 0, or left out by older files, where the tokens are others. */
  readonly bpe?: number;
  /** Part of the text held out. */
  readonly validation: number;
  /** Ids in all, and how many of them, from the first on, are learnt from. */
  readonly ids: number;
  readonly trained: number;
  /** Of the ids learnt from, as a checkpoint records it. */
  readonly fingerprint: string;
  readonly bytesPerId: 1 | 2 | 4;
  /** CRC-32 of the bytes of the ids. */
  readonly checksum: number;
}

const head = encodeUtf8("unrolled ids 1\n\n");
const tailBytes = 16;
const tailMark = encodeUtf8("ids end\n");
const largestFacts = 16 << 20;
/** Bytes that are checked or converted at a time. */
const pieceBytes = 1 << 18;

type Packed = Uint8Array | Uint16Array | Int32Array;

const pack = (bytesPerId: 1 | 2 | 4, length: number): Packed =>
  bytesPerId === 1 ? new Uint8Array(length) : bytesPerId === 2 ? new Uint16Array(length) : new Int32Array(length);

const bytesIn = (packed: Packed): Uint8Array => new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength);

export const bytesPerId = (vocabulary: number): 1 | 2 | 4 => (vocabulary <= 256 ? 1 : vocabulary <= 65_536 ? 2 : 4);

/** A file of ids that is being written, under a temporary name. */
export interface IdsWriter {
  readonly add: (ids: Int32Array) => void;
  /** Gives the file its name. */
  readonly finish: (facts: Omit<IdsFacts, "format" | "version" | "bytesPerId" | "checksum">) => void;
  /** Removes what was written. */
  readonly abandon: () => void;
}

/**
 * A new training.ids in `folder`, in place of an older one. Not flushed to the disk: what a power cut leaves of it is known by its
 * checksum, and made again. CheckpointError `disk-full`, `not-writable` ...
 */
export function writeIds(folder: string, perId: 1 | 2 | 4, files: Files = nodeFiles): IdsWriter {
  const path = temporaryPath(files, folder, idsName);
  const action = `writing ${join(folder, idsName)}`;
  let checksum = 0;
  let packed = pack(perId, 0);
  const file = during(action, () => files.open(path, "write"));
  const write = (bytes: Uint8Array): void => during(action, () => writeAll(files, file, bytes));
  const abandon = (): void => {
    closeQuietly(files, file);
    try {
      files.remove(path);
    } catch {
      // The next one to open the folder tries again.
    }
  };
  try {
    write(head);
  } catch (error) {
    abandon();
    throw error;
  }
  return {
    add: (ids) => {
      if (packed.length < ids.length) packed = pack(perId, ids.length);
      packed.set(ids);
      const bytes = bytesIn(packed).subarray(0, ids.length * perId);
      checksum = crcOf(bytes, checksum);
      write(bytes);
    },
    finish: (known) => {
      const all: IdsFacts = { format: "unrolled-ids", version: 1, ...known, bytesPerId: perId, checksum };
      const json = encodeUtf8(JSON.stringify(all));
      const tail = new DataView(new ArrayBuffer(tailBytes));
      tail.setUint32(0, json.length, true);
      tail.setUint32(4, crcOf(json), true);
      const bytes = new Uint8Array(tail.buffer);
      bytes.set(tailMark, 8);
      write(json);
      write(bytes);
      during(action, () => {
        files.close(file);
        files.rename(path, join(folder, idsName));
      });
    },
    abandon,
  };
}

/** A file of ids that is open for reading. */
export interface OpenIds {
  readonly facts: IdsFacts;
  readonly ids: IdSource;
  readonly close: () => void;
}

/** What of training.ids cannot be used, for the user. */
export interface BadIds {
  readonly problem: string;
}

/** Opens folder/training.ids; undefined where there is none. With `check`, all of it is read and held to its checksum. */
export function openIds(folder: string, check: boolean, files: Files = nodeFiles): OpenIds | BadIds | undefined {
  const path = join(folder, idsName);
  return during(`reading ${path}`, () => {
    let file: number;
    try {
      file = files.open(path, "read");
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    }
    const read = readFacts(files, file);
    const problem = typeof read === "string" ? read : check ? damage(files, file, read) : undefined;
    if (typeof read !== "string" && problem === undefined)
      return { facts: read, ids: source(files, file, read, path), close: () => closeQuietly(files, file) };
    closeQuietly(files, file);
    return { problem: `${path}: ${problem}` };
  });
}

/** Whether a file of that name in `folder` is one of ours, whole or not. */
export function holdsIds(folder: string, files: Files): boolean {
  const file = files.open(join(folder, idsName), "read");
  try {
    return same(readAt(files, file, 0, head.length), head);
  } finally {
    closeQuietly(files, file);
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Up to `length` bytes; fewer where the file ends. */
function readAt(files: Files, file: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, fill(files, file, position, bytes));
}

function fill(files: Files, file: number, position: number, into: Uint8Array): number {
  let at = 0;
  while (at < into.length) {
    const got = files.read(file, into.subarray(at), position + at);
    if (got <= 0) break;
    at += got;
  }
  return at;
}

function readFacts(files: Files, file: number): IdsFacts | string {
  const size = files.size(file);
  if (!same(readAt(files, file, 0, head.length), head)) return "does not begin as a file of ids";
  if (size < head.length + tailBytes) return "ends too early";
  const tail = readAt(files, file, size - tailBytes, tailBytes);
  if (!same(tail.subarray(8), tailMark)) return "ends too early";
  const view = new DataView(tail.buffer);
  const length = view.getUint32(0, true);
  const start = size - tailBytes - length;
  if (length > largestFacts || start < head.length) return "what it says of itself does not fit";
  const json = readAt(files, file, start, length);
  if (crcOf(json) !== view.getUint32(4, true)) return "what it says of itself is damaged";
  const facts = checkFacts(json);
  if (facts === undefined) return "another version of unrolled wrote it";
  return head.length + facts.ids * facts.bytesPerId === start ? facts : "must hold as many ids as it says, does not";
}

// No schema library here: every command loads this file.
function checkFacts(json: Uint8Array): IdsFacts | undefined {
  let value: unknown;
  try {
    value = readJson(json, idsName, largestFacts);
  } catch (error) {
    if (error instanceof CheckpointError) return undefined;
    throw error;
  }
  const facts = value as Partial<IdsFacts> | null;
  if (facts?.format !== "unrolled-ids" || facts.version !== 1 || !Array.isArray(facts.files)) return undefined;
  const natural = (number: unknown): number is number => Number.isSafeInteger(number) && Number(number) >= 0;
  const { ids, trained, bytesPerId: perId, checksum } = facts;
  const whole = natural(ids) && natural(trained) && trained <= ids && natural(checksum);
  return whole && (perId === 1 || perId === 2 || perId === 4) ? (facts as IdsFacts) : undefined;
}

function damage(files: Files, file: number, { ids, bytesPerId: perId, checksum }: IdsFacts): string | undefined {
  const piece = new Uint8Array(4 * pieceBytes);
  let crc = 0;
  for (let at = 0; at < ids * perId; ) {
    const part = piece.subarray(0, Math.min(piece.length, ids * perId - at));
    if (fill(files, file, head.length + at, part) < part.length) return "ends too early";
    crc = crcOf(part, crc);
    at += part.length;
  }
  return crc === checksum ? undefined : "must have its checksum, does not";
}

function source(files: Files, file: number, { ids, bytesPerId: perId }: IdsFacts, path: string): IdSource {
  const piece = pack(perId, pieceBytes / perId);
  const read = (from: number, into: Int32Array): void => {
    for (let at = 0; at < into.length; ) {
      const part = piece.subarray(0, Math.min(piece.length, into.length - at));
      const got = during(`reading ${path}`, () => fill(files, file, head.length + (from + at) * perId, bytesIn(part)));
      if (got < part.byteLength)
        throw new DataError(`${path}: must hold ${ids} ids, ends before id ${from + at + part.length}`, {
          code: "ids-file",
          hint: "it was changed while it was read; --resume makes it again",
        });
      into.set(part, at);
      at += part.length;
    }
  };
  return { length: ids, read };
}
