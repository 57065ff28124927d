// The translator: its laws, its search, its spec. The reference device computes in float64.
import { describe, expect, it } from "vitest";
import { openReference } from "../../src/device/reference/index.js";
import { compile, f32, i32, type InputSpec } from "../../src/graph/compile.js";
import { gradient } from "../../src/graph/gradient.js";
import { add, at as part, mul, sum } from "../../src/graph/ops/index.js";
import type { Scalar } from "../../src/graph/tensor.js";
import { writeVariable } from "../../src/graph/variable.js";
import { logitsOf, readSource, readTarget, sightOf, writeStep, writing } from "../../src/models/translator-graph.js";
import { writeAll } from "../../src/models/translator-whole.js";
import {
  loadTranslator,
  readTranslator,
  type Translator,
  translator,
  translatorParameters,
} from "../../src/models/translator.js";
import { type TranslatorOptions, translatorJson, translatorSpec } from "../../src/models/translator-spec.js";
import { attend, attended, type AttentionName, attentionNames, attentionShapes } from "../../src/nn/attention.js";
import { close, identical } from "../../src/testing/close.js";
import { gradientCheck } from "../../src/testing/gradient-check.js";
import { characterVocabulary } from "../../src/text/vocabulary.js";
import { type PairInputs, pairLoss } from "../../src/train/translation-loss.js";
import { arrangePairs, teacherProbability } from "../../src/train/translation-task.js";

const letters = characterVocabulary("abc");
type Options = Partial<Omit<TranslatorOptions, "source" | "target">> & { readonly seed?: number };
const small = (options: Options = {}): Translator =>
  translator({
    source: letters,
    target: letters,
    embedding: 3,
    encoder: [{ cell: "gru", hidden: 3, direction: "both" }],
    decoder: [{ cell: "lstm", hidden: 4 }],
    bridge: "final",
    ...options,
  });

const kinds: readonly (readonly [string, Options])[] = [
  ["bahdanau", {}],
  ["relu", { attention: "relu", readout: "state" }],
  ["general with feeding", { attention: "general" }],
  ["concat without feeding", { attention: "concat", feeding: false }],
  ["dot", { attention: "dot", feeding: false, decoder: [{ cell: "gru", hidden: 6 }] }],
  ["a vector, reversed", { attention: "none", reversed: true }],
  ["a vector at every step", { attention: "none", context: "every", readout: "all" }],
];

/** Logits [T,N,V] of pairs as one batch, flat, with true tokens read. */
function logits(model: Translator, pairs: readonly (readonly [number[], number[]])[], T: number): Float64Array {
  const device = openReference();
  const batch = pairs.map(([source, target]) => ({ source: Int32Array.from(source), target: Int32Array.from(target) }));
  const { inputs, shapes } = arrangePairs(model, batch, T, pairs.length);
  const program = compile(device, shapes, (tensors) => ({ outputs: { logits: pairLoss(model, tensors).logits } }));
  return Float64Array.from(program.run(inputs).logits);
}

describe("attention", () => {
  const [S, N, K, H, A] = [3, 2, 2, 2, 3];
  it.each(attentionNames)("%s: gradients through scores, mask, softmax and mean", (name: AttentionName) => {
    const C = name === "dot" ? H : 3;
    const shapes = [...attentionShapes(name, { H, C, A })];
    const values = (n: number, seed: number): Float64Array =>
      Float64Array.from({ length: n }, (_, i) => Math.sin(3 * i + seed));
    const size = (shape: readonly number[]): number => shape.reduce((n, m) => n * m, 1);
    const checked = {
      places: { spec: f32(S, N, C), values: values(S * N * C, 1) },
      query: { spec: f32(N, K, H), values: values(N * K * H, 2) },
      lengths: { spec: i32(N), values: [3, 2] },
      ...Object.fromEntries(
        shapes.map(([key, shape], i) => [key, { spec: f32(...shape), values: values(size(shape), 5 + i) }]),
      ),
    };
    gradientCheck(openReference(), checked, (tensors) => {
      const { places, query, lengths, ...weights } = tensors as Record<string, (typeof tensors)["places"]>;
      const { context, weights: looks } = attend(attended(name, weights, places, lengths), query);
      return add(sum(mul(context, mul(context, context))), sum(mul(looks, looks))) as Scalar;
    });
  });
});

