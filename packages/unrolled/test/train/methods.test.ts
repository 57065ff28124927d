// Documents that end within a chunk, smoothed labels, decay of matrices alone. T time, N batch, V vocabulary.
import {
  adamw,
  carriedStates,
  compile,
  crossEntropy,
  type Device,
  evaluator,
  f32,
  forward,
  gradient,
  i32,
  layer,
  type LanguageModel,
  languageModelLoss,
  openReference,
  readWeights,
  sgd,
  smoothedCrossEntropy,
  train,
  writeWeights,
} from "unrolled";
import { close, identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { cells, type ModelOptions, tinyCorpus, tinyModel, trained } from "../laws/tiny.js";

const device: Device = openReference();
const corpus = tinyCorpus();
const separator = corpus.vocabulary.tokens.indexOf("t");

/** Logits [T,N,V] of rows side by side. */
function logitsOf(of: LanguageModel, rows: readonly (readonly number[])[], cut: number | null = null): number[][][] {
  const model = { ...of, spec: { ...of.spec, separator: cut } };
  const [T, N, V] = [rows[0].length, rows.length, model.spec.vocabulary];
  const program = compile(device, { x: i32(T, N) }, ({ x }) => ({
    outputs: { logits: forward(model, x, carriedStates(model.spec, N)).logits },
  }));
  const x = Array.from({ length: T * N }, (_, i) => rows[i % N][Math.floor(i / N)]);
  const flat = Array.from(program.run({ x }).logits);
  program.close();
  return rows.map((_, n) => rows[0].map((_t, t) => flat.slice((t * N + n) * V, (t * N + n + 1) * V)));
}

const architectures: readonly (readonly [string, ModelOptions])[] = [
  ...cells,
  ["mgu, unrolled", { cell: "mgu" }],
  ["learned first states", { layers: [layer({ hidden: 6, initial: "learned" }), layer({ hidden: 5, cell: "gru" })] }],
];

describe("documents that end within a chunk", () => {
  it.each(architectures)("%s: a row with a boundary = its documents alone", (name, options) => {
    const model = tinyModel(corpus, options);
    // Learned states begin as zeros: make them others.
    const weights = readWeights(model, device);
    for (const { name: weight, data } of weights) if (weight.includes("initial")) data.fill(0.4);
    writeWeights(model, device, weights);
    const s = separator;
    const other = (i: number): number => (s + 1 + (i % 5)) % model.spec.vocabulary;
    const [one, two] = [[0, 1, 2, 3].map(other), [s, ...[4, 1, 0].map(other)]];
    const [three, four] = [[2, 2].map(other), [s, ...[3, 0, 1, 4, 2].map(other)]];
    const together = logitsOf(
      model,
      [
        [...one, ...two],
        [...three, ...four],
      ],
      s,
    );
    const alone = [one, two, three, four].map((row) => logitsOf(model, [row])[0]);
    identical(together[0].flat(), [...alone[0], ...alone[1]].flat(), `${name}: first row`);
    identical(together[1].flat(), [...alone[2], ...alone[3]].flat(), `${name}: second row`);
    const carried = logitsOf(model, [
      [...one, ...two],
      [...three, ...four],
    ]);
    identical(carried[0].slice(0, 4).flat(), together[0].slice(0, 4).flat(), `${name}: before the boundary`);
    expect(carried[0].slice(4).flat()).not.toEqual(together[0].slice(4).flat());
  });

  it("gradients do not pass a boundary", () => {
    const model = tinyModel(corpus, { separator });
    const program = compile(device, { x: i32(4, 1), h: f32(1, 7) }, ({ x, h }) => {
      const { logits } = forward(model, x, { ...carriedStates(model.spec, 1), "h.0": h });
      const { each } = crossEntropy(logits, x);
      return { outputs: { dh: gradient(crossEntropy(logits, x).sum, [h])[0], each } };
    });
    const h = new Float64Array(7).fill(0.3);
    const other = (separator + 1) % model.spec.vocabulary;
    identical(Array.from(program.run({ x: [separator, other, other, other], h }).dh), new Array(7).fill(0), "cut");
    expect(Math.abs(program.run({ x: [other, other, separator, other], h }).dh[0])).toBeGreaterThan(1e-6);
    program.close();
  });

  it("training and validation see them", async () => {
    const options = { optimizer: sgd({ rate: 0.5 }), maxSteps: 4 };
    const [cut, plain] = [
      await trained(device, corpus, { separator }, options),
      await trained(device, corpus, {}, options),
    ]; // prettier-ignore
    expect(cut.steps[0].loss).not.toBe(plain.steps[0].loss);
    const nats = (options: ModelOptions): number => {
      const made = evaluator(device, tinyModel(corpus, options), { batch: 1, sequence: 20 });
      const { sum } = made.program.run({ x: corpus.training.slice(0, 20), y: corpus.training.slice(1, 21) });
      made.close();
      return sum;
    };
    expect(nats({ separator })).not.toBe(nats({}));
  });

  it("refuses ids that are none", () => {
    expect(() => tinyModel(corpus, { separator: 1000 })).toThrow(/spec\.separator: must be an integer from 0 to/);
  });
});

describe("label smoothing", () => {
  const [rows, V] = [3, 4];
  const logits = Array.from({ length: rows * V }, (_, i) => Math.sin(3 * i) * 2);
  const targets = [2, -1, 0];

  it("is the cross-entropy with the smoothed distribution, and its gradient", () => {
    const e = 0.3;
    const program = compile(device, { x: f32(rows, V), y: i32(rows) }, ({ x, y }) => {
      const { sum, count } = smoothedCrossEntropy(x, y, e);
      return { outputs: { sum, count, dx: gradient(sum, [x])[0] } };
    });
    const { sum, count, dx } = program.run({ x: logits, y: targets });
    let wanted = 0;
    const gradients: number[] = [];
    for (const [r, target] of targets.entries()) {
      const row = logits.slice(r * V, (r + 1) * V);
      const total = row.reduce((a, x) => a + Math.exp(x), 0);
      for (const [v, x] of row.entries()) {
        const q = (v === target ? 1 - e : 0) + e / V;
        if (target >= 0) wanted -= q * Math.log(Math.exp(x) / total);
        gradients.push(target >= 0 ? Math.exp(x) / total - q : 0);
      }
    }
    close([sum], [wanted], { relative: 1e-13, label: "sum" });
    expect(count).toBe(2);
    close(Array.from(dx), gradients, { relative: 1e-12, absolute: 1e-14, label: "gradient" });
    program.close();
  });

  it.each([{ kind: "linear" }, { kind: "tied" }, { kind: "deep", hidden: [4, 6], activation: "tanh" }] as const)(
    "of a language model never goes over all classes again, to the same loss and gradients: %j",
    (head) => {
      const model = tinyModel(corpus, { head, hidden: head.kind === "tied" ? [7, 5] : [7, 6] });
      const [x, y] = [
        corpus.training.slice(0, 12),
        Int32Array.from(corpus.training.slice(1, 13), (id, i) => (i === 4 ? -1 : id)),
      ];
      const made = ([false, true] as const).map((fused) => {
        const program = compile(device, { x: i32(6, 2), y: i32(6, 2) }, (ids) => {
          const seen = forward(model, ids.x, carriedStates(model.spec, 2));
          const { sum, count } = fused
            ? languageModelLoss(model, seen, ids.y, { smoothing: 0.3 })
            : smoothedCrossEntropy(seen.logits, ids.y, 0.3);
          const weights = Object.entries(model.weights);
          const gradients = gradient(
            sum,
            weights.map(([, v]) => v),
          );
          return { outputs: { sum, count, ...Object.fromEntries(weights.map(([name], i) => [name, gradients[i]])) } };
        });
        const { sum, count, ...gradients } = program.run({ x, y }) as Record<string, number | Float64Array>;
        const values = [
          sum as number,
          count as number,
          ...Object.values(gradients).flatMap((g) => Array.from(g as Float64Array)),
        ];
        program.close();
        return values;
      });
      expect(made[0][1]).toBe(11);
      close(made[1], made[0], { relative: 1e-11, absolute: 1e-13 });
    },
  );

  it("moves the training and leaves the measure alone", async () => {
    const still = { optimizer: sgd({ rate: 0 }), maxSteps: 2 };
    const nats = async (labelSmoothing: number) => {
      const { events, steps } = await trained(device, corpus, {}, { ...still, labelSmoothing });
      return { loss: steps[0].loss, nats: events.flatMap((e) => (e.type === "validation" ? [e.nats] : []))[0] };
    };
    const [plain, smooth] = [await nats(0), await nats(0.2)];
    expect(smooth.loss).not.toBe(plain.loss);
    expect(smooth.nats).toBe(plain.nats);
  });

  it("refuses a share of 1", async () => {
    await expect(trained(device, corpus, {}, { maxSteps: 1, labelSmoothing: 1 })).rejects.toThrow(/labelSmoothing/);
  });
});

describe("weight decay", () => {
  /** Weights after one step at which nothing but the decay differs. */
  const after = async (decay: number, decayed: "all" | "matrices"): Promise<Map<string, number[]>> => {
    const model = tinyModel(corpus);
    const optimizer = adamw({ rate: 0.1, decay, decayed });
    for await (const _ of train({ model, corpus, device, batch: 2, sequence: 3, maxSteps: 1, optimizer }));
    return new Map(readWeights(model, device).map(({ name, data }) => [name, Array.from(data)]));
  };

  it("of adamw leaves biases and embeddings alone, unless told to decay all", async () => {
    const [none, matrices, all] = [await after(0, "all"), await after(0.5, "matrices"), await after(0.5, "all")];
    for (const [name, values] of none) {
      const alone = name.includes("bias") || name.includes("embedding");
      if (alone) identical(matrices.get(name) as number[], values, name);
      else identical(matrices.get(name) as number[], all.get(name) as number[], name);
      // A bias that begins as zero has nothing to lose.
      if (name !== "head.bias") expect(all.get(name)).not.toEqual(values);
    }
    expect(adamw().decayed).toBe("matrices");
  });
});
