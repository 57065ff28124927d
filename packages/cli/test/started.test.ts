// Writers that start from numbers: trained, resumed, measured and used as a user calls them, and what bad rows are told.
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonLines, scratch, unrolled } from "./command.js";

const folder = scratch();
afterAll(folder.remove);

const file = (name: string, lines: readonly string[]): string => {
  writeFileSync(folder.path(name), `${lines.join("\n")}\n`);
  return folder.path(name);
};
async function must(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await unrolled(args);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

/** The first number says which letter, the second is noise far from zero; two letters a text. */
const rows = Array.from({ length: 60 }, (_, i) => {
  const kind = i % 3;
  return { size: kind - 1 + ((i * 7) % 5) / 50, weight: 900 + ((i * 13) % 17), text: "abc"[kind].repeat(2) };
});
const csv = (): string =>
  file("sizes.csv", ["size,weight,text", ...rows.map((r) => `${r.size},${r.weight},${r.text}`)]);
const small = ["--hidden", "12", "--batch", "8", "--threads", "1", "--sample-every", "0", "--lr", "0.03"];

describe("a writer that starts from numbers", () => {
  const model = folder.path("sizes");
  beforeAll(async () => {
    const columns = ["--start-columns", "size,weight", "--epochs", "40"];
    const out = await must("train", "--task", "write", csv(), "--out", model, ...small, ...columns);
    expect(out).toContain("unrolled sample --vector N,N,...");
  }, 60_000);

  it("writes what its numbers say, in their own units, and by beam search the same", async () => {
    for (const [size, text] of [
      [-1, "aa"],
      [0, "bb"],
      [1, "cc"],
    ] as const) {
      const args = ["sample", model, "--vector", `${size},905`, "--threads", "1"];
      expect(await must(...args, "--greedy")).toBe(`${text}\n`);
      expect(jsonLines(await must(...args, "--beam", "3", "--json"))[0]).toMatchObject({ vector: [size, 905], text });
    }
    const told = jsonLines(await must("sample", model, "--vector", "1,905", "--greedy", "--json"))[0];
    expect(told).toMatchObject({ type: "sample", vector: [1, 905], text: "cc" });
  });

  it("is measured and described", async () => {
    const [report] = jsonLines(await must("eval", model, csv(), "--json"));
    expect(report).toMatchObject({ type: "evaluation", task: "write", tokens: 180 });
    expect(report.nats as number).toBeLessThan(0.2);
    expect(await must("info", model)).toMatch(/^starts from +numbers 2: size, weight \(both\)$/m);
  });

  it("resumed = never stopped, from lists under a JSON key, too", async () => {
    const lines = rows.map(({ size, weight, text }) => JSON.stringify({ v: [size, weight], text }));
    const data = file("sizes.jsonl", lines);
    const train = (out: string, steps: string) =>
      must(
        "train",
        "--task",
        "write",
        data,
        "--out",
        folder.path(out),
        ...small,
        "--start-columns",
        "v",
        "--max-steps",
        steps,
      );
    await Promise.all([train("pieces", "5"), train("whole", "9")]);
    await must("train", "--resume", folder.path("pieces"), "--max-steps", "9", "--threads", "1");
    const weights = (of: string): Buffer => readFileSync(folder.path(of, "model.safetensors"));
    expect(weights("pieces").equals(weights("whole"))).toBe(true);
    expect(await must("info", folder.path("whole"))).toContain("numbers 2: v.1, v.2");
    expect(jsonLines(await must("eval", folder.path("whole"), data, "--json"))[0]).toMatchObject({ tokens: 180 });
  });

  it.each<[string, () => readonly string[], string]>([
    ["no vector", () => ["sample", model], "--vector: must be 2 numbers, was left out"],
    ["too few numbers", () => ["sample", model, "--vector", "1"], "--vector: must be 2 numbers, was 1"],
    ["no numbers", () => ["sample", model, "--vector", "1,x"], '--vector: must be a number, was "x"'],
    ["a label", () => ["sample", model, "--label", "a"], "--label: must come with a model that starts from a label"],
    [
      "a file without its columns",
      () => ["eval", model, file("other.csv", ["size,text", "1,aa"])],
      "other.csv: column must be one of",
    ],
  ])("refuses %s in one line", async (_, args, words) => {
    const { code, stdout, stderr } = await unrolled(args());
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^unrolled: [^\n]+\nhint: [^\n]+\n$/);
    expect(stderr).toContain(words);
  });
});

describe("rows that start texts are refused", () => {
  const train = (path: string, ...more: string[]): readonly string[] => [
    ...["train", "--task", "write", path, "--out", folder.path("never"), ...small, ...more],
  ];
  const columns = ["--start-columns", "a,b"];
  it.each<[string, () => readonly string[], string]>([
    [
      "words for numbers",
      () => train(file("w.csv", ["a,b,text", "1,2,x", "1,two,y"]), ...columns),
      'w.csv, line 3: column "b" must be a number',
    ],
    [
      "NaN",
      () => train(file("n.csv", ["a,b,text", "1,NaN,x"]), ...columns),
      'n.csv, line 2: column "b" must be a number',
    ],
    [
      "an empty text",
      () => train(file("e.csv", ["a,b,text", "1,2,"]), ...columns),
      "e.csv, line 2: the text must not be empty",
    ],
    [
      "a missing field",
      () => train(file("f.csv", ["a,b,text", "1,x"]), ...columns),
      "f.csv, line 2: must have 3 fields",
    ],
    [
      "an unknown column",
      () => train(file("u.csv", ["a,text", "1,x"]), ...columns),
      'column must be one of "a", "text", was "b"',
    ],
    [
      "no column of text",
      () => train(file("t.csv", ["a,b", "1,2"]), ...columns),
      "t.csv, line 1: must have a column of text",
    ],
    [
      "a longer list",
      () => train(file("l.jsonl", ['{"v":[1],"text":"x"}', '{"v":[1,2],"text":"y"}']), "--start-columns", "v"),
      'l.jsonl, line 2: "v" must be 1 numbers like the first row',
    ],
    [
      "a shorter list",
      () => train(file("s.jsonl", ['{"v":[1,2],"text":"x"}', '{"v":[1],"text":"y"}']), "--start-columns", "v"),
      's.jsonl, line 2: "v.2" must be a number',
    ],
    [
      "a label beside",
      () => train(csv(), "--start-columns", "1-2", "--label-column", "text"),
      "--label-column: must not come with --start-columns",
    ],
    [
      "another task",
      () => ["train", "--task", "classify", csv(), "--out", folder.path("never"), "--start-columns", "1"],
      "--start-columns: must come with --task write",
    ],
  ])("%s", async (_, args, words) => {
    const { code, stdout, stderr } = await unrolled(args());
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^unrolled: [^\n]+\n(hint: [^\n]+\n)?$/);
    expect(stderr).toContain(words);
  });
});
