// Text written inside a device: the same for any number of threads, side by side the same as alone, and told when a weight changes.
import {
  characters,
  type Device,
  type LanguageModel,
  languageModel,
  readWeights,
  write,
  writeMany,
  writer,
  writeWeights,
} from "unrolled";
import { describe, expect, it } from "vitest";
import { buildsHere } from "./open-all.js";

const text = Array.from({ length: 3000 }, (_, i) => String.fromCharCode(97 + ((i * i + 3 * i) % 23))).join("");
const corpus = characters(text, { validation: 0 });
const newModel = (): LanguageModel =>
  languageModel({ vocabulary: corpus.vocabulary, hidden: [33, 20], embedding: 7, seed: 3 });
const prompts = ["", "abc", "a", "", "ecaecaeca"].map((prompt) =>
  prompt.replaceAll(/./g, (c) => text[c.charCodeAt(0)]),
);
const sampling = { temperature: 0.9, topK: 20, topP: 0.95 };

function sideBySide(device: Device, model: LanguageModel): string[] {
  const made = writer(device, model, prompts.length);
  const texts = prompts.map(() => "");
  for (const pieces of writeMany(made, { model, prompts, length: 90, seed: 4, ...sampling }))
    for (const [n, piece] of pieces.entries()) texts[n] += piece;
  made.close();
  return texts;
}

function alone(device: Device, model: LanguageModel): string[] {
  const made = writer(device, model);
  const texts = prompts.map((prompt, n) =>
    [...write(made, { model, prompt, length: 90, seed: 4 + n, ...sampling })].join(""),
  );
  made.close();
  return texts;
}

for (const build of await buildsHere())
  describe(build.name, () => {
    it("writes one text for any number of threads, beside others or alone", async () => {
      const written: string[][] = [];
      for (const threads of [1, 2, 3]) {
        const device = await build.open(threads);
        const model = newModel();
        written.push(sideBySide(device, model), alone(device, model));
        device.close();
      }
      for (const texts of written) expect(texts).toEqual(written[0]);
      expect(new Set(written[0]).size).toBe(prompts.length);
    });

    it("sees new weights after a refresh", async () => {
      const device = await build.open(1);
      const model = newModel();
      const made = writer(device, model);
      const once = (): string => [...write(made, { model, length: 30, greedy: true })].join("");
      const before = once();
      const weights = readWeights(model, device);
      writeWeights(
        model,
        device,
        weights.map((array) => ({ ...array, data: Float32Array.from(array.data, (w) => -w) })),
      );
      made.refresh();
      expect(once()).not.toBe(before);
      device.close();
    });
  });
