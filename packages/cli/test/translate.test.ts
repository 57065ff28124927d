// Translators as a user calls them: trained, resumed, used, measured; and what bad pairs are told.
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonLines, scratch, unrolled } from "./command.js";

const folder = scratch();
afterAll(folder.remove);

const file = (name: string, lines: readonly string[]): string => {
  writeFileSync(folder.path(name), lines.map((line) => `${line}\n`).join(""));
  return folder.path(name);
};

/** Two letters of four, and the same from the end. */
const words = [..."abcd"].flatMap((a) => [..."abcd"].map((b) => a + b));
const pairs = Array.from({ length: 128 }, (_, i) => words[(i * 7) % 16]).map(
  (w) => `${w}\t${[...w].reverse().join("")}`,
);
const tiny = [
  "--hidden",
  "12",
  "--embedding",
  "8",
  "--batch",
  "16",
  "--threads",
  "1",
  "--sample-every",
  "0",
  "--lr",
  "0.03",
];
const on = ["--threads", "1"];

async function done(args: readonly string[], input = ""): Promise<string> {
  const ended = await unrolled(args, { input });
  if (ended.code !== 0) throw new Error(`${args.join(" ")}: ended with ${ended.code}: ${ended.stderr}`);
  return ended.stdout;
}
const train = (out: string, ...more: string[]): Promise<string> =>
  done(["train", "--task", "translate", folder.path("pairs.tsv"), "--out", folder.path(out), ...tiny, ...more]);

beforeAll(async () => {
  file("pairs.tsv", pairs);
  await train("m", "--epochs", "12");
}, 60_000);

describe("translate", () => {
  it("arguments, a file and standard input", async () => {
    expect(await done(["translate", folder.path("m"), "ab", "cd", ...on])).toBe("ba\ndc\n");
    const lines = file("lines.txt", ["bd", "ca"]);
    expect(await done(["translate", folder.path("m"), "--file", lines, ...on])).toBe("db\nac\n");
    expect(await done(["translate", folder.path("m"), "--beam", "1", ...on], "bd\n")).toBe("db\n");
  });

  it("several translations with scores; JSON with what was looked at", async () => {
    const several = (await done(["translate", folder.path("m"), "ab", "--n-best", "2", ...on])).trim().split("\n");
    const scores = several.map((line) => Number(line.split("\t")[0]));
    expect(several[0].split("\t")[1]).toBe("ba");
    expect(scores[0]).toBeGreaterThan(scores[1]);
    const [line] = jsonLines(await done(["translate", folder.path("m"), "ab", "--json", ...on]));
    expect(line).toMatchObject({ type: "translation", source: "ab", sourceTokens: ["a", "b"] });
    const [{ text, attention }] = line.hypotheses as { text: string; attention: number[][] }[];
    expect(text).toBe("ba");
    expect(attention.map((row) => row.length)).toEqual([2, 2, 2]);
    for (const row of attention) expect(Math.abs(row[0] + row[1] - 1)).toBeLessThan(1e-5);
  });

  it("draws what was looked at, in a terminal and as a picture", async () => {
    const svg = folder.path("a.svg");
    const drawn = await done(["translate", folder.path("m"), "ab", "--attention", "--svg", svg, ...on]);
    expect(drawn.split("\n").slice(0, 2)).toEqual(["ba", "       ab"]);
    expect(drawn).toMatch(/^\(end\) \|..\|$/m);
    const picture = readFileSync(svg, "utf8");
    expect(picture.match(/<rect /g)?.length).toBe(1 + 6);
    expect(picture).toContain(">(end)</text>");
  });

  it("is measured by free translation, with the signature of BLEU", async () => {
    const [result] = jsonLines(await done(["eval", folder.path("m"), folder.path("pairs.tsv"), "--json", ...on]));
    expect(result).toMatchObject({ task: "translate", sentences: 128, exactMatch: 1, errorRate: 0, chrf: 100 });
    expect(result.signature).toBe("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp");
    const [a, b] = [file("a.txt", ["ab", "cd"]), file("b.txt", ["ba", "xx"])];
    expect(await done(["eval", folder.path("m"), "--source", a, "--target", b, ...on])).toContain("exact 50.00 %");
  });

  it("in two pieces or in one: the same bits", async () => {
    await Promise.all([train("whole", "--max-steps", "9"), train("pieces", "--max-steps", "4")]);
    await done(["train", "--resume", folder.path("pieces"), "--max-steps", "9", ...on]);
    const weights = (name: string): Buffer => readFileSync(folder.path(name, "model.safetensors"));
    expect(weights("pieces").equals(weights("whole"))).toBe(true);
  });

  it.each([
    ["byte-pair tokens, shared", ["--bpe", "260", "--shared-vocabulary", "--attention", "general"]],
    [
      "words, a vector, reversed, smoothed",
      ["--tokens", "word", "--min-count", "1", "--attention", "none", "--reverse-source", "--label-smoothing", "0.1"],
    ],
    [
      "scheduled sampling",
      ["--scheduled-sampling", "linear", "--attention", "dot", "--hidden", "12", "--reverse-source"],
    ],
  ])("learns with %s", async (name, options) => {
    const out = name.replaceAll(/[^a-z]/g, "");
    expect(await train(out, "--max-steps", "3", ...options)).toContain("pairs to learn from");
    expect((await done(["translate", folder.path(out), "ab", ...on])).split("\n").length).toBe(2);
    expect(await done(["info", folder.path(out)])).toMatch(/^task +translate$/m);
  });
});

