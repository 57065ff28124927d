// The learning-rate finder: rates rise by equal factors, the weights stay, and the suggestion is a rate at which training learns.
import { adam, findRate, languageModelTask, openReference, readWeights, sgd } from "unrolled";
import { close, identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { allOf, tinyCorpus, tinyModel, trained } from "../laws/tiny.js";

const device = openReference();
const corpus = tinyCorpus();

describe("findRate", () => {
  it("rises from the first rate to the last, and leaves the weights as they were", async () => {
    const model = tinyModel(corpus);
    const before = allOf(readWeights(model, device));
    const task = languageModelTask({ model, corpus, batch: 3, sequence: 5 });
    const { tried } = await findRate({ task, device, from: 1e-4, to: 1e-2, steps: 5, optimizer: adam() });
    const rates = tried.map(({ rate }) => rate);
    close(rates, [1e-4, 10 ** -3.5, 1e-3, 10 ** -2.5, 1e-2], { relative: 1e-12, label: "rates" });
    identical(allOf(readWeights(model, device)), before, "weights");
    const { steps } = await trained(device, corpus, {}, { maxSteps: 1 });
    expect(tried[0].loss).toBe(steps[0].loss);
  });

  it("suggests a rate that learns faster than a hundredth of it, and survives", async () => {
    const model = tinyModel(corpus);
    const task = languageModelTask({ model, corpus, batch: 3, sequence: 5 });
    const { tried, suggestion = 0 } = await findRate({ task, device, from: 1e-4, to: 1e4, optimizer: sgd(), clip: {} });
    expect(tried.length, "stopped where the loss ran away").toBeLessThan(100);
    const last = async (rate: number): Promise<number> => {
      const { steps } = await trained(device, corpus, {}, { maxSteps: 40, optimizer: sgd({ rate }), clip: {} });
      return steps.slice(-10).reduce((sum, { loss }) => sum + loss / 10, 0);
    };
    expect(await last(suggestion)).toBeLessThan((await last(suggestion / 100)) - 0.05);
  });

  it("refuses rates that do not rise", async () => {
    const task = languageModelTask({ model: tinyModel(corpus), corpus, batch: 3, sequence: 5 });
    await expect(findRate({ task, device, from: 1, to: 0.1 })).rejects.toThrow(/rates must rise/);
  });
});
