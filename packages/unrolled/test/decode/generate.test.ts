// Generation: seeds, options, prompts and what is never written.
import {
  DataError,
  type GenerateOptions,
  generate,
  type LanguageModel,
  languageModel,
  openReference,
  readWeights,
  SpecError,
  words,
  write,
  writer,
  writeWeights,
} from "unrolled";
import { describe, expect, it } from "vitest";
import { finish, tinyCorpus, tinyModel, tinyText } from "../laws/tiny.js";

const device = openReference();
const corpus = tinyCorpus();
const model = tinyModel(corpus);
await finish({ device, corpus, model, maxSteps: 40 });

async function written(options: Partial<GenerateOptions> = {}, of: LanguageModel = model): Promise<string> {
  let text = "";
  for await (const piece of generate({ device, model: of, length: 60, ...options })) text += piece;
  return text;
}

describe("generate", () => {
  it("same seed, same text; other seed, other text", async () => {
    expect(await written({ seed: 3 })).toBe(await written({ seed: 3 }));
    expect(await written({ seed: 4 })).not.toBe(await written({ seed: 3 }));
    expect(await written({})).toBe(await written({ seed: 1 }));
  });

  it.each<[string, Partial<GenerateOptions>]>([
    ["temperature", { temperature: 0.3 }],
    ["topK", { topK: 2 }],
    ["topP", { topP: 0.4 }],
    ["greedy", { greedy: true }],
    ["prompt", { prompt: "cats " }],
    ["length", { length: 59 }],
  ])("%s has an effect", async (_, options) => expect(await written(options)).not.toBe(await written()));

  it("greedy does not draw: no seed changes it", async () =>
    expect(await written({ greedy: true, seed: 9 })).toBe(await written({ greedy: true })));

  it("a writer that is used again begins from a zero state", () => {
    const made = writer(device, model);
    const once = () => [...write(made, { model, length: 40 })].join("");
    expect(new Set([once(), once(), once()]).size).toBe(1);
    made.close();
  });

  it("writes as many characters as asked for, and none of the prompt", async () => {
    expect((await written({ length: 17 })).length).toBe(17);
    expect(await written({ length: 0 })).toBe("");
    expect(await written({ prompt: "the cat", length: 1, greedy: true })).toHaveLength(1);
  });

  it("refuses a prompt that the vocabulary cannot read, and options that allow no token", async () => {
    await expect(written({ prompt: "Z" })).rejects.toThrow(DataError);
    await expect(written({ temperature: 0 })).rejects.toThrow(SpecError);
  });

  it("never writes <unk>, even where the model thinks of nothing else", async () => {
    const worded = words(tinyText(), { minimumCount: 2, validation: 0 });
    const { unknown } = worded.vocabulary;
    if (unknown === undefined) throw new Error("a word vocabulary has an unknown token");
    const of = languageModel({ vocabulary: worded.vocabulary, hidden: [4], embedding: 3 });
    const weights = readWeights(of, device);
    const bias = weights.find(({ name }) => name === "head.bias")?.data as Float32Array;
    bias.fill(-50);
    bias[unknown] = 50;
    writeWeights(of, device, weights);
    for (const options of [
      {},
      { greedy: true },
      { topK: 1 },
      { topP: 0.1 },
      { prompt: "the zebra", allowUnknown: true },
    ]) {
      const text = await written(options, of);
      expect(text.length).toBeGreaterThan(0);
      expect(text).not.toContain("<unk>");
    }
    await expect(written({ prompt: "the zebra" }, of)).rejects.toThrow(DataError);
  });
});
