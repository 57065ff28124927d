// Gradient checkpointing over time: the same bits computed twice, in memory that grows with the root of the sequence. T steps.
import {
  carriedStates,
  compile,
  type Cut,
  i32,
  languageModel,
  type LossOptions,
  openReference,
  slice,
  type Tensor,
  train,
} from "unrolled";
import { identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { languageLoss } from "../../src/train/language-task.js";
import { recomputed } from "../../src/train/pieces.js";
import { type ModelOptions, tinyCorpus, tinyModel } from "../laws/tiny.js";

type Tensors = Readonly<Record<string, Tensor>>;

const device = openReference();
const corpus = tinyCorpus(6000);

/** Bytes of the training step, as planned. */
async function bytes(sequence: number, recompute: boolean): Promise<number> {
  const model = languageModel({ vocabulary: corpus.vocabulary, cell: "lstm", hidden: [16, 16], embedding: 8 });
  const run = train({ model, corpus, device, batch: 4, sequence, recompute, maxSteps: 1 });
  const { value } = await run.next();
  await run.return(undefined);
  if (value?.type !== "start") throw new Error("a run must start with its start event");
  return value.memory;
}

/** Gradients of a batch in pieces of 3 steps, each computed twice or once. */
function gradients(options: ModelOptions, again: boolean): { values: number[]; calls: number } {
  const model = tinyModel(corpus, { dropout: 0.3, ...options });
  const [T, N] = [10, 3];
  const cuts: Cut[] = [3, 6, 9, 10].map((to, i) => ({ from: 3 * i, to, carry: to === T }));
  const program = compile(device, { x: i32(T, N), y: i32(T, N), key: i32(cuts.length, 2) }, ({ x, y, key }) => {
    const piece = (inputs: Tensors, { from, to }: Cut) =>
      Object.fromEntries(Object.entries(inputs).map(([name, t]) => [name, slice(t, 0, from, to)]));
    const pieced = { loss: (i: Tensors, o: LossOptions) => languageLoss(model, i, o), piece, cuts };
    const carried = carriedStates(model.spec, N);
    const made = recomputed(pieced, model.weights, { x, y }, { carried, key }, again);
    const outputs = Object.fromEntries(made.gradients.map((g, i) => [`g${i}`, g]));
    return { outputs: { ...outputs, sum: made.sum, ...made.states } };
  });
  const ids = corpus.training;
  const x = Int32Array.from({ length: T * N }, (_, i) => ids[i]);
  const y = Int32Array.from({ length: T * N }, (_, i) => ids[i + 1]);
  const key = [1, 0, 2, 0, 3, 0, 4, 0];
  const out = program.run({ x, y, key }) as Readonly<Record<string, number | Float64Array>>;
  const values = Object.values(out).flatMap((v) => (typeof v === "number" ? [v] : Array.from(v)));
  const { calls } = program;
  program.close();
  return { values, calls };
}

describe("recompute", () => {
  it.each([["lstm"], ["gru"], ["rnn"]] as const)("%s: computed twice = computed once, bit for bit", (cell) => {
    const [twice, once] = [gradients({ cell }, true), gradients({ cell }, false)];
    identical(twice.values, once.values, cell);
    expect(twice.calls).toBeGreaterThan(once.calls);
  });

  it("takes memory that grows with the root of the sequence", async () => {
    // Beyond what does not depend on the length at all: weights, moments, gradients.
    const beyond = async (T: number, recompute: boolean) => (await bytes(T, recompute)) - (await bytes(1, recompute));
    const [kept, again] = [await beyond(144, false), await beyond(144, true)];
    expect(kept / (await beyond(36, false)), "kept: four times as long, four times the memory").toBeGreaterThan(3.7);
    expect((await beyond(576, true)) / again, "recomputed: four times as long, twice the memory").toBeLessThan(2.1);
    expect(kept / again, "how much less").toBeGreaterThan(3.2);
  });
});
