// Laws of documents: where a model reads its separator it begins anew, in evaluation, in score and in what it writes.
import {
  type Device,
  evaluateModel,
  evaluator,
  generate,
  type LanguageModel,
  layer,
  readWeights,
  scoreSentences,
  writer,
  writeWeights,
} from "unrolled";
import { close, identical } from "unrolled/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "./engine.js";
import { cells, type ModelOptions, tinyCorpus, tinyModel } from "./tiny.js";

const corpus = tinyCorpus();
const { tokens } = corpus.vocabulary;
const separator = tokens.indexOf("t");
const withoutIt = Array.from(corpus.validation).filter((id) => id !== separator);
/** Two documents; the second begins with the separator, as all but the first of a text do. */
const [one, two] = [withoutIt.slice(0, 23), [separator, ...withoutIt.slice(30, 48)]];

const models: readonly (readonly [string, ModelOptions])[] = [
  cells[0],
  cells[3],
  ["mgu, unrolled", { cell: "mgu" }],
  ["learned first states", { layers: [layer({ hidden: 6, initial: "learned" }), layer({ hidden: 5, cell: "gru" })] }],
];

/** A model of documents whose learned first states are not the zeros that they begin as. */
function modelOf(device: Device, options: ModelOptions): LanguageModel {
  const model = tinyModel(corpus, { ...options, separator });
  const weights = readWeights(model, device);
  for (const { name, data } of weights) if (name.includes("initial")) data.fill(0.4);
  writeWeights(model, device, weights);
  return model;
}

/** Nats of every id after the first. */
function natsOf(device: Device, model: LanguageModel, ids: readonly number[]): number[] {
  const T = ids.length - 1;
  const made = evaluator(device, model, { batch: 1, sequence: T });
  made.reset();
  const nats = Array.from(made.program.run({ x: ids.slice(0, T), y: ids.slice(1) }).each);
  made.close();
  return nats;
}

/** Both documents in one text cost what they cost apart: every token to the bit, the mean weighted by tokens. */
async function evaluatedApart(device: Device): Promise<void> {
  for (const [name, options] of models) {
    const model = modelOf(device, options);
    const [first, second] = [[...one, separator], two];
    const apart = [...natsOf(device, model, first), ...natsOf(device, model, second)];
    identical(natsOf(device, model, [...one, ...two]), apart, `${name}: every token`);
    const evaluate = (ids: readonly number[]) =>
      evaluateModel({ device, model, ids: Int32Array.from(ids), sequence: 9 });
    const [whole, a, b] = [await evaluate([...one, ...two]), await evaluate(first), await evaluate(second)];
    expect(whole.tokens).toBe(a.tokens + b.tokens);
    const mean = (a.nats * a.tokens + b.nats * b.tokens) / whole.tokens;
    close(whole.nats, mean, { relative: 1e-6, label: `${name}: mean` });
    const carried = { ...model, spec: { ...model.spec, separator: null } };
    const after = natsOf(device, carried, [...one, ...two]).slice(one.length);
    expect(after, `${name}: a state that is carried says something else`).not.toEqual(apart.slice(one.length));
  }
}

/** A sentence is a document: it costs what it costs after the separator, whatever came before. */
async function scoredAsDocuments(device: Device): Promise<void> {
  const sentences = ["cats were", "full of tea."];
  for (const [name, options] of models) {
    const model = modelOf(device, options);
    for (const { sentence, tokens: scored } of await scoreSentences({ device, model, sentences })) {
      const ids = Array.from(sentence, (letter) => tokens.indexOf(letter));
      const wanted = natsOf(device, model, [...one, separator, ...ids]).slice(one.length);
      identical(
        scored.map(({ logProbability }) => -logProbability),
        wanted,
        `${name}: ${sentence}`,
      );
    }
  }
}

/** What is written begins a document, and a separator on the way begins another. */
async function writtenAsDocuments(device: Device): Promise<void> {
  const write = async (model: LanguageModel, prompt: string): Promise<string> => {
    let text = "";
    for await (const piece of generate({ device, model, prompt, length: 40, seed: 3 })) text += piece;
    return text;
  };
  for (const [name, options] of models) {
    const model = modelOf(device, options);
    expect(await write(model, ""), `${name}: nothing before`).toBe(await write(model, "t"));
    for (const prompt of ["cats ", "were full"]) {
      const alone = await write(model, prompt);
      expect(alone, `${name}: ${prompt}`).toBe(await write(model, `t${prompt}`));
      expect(alone, `${name}: ${prompt} after another document`).toBe(await write(model, `of teat${prompt}`));
    }
    const made = writer(device, model);
    const logitsAfter = (ids: readonly number[]): number[] => {
      made.begin([0]);
      return ids.map((id) => Array.from(made.read([id]))).at(-1) as number[];
    };
    identical(logitsAfter([...one, ...two]), logitsAfter(two), `${name}: logits`);
    made.close();
  }
}

export function documentSuite(engine: Engine): void {
  describe(`laws of documents on ${engine.name}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await engine.open();
    });
    afterAll(() => device.close());
    it("two documents in one text = each by itself", () => evaluatedApart(device));
    it("a sentence is scored as a document", () => scoredAsDocuments(device));
    it("a text is written as a document", () => writtenAsDocuments(device));
  });
}
