// The likeliest texts: against every text there is, against greedy writing, with prompts, prefixes and ends.
import { describe, expect, it } from "vitest";
import { generate } from "../../src/decode/generate.js";
import { type WriteBestOptions, writeBest, writeBestLabelled } from "../../src/decode/write-best.js";
import { writeLabelled } from "../../src/decode/labelled.js";
import { writer } from "../../src/decode/writer.js";
import { openReference } from "../../src/device/reference/index.js";
import { writeVariable } from "../../src/graph/variable.js";
import { labelledWriter } from "../../src/models/labelled-writer.js";
import { languageModel } from "../../src/models/language-model.js";
import { startToken } from "../../src/models/start-token.js";
import { layer } from "../../src/nn/stack.js";
import { close } from "../../src/testing/close.js";
import { characterVocabulary } from "../../src/text/vocabulary.js";

const device = openReference();
const vocabulary = characterVocabulary("ab\n");
const model = languageModel({ vocabulary, cell: "lstm", hidden: [4, 3], embedding: 3, seed: 3 });
// Weights large enough for choices that differ.
for (const v of Object.values(model.weights)) {
  const n = v.shape.reduce((a, b) => a * b, 1);
  writeVariable(
    device,
    v,
    Float64Array.from({ length: n }, (_, i) => 1.7 * Math.sin(7.1 * (i + 1) + v.name.length)),
  );
}

/** Log-probability of ids after a prompt of ids, the model's start read first. */
function logProbability(prompt: readonly number[], ids: readonly number[]): number {
  const made = writer(device, model);
  const all = [...(prompt.length > 0 ? prompt : [startToken(vocabulary)]), ...ids];
  made.begin([all[0]]);
  let sum = 0;
  for (let i = 0; i + 1 < all.length; i++) {
    const logits = Array.from(made.read([all[i]]));
    const top = Math.max(...logits);
    const lse = top + Math.log(logits.reduce((total, x) => total + Math.exp(x - top), 0));
    if (i + 1 >= all.length - ids.length) sum += logits[all[i + 1]] - lse;
  }
  made.close();
  return sum;
}

const idOf = (text: string): number[] => [...text].map((c) => vocabulary.tokens.indexOf(c));
const letters = vocabulary.tokens;
const textsOf = (length: number): string[] =>
  length === 0 ? [""] : textsOf(length - 1).flatMap((text) => letters.map((letter) => text + letter));
const best = (options: Partial<WriteBestOptions> & { readonly beam: number }) =>
  writeBest({ device, model, length: 3, ...options });

describe("the likeliest texts", () => {
  it.each(["", "ab", "ba\na"])("a wide beam finds what a search through everything finds, after %j", (prompt) => {
    const ranked = textsOf(3).map((text) => ({ text, sum: logProbability(idOf(prompt), idOf(text)) }));
    ranked.sort((a, b) => b.sum - a.sum);
    const found = best({ beam: 27, best: 27, prompt });
    expect(found.map(({ text }) => text)).toEqual(ranked.map(({ text }) => text));
    close(
      found.map(({ logProbability: own }) => own),
      ranked.map(({ sum }) => sum),
      { relative: 1e-10 },
    );
  });

  it("texts that end are compared by their mean where that is asked for", () => {
    const end = vocabulary.tokens.indexOf("\n");
    const all = [0, 1, 2, 3].flatMap(textsOf).filter((text) => !text.includes("\n"));
    const ranked = all.map((text) => ({
      text,
      score: logProbability([], [...idOf(text), end]) / (text.length + 1),
    }));
    ranked.sort((a, b) => b.score - a.score);
    const found = best({ beam: 27, best: 15, end, normalization: "average" });
    expect(found.map(({ text }) => text)).toEqual(ranked.map(({ text }) => text));
    close(
      found.map(({ score }) => score),
      ranked.map(({ score }) => score),
      { relative: 1e-10 },
    );
  });

  it("a beam of one is greedy", async () => {
    let greedy = "";
    for await (const piece of generate({ device, model, prompt: "ab", length: 9, greedy: true })) greedy += piece;
    expect(best({ beam: 1, prompt: "ab", length: 9 }).map(({ text }) => text)).toEqual([greedy]);
  });

  it("a prefix counts in the text and its score, a prompt does not", () => {
    const [found] = best({ beam: 9, prefix: "ba" });
    expect(found.text.slice(0, 2)).toBe("ba");
    expect(found.tokens).toHaveLength(3);
    close(found.logProbability, logProbability([], idOf(found.text)), { relative: 1e-10 });
    expect(() => best({ beam: 2, prefix: "x" })).toThrow(expect.objectContaining({ name: "DataError" }));
    expect(() => best({ beam: 2, prefix: "abab" })).toThrow(expect.objectContaining({ code: "beam-options" }));
  });
});

describe("a labelled writer", () => {
  const made = labelledWriter({
    vocabulary: characterVocabulary("ab"),
    start: ["x", "y"],
    layers: [layer({ cell: "gru", hidden: 4 })],
    embedding: 3,
    seed: 2,
  });
  for (const v of Object.values(made.weights)) {
    const n = v.shape.reduce((a, b) => a * b, 1);
    writeVariable(
      device,
      v,
      Float64Array.from({ length: n }, (_, i) => 2 * Math.sin(3.3 * (i + 1) + v.name.length)),
    );
  }

  it("a beam of one is greedy, for every label", () => {
    for (const start of ["x", "y"]) {
      const greedy = writeLabelled({ device, model: made, start, greedy: true, length: 6 });
      expect(writeBestLabelled({ device, model: made, start, beam: 1, length: 6 }).map(({ text }) => text)).toEqual([
        greedy,
      ]);
    }
  });

  it("all texts of up to three letters and their ends make up the whole probability of those that end", () => {
    const found = writeBestLabelled({ device, model: made, start: "x", beam: 30, best: 15, length: 3 });
    expect(new Set(found.map(({ text }) => text)).size).toBe(15);
    const short = found.filter(({ text }) => text.length < 3);
    expect(short).toHaveLength(7);
    const total = short.reduce((sum, { logProbability: own }) => sum + Math.exp(own), 0);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThan(1);
    expect(() => writeBestLabelled({ device, model: made, start: "z", beam: 2 })).toThrow(
      expect.objectContaining({ code: "label-unknown" }),
    );
  });
});
