// R3: the n-th file operation fails, for every n and every way to fail. The old checkpoint stays whole, nothing is left over, the
// error is one of ours, and the next save succeeds.
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckpointError, modelFiles } from "unrolled";
import { describe, expect, test } from "vitest";
import { type Files, nodeFiles } from "../../src/storage/files.js";
import { createModelDirectory, type ModelDirectory, resumeModelDirectory } from "../../src/storage/model-directory.js";
import { readModel } from "../../src/storage/read-model.js";
import { checkpointAt } from "./checkpoints.js";
import { memoryFiles } from "./memory-files.js";

const failures = ["ENOSPC", "EIO", "EMFILE", "EROFS", "short write"] as const;
const codes = { ENOSPC: "disk-full", EIO: "disk-fault", EMFILE: "too-many-files", EROFS: "not-writable" } as const;
const folder = "/run";

interface Run {
  readonly acknowledged: number;
  readonly operations: number;
  readonly error: unknown;
  readonly directory: ModelDirectory | undefined;
}

/** Three saves; the operation number `failing` fails, and with `forEver` all after it. */
function run(files: Files, log: readonly string[]): Run {
  let acknowledged = -1;
  let directory: ModelDirectory | undefined;
  try {
    directory = createModelDirectory(folder, files);
    for (let step = 0; step < 3; step++) {
      directory.appendMetrics(`{"step":${step}}`);
      directory.save(checkpointAt(step));
      acknowledged = step;
    }
    return { acknowledged, operations: log.length, error: undefined, directory };
  } catch (error) {
    return { acknowledged, operations: log.length, error, directory };
  }
}

function whole(files: Files, acknowledged: number): number {
  if (acknowledged < 0) return -1;
  const { checkpoint } = resumeModelDirectory(folder, files);
  expect([acknowledged, acknowledged + 1]).toContain(checkpoint.step);
  expect(checkpoint.weights).toEqual(checkpointAt(checkpoint.step).weights);
  const model = readModel(folder, files);
  expect(model.notices).toEqual([]);
  return checkpoint.step;
}

function failAt(failing: number, failure: (typeof failures)[number], forEver = false) {
  let armed = true;
  const inner = memoryFiles({
    before: (_, index) => {
      if (!armed || (forEver ? index < failing : index !== failing) || failure === "short write") return;
      throw Object.assign(new Error(failure), { code: failure });
    },
  });
  const write = (file: number, bytes: Uint8Array) =>
    inner.write(
      file,
      armed && inner.log.length === failing && failure === "short write" ? bytes.subarray(0, 1) : bytes,
    );
  const disarm = () => {
    armed = false;
  };
  return { files: { ...inner, write }, log: inner.log, disarm };
}

describe("failing file operations", () => {
  const all = memoryFiles();
  const total = run(all, all.log).operations;

  test.each(failures)("%s at every operation", (failure) => {
    let failed = 0;
    for (let n = 0; n < total; n++) {
      const { files, log, disarm } = failAt(n, failure);
      const { acknowledged, error, directory } = run(files, log);
      disarm();
      if (failure === "short write") {
        expect(error).toBeUndefined();
        expect(acknowledged).toBe(2);
        continue;
      }
      if (error === undefined) continue;
      failed++;
      expect(error).toBeInstanceOf(CheckpointError);
      expect((error as CheckpointError).code).toBe(codes[failure]);
      expect((error as CheckpointError).hint).toMatch(/\w+ \w+/);
      const left = directory === undefined ? [] : files.list(folder);
      expect(left.filter((name) => name.endsWith(".tmp"))).toEqual([]);
      const step = whole(files, acknowledged);
      // The same process may try again: nothing is lost then either.
      if (directory !== undefined) {
        directory.save(checkpointAt(acknowledged + 1));
        expect(whole(files, acknowledged + 1)).toBe(acknowledged + 1);
      }
      expect(step).toBeLessThanOrEqual(acknowledged + 1);
    }
    if (failure !== "short write") expect(failed).toBeGreaterThan(total * 0.9);
  });

  test("a disk that stays full keeps the last checkpoint, and what is left over goes at the next opening", () => {
    for (let n = 0; n < total; n++) {
      const { files, log, disarm } = failAt(n, "ENOSPC", true);
      const { acknowledged, error } = run(files, log);
      expect(error).toBeInstanceOf(CheckpointError);
      disarm();
      whole(files, acknowledged);
      if (acknowledged < 0) continue;
      const known: readonly string[] = Object.values(modelFiles);
      expect(files.list(folder).filter((name) => !known.includes(name))).toEqual([]);
    }
  });

  test("a directory that is read-only says so", () => {
    const parent = mkdtempSync(join(tmpdir(), "unrolled-"));
    try {
      chmodSync(parent, 0o500);
      const readOnly: Files = {
        ...nodeFiles,
        makeFolder: (path) => {
          // The superuser may write anywhere; the test must hold for everybody.
          if (process.getuid?.() === 0) throw Object.assign(new Error("EACCES"), { code: "EACCES" });
          nodeFiles.makeFolder(path);
        },
      };
      expect(() => createModelDirectory(join(parent, "run"), readOnly)).toThrow(
        expect.objectContaining({ code: "not-writable" }),
      );
      expect(readdirSync(parent)).toEqual([]);
    } finally {
      chmodSync(parent, 0o700);
      rmSync(parent, { recursive: true });
    }
  });
});
