// The language model: its gradient against central differences, tying, dropout, the loss it starts from. T time, N batch, V vocabulary.
import {
  carriedStates,
  compile,
  crossEntropy,
  type Device,
  div,
  dropout,
  f32,
  forward,
  gradient,
  i32,
  type LanguageModel,
  openReference,
  readVariable,
  readWeights,
  writeVariable,
} from "unrolled";
import { close, identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { cells, finish, type ModelOptions, tinyCorpus, tinyModel } from "../laws/tiny.js";

const device = openReference();
const corpus = tinyCorpus();
const [T, N] = [4, 2];
const x = Array.from(corpus.training.slice(0, T * N));
const y = Array.from(corpus.training.slice(3, 3 + T * N), (id, i) => (i === 5 ? -1 : id));

/** The loss of a whole model with dropout, and its gradient by name, on states that are not zero. */
function lossOf(on: Device, model: LanguageModel, key: readonly number[]) {
  const states = carriedStates(model.spec, N);
  for (const [i, v] of Object.values(states).entries())
    writeVariable(
      on,
      v,
      Array.from({ length: v.shape.reduce((a, b) => a * b, 1) }, (_, k) => 0.3 * Math.sin(k + i)),
    );
  const names = Object.keys(model.weights);
  const inputs = { x: i32(T, N), y: i32(T, N), key: i32(2) };
  const program = compile(on, inputs, (given) => {
    const { logits } = forward(model, given.x, states, { key: given.key });
    const { sum, count } = crossEntropy(logits, given.y);
    const loss = div(sum, count);
    const gradients = gradient(loss, Object.values(model.weights));
    return { outputs: { loss, ...Object.fromEntries(gradients.map((g, i) => [names[i], g])) } };
  });
  return () => ({ ...(program.run({ x, y, key }) as Record<string, Float64Array> & { loss: number }) });
}

/** Every weight, element by element, both ways. */
function checkGradient(model: LanguageModel): void {
  const run = lossOf(device, model, [7, 3]);
  const analytic = Object.fromEntries(
    Object.entries(run()).map(([name, v]) => [name, typeof v === "number" ? [v] : Array.from(v)]),
  );
  const step = 1e-5;
  for (const [name, v] of Object.entries(model.weights)) {
    const values = Float64Array.from(readVariable(device, v));
    const numeric = values.map((at, i) => {
      const lossAt = (value: number): number => {
        values[i] = value;
        writeVariable(device, v, values);
        return run().loss;
      };
      const slope = (lossAt(at + step) - lossAt(at - step)) / (2 * step);
      values[i] = at;
      writeVariable(device, v, values);
      return slope;
    });
    // Differences of a loss near 3 lose 1e-16 * 3 / 1e-5 to rounding and about as much to the third derivative.
    close(analytic[name], numeric, { relative: 1e-6, absolute: 2e-9, label: name });
  }
}

describe("the gradient of the whole model agrees with central differences", () => {
  const small: ModelOptions = { hidden: [3, 2], embedding: 3, dropout: 0.3 };
  it.each(cells)("%s", (_, cell) => checkGradient(tinyModel(corpus, { ...small, ...cell })));
  it("tied", () => checkGradient(tinyModel(corpus, { ...small, hidden: [3, 3], tied: true })));
});

it("a tied matrix has the sum of the gradients of its two uses", () => {
  const options = { hidden: [5], embedding: 5 };
  const [tied, untied] = [tinyModel(corpus, { ...options, tied: true }), tinyModel(corpus, options)];
  for (const v of Object.values(tied.weights)) writeVariable(device, untied.weights[v.name], readVariable(device, v));
  writeVariable(device, untied.weights["head.weight"], readVariable(device, tied.weights["embedding.weight"]));
  const one = lossOf(device, tied, [1, 1])();
  const two = lossOf(device, untied, [1, 1])();
  close(one.loss, two.loss, { relative: 1e-14 });
  const summed = two["embedding.weight"].map((g, i) => g + two["head.weight"][i]);
  close(one["embedding.weight"], summed, { relative: 1e-12, absolute: 1e-14 });
  close(one["rnn.weight_hh_l0"], two["rnn.weight_hh_l0"], { relative: 1e-12, absolute: 1e-14 });
});

describe("dropout", () => {
  const n = 100_000;
  const mask = (rate: number, key: readonly number[], stream = 0): Float64Array => {
    const program = compile(device, { x: f32(n), key: i32(2) }, (given) => ({
      outputs: { y: dropout(given.x, { rate, key: given.key, stream }) },
    }));
    const result = Float64Array.from(program.run({ x: new Float64Array(n).fill(1), key }).y);
    program.close();
    return result;
  };

  it.each([0.1, 0.5, 0.9])("drops a share of %f and keeps the mean", (rate) => {
    const kept = mask(rate, [5, 9]).filter((v) => v !== 0);
    // Five standard deviations of a binomial count.
    const deviation = Math.sqrt(n * rate * (1 - rate));
    expect(Math.abs(kept.length - n * (1 - rate))).toBeLessThan(5 * deviation);
    close(kept, new Float64Array(kept.length).fill(1 / (1 - rate)), { relative: 1e-7 });
  });

  it("draws anew for another seed, step or stream, and the same for the same", () => {
    const first = mask(0.5, [5, 9]).join();
    expect(mask(0.5, [5, 9]).join()).toBe(first);
    for (const other of [mask(0.5, [6, 9]), mask(0.5, [5, 10]), mask(0.5, [5, 9], 1)])
      expect(other.join()).not.toBe(first);
  });
});

it("a new model knows nothing: its loss is that of a uniform guess", async () => {
  const { steps } = await finish({ device, corpus, model: tinyModel(corpus), maxSteps: 1, batch: 8, sequence: 20 });
  const uniform = Math.log(corpus.vocabulary.tokens.length);
  close(steps[0].loss, uniform, { relative: 0.1 });
});

it("a new model has the same weights on every device, frozen ones too", () => {
  const model = tinyModel(corpus, { embedding: { width: 5, from: "frozen" } });
  const [one, other] = [openReference(), openReference()].map((each) => readWeights(model, each));
  expect(one.map(({ name }) => name)).toContain("embedding.weight");
  for (const [i, { name, data }] of one.entries()) identical(Array.from(other[i].data), Array.from(data), name);
});
