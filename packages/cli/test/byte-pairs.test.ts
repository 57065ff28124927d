// Language models of byte-pair tokens at the command line: trained, resumed, sampled, evaluated and scored.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decode, decodeVocabulary, encode, type Vocabulary } from "unrolled";
import { close } from "unrolled/testing";
import { jsonLines, type Line, scratch, unrolled, writeText } from "./command.js";

const folder = scratch();
const [text, model] = [folder.path("text.txt"), folder.path("model")];
const small = ["--hidden", "16", "--layers", "1", "--batch", "4", "--sequence", "8", "--device", "reference"];
const train = ["train", text, "--tokens", "bpe", "--bpe", "300", ...small, "--json"];
let content = "";
let lines: Line[];
let vocabulary: Vocabulary;

async function json(...args: readonly string[]): Promise<Line[]> {
  const { code, stdout, stderr } = await unrolled(args);
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`);
  return jsonLines(stdout);
}

beforeAll(async () => {
  writeText(text);
  content = readFileSync(text, "utf8");
  lines = await json(...train, "--out", model, "--max-steps", "30", "--lr", "0.02");
  vocabulary = decodeVocabulary(readFileSync(`${model}/vocabulary.json`), "bpe");
}, 60_000);
afterAll(folder.remove);

describe("a language model of byte pairs", () => {
  it("learns tokens that give the text back, fewer than its bytes, held out at its end", () => {
    const ids = encode(vocabulary, content);
    expect(decode(vocabulary, ids)).toBe(content);
    expect(ids.length).toBeLessThan(0.9 * Buffer.byteLength(content));
    expect(vocabulary.tokens.length).toBeGreaterThan(256);
    expect(vocabulary.tokens.length).toBeLessThanOrEqual(300);
    const trained = Math.floor(ids.length * 0.9);
    expect(lines[0]).toMatchObject({
      vocabulary: vocabulary.tokens.length,
      tokens: trained,
      validationTokens: ids.length - trained,
    });
    const steps = lines.filter(({ type }) => type === "step").map(({ loss }) => Number(loss));
    expect(steps.at(-1)).toBeLessThan(steps[0] - 0.5);
  });
  it("is evaluated in bits of tokens and of bytes", async () => {
    const [evaluation] = await json("eval", model, text, "--device", "reference", "--json");
    const { nats, bitsPerToken, bitsPerByte, tokens } = evaluation as Record<string, number>;
    const ids = encode(vocabulary, content);
    const bytes = Buffer.byteLength(decode(vocabulary, ids.subarray(ids.length - tokens)));
    close(bitsPerToken, nats / Math.LN2, { relative: 1e-12 });
    close(bitsPerByte, (bitsPerToken * tokens) / bytes, { relative: 1e-12 });
    expect(bitsPerByte).toBeLessThan(bitsPerToken);
    const { stdout } = await unrolled(["eval", model, text, "--device", "reference", "--no-ngram"]);
    expect(stdout).toContain(`${bitsPerToken.toFixed(3)} bits/token, ${bitsPerByte.toFixed(3)} bits/byte, perplexity`);
  });
  it("writes after a prompt, and scores a sentence by its tokens", async () => {
    const sample = ["sample", model, "--prompt", content.slice(0, 5), "--length", "20", "--device", "reference"];
    const { code, stdout } = await unrolled(sample);
    expect([code, stdout.startsWith(content.slice(0, 5)), stdout.length > 15]).toEqual([0, true, true]);
    const [score] = await json("score", model, "--device", "reference", "--json", content.slice(0, 30));
    expect((score.tokens as unknown[]).length).toBe(encode(vocabulary, content.slice(0, 30)).length);
  });
  it("goes on with the same bits as a run that was never stopped", async () => {
    const [once, twice] = [folder.path("once"), folder.path("twice")];
    await json(...train, "--out", once, "--max-steps", "12");
    await json(...train, "--out", twice, "--max-steps", "6");
    await json("train", "--resume", twice, "--max-steps", "12", "--device", "reference", "--json");
    const weights = (directory: string) => readFileSync(`${directory}/model.safetensors`);
    expect(weights(twice).equals(weights(once))).toBe(true);
  });
  it.each([
    [["train", text, "--bpe", "300", "--out", "no"], "--bpe: must come with --tokens bpe"],
    [
      ["train", text, "--tokens", "bpe", "--min-count", "2", "--out", "no"],
      "--min-count: must come with --tokens word",
    ],
    [
      ["train", text, "--task", "classify", "--tokens", "bpe", "--out", "no"],
      "--tokens: must be char, word, byte or vector",
    ],
    [
      ["train", text, "--task", "classify", "--bpe", "300", "--out", "no"],
      "--bpe: must be left out with --task classify",
    ],
    [["train", text, "--tokens", "bpe", "--bpe", "20", "--out", "no"], "--bpe: must be an integer from 256"],
  ])("refuses %j in one line", async (args, words) => {
    const { code, stdout, stderr } = await unrolled(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(words);
  });
});