describe("a translator", () => {
  it.each(kinds)("%s: a ragged batch is its sentences alone", (_, options) => {
    const model = small(options);
    const pairs: [number[], number[]][] = [
      [
        [0, 1, 2, 1],
        [2, 1],
      ],
      [[2], [0, 0, 1, 2]],
      [[1, 0], []],
    ];
    const V = 4;
    const together = logits(model, pairs, 6);
    for (const [n, pair] of pairs.entries()) {
      const steps = pair[1].length + 1;
      const alone = logits(model, [pair], Math.max(steps, pair[0].length));
      for (let t = 0; t < steps; t++) {
        const own = together.subarray((t * pairs.length + n) * V, (t * pairs.length + n + 1) * V);
        close(own, alone.subarray(t * V, (t + 1) * V), { relative: 1e-12, scale: 1 });
      }
    }
  });

  it.each(kinds)("%s: step by step is the same as at once", (_, options) => {
    const model = small(options);
    const [S, T, N] = [3, 4, 2];
    const program = compile(
      openReference(),
      { source: i32(S, N), lengths: i32(N), x: i32(T, N) },
      ({ source, lengths, x }) => {
        const reading = readSource(model, source, lengths);
        const how = writing(model, sightOf(model, reading));
        const once = logitsOf(model, writeAll(model, reading, x).read);
        let states = reading.states;
        const outputs: Record<string, typeof once> = { once };
        for (let t = 0; t < T; t++) {
          const vector = readTarget(model, part(x, 0, t));
          const step = writeStep(how, vector ? { vector } : {}, states, t);
          states = step.states;
          outputs[`step${t}`] = logitsOf(model, step.read);
        }
        return { outputs };
      },
    );
    const made = program.run({ source: [0, 1, 2, 0, 1, -1], lengths: [3, 2], x: [3, 3, 0, 1, 2, 2, 1, 0] }) as Record<
      string,
      Float64Array
    >;
    close(Array.from({ length: T }, (_, t) => [...made[`step${t}`]]).flat(), made.once, { relative: 1e-12, scale: 1 });
  });

  it("loads what it saved, and refuses other weights", () => {
    const device = openReference();
    const model = small();
    const files = { source: letters, target: letters, weights: readTranslator(model, device) };
    const again = loadTranslator({ ...files, spec: JSON.parse(JSON.stringify(translatorJson(model.spec))) });
    expect(again.spec).toEqual(model.spec);
    identical(logits(again, [[[0, 1], [2]]], 3), logits(model, [[[0, 1], [2]]], 3));
    const short = { ...files, weights: files.weights.slice(1) };
    expect(() => loadTranslator({ ...short, spec: model.spec })).toThrow(
      expect.objectContaining({ code: "weights-missing" }),
    );
    expect(() => loadTranslator({ ...files, spec: model.spec, target: characterVocabulary("ab") })).toThrow(
      expect.objectContaining({ code: "vocabulary-mismatch" }),
    );
  });

  it("has the 185,484 weights of the course's date model", () => {
    const spec = translatorSpec({
      source: { tokens: "char", vocabulary: 37, embedding: 0 },
      target: { tokens: "char", vocabulary: 11, embedding: 0 },
      encoder: [{ cell: "lstm", hidden: 64, direction: "both" }],
      decoder: [{ cell: "lstm", hidden: 128 }],
      bridge: "zero",
      attention: "relu",
      reads: false,
      ends: false,
      readout: "state",
      readoutUnits: 0,
      biases: "one",
    });
    expect(translatorParameters(spec)).toBe(185_484);
    expect(translatorParameters(spec)).toBe(52_224 + 257 + 131_584 + 1_419);
  });
});

