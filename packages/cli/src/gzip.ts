// Files whose name ends in .gz are read as what they hold.
import { createReadStream } from "node:fs";
import { constants, createGunzip, gunzip } from "node:zlib";
import { DataError } from "unrolled";
import { bytes as size } from "./format.js";

export const isPacked = (path: string): boolean => path.toLowerCase().endsWith(".gz");

function damaged(path: string, error: NodeJS.ErrnoException): Error {
  if (!error.code?.startsWith("Z_")) return error;
  return new DataError(`${path}: must be a whole gzip file, was damaged or none (${error.message})`, {
    code: "gzip",
    hint: "fetch it again, or unpack it with gunzip",
  });
}

/** What packed bytes hold. DataError where they are no gzip data, or hold more than `most` bytes. */
export function unpacked(path: string, packed: Uint8Array, most: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    gunzip(packed, { maxOutputLength: most }, (error: NodeJS.ErrnoException | null, result) => {
      if (!error) resolve(result);
      else if (error.code === "ERR_BUFFER_TOO_LARGE")
        reject(
          new DataError(`${path}: must hold at most ${size(most)}, holds more`, {
            code: "file-size",
            hint: "use a part of it",
          }),
        );
      else reject(damaged(path, error));
    });
  });
}

/** What a packed file holds, piece by piece, each of at most `most` bytes. */
export async function* piecesOf(path: string, most: number): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path);
  const stream = file.pipe(createGunzip({ chunkSize: most, finishFlush: constants.Z_FINISH }));
  file.on("error", (error) => stream.destroy(error));
  try {
    for await (const piece of stream) yield piece as Uint8Array;
  } catch (error) {
    throw damaged(path, error as NodeJS.ErrnoException);
  } finally {
    file.destroy();
    stream.destroy();
  }
}
