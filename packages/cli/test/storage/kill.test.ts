// R1 on every commit: 200 kill -9 of a process that saves. The long campaign is the same script with a larger number.
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const proof = join(dirname(fileURLToPath(import.meta.url)), "..", "proofs", "kill-storage.mjs");

test("200 kills leave no torn checkpoint and lose no acknowledged save", { timeout: 240_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [proof, "200", "1"]);
  expect(stdout).toMatch(/^200 kills in .* none torn, none lost: /);
  // Had no kill hit a save, nothing would have been shown.
  const found = JSON.parse(stdout.slice(stdout.indexOf("{"))) as Record<string, number>;
  expect(found.unacknowledged ?? 0).toBeGreaterThan(10);
});
