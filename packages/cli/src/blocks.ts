// Files of any size as one text in blocks of bytes: the next block is fetched while one is worked on.
import { open, stat } from "node:fs/promises";
import { binaryText, DataError, invalidUtf8, type Reading, wholeCharacters } from "unrolled";
import { isPacked, piecesOf } from "./gzip.js";

const blockBytes = 1 << 20;
/** Bytes of a character that a block may end in the middle of. */
const longestRest = 3;

export interface Block {
  /** Ends between two characters, if the file is UTF-8; good until the next block is asked for. */
  readonly bytes: Uint8Array;
  /** Of its first byte in the file. */
  readonly offset: number;
}

export async function* blocksOf(path: string): AsyncGenerator<Block> {
  if (isPacked(path)) return yield* packedBlocks(path);
  const file = await open(path);
  try {
    const buffers = [0, 1].map(() => new Uint8Array(longestRest + blockBytes));
    const fetch = (turn: number, position: number) => file.read(buffers[turn], longestRest, blockBytes, position);
    let [turn, position, rest] = [0, 0, 0];
    let next = fetch(turn, position);
    for (;;) {
      const { bytesRead } = await next;
      const bytes = buffers[turn].subarray(longestRest - rest, longestRest + bytesRead);
      const offset = position - rest;
      if (bytesRead === 0) {
        if (rest > 0) yield { bytes, offset };
        return;
      }
      const whole = wholeCharacters(bytes);
      rest = bytes.length - whole;
      position += bytesRead;
      turn = 1 - turn;
      buffers[turn].set(bytes.subarray(whole), longestRest - rest);
      next = fetch(turn, position);
      yield { bytes: bytes.subarray(0, whole), offset };
    }
  } finally {
    await file.close();
  }
}

/** The same of what a .gz file holds. */
async function* packedBlocks(path: string): AsyncGenerator<Block> {
  const buffer = new Uint8Array(longestRest + blockBytes);
  let [position, rest] = [0, 0];
  for await (const piece of piecesOf(path, blockBytes)) {
    buffer.set(piece, rest);
    const bytes = buffer.subarray(0, rest + piece.length);
    const offset = position - rest;
    const whole = wholeCharacters(bytes);
    const block = bytes.slice(0, whole);
    rest = bytes.length - whole;
    buffer.copyWithin(0, whole, whole + rest);
    position += piece.length;
    if (block.length > 0) yield { bytes: block, offset };
  }
  if (rest > 0) yield { bytes: buffer.slice(0, rest), offset: position - rest };
}

export interface Watch {
  /** Sees every byte of every file, in order. */
  readonly bytes?: (bytes: Uint8Array, file: number) => void;
  /** Where it says true, the reading ends early. */
  readonly stop?: () => boolean;
}

/** Bytes of any kind, or text: strict UTF-8 without zero bytes, whose byte order mark is left out. */
export type Content = "bytes" | "text";

/**
 * Reads files as one text, to its end or till it is stopped. DataError `empty-text`, `binary-text`, `invalid-utf8` with the file,
 * line, column and offset, and what `reading` throws.
 */
export async function readThrough<T>(
  paths: readonly string[],
  content: Content,
  reading: Reading<T>,
  watch: Watch = {},
): Promise<T | undefined> {
  for (const [file, path] of paths.entries()) {
    let empty = true;
    for await (const { bytes, offset } of blocksOf(path)) {
      if (watch.stop?.()) return undefined;
      empty = false;
      watch.bytes?.(bytes, file);
      if (content === "bytes") reading.add(bytes);
      else await addText(path, bytes, offset, reading);
    }
    if (empty)
      throw new DataError(`${path}: must hold text, was empty`, {
        code: "empty-text",
        hint: "name a file that holds text",
      });
  }
  return reading.end();
}

async function addText<T>(path: string, bytes: Uint8Array, offset: number, reading: Reading<T>): Promise<void> {
  const zero = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(0);
  if (zero >= 0) throw binaryText(path, offset + zero);
  const marked = offset === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const invalid = reading.add(bytes.subarray(marked));
  if (invalid < 0) return;
  const at = invalid + marked;
  throw invalidUtf8(path, await placeOf(path, offset + at), bytes[at], offset + at);
}

/** Line and column of a byte, both from 1; columns in characters. What comes before it is UTF-8. */
async function placeOf(path: string, at: number): Promise<{ readonly line: number; readonly column: number }> {
  let line = 1;
  let column = 1;
  for await (const { bytes, offset } of blocksOf(path)) {
    for (const byte of bytes.subarray(0, Math.max(0, at - offset))) {
      if (byte === 0x0a) {
        line++;
        column = 1;
      } else if ((byte & 0xc0) !== 0x80) column++;
    }
    if (offset + bytes.length >= at) break;
  }
  return { line, column };
}

/** Size and time of last change of a regular file. System errors for what is not there; DataError for what is no file to read. */
export async function statText(path: string): Promise<{ readonly bytes: number; readonly modified: number }> {
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
  return { bytes: found.size, modified: found.mtimeMs };
}
