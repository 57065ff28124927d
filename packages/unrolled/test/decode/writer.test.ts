// Texts written inside the device: one by one or side by side, in blocks of any size, what `chooseToken` would choose.
import {
  chooseToken,
  draws,
  generateMany,
  openReference,
  ShapeError,
  type SamplingOptions,
  startToken,
  write,
  writeMany,
  writer,
} from "unrolled";
import { close } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { finish, tinyCorpus, tinyModel } from "../laws/tiny.js";

const device = openReference();
const corpus = tinyCorpus();
const model = tinyModel(corpus);
await finish({ device, corpus, model, maxSteps: 40 });
const { vocabulary } = model;

/** What one step after the other writes, each token chosen here. */
function oneByOne(length: number, seed: number, sampling: SamplingOptions): { text: string; nats: number[] } {
  const made = writer(device, model);
  const random = draws(seed);
  const nats: number[] = [];
  let text = "";
  made.begin([0]);
  let id = startToken(vocabulary);
  for (let i = 0; i < length; i++) {
    const logits = made.read([id]);
    id = chooseToken(logits, sampling, random.uniform());
    const sum = Array.from(logits, Math.exp).reduce((a, b) => a + b);
    nats.push(logits[id] - Math.log(sum));
    text += vocabulary.tokens[id];
  }
  made.close();
  return { text, nats };
}

describe("a text written inside the device", () => {
  it.each<[string, SamplingOptions]>([
    ["plain", {}],
    ["colder", { temperature: 0.7 }],
    ["greedy", { greedy: true }],
    ["topK", { topK: 3 }],
    ["topP", { topP: 0.8 }],
    ["all of them", { temperature: 1.3, topK: 6, topP: 0.9 }],
  ])("is what chooseToken writes: %s", (_, sampling) => {
    const made = writer(device, model);
    for (const seed of [1, 2, 3])
      expect([...write(made, { model, length: 150, seed, ...sampling })].join("")).toBe(
        oneByOne(150, seed, sampling).text,
      );
    made.close();
  });

  it("comes with the log-probability of every token", () => {
    const made = writer(device, model);
    const random = draws(5);
    made.begin([startToken(vocabulary)]);
    const words = Int32Array.from({ length: 20 }, () => (random.uniform() * 2 ** 32) | 0);
    const { logProbabilities } = made.advance(new Int32Array(20).fill(-1), words, {});
    close(logProbabilities, oneByOne(20, 5, {}).nats, { relative: 1e-12, label: "log-probabilities" });
    made.close();
  });

  it("begins with one character at a time, so that the first comes as soon as it can", () => {
    const made = writer(device, model);
    const blocks: number[] = [];
    const watched = {
      ...made,
      advance: (...given: Parameters<typeof made.advance>) => {
        blocks.push(given[0].length);
        return made.advance(...given);
      },
    };
    for (const _ of write(watched, { model, length: 20, prompt: "the " }));
    expect(blocks).toEqual([4, 8, 11]); // the rest of the prompt and one character first
    made.close();
  });
});

describe("texts side by side", () => {
  const prompts = ["", "the cat", "c", "the cats which ate the tea were full of "];

  it("are what each is alone, whatever the others read", async () => {
    const texts = prompts.map(() => "");
    for await (const pieces of generateMany({ device, model, prompts, length: 70, seed: 11, temperature: 0.9 }))
      for (const [n, piece] of pieces.entries()) texts[n] += piece;
    const made = writer(device, model);
    const alone = prompts.map((prompt, n) =>
      [...write(made, { model, prompt, length: 70, seed: 11 + n, temperature: 0.9 })].join(""),
    );
    made.close();
    expect(texts).toEqual(alone);
    expect(new Set(texts).size).toBe(prompts.length);
  });

  it("want as many prompts as the writer has sequences", () => {
    const made = writer(device, model, 2);
    expect(() => [...writeMany(made, { model, prompts: [""] })]).toThrow(ShapeError);
    made.close();
  });

  it("none at all is no text", async () => {
    for await (const _ of generateMany({ device, model, prompts: [] })) expect.fail("a piece of no text");
  });
});
