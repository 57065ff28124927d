// The memory that is told before a run, beside what its step plans: fused cells, unrolled ones, one of one's own. T time, N batch.
import {
  add,
  cell,
  cellSpec,
  layer,
  matmul,
  memoryEstimate,
  mul,
  type NewModelOptions,
  openReference,
  sigmoid,
  split,
  type StackLayer,
  tanh,
  train,
} from "unrolled";
import { expect, it } from "vitest";
import { tinyCorpus, tinyModel } from "../laws/tiny.js";

const device = openReference();
const corpus = tinyCorpus(4000);
const [N, H] = [5, 20];

const minimal = cell({
  name: "minimal",
  weights: ({ D, H }) => ({ W: [D, 2 * H], R: [H, 2 * H], b: [2 * H] }),
  state: ({ H }) => ({ h: [H] }),
  step({ W, R, b }, x, { h }) {
    const [f, g] = split(add(add(matmul(x, W), matmul(h, R)), b), 2);
    return { h: add(mul(sigmoid(f), h), tanh(g)) };
  },
});

/** Bytes of the step that a run plans; the reference device counts eight for a number. */
async function plannedBytes(options: Omit<NewModelOptions, "vocabulary">, T: number): Promise<number> {
  const model = tinyModel(corpus, options);
  for await (const event of train({ model, corpus, device, batch: N, sequence: T, stop: { requested: true } }))
    if (event.type === "start") return event.memory / 2;
  throw new Error("no start");
}

it.each<[string, StackLayer["cell"], number, (options: object) => object]>([
  ["lstm, fused", cellSpec("lstm"), 40, (o) => o],
  ["gru, fused, two layers", cellSpec("gru"), 60, (o) => o],
  ["lstm with layer norm and zoneout, unrolled", cellSpec("lstm", { layerNorm: true, zoneout: 0.1 }), 40, (o) => o],
  ["mgu, unrolled", cellSpec("mgu"), 50, (o) => o],
  ["a cell of one's own", minimal, 40, (o) => o],
  ["lstm, rows that begin anew", cellSpec("lstm"), 30, (o) => ({ ...o, separator: 2 })],
  ["a short sequence: exactly", cellSpec("mlstm"), 7, (o) => o],
])("%s: within a fifth of what is planned", async (name, cell, T, change) => {
  const layers = (name.includes("two") ? [1, 2] : [1]).map(() => layer({ cell, hidden: H }));
  const options = change({ layers, embedding: 12 }) as Omit<NewModelOptions, "vocabulary">;
  const planned = await plannedBytes(options, T);
  const estimate = memoryEstimate(tinyModel(corpus, options).spec, { batch: N, sequence: T });
  if (name.includes("exactly")) expect(estimate).toBe(planned);
  expect(estimate / planned).toBeGreaterThan(1 / 1.2);
  expect(estimate / planned).toBeLessThan(1.2);
});

it("costs no more for a long sequence than for a short one, and grows with it", () => {
  const spec = tinyModel(corpus, { layers: [layer({ cell: "mgu", hidden: H })] }).spec;
  const at = (sequence: number): number => memoryEstimate(spec, { batch: N, sequence });
  const [short, long] = [at(100), at(1_000_000)];
  expect(long / short).toBeGreaterThan(5_000);
  expect(long / short).toBeLessThan(10_000);
});