describe("what training is told reaches a translator", () => {
  const tensors = (name: string): Record<string, unknown> => {
    const bytes = readFileSync(folder.path(name, "model.safetensors"));
    return JSON.parse(bytes.toString("utf8", 8, 8 + Number(bytes.readBigUInt64LE(0)))) as Record<string, unknown>;
  };

  it("--tied: the head has no matrix of its own", async () => {
    await train("loose", "--max-steps", "1");
    await train("tied", "--max-steps", "1", "--tied");
    expect(Object.keys(tensors("loose"))).toContain("head.weight");
    expect(Object.keys(tensors("tied"))).not.toContain("head.weight");
    expect((await done(["translate", folder.path("tied"), "ab", ...on])).split("\n").length).toBe(2);
  });

  it.each([
    ["--ema", "0.5"],
    ["--accumulate", "2"],
  ])("%s changes what is kept", async (option, value) => {
    const name = option.slice(2);
    await Promise.all([train(`plain-${name}`, "--max-steps", "3"), train(name, "--max-steps", "3", option, value)]);
    const [a, b] = [`plain-${name}`, name].map((of) => readFileSync(folder.path(of, "model.safetensors")));
    expect(a.length).toBe(b.length);
    expect(a.equals(b)).toBe(false);
  });
});

describe("is told", () => {
  const refused = async (args: readonly string[], message: RegExp): Promise<void> => {
    const { code, stderr, stdout } = await unrolled(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.split("\n").length).toBeLessThanOrEqual(3);
    expect(stderr).toMatch(message);
  };
  const bad = (name: string, lines: readonly string[], ...more: string[]): string[] => [
    "train",
    "--task",
    "translate",
    file(name, lines),
    "--out",
    folder.path("no"),
    ...more,
  ];

  it("which line of pairs is wrong", async () => {
    await refused(bad("p1.tsv", ["a\tb", "ab"]), /p1\.tsv, line 2: must be a sentence, a tab and its translation/);
    await refused(bad("p2.tsv", ["a\tb", "\tb"]), /p2\.tsv, line 2: must have two sides, its source is empty/);
    await refused(bad("p3.tsv", ["a\tb\tc"]), /line 1: .* has 2 tabs/);
    await refused(bad("p4.tsv", []), /must hold/);
    await refused(bad("p5.tsv", pairs, "--longest", "1"), /pair 1: must have at most 1 tokens on each side, has 2/);
    const [a, b] = [file("s.txt", ["a", "b", "c"]), file("t.txt", ["a", "b"])];
    await refused(
      ["train", "--task", "translate", "--source", a, "--target", b, "--out", folder.path("no")],
      /t\.txt: must have as many lines as .*s\.txt, line 3 is missing/,
    );
    await refused(
      ["train", "--task", "translate", "--source", a, "--out", folder.path("no")],
      /--target: must be named/,
    );
  });

  it("what a search cannot do", async () => {
    await refused(["translate", folder.path("m"), "ab", "--beam", "0"], /--beam/);
    await refused(["translate", folder.path("m"), "ab", "--beam", "99"], /--beam: must be at most the 5 tokens/);
    await refused(["translate", folder.path("m"), "жб"], /sentence 1: line 1, column 1: .*"ж" \(U\+0436\)/);
    await refused(["translate", folder.path("m"), "ab", "--n-best", "9"], /n-best: must be a whole number from 1 to 5/);
    expect((await unrolled(["translate", folder.path("m"), "жб", "--allow-unknown", ...on])).code).toBe(0);
  });

  it("which options are for translators", async () => {
    const text = file("text.txt", ["some text"]);
    await refused(
      ["train", text, "--attention", "dot", "--out", folder.path("no")],
      /--attention: must come with --task translate/,
    );
    await refused(["train", text, "--bpe", "300", "--out", folder.path("no")], /--bpe: must come with --tokens bpe/);
    await refused(bad("p6.tsv", pairs, "--sequence", "9"), /--sequence: must be left out/);
    await refused(bad("p7.tsv", pairs, "--recompute"), /--recompute: must be left out .* run whole/);
  });
});
