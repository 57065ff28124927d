// What a language model can be made of: mixed layers, heads, learned states, frozen embeddings, a cell of one's own. Each
// changes what it says, has the right gradient, and survives a checkpoint and a resumption bit for bit.
import {
  add,
  carriedStates,
  cell,
  checkLanguageModelSpec,
  compile,
  type Device,
  forward,
  gradient,
  i32,
  type LanguageModel,
  languageModel,
  languageModelJson,
  languageModelLoss,
  loadLanguageModel,
  matmul,
  mul,
  openReference,
  readVariable,
  readWeights,
  reshape,
  sgd,
  sigmoid,
  slice,
  split,
  sub,
  tanh,
  weightShapes,
  writeVariable,
} from "unrolled";
import { close, identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { allOf, finish, type ModelOptions, tinyCorpus, tinyModel, trained } from "../laws/tiny.js";

const device = openReference();
const corpus = tinyCorpus();
const [T, N] = [4, 2];
const x = Array.from(corpus.training.slice(0, T * N));
const y = Array.from(corpus.training.slice(3, 3 + T * N), (id, i) => (i === 5 ? -1 : id));

/** Minimal gated unit: one gate both forgets and resets. Zhou et al. 2016, eq. 3-5. */
const minimal = cell({
  name: "minimal",
  weights: ({ D, H }) => ({ W: [D, 2 * H], Rf: [H, H], Rh: [H, H], b: [2 * H] }),
  state: ({ H }) => ({ h: [H] }),
  step({ W, Rf, Rh, b }, input, { h }) {
    const [af, ah] = split(add(matmul(input, W), b), 2);
    const f = sigmoid(add(af, matmul(h, Rf)));
    const candidate = tanh(add(ah, matmul(mul(f, h), Rh)));
    return { h: add(mul(sub(1, f), h), mul(f, candidate)) };
  },
});

const models: readonly (readonly [string, ModelOptions])[] = [
  [
    "mixed cells, residual and highway",
    {
      layers: [
        { cell: "gru", hidden: 5, residual: "add" },
        { cell: "lstm", hidden: 5, residual: "highway", dropout: 0.2 },
        { cell: "rnn", hidden: 3 },
      ],
    },
  ],
  [
    "learned states, variational dropout",
    {
      layers: [
        { cell: "lstm", hidden: 4, initial: "learned", dropout: 0.3, variational: true },
        { cell: "gru", hidden: 3, initial: "learned" },
      ],
    },
  ],
  [
    "noise inside the cells",
    {
      cell: [
        { name: "lstm", weightDrop: 0.3, zoneout: 0.1 },
        { name: "gru", recurrentDropout: 0.2 },
      ],
      hidden: [4, 3],
    },
  ],
  ["a projection, tied", { cell: { name: "lstm", projection: 5 }, hidden: [6], head: "tied" }],
  ["a frozen embedding", { hidden: [4], cell: "gru", embedding: { width: 5, from: "frozen" } }],
  ["a deep head", { hidden: [4], head: { kind: "deep", hidden: [6, 3], activation: "tanh" } }],
  ["an adaptive head", { hidden: [8], head: { kind: "adaptive", cutoffs: [5, 12], factor: 2 } }],
  ["a sampled head", { hidden: [4], head: { kind: "sampled", samples: 6 } }],
  ["a cell of one's own", { cell: minimal, hidden: [4, 3] }],
]; // prettier-ignore

/** The loss of a training step and its gradient by name, from states that are not zero. */
function lossOf(on: Device, model: LanguageModel) {
  const states = carriedStates(model.spec, N);
  for (const [i, v] of Object.values(states).entries()) {
    const count = v.shape.reduce((a, b) => a * b, 1);
    // Of learned states one row begins, the other goes on.
    writeVariable(
      on,
      v,
      Array.from({ length: count }, (_, k) => (v.name === "begun" ? k : 0.3 * Math.sin(k + i))),
    );
  }
  const names = Object.keys(model.weights);
  const program = compile(on, { x: i32(T, N), y: i32(T, N), key: i32(2) }, (given) => {
    const seen = forward(model, given.x, states, { key: given.key });
    const { sum } = languageModelLoss(model, seen, given.y, { key: given.key });
    const gradients = gradient(sum, Object.values(model.weights));
    return { outputs: { loss: sum, ...Object.fromEntries(gradients.map((g, i) => [names[i], g])) } };
  });
  return () => ({ ...(program.run({ x, y, key: [7, 3] }) as Record<string, Float64Array> & { loss: number }) });
}

describe.each(models)("%s", (_, options) => {
  it("agrees with central differences", () => {
    const model = tinyModel(corpus, options);
    const run = lossOf(device, model);
    const analytic = Object.fromEntries(
      Object.entries(run()).map(([k, v]) => [k, Float64Array.from([v].flat() as never)]),
    );
    const rows = run();
    for (const [name, v] of Object.entries(model.weights)) {
      const given = Float64Array.from(rows[name] ?? analytic[name]);
      const values = Float64Array.from(readVariable(device, v));
      // Every element of small weights, a spread of those of large ones.
      const stride = Math.max(1, Math.floor(values.length / 24));
      for (let i = 0; i < values.length; i += stride) {
        const at = values[i];
        const lossAt = (value: number): number => {
          values[i] = value;
          writeVariable(device, v, values);
          return run().loss;
        };
        const slope = (lossAt(at + 1e-5) - lossAt(at - 1e-5)) / 2e-5;
        lossAt(at);
        close(given[i], slope, { relative: 1e-6, absolute: 2e-8, label: `${name}[${i}]` });
      }
    }
  });

  it("saves and loads as it is", () => {
    const model = tinyModel(corpus, options);
    const json = JSON.parse(JSON.stringify(languageModelJson(model.spec))) as unknown;
    const cells = { minimal };
    expect(languageModelJson(checkLanguageModelSpec(json, cells))).toEqual(json);
    const weights = readWeights(model, device);
    expect(weights.map(({ name }) => name).sort()).toEqual([...weightShapes(model.spec).keys()].sort());
    const loaded = loadLanguageModel({ spec: json, vocabulary: corpus.vocabulary, weights, cells });
    identical(allOf(readWeights(loaded, device)), allOf(weights));
  });

  it("resumed = never stopped, bit for bit", async () => {
    const run = { maxSteps: 12, optimizer: sgd({ rate: 0.1 }) };
    const whole = await trained(device, corpus, options, run);
    const first = await trained(device, corpus, options, run, 5);
    const { weights, training } = first.checkpoint;
    const fresh = tinyModel(corpus, { ...options, seed: 9 });
    const model = loadLanguageModel({
      spec: languageModelJson(fresh.spec),
      vocabulary: corpus.vocabulary,
      weights,
      cells: { minimal },
    });
    const second = await finish({ device, corpus, model, epochs: 1000, ...run, resume: training });
    identical(allOf(second.checkpoint.weights), allOf(whole.checkpoint.weights));
    identical(allOf(second.checkpoint.training.arrays), allOf(whole.checkpoint.training.arrays));
    expect(allOf(whole.checkpoint.weights)).not.toEqual(allOf(readWeights(tinyModel(corpus, options), device)));
  });
});

it("a frozen embedding is not trained, and is saved", async () => {
  const frozen = { hidden: [4], embedding: { width: 5, from: "frozen" } } as const;
  const { checkpoint } = await trained(device, corpus, frozen, {
    maxSteps: 4,
    optimizer: sgd({ rate: 1, decay: 0.1 }),
  });
  const [before, after] = [readWeights(tinyModel(corpus, frozen), openReference()), checkpoint.weights].map(
    (weights) => weights.find(({ name }) => name === "embedding.weight")?.data as Float64Array,
  );
  identical(after, before);
});

it("embeddingValues: the numbers given, and their number checked", () => {
  const V = corpus.vocabulary.tokens.length;
  const values = Float32Array.from({ length: V * 3 }, (_, i) => i);
  const options = { vocabulary: corpus.vocabulary, embedding: 3, hidden: [4], embeddingValues: values };
  identical(readVariable(device, languageModel(options).weights["embedding.weight"]), values);
  expect(() => languageModel({ ...options, embedding: 4 })).toThrow(`embeddingValues: must be ${V * 4} numbers`);
});

describe("a cell of one's own", () => {
  it("is refused where a spec only names it", () => {
    const spec = languageModelJson(tinyModel(corpus, { cell: minimal, hidden: [4] }).spec);
    expect(JSON.stringify(spec)).toContain('{"name":"custom","cell":"minimal"}');
    expect(() => loadLanguageModel({ spec, vocabulary: corpus.vocabulary, weights: [] })).toThrow(
      'the cell "minimal" must be given, was only named',
    );
  });

  it("is refused where it changes the shape of its state", () => {
    const wrong = cell({ ...minimal, step: (w, input, s) => ({ h: slice(minimal.step(w, input, s, 0).h, 1, 0, 3) }) });
    expect(() => lossOf(device, tinyModel(corpus, { cell: wrong, hidden: [4] }))).toThrow(
      "minimal: step must keep the shape of state h [2,4], was [2,3]",
    );
  });

  it("writes the equations of the minimal gated unit", () => {
    const [own, known] = [minimal, "mgu"].map((c) => tinyModel(corpus, { cell: c as "mgu", hidden: [4] }));
    expect(own.spec.layers[0].hidden).toBe(known.spec.layers[0].hidden);
    expect(Object.keys(own.weights)).toContain("rnn.Rf_l0");
  });
});

it("what cells show of every step is there when asked for", () => {
  const model = tinyModel(corpus, { hidden: [4, 3] });
  const states = carriedStates(model.spec, N);
  const program = compile(device, { x: i32(T, N) }, (given) => {
    const { traces, features } = forward(model, given.x, states, { trace: true });
    expect(Object.keys(traces)).toEqual([
      "h.0",
      "c.0",
      "i.0",
      "f.0",
      "g.0",
      "o.0",
      "h.1",
      "c.1",
      "i.1",
      "f.1",
      "g.1",
      "o.1",
    ]);
    return { outputs: { o: mul(traces["o.1"], tanh(traces["c.1"])), h: reshape(features, [T, N, 3]) } };
  });
  const out = program.run({ x });
  close(out.o, out.h, { relative: 1e-12 });
});
