// Translations by chance: of the model's own distribution, the same whatever lies beside, within their bounds.
import { describe, expect, it } from "vitest";
import { translating } from "../../src/decode/translating.js";
import { openReference } from "../../src/device/reference/index.js";
import { writeVariable } from "../../src/graph/variable.js";
import { translator } from "../../src/models/translator.js";
import { characterVocabulary } from "../../src/text/vocabulary.js";

const letters = characterVocabulary("ab");
const device = openReference();
const model = translator({
  source: letters,
  target: letters,
  embedding: 3,
  encoder: [{ cell: "gru", hidden: 3, direction: "both" }],
  decoder: [{ cell: "gru", hidden: 4 }],
  seed: 5,
});
for (const v of Object.values(model.weights)) {
  const n = v.shape.reduce((a, b) => a * b, 1);
  writeVariable(
    device,
    v,
    Float64Array.from({ length: n }, (_, i) => 1.2 * Math.sin(12.9898 * (i + 1) + v.name.length)),
  );
}
const sources = [[0, 1, 1, 0], [1], [0, 0], [1, 1, 0, 1, 0]].map((ids) => Int32Array.from(ids));
const made = translating({ device, model, batch: 4 });

describe("drawn translations", () => {
  it("are as frequent as the model thinks them likely", async () => {
    const source = [sources[0]];
    const [all] = await made.draw(source, { count: 600, seed: 11, maximum: 2 });
    const wide = translating({ device, model, beam: 12 });
    const [likely] = wide.now(source, { maximum: 2, best: 7, normalization: "none" });
    const key = (tokens: readonly number[]): string => tokens.join(" ");
    for (const { tokens, logProbability } of likely.filter((one) => one.tokens.length < 2)) {
      const p = Math.exp(logProbability);
      const found = all.filter((one) => key(one.tokens) === key(tokens)).length / 600;
      // Four standard deviations of a mean of 600.
      expect(Math.abs(found - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 600) + 1e-9);
    }
    wide.close();
  });

  it("do not depend on what lies beside them, but on the seed", async () => {
    const options = { count: 2, seed: 5, maximum: 6, temperature: 1.3, topK: 3, topP: 0.95 };
    const together = await made.draw(sources, options);
    const one = translating({ device, model, batch: 1 });
    expect(await one.draw(sources, options)).toEqual(together);
    expect(await made.draw(sources, { ...options, seed: 99 })).not.toEqual(together);
    one.close();
  });

  it("the coldest are the greedy ones", async () => {
    const greedy = made.now(sources, { maximum: 6 }).map(([{ tokens }]) => tokens);
    const cold = await made.draw(sources, { maximum: 6, temperature: 1e-4 });
    expect(cold.map(([{ tokens }]) => tokens)).toEqual(greedy);
    const only = await made.draw(sources, { maximum: 6, topK: 1, temperature: 3 });
    expect(only.map(([{ tokens }]) => tokens)).toEqual(greedy);
  });

  it("have at least and at most as many tokens as asked for, and begin with the prefix", async () => {
    const options = { count: 20, seed: 3, minimum: 3, maximum: 5, prefix: [1, 0] };
    const all = (await made.draw(sources, options)).flat();
    expect(Math.min(...all.map(({ tokens }) => tokens.length))).toBe(3);
    expect(Math.max(...all.map(({ tokens }) => tokens.length))).toBe(5);
    for (const { tokens } of all) expect(tokens.slice(0, 2)).toEqual([1, 0]);
  });

  it.each([{ count: 0 }, { count: 1.5 }, { minimum: -1 }, { seed: -2 }, { temperature: 0 }, { topK: 0 }, { topP: 0 }])(
    "refuses %j",
    async (options) => {
      await expect(made.draw(sources, options)).rejects.toMatchObject({ name: "SpecError" });
    },
  );
});
