// Promise R6: no kernel touches a word outside its buffers. Every kernel at sizes around the widths of vectors and tiles,
// each buffer up against a page that may not be touched; `npm run prove:sanitizers` does all sizes, builds and sanitizers.
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
// @ts-expect-error a plain script without types
import { buildReplay, compilerAbsence, replay, supportedSets } from "./proofs/replay-builds.mjs";
// @ts-expect-error a plain script without types
import { sweepSizes } from "./proofs/size-sweep.mjs";

const sizes = [...Array(20).keys(), 31, 32, 33, 47, 48, 49, 50, 63, 64, 65, 95, 96, 97, 127, 128, 129, 255, 256, 257];
const absence: string | undefined = compilerAbsence();
if (absence !== undefined) console.warn(`guard pages: skipped, ${absence}`);

interface Outcome {
  readonly status: number;
  readonly programs: number;
  readonly wrong: number;
  readonly finding?: string;
}

/** The best build that runs here: its tails are the most delicate. */
function best(): string {
  try {
    const addon = createRequire(import.meta.url)("../build/Release/plain.node") as { supports: () => string[] };
    return (supportedSets(addon.supports()) as string[]).at(-1) ?? "plain";
  } catch {
    return "plain";
  }
}

describe.skipIf(absence !== undefined)("every kernel between guard pages", () => {
  let folder: string;
  let recording: string;
  let program: string;
  let count: number;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "unrolled-guards-"));
    recording = join(folder, "sizes.bin");
    const file = openSync(recording, "w");
    count = sweepSizes(sizes, (bytes: Uint8Array) => writeSync(file, bytes));
    closeSync(file);
    program = buildReplay(best(), "guards");
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(["end", "begin"])("touches nothing past the %s of a buffer, and threads agree to the bit", async (place) => {
    const outcome: Outcome = await replay(program, recording, place, [1, 3]);
    expect(outcome.finding).toBeUndefined();
    expect(outcome).toMatchObject({ status: 0, programs: count, wrong: 0 });
  });
});
