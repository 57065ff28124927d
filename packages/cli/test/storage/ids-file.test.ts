// training.ids: what is written is read, what is damaged is known, and what fails leaves nothing.
import { describe, expect, it } from "vitest";
import type { Files } from "../../src/storage/files.js";
import { bytesPerId, idsName, openIds, writeIds } from "../../src/storage/ids-file.js";
import { memoryFiles } from "./memory-files.js";

const folder = "/";
const path = `${folder}${idsName}`;
const known = {
  files: [{ path: "/text.txt", bytes: 70, modified: 1.5, sha256: "0".repeat(64) }],
  tokens: "char",
  minCount: 1,
  validation: 0.1,
  ids: 60,
  trained: 54,
  fingerprint: "54-0123",
} as const;

/** Sixty ids, in two parts. */
function write(files: Files, perId: 1 | 2 | 4, largest = 255): number[] {
  const ids = Array.from({ length: 60 }, (_, i) => (i * 37) % (largest + 1));
  ids[59] = largest;
  const writer = writeIds(folder, perId, files);
  try {
    writer.add(Int32Array.from(ids.slice(0, 45)));
    writer.add(Int32Array.from(ids.slice(45)));
    writer.finish(known);
  } catch (error) {
    writer.abandon();
    throw error;
  }
  return ids;
}

/** All of a file's bytes. */
function content(files: Files): Uint8Array {
  const file = files.open(path, "read");
  const bytes = new Uint8Array(files.size(file));
  files.read(file, bytes, 0);
  files.close(file);
  return bytes;
}

function replace(files: Files, bytes: Uint8Array): void {
  const file = files.open(path, "write");
  files.write(file, bytes);
  files.close(file);
}

describe("a file of ids", () => {
  it.each([
    [1, 255],
    [2, 65_535],
    [4, 999_999],
  ] as const)("of %d bytes each gives back any part of them, up to id %d", (perId, largest) => {
    const files = memoryFiles();
    const ids = write(files, perId, largest);
    const opened = openIds(folder, true, files);
    if (opened === undefined || "problem" in opened) throw new Error(opened?.problem);
    expect(opened.facts).toMatchObject({ ...known, bytesPerId: perId });
    expect(opened.ids.length).toBe(60);
    for (const [from, count] of [
      [0, 60],
      [44, 3],
      [59, 1],
      [7, 0],
    ] as const) {
      const part = new Int32Array(count);
      opened.ids.read(from, part);
      expect([...part]).toEqual(ids.slice(from, from + count));
    }
    expect(() => opened.ids.read(59, new Int32Array(4000))).toThrow("must hold 60 ids");
    opened.close();
    expect(() => opened.ids.read(0, new Int32Array(1))).toThrow();
  });

  it("has as many bytes an id as the vocabulary asks for", () => {
    expect([2, 256, 257, 65_536, 65_537].map(bytesPerId)).toEqual([1, 1, 2, 2, 4]);
  });

  it("cut off anywhere, or with any bit flipped, is no file of ids", () => {
    const files = memoryFiles();
    write(files, 1);
    const good = content(files);
    for (let length = 0; length < good.length; length++) {
      replace(files, good.subarray(0, length));
      expect([length, openIds(folder, true, files)]).toEqual([length, { problem: expect.stringContaining(path) }]);
    }
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3] ^= 1 << (bit & 7);
      replace(files, bad);
      expect([bit, openIds(folder, true, files)]).toEqual([bit, { problem: expect.stringContaining(path) }]);
    }
    replace(files, good);
    expect(openIds(folder, true, files)).toMatchObject({ facts: known });
    expect(openIds(folder, true, memoryFiles())).toBe(undefined);
  });

  it("of which an operation fails leaves nothing, and the older one stays", () => {
    for (let failing = 0; ; failing++) {
      let operations = 0;
      let armed = false;
      const files = memoryFiles({
        before: (operation) => {
          if (!armed || /^(close|remove)/.test(operation)) return;
          if (operations++ === failing) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
        },
      });
      write(files, 2);
      const older = content(files);
      armed = true;
      let failed = false;
      try {
        write(files, 1);
      } catch (error) {
        failed = true;
        expect(error).toMatchObject({ name: "CheckpointError", code: "disk-full" });
      }
      armed = false;
      if (!failed) {
        expect(failing).toBeGreaterThan(5);
        return;
      }
      expect(files.list(folder)).toEqual([idsName]);
      expect(content(files)).toEqual(older);
    }
  });
});
