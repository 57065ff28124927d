// What training, evaluation and generation take of a device's memory they give back.
import { type Device, evaluateModel, evict, generate, openReference, type Region } from "unrolled";
import { describe, expect, it } from "vitest";
import { finish, tinyCorpus, tinyModel } from "./tiny.js";

/** A device that knows how many words are taken. */
function counted(): { readonly device: Device; readonly live: () => number } {
  const inner = openReference();
  let live = 0;
  const device: Device = {
    ...inner,
    allocate(words) {
      live += words;
      return inner.allocate(words);
    },
    free(region: Region) {
      live -= region.words;
      inner.free(region);
    },
  };
  return { device, live: () => live };
}

describe("memory", () => {
  it("returns to where it was, however often a model comes and goes", async () => {
    const { device, live } = counted();
    const corpus = tinyCorpus();
    const levels: number[] = [];
    for (let i = 0; i < 3; i++) {
      const model = tinyModel(corpus);
      await finish({ device, corpus, model, maxSteps: 2, sampleEvery: 1, sampleLength: 3 });
      await evaluateModel({ device, model, ids: corpus.validation.slice(0, 20) });
      for await (const _ of generate({ device, model, length: 2 }));
      evict(device, Object.values(model.weights)[0].storage);
      levels.push(live());
    }
    // The first round leaves the scratch memory that programs share.
    expect(levels).toEqual([levels[0], levels[0], levels[0]]);
  });
});
