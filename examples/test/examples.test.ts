// The examples run and learn, and the README shows them as they are.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { tinyText } from "../../packages/unrolled/test/laws/tiny.js";

/** What a program writes while it runs. */
async function outputOf(program: () => Promise<unknown>): Promise<string> {
  const written: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void written.push(`${line}\n`));
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
  try {
    await program();
  } finally {
    log.mockRestore();
    write.mockRestore();
  }
  return written.join("");
}

describe("the examples", () => {
  it("classifier tells the two languages apart", async () => {
    const output = await outputOf(() => import("../src/classifier.js"));
    expect(output).toMatch(/^epoch 40: 2 held out, 100 % right$/m);
    expect(output.trim().split("\n").slice(-2).sort()).toEqual(["Feiertag: de", "midi: fr"]);
  });

  it("language-model learns a text and writes words of it", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "unrolled-example-"));
    const file = path.join(folder, "text.txt");
    const text = `The ${tinyText(8000)}`;
    writeFileSync(file, text);
    const argv = process.argv;
    process.argv = ["node", "language-model.js", file];
    const output = await outputOf(() => import("../src/language-model.js"));
    process.argv = argv;
    rmSync(folder, { recursive: true });
    const bits = [...output.matchAll(/^epoch (\d+): ([\d.]+) bits/gm)].map((m) => Number(m[2]));
    expect(bits).toHaveLength(10);
    expect(bits[9]).toBeLessThan(0.6 * bits[0]);
    const prose = output.split("\n").slice(10).join("\n");
    expect(prose.length).toBeGreaterThanOrEqual(300);
    const known = new Set(text.split(/[\s.]+/));
    const words = prose.split(/[\s.]+/).slice(1, -1);
    expect(words.filter((word) => known.has(word)).length / words.length).toBeGreaterThan(0.6);
  });

  it("custom-cell learns parity", async () => {
    const output = await outputOf(() => import("../src/custom-cell.js"));
    const nats = [...output.matchAll(/^step \d+: ([\d.]+) nats/gm)].map((m) => Number(m[1]));
    expect(nats).toHaveLength(6);
    expect(nats[5]).toBeLessThan(0.05);
  });
});

const readme = new URL("../../README.md", import.meta.url);
const shown = existsSync(readme)
  ? [...readFileSync(readme, "utf8").matchAll(/<!-- (examples\/src\/[a-z-]+\.ts) -->\s*```ts\n([\s\S]*?)```/g)]
  : [];

describe.skipIf(shown.length === 0)("the README (skipped: it shows no example)", () => {
  it.each(shown.map(([, file, code]) => [file, code]))("shows %s as it is", (file, code) => {
    expect(code).toBe(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"));
  });
});
