// The commands on a model made here: the contract of the JSON lines, what is said to people, and that seeds and orders hold.
import { readFileSync, writeFileSync } from "node:fs";
import { close } from "unrolled/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonLines, type Line, scratch, tiny, unrolled, writeText } from "./command.js";

const folder = scratch();
const text = folder.path("text.txt");
const model = folder.path("model");
let lines: Line[] = [];
let content = "";
let heldOut = 0;
let symbols = 0;
afterAll(folder.remove);

async function json(...args: readonly string[]): Promise<Line[]> {
  const { code, stdout, stderr } = await unrolled([...args, "--json"]);
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`);
  return jsonLines(stdout);
}
const only = (type: string): Line[] => lines.filter((line) => line.type === type);

beforeAll(async () => {
  writeText(text);
  content = readFileSync(text, "utf8");
  heldOut = content.length - Math.floor(content.length * 0.9);
  symbols = new Set(content).size;
  lines = await json("train", text, "--out", model, ...tiny, "--hidden", "24", "--epochs", "3", "--lr", "0.01");
});

describe("sample --beam", () => {
  it("of one is greedy; wider beams give their best texts with scores, each as asked for", async () => {
    const same = ["--prompt", content.slice(0, 3), "--length", "12"];
    const greedy = (await json("sample", model, ...same, "--greedy")).at(-1);
    const [one] = await json("sample", model, ...same, "--beam", "1");
    expect(one).toMatchObject({ type: "sample", sample: 1, prompt: content.slice(0, 3), text: greedy?.text });
    const several = await json("sample", model, ...same, "--beam", "4", "--n-best", "3", "--prefix", content[0]);
    expect(several.map(({ text }) => String(text)[0])).toEqual([content[0], content[0], content[0]]);
    const scores = several.map(({ score }) => Number(score));
    expect([...scores].sort((a, b) => b - a)).toEqual(scores);
  });

  it.each([
    [["--beam", "3", "--temperature", "2"], /--temperature: must not come with --beam/],
    [["--n-best", "3"], /--n-best: must come with --beam/],
    [["--beam", "3", "--end", "zz"], /--end: must be one token of the model, was "zz"/],
    [["--beam", "2", "--min-length", "9", "--length", "4"], /--min-length: must be at most --max-length 4/],
  ])("refuses %j", async (options, message) => {
    const { code, stdout, stderr } = await unrolled(["sample", model, ...options]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });
});

describe("train --json", () => {
  it("starts, learns, measures, writes, saves and is done", () => {
    expect(lines[0]).toMatchObject({
      type: "start",
      vocabulary: symbols,
      tokens: content.length - heldOut,
      validationTokens: heldOut,
      firstStep: 0,
    });
    expect(lines[0]).toMatchObject({
      device: expect.any(String),
      threads: expect.any(Number),
      parameters: expect.any(Number),
    });
    expect(lines.at(-1)).toMatchObject({ type: "done", reason: "finished", step: lines[0].totalSteps, epoch: 3 });
    expect(new Set(lines.map((line) => line.type))).toEqual(
      new Set(["start", "step", "validation", "sample", "checkpoint", "done"]),
    );
  });
  it("tells every step, in order, with finite numbers", () => {
    const steps = only("step");
    expect(steps.map((line) => line.step)).toEqual(
      Array.from({ length: Number(lines[0].totalSteps) }, (_, i) => i + 1),
    );
    for (const line of steps)
      for (const field of ["loss", "gradientNorm", "learningRate", "tokensPerSecond"])
        expect(Number.isFinite(line[field]), `${field} of step ${line.step} is ${line[field]}`).toBe(true);
    const mean = (some: readonly Line[]) => some.reduce((sum, line) => sum + Number(line.loss), 0) / some.length;
    expect(mean(steps.slice(-20))).toBeLessThan(mean(steps.slice(0, 20)) - 1);
  });
  it("measures each epoch, beside the n-grams", () => {
    const measured = only("validation");
    expect(measured.map((line) => line.epoch)).toEqual([1, 2, 3]);
    for (const line of measured) {
      close(Number(line.bitsPerToken), Number(line.nats) / Math.LN2);
      close(Number(line.perplexity), Math.exp(Number(line.nats)));
      expect(line.ngram).toEqual(measured[0].ngram);
      expect(line.tokens).toBe(heldOut - 1);
    }
    const ngram = measured[0].ngram as { nats: number; n: number };
    expect(ngram.n).toBeGreaterThan(1);
    expect(ngram.nats).toBeGreaterThan(0);
    expect(ngram.nats).toBeLessThan(Math.log(symbols));
  });
  it("shows what it writes from the start to the end", () => {
    const samples = only("sample");
    expect(samples.length).toBeGreaterThanOrEqual(10);
    for (const sample of samples) expect([...String(sample.text)].length).toBeGreaterThanOrEqual(100);
  });
});

describe("sample", () => {
  it("writes the same text for the same seed, another for another", async () => {
    const write = async (...more: readonly string[]) =>
      (await unrolled(["sample", model, "--length", "60", ...more])).stdout;
    const [first, again, other] = [await write("--seed", "4"), await write("--seed", "4"), await write("--seed", "5")];
    expect([...first].length).toBe(61);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(await write("--greedy", "--seed", "1")).toBe(await write("--greedy", "--seed", "2"));
    expect(await write("--top-k", "1", "--seed", "1")).toBe(await write("--greedy", "--seed", "1"));
  });
  it("begins with the prompt", async () => {
    const { stdout } = await unrolled(["sample", model, "--prompt", "the cat", "--length", "20", "--seed", "1"]);
    expect(stdout.startsWith("the cat")).toBe(true);
    expect([...stdout].length).toBe("the cat".length + 21);
  });
  it("--json: pieces as they come, then the whole; counted samples differ", async () => {
    const written = await json("sample", model, "--prompt", "the ", "--length", "30", "--count", "2", "--seed", "7");
    const wholes = written.filter((line) => line.type === "sample");
    expect(wholes.map((line) => [line.sample, line.seed, line.prompt])).toEqual([
      [1, 7, "the "],
      [2, 8, "the "],
    ]);
    for (const whole of wholes) {
      const pieces = written.filter((line) => line.type === "piece" && line.sample === whole.sample);
      expect(pieces.map((line) => line.text).join("")).toBe(whole.text);
    }
    expect(wholes[0].text).not.toBe(wholes[1].text);
  });
});

describe("eval", () => {
  it("counts every token after the first once", async () => {
    writeFileSync(folder.path("other.txt"), "the cat sat on the mat, 3.\na dog ran to the door, 4.\n");
    const [line] = await json("eval", model, folder.path("other.txt"));
    expect(line).toMatchObject({ type: "evaluation", tokens: 52, unknown: 0 });
    close(Number(line.bitsPerToken), Number(line.nats) / Math.LN2);
    close(Number(line.perplexity), Math.exp(Number(line.nats)));
    expect(line.ngram).toMatchObject({ tokens: 52, n: expect.any(Number), nats: expect.any(Number) });
    const people = await unrolled(["eval", model, folder.path("other.txt")]);
    expect(people.stdout).toMatch(
      /^\d\.\d{4} nats, \d\.\d{3} bits\/char, perplexity [\d.]+ over 52 tokens\na \d-gram model of the same text: /,
    );
  });
  it("agrees with the last validation on the held-out text", async () => {
    // Chunks so long that validation, too, reads the held-out text as one stream.
    const other = folder.path("long-chunks");
    const run = await json("train", text, "--out", other, ...tiny, "--sequence", "70", "--max-steps", "20");
    const last = run.filter((line) => line.type === "validation").at(-1) as Line;
    writeFileSync(folder.path("held.txt"), content.slice(-heldOut));
    const [line] = await json("eval", other, folder.path("held.txt"));
    expect(line.tokens).toBe(last.tokens);
    close(Number(line.nats), Number(last.nats), { relative: 1e-5 });
    close((line.ngram as { nats: number }).nats, (last.ngram as { nats: number }).nats, { relative: 1e-12 });
  });
});

describe("score", () => {
  const right = "the cat sat on the mat";
  const wrong = "the tac tas no eht tam";
  it("puts the likelier sentence first, with the ratio", async () => {
    const scored = await json("score", model, wrong, right);
    expect(scored.map((line) => line.sentence ?? line.type)).toEqual([right, wrong, "ratio"]);
    const [first, second, ratio] = scored;
    close(Number(ratio.logRatio), Number(first.logProbability) - Number(second.logProbability));
    close(Number(ratio.ratio), Math.exp(Number(ratio.logRatio)));
    for (const line of [first, second]) {
      const tokens = line.tokens as { token: string; logProbability: number }[];
      close(
        tokens.reduce((sum, token) => sum + token.logProbability, 0),
        Number(line.logProbability),
        { relative: 1e-6 },
      );
      expect(String(line.sentence).endsWith(tokens.map((token) => token.token).join(""))).toBe(true);
    }
  });
  it("reads lines, and says the ratio also where it is huge", async () => {
    const input = `${`${wrong} `.repeat(60)}\n\n${right}\n`;
    const { stdout, code } = await unrolled(["score", model], { input });
    expect(code).toBe(0);
    expect(stdout).toMatch(/the first is (\d\.\d x )?10\^\d+ times as likely as the second\n$/);
    expect(stdout.split("\n")[1]).toContain(right);
  });
});

describe("info", () => {
  it("knows the model, its training and its files", async () => {
    const [line] = await json("info", model);
    expect(line).toMatchObject({ type: "info", parameters: lines[0].parameters, step: lines[0].totalSteps, notes: [] });
    expect(line.spec).toMatchObject({
      layers: [{ cell: { name: "lstm" }, hidden: 24 }],
      vocabulary: symbols,
      tokens: "char",
    });
    expect(line.run).toMatchObject({ settings: { epochs: 3, optimizer: { name: "adam", rate: 0.01 } } });
    const files = line.files as { name: string; state: string }[];
    expect(files.filter((file) => file.state !== "sound").map((file) => file.name)).toEqual(["metrics.jsonl"]);
    const people = await unrolled(["info", model]);
    expect(people.stdout).toContain("1 x lstm, hidden 24, embedding 24");
    expect(people.stdout).toMatch(/validation +\d\.\d{4} nats/);
  });
});

it("devices tells what loads and what auto takes", async () => {
  const found = await json("devices");
  expect(found.map((line) => line.name)).toEqual(["native", "wasm", "reference"]);
  expect(found.filter((line) => line.auto)).toHaveLength(1);
  for (const line of found) expect(line.available ? line.detail : line.reason).toMatch(/\w/);
});

describe("words and bytes", () => {
  it("learns words, and reads those it lacks as <unk>", async () => {
    const words = folder.path("words");
    await json("train", text, "--out", words, ...tiny, "--tokens", "word", "--min-count", "2", "--max-steps", "10");
    writeFileSync(folder.path("unseen.txt"), "the zebra sat on the mat\n");
    const [line] = await json("eval", words, folder.path("unseen.txt"));
    expect(line).toMatchObject({ unknown: 1, tokens: 6 });
    const refused = await unrolled(["sample", words, "--prompt", "the zebra", "--length", "3"]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('"zebra"')]);
    expect((await unrolled(["sample", words, "--prompt", "the zebra", "--length", "3", "--allow-unknown"])).code).toBe(
      0,
    );
  });
  it("learns bytes of any kind", async () => {
    const data = folder.path("data.bin");
    writeFileSync(
      data,
      Uint8Array.from({ length: 3000 }, (_, i) => (i * i) % 251),
    );
    const out = folder.path("bytes");
    const [start] = await json("train", data, "--out", out, ...tiny, "--tokens", "byte", "--max-steps", "5");
    expect(start).toMatchObject({ vocabulary: 256, tokens: 2700 });
    const [line] = await json("eval", out, data);
    expect(line.tokens).toBe(2999);
  });
  it("takes names that JavaScript knows as plain names", async () => {
    const names = ["__proto__", "constructor", "then", "toString", "hasOwnProperty"];
    const list = folder.path("names.txt");
    writeFileSync(list, Array.from({ length: 300 }, (_, i) => names[(i * 2 + (i >> 2)) % 5]).join(" "));
    const env = { NODE_OPTIONS: "--disable-proto=throw" };
    const out = folder.path("__proto__");
    const made = await unrolled(["train", list, "--out", out, ...tiny, "--tokens", "word", "--max-steps", "6"], {
      env,
    });
    expect([made.code, made.stderr]).toEqual([0, ""]);
    const scored = await unrolled(["score", out, "__proto__ then", "constructor", "--json"], { env });
    const sentences = jsonLines(scored.stdout).map((line) => line.sentence);
    expect(new Set(sentences)).toEqual(new Set(["__proto__ then", "constructor", undefined]));
    expect((await unrolled(["train", "--resume", out, "--max-steps", "8"], { env })).code).toBe(0);
  });
});
