// Beam search on every build: a batch that shrinks as sentences end gives the bits of its sentences alone, whatever the threads.
import { characterVocabulary, type Device, type Hypothesis, translating, translator } from "unrolled";
import { describe, expect, it } from "vitest";
import { buildsHere } from "./open-all.js";

// More classes than a panel of a product has columns, and more rows of large batches than of small ones: what batches of few rows store
// and look through is looked at by others where it is made.
const letters = characterVocabulary(String.fromCharCode(...Array.from({ length: 130 }, (_, i) => 0x400 + i)));
const model = () =>
  translator({
    source: letters,
    target: letters,
    embedding: 19,
    encoder: [{ cell: "gru", hidden: 17, direction: "both" }],
    decoder: [{ cell: "gru", hidden: 33 }],
    seed: 3,
  });
/** Of 1 to 21 letters, and so results of many lengths. */
const sources = Array.from({ length: 24 }, (_, n) =>
  Int32Array.from({ length: 1 + ((n * 5) % 21) }, (_, s) => (n * 7 + s * s) % 130),
);

function found(device: Device, batch: number): readonly (readonly Hypothesis[])[] {
  const made = translating({ device, model: model(), beam: 4, batch });
  const all = made.now(sources, { best: 2, attention: true, maximum: (length) => length + (length % 3) });
  made.close();
  return all;
}

describe.each(await buildsHere())("$name", ({ open }) => {
  it("batches of any size, on one thread or two, give the same bits", async () => {
    const [one, two] = await Promise.all([1, 2].map((threads) => open(threads)));
    const alone = found(one, 1);
    expect(found(one, 24)).toEqual(alone);
    expect(found(two, 24)).toEqual(alone);
    expect(found(two, 7)).toEqual(alone);
    for (const device of [one, two]) device.close();
  });

  it("draws by chance the same for any number of threads", async () => {
    const [one, two] = await Promise.all([1, 2].map((threads) => open(threads)));
    const draw = async (device: Device, batch: number) => {
      const made = translating({ device, model: model(), batch });
      const all = await made.draw(sources, { count: 2, seed: 5, maximum: 12, topK: 9 });
      made.close();
      return all;
    };
    expect(await draw(two, 24)).toEqual(await draw(one, 1));
    for (const device of [one, two]) device.close();
  });
});
