// Translators as a user calls them: trained, resumed, used, measured; and what bad pairs are told.
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawAlignment } from "../src/translate/draw.js";
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

  it("what was read stands above its column, from top to bottom", () => {
    const rows = [
      [1, 0],
      [0, 0.5],
    ];
    expect(drawAlignment({ source: ["a", "man"], target: ["ein", "(end)"], rows })).toBe(
      ["        m", "        a", "       an", "  ein |@ |", "(end) | +|", ""].join("\n"),
    );
  });

  it("is measured by free translation, with the signature of BLEU", async () => {
    const [result] = jsonLines(await done(["eval", folder.path("m"), folder.path("pairs.tsv"), "--json", ...on]));
    expect(result).toMatchObject({ task: "translate", sentences: 128, exactMatch: 1, errorRate: 0, chrf: 100 });
    expect(result.signature).toBe("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp");
    const [a, b] = [file("a.txt", ["ab", "cd"]), file("b.txt", ["ba", "xx"])];
    expect(await done(["eval", folder.path("m"), "--source", a, "--target", b, ...on])).toContain("exact 50.00 %");
  });

  it("is measured with any search", async () => {
    const measured = async (...options: string[]) =>
      jsonLines(await done(["eval", folder.path("m"), folder.path("pairs.tsv"), "--json", ...options, ...on]))[0];
    const plain = ["--alpha", "0.9", "--coverage", "0.1", "--beam", "4", "--groups", "2", "--batch", "7"];
    expect(await measured(...plain)).toMatchObject({ exactMatch: 1, beam: 4 });
    expect(await measured("--min-length", "4", "--max-length", "4", "--precision", "f32")).toMatchObject({
      exactMatch: 0,
    });
  });

  it("is measured against references in lower case that are tokens already", async () => {
    const [a, b] = [file("u.txt", ["ab", "cd"]), file("v.txt", ["BA", "DC"])];
    const on2 = ["eval", folder.path("m"), "--source", a, "--target", b, "--json", ...on];
    const [lower] = jsonLines(await done([...on2, "--lowercase", "--bleu-tokenize", "none"]));
    expect(lower.signature).toBe("nrefs:1|case:lc|eff:no|tok:none|smooth:exp");
  });

  it("begins with a prefix, in groups that are kept apart", async () => {
    const asked = ["--beam", "4", "--groups", "2", "--diversity", "3", "--n-best", "4", "--prefix", "c", "--json"];
    const [line] = jsonLines(await done(["translate", folder.path("m"), "ab", ...asked, ...on]));
    const texts = (line.hypotheses as { text: string }[]).map(({ text }) => text);
    expect(texts.map((text) => text[0])).toEqual(["c", "c", "c", "c"]);
    expect(new Set(texts).size).toBeGreaterThan(1);
    const long = ["--min-length", "4", "--max-length", "4", "--coverage", "0.2", "--normalization", "average"];
    expect((await done(["translate", folder.path("m"), "ab", ...long, ...on])).trim()).toHaveLength(4);
  });

  it("is drawn by chance: the seed decides, and what is cold is what the search finds", async () => {
    const draw = (...more: string[]): Promise<string> =>
      done(["translate", folder.path("m"), "ab", "cd", "--count", "3", "--top-p", "0.99", ...more, ...on]);
    const hot = await draw("--temperature", "3", "--seed", "1");
    expect(await draw("--temperature", "3", "--seed", "1")).toBe(hot);
    expect(await draw("--temperature", "3", "--seed", "2")).not.toBe(hot);
    const cold = (await draw("--temperature", "0.01")).trim().split("\n");
    expect(cold.map((line) => line.split("\t")[1])).toEqual(["ba", "ba", "ba", "dc", "dc", "dc"]);
  });

  it("files that are packed are read as what they hold", async () => {
    const packed = folder.path("lines.txt.gz");
    writeFileSync(packed, gzipSync("bd\nca\n"));
    expect(await done(["translate", folder.path("m"), "--file", packed, ...on])).toBe("db\nac\n");
    writeFileSync(folder.path("pairs.tsv.gz"), gzipSync(readFileSync(folder.path("pairs.tsv"))));
    const out = folder.path("gz");
    const from = ["train", "--task", "translate", folder.path("pairs.tsv.gz"), "--out", out, ...tiny];
    await done([...from, "--max-steps", "3"]);
    await done(["train", "--resume", out, "--max-steps", "9", ...on]);
    await train("ungz", "--max-steps", "9");
    expect(readFileSync(`${out}/model.safetensors`)).toEqual(readFileSync(folder.path("ungz", "model.safetensors")));
  });

  it("tokens are those of a tokenizer.json", async () => {
    const vocab = { a: 0, b: 1, c: 2, d: 3, ab: 4, ba: 5 };
    const model = { type: "BPE", vocab, merges: ["a b", "b a"] };
    const json = file("tokenizer.json", [
      JSON.stringify({ version: "1.0", added_tokens: [], pre_tokenizer: null, model }),
    ]);
    expect(await train("tok", "--max-steps", "3", "--tokenizer", json)).toContain("6 and 6 tokens");
    const [line] = jsonLines(await done(["translate", folder.path("tok"), "abc", "--json", ...on]));
    expect(line.sourceTokens).toEqual(["ab", "c"]);
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

  it("that letters were never seen", async () => {
    await train("m-bpe", "--tokens", "bpe", "--bpe", "260", "--epochs", "1");
    const translate = (...texts: string[]) => unrolled(["translate", folder.path("m-bpe"), ...texts, ...on]);
    expect((await translate("ab")).stderr).toBe("");
    const { code, stderr } = await translate("ab", "жб", "犬");
    expect(code).toBe(0);
    expect(stderr).toBe('note: 2 sentences have tokens that the model never saw in training: sentence 2 "жб"\n');
    expect((await translate("ж")).stderr).toMatch(/^note: 1 sentence has tokens .*: sentence 1 "ж"\n$/);
  });

  it("what a search cannot do", async () => {
    await refused(["translate", folder.path("m"), "ab", "--beam", "0"], /--beam/);
    await refused(["translate", folder.path("m"), "ab", "--beam", "99"], /--beam: must be at most the 5 tokens/);
    await refused(["translate", folder.path("m"), "жб"], /sentence 1: line 1, column 1: .*"ж" \(U\+0436\)/);
    await refused(
      ["translate", folder.path("m"), "ab", "--n-best", "9"],
      /--n-best: must be at most the beam of 5, was 9/,
    );
    expect((await unrolled(["translate", folder.path("m"), "жб", "--allow-unknown", ...on])).code).toBe(0);
  });

  it.each([
    [["--beam", "4", "--groups", "3"], /--groups: must divide the beam of 4 evenly, was 3/],
    [["--diversity", "1"], /--diversity: must come with --groups/],
    [["--alpha", "1", "--normalization", "none"], /--alpha: must not come with --normalization none/],
    [["--min-length", "9", "--max-length", "3"], /--min-length: must be at most --max-length 3, was 9/],
    [["--prefix", "xy"], /--prefix: .*must be one of the 4 known tokens, was "x"/],
    [["--prefix", "abc", "--max-length", "2"], /--prefix: must have at most --max-length 2 tokens, "abc" has 3/],
    [["--temperature", "1", "--beam", "3"], /--temperature: must not come with --beam/],
    [["--temperature", "0"], /--temperature: must be a number above 0/],
    [["--top-p", "2"], /--top-p: must be a number above 0, up to 1/],
    [["--top-k", "3", "--attention"], /--attention: must come with a search/],
    [["--temperature", "1", "--count", "0"], /--count: must be an integer from 1/],
    [["--coverage", "-1"], /--coverage: must be a number from 0/],
  ])("of a search or of drawing, %j", async (options, message) => {
    await refused(["translate", folder.path("m"), "ab", ...options], message);
  });

  it("of the search of eval", async () => {
    const measure = ["eval", folder.path("m"), folder.path("pairs.tsv")];
    await refused([...measure, "--alpha", "1", "--normalization", "none"], /--alpha: must not come with/);
    await refused([...measure, "--beam", "99"], /--beam: must be at most the 5 tokens/);
  });

  it("that a file is no gzip file, or no tokenizer", async () => {
    const plain = file("plain.gz", ["ab"]);
    await refused(["translate", folder.path("m"), "--file", plain], /plain\.gz: must be a whole gzip file/);
    const cut = folder.path("cut.gz");
    writeFileSync(cut, gzipSync("ab\n".repeat(1000)).subarray(0, 25));
    await refused(["translate", folder.path("m"), "--file", cut], /cut\.gz: must be a whole gzip file/);
    const train = ["train", "--task", "translate", folder.path("pairs.tsv"), "--out", folder.path("no")];
    await refused([...train, "--tokenizer", folder.path("pairs.tsv")], /pairs\.tsv: character 0 must be a value/);
    await refused([...train, "--tokenizer", folder.path("none.json")], /none\.json: no such file/);
    await refused([...train, "--tokenizer", "a", "--bpe", "300"], /--bpe: must not come with --tokenizer/);
    await refused([...train, "--target-tokenizer", "a"], /--target-tokenizer: must come with --tokenizer/);
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