describe("sources and targets of other lengths", () => {
  it("are arranged each as long as it is; what is filled up changes nothing", () => {
    const model = small();
    const pairs = [
      { source: Int32Array.of(0, 1, 2, 0, 1), target: Int32Array.of(2) },
      { source: Int32Array.of(1), target: Int32Array.of(0, 2) },
    ];
    const natsOf = (T: number, S?: number): number => {
      const { inputs, shapes } = arrangePairs(model, pairs, T, 2, S);
      expect([shapes.source.shape, shapes.x.shape]).toEqual([
        [S ?? T, 2],
        [T, 2],
      ]);
      const program = compile(openReference(), shapes, (tensors) => ({
        outputs: { sum: pairLoss(model, tensors).sum },
      }));
      return program.run(inputs).sum;
    };
    close(natsOf(3, 5), natsOf(6), { relative: 1e-12 });
    close(natsOf(3, 8), natsOf(6), { relative: 1e-12 });
  });
});

describe("scheduled sampling and smoothing", () => {
  const pairs = [{ source: Int32Array.of(0, 1), target: Int32Array.of(2, 0) }];

  it("with the true token always is teacher forcing; never reads what it wrote", () => {
    const model = small();
    const { inputs, shapes } = arrangePairs(model, pairs, 3, 1);
    const run = (teacher: number | undefined): Float64Array => {
      const all = { ...shapes, key: i32(2), ...(teacher !== undefined && { teacher: f32() }) };
      const program = compile(openReference(), all as Record<string, InputSpec>, ({ key, ...tensors }) => ({
        outputs: { logits: pairLoss(model, tensors as unknown as PairInputs, { key }).logits },
      }));
      const values = { ...inputs, key: [1, 1], ...(teacher !== undefined && { teacher: [teacher] }) };
      return Float64Array.from(program.run(values as Record<string, ArrayLike<number>>).logits);
    };
    const forced = run(undefined);
    close(run(1), forced, { relative: 1e-12, scale: 1 });
    const free = run(0);
    close(free.subarray(0, 4), forced.subarray(0, 4), { relative: 1e-12, scale: 1 });
    const argmax = (row: Float64Array): number => row.indexOf(Math.max(...row));
    const first = argmax(free.subarray(0, 4));
    // What it wrote first, read as if it were true, gives the second step.
    const other = arrangePairs(model, [{ source: pairs[0].source, target: Int32Array.of(first, 0) }], 3, 1).inputs;
    const program = compile(openReference(), shapes, (tensors) => ({
      outputs: { logits: pairLoss(model, tensors).logits },
    }));
    close(free.subarray(4, 8), program.run(other).logits.slice(4, 8), { relative: 1e-12, scale: 1 });
  });

  it("is drawn anew for every step of every sentence", () => {
    const model = small({ seed: 4 });
    const pair = { source: Int32Array.of(0, 1), target: Int32Array.of(2, 0, 1) };
    const [T, V] = [4, 4];
    const best = (row: Float64Array): number => row.indexOf(Math.max(...row));
    /** What steps 1 to 3 read: the truth where the bit is set, else what the model found likeliest just before. */
    const patterns = Array.from({ length: 8 }, (_, bits) => {
      const target = pair.target.slice();
      for (let t = 1; t < T; t++)
        if (!((bits >> (t - 1)) & 1)) {
          const made = logits(model, [[[...pair.source], [...target]]], T);
          target[t - 1] = best(made.subarray((t - 1) * V, t * V));
        }
      return logits(model, [[[...pair.source], [...target]]], T);
    });
    expect(new Set(patterns.map((row) => row.join())).size).toBe(8);
    const { inputs, shapes } = arrangePairs(model, [pair, pair], T, 2);
    const program = compile(openReference(), { ...shapes, key: i32(2), teacher: f32() }, ({ key, ...tensors }) => ({
      outputs: { logits: pairLoss(model, tensors as unknown as PairInputs, { key }).logits },
    }));
    const seen = [0, 1].map(() => new Array<number>(8).fill(0));
    let together = 0;
    for (let step = 0; step < 200; step++) {
      const run = program.run({ ...inputs, key: [1, step], teacher: [0.5] }).logits;
      const found = [0, 1].map((n) => {
        const own = Float64Array.from({ length: T * V }, (_, i) => run[(Math.floor(i / V) * 2 + n) * V + (i % V)]);
        return patterns.findIndex((row) => row.every((x, i) => Math.abs(x - own[i]) < 1e-9));
      });
      for (const n of [0, 1]) seen[n][found[n]]++;
      together += Number(found[0] === found[1]);
    }
    for (const counts of seen) {
      expect(counts.reduce((a, b) => a + b)).toBe(200);
      expect(Math.min(...counts)).toBeGreaterThan(8); // 25 expected of each
      expect(Math.max(...counts)).toBeLessThan(50);
    }
    expect(together).toBeLessThan(60); // 25 expected
  });

  it("probabilities of the schedules", () => {
    close(teacherProbability({ name: "linear", slope: 0.1, floor: 0.25 }, 3), 0.7);
    close(teacherProbability({ name: "linear", slope: 0.1, floor: 0.25 }, 30), 0.25);
    close(teacherProbability({ name: "exponential", factor: 0.9 }, 2), 0.81);
    close(teacherProbability({ name: "inverse-sigmoid", k: 2 }, 4), 2 / (2 + Math.exp(2)));
    expect(teacherProbability({ name: "always" }, 9)).toBe(1);
  });

  it("label smoothing is the mean loss of all classes for its part", () => {
    const model = small();
    const { inputs, shapes } = arrangePairs(model, pairs, 3, 2);
    const program = compile(openReference(), shapes, (tensors) => {
      const { sum: smooth } = pairLoss(model, tensors, { smoothing: 0.3 });
      const { sum: plain, logits: all } = pairLoss(model, tensors);
      return { outputs: { smooth, plain, all } };
    });
    const { smooth, plain, all } = program.run(inputs);
    let even = 0;
    for (let t = 0; t < 3; t++) {
      const row = [...all.slice(t * 8, t * 8 + 4)];
      const lse = Math.log(row.reduce((total, x) => total + Math.exp(x), 0));
      even += row.reduce((total, x) => total + (lse - x) / 4, 0);
    }
    close(smooth, 0.7 * plain + 0.3 * even);
  });

  it("gradients flow past what was drawn", () => {
    const model = small({ attention: "general" });
    const device = openReference();
    const { inputs, shapes } = arrangePairs(model, pairs, 3, 1);
    const names = ["head.bias", "readout.weight", "attention.key.weight", "bridge.h.0.bias", "source.embedding.weight"];
    const program = compile(device, { ...shapes, teacher: f32(), key: i32(2) }, ({ key, ...tensors }) => {
      const { sum: loss } = pairLoss(model, tensors as unknown as PairInputs, { key, smoothing: 0.1 });
      const slopes = gradient(
        loss,
        names.map((name) => model.weights[name]),
      );
      return { outputs: { loss, ...Object.fromEntries(slopes.map((g, i) => [names[i], g])) } };
    });
    const given = { ...inputs, teacher: [0.4], key: [3, 5] };
    const slopes = { ...(program.run(given) as unknown as Record<string, Float64Array>) };
    for (const name of names) slopes[name] = slopes[name].slice();
    const weights = new Map(readTranslator(model, device).map(({ name, data }) => [name, Float64Array.from(data)]));
    for (const name of names) {
      const w = weights.get(name) as Float64Array;
      for (let i = 0; i < Math.min(4, w.length); i++) {
        const at = (x: number): number => {
          const moved = w.slice();
          moved[i] = x;
          writeVariable(device, model.weights[name], moved);
          return program.run(given).loss;
        };
        const numeric = (at(w[i] + 1e-5) - at(w[i] - 1e-5)) / 2e-5;
        close(slopes[name][i], numeric, { relative: 0, absolute: 1e-6, label: `${name} ${i}` });
      }
      writeVariable(device, model.weights[name], w);
    }
  });
});
