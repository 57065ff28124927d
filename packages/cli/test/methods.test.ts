// Training methods at the command line: each option reaches the run, is recorded, and is refused where it would say nothing.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { decodeTrainingFile, decodeVocabulary, encodeTrainingFile } from "unrolled";
import { close } from "unrolled/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UsageError } from "../src/exit.js";
import { plainMethods, stepsKept } from "../src/methods.js";
import { runSettings, type TrainOptions } from "../src/settings.js";
import { jsonLines, type Line, scratch, unrolled, writeText } from "./command.js";

const folder = scratch();
const text = folder.path("text.txt");
const small = ["--hidden", "8", "--layers", "1", "--batch", "4", "--sequence", "6", "--device", "reference", "--json"];
beforeAll(() => writeText(text));
afterAll(folder.remove);

async function lines(...args: readonly string[]): Promise<Line[]> {
  const { code, stdout, stderr } = await unrolled(args);
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`);
  return jsonLines(stdout);
}

const readVocabulary = (out: string): readonly string[] =>
  decodeVocabulary(readFileSync(`${out}/vocabulary.json`), "char").tokens;

const refused = (options: TrainOptions): string => {
  try {
    runSettings(options);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return "";
};

describe("options of methods", () => {
  it("are complete, and off where nothing is said", () => {
    expect(runSettings({}).methods).toEqual({ ...plainMethods, decayAll: false });
    const said = { backward: 80, recompute: true, accumulate: 3, ema: 0.99, earlyStop: 4, labelSmoothing: 0.1 };
    expect(runSettings({ ...said, documentSeparator: "x" }).methods).toEqual({
      ...plainMethods,
      ...said,
      documentSeparator: "x",
      decayAll: false,
    });
  });

  it("are refused where they would say nothing", () => {
    expect(refused({ backward: 20 })).toContain("--backward: must be at least 50");
    expect(refused({ backward: 60, carry: false })).toContain("--backward: must be left out with --no-carry");
    expect(refused({ decayAll: true })).toContain("--decay-all: must come with --optimizer adamw");
    expect(refused({ earlyStop: 2, validation: 0 })).toContain("--early-stop: must come with held-out text");
    expect(refused({ decayAll: true, optimizer: "adamw" })).toBe("");
  });

  it("tell how many steps memory goes with", () => {
    expect(stepsKept(100, plainMethods)).toBe(100);
    expect(stepsKept(100, { ...plainMethods, backward: 400 })).toBe(400);
    expect(stepsKept(100, { ...plainMethods, backward: 400, recompute: true })).toBe(40);
  });
});

describe("train with methods", () => {
  it("trains with all of them, resumes, and tells memory", async () => {
    const out = folder.path("all");
    const all =
      "--backward 15 --accumulate 2 --ema 0.9 --early-stop 9 --label-smoothing 0.1 --recompute --optimizer adamw";
    const more = ["--document-separator", "\\n", "--max-steps", "6", "--sample-every", "0"];
    const trained = await lines("train", text, "--out", out, ...small, ...all.split(" "), ...more);
    expect(trained.at(-1)).toMatchObject({ type: "done", step: 6, reason: "finished" });
    const resumed = await lines("train", "--resume", out, "--max-steps", "8", "--device", "reference", "--json");
    expect(resumed[0]).toMatchObject({ type: "start", firstStep: 6, memory: trained[0].memory });
    const [info] = await lines("info", out, "--json");
    expect(info).toMatchObject({
      run: {
        memory: trained[0].memory,
        settings: {
          methods: { backward: 15, carry: true, documentSeparator: "\\n", accumulate: 2, ema: 0.9, decayAll: false },
        },
      },
    });
  });

  it("a model of documents begins each of them anew, wherever it is used", async () => {
    const out = folder.path("documents");
    const documents = ["--document-separator", "c", "--max-steps", "6", "--sample-every", "0"];
    await lines("train", text, "--out", out, ...small, ...documents);
    const device = ["--device", "reference", "--json"];
    const evaluated = async (content: string): Promise<{ nats: number; tokens: number }> => {
      writeFileSync(folder.path("part.txt"), content);
      const [{ nats, tokens }] = await lines("eval", out, folder.path("part.txt"), "--no-ngram", ...device);
      return { nats: nats as number, tokens: tokens as number };
    };
    const [whole, a, b] = [await evaluated("the dogcats"), await evaluated("the dogc"), await evaluated("cats")];
    expect(whole.tokens).toBe(a.tokens + b.tokens);
    close(whole.nats, (a.nats * a.tokens + b.nats * b.tokens) / whole.tokens, { relative: 1e-12 });
    const [one, other] = await lines("score", out, "at ran", "the dogcat ran", "--tokens", ...device);
    const last = (line: Line): number => (line.tokens as { logProbability: number }[]).at(-1)?.logProbability as number;
    expect(last(one)).toBe(last(other));
    const written = async (...args: string[]) =>
      (await lines("sample", out, "--length", "30", "--seed", "4", ...args, ...device)).at(-1)?.text;
    expect(await written()).toBe(await written("--prompt", "c"));
    expect(await written("--prompt", "at")).toBe(await written("--prompt", "the dogcat"));
    const { stdout } = await unrolled(["info", out]);
    expect(stdout).toContain('"c" begins a document');
  });

  it("a run that was begun before models knew their documents learns it when it goes on", async () => {
    const out = folder.path("older");
    await lines("train", text, "--out", out, ...small, "--document-separator", "c", "--max-steps", "3");
    const { separator: _, ...older } = JSON.parse(readFileSync(`${out}/spec.json`, "utf8"));
    const file = decodeTrainingFile(readFileSync(`${out}/training.safetensors`), "older");
    const spec = Buffer.from(JSON.stringify(older));
    const kept = encodeTrainingFile({ ...file, companions: { ...file.companions, spec } }, file.metricsBytes);
    writeFileSync(`${out}/training.safetensors`, kept);
    await lines("train", "--resume", out, "--max-steps", "4", "--device", "reference", "--json");
    const { separator } = JSON.parse(readFileSync(`${out}/spec.json`, "utf8"));
    expect(readVocabulary(out)[separator]).toBe("c");
  });

  it("names a separator that is no token", async () => {
    const { code, stderr } = await unrolled([
      "train",
      text,
      "--out",
      folder.path("no"),
      ...small,
      "--document-separator",
      "\u2603",
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain("--document-separator: must be a token of the text");
    expect(existsSync(folder.path("no"))).toBe(false);
  });

  it("--seeds: a run for each, and what they come to", async () => {
    const out = folder.path("seeds");
    const all = await lines("train", text, "--out", out, ...small, "--max-steps", "3", "--seeds", "2", "--seed", "5");
    const summary = all.at(-1) as Line;
    expect(summary).toEqual(JSON.parse(readFileSync(`${out}/summary.json`, "utf8")));
    const runs = summary.runs as { seed: number; best: number }[];
    expect(runs.map(({ seed }) => seed)).toEqual([5, 6]);
    const measured = all.filter(({ type }) => type === "validation").map(({ nats }) => nats);
    expect(runs.map(({ best }) => best)).toEqual(measured);
    // Two values: half the interval is 12.706 sd / sqrt 2, and sd = |a - b| / sqrt 2.
    const wanted = (12.706 * Math.abs(runs[0].best - runs[1].best)) / 2;
    expect(Math.abs((summary.half as number) - wanted)).toBeLessThan(1e-9);
  });

  it("--find-rate: tries, suggests, and writes nothing", async () => {
    const tried = await lines("train", text, ...small, "--find-rate");
    const rates = tried.filter(({ type }) => type === "rate").map(({ rate }) => rate as number);
    expect(rates.length).toBeGreaterThan(40);
    expect(rates.every((rate, i) => i === 0 || rate > rates[i - 1])).toBe(true);
    const rate = tried.at(-1)?.rate as number;
    expect(rate).toBeGreaterThan(1e-4);
    expect(rate).toBeLessThan(0.5);
  });
});
