// The fixed window: sees K inputs and no more, over the borders of chunks too. T time, N batch, K window.
import { cellOf, compile, cellSpec, draws, evaluator, f32, openReference, runLayer, type Tensor } from "unrolled";
import { close, identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { tinyCorpus, tinyModel } from "../laws/tiny.js";

const device = openReference();
const [T, N, D, H, K] = [7, 2, 3, 4, 3];
const cell = cellOf(cellSpec("window", { window: K }));
const random = draws(4);
const values = (n: number): Float64Array => Float64Array.from({ length: n }, () => random.normal());
const [W, b] = [values(K * H * D), values(H)];

/** h of every step, from x [T,N,D]. */
function outputs(x: Float64Array): number[] {
  const specs = { x: f32(T, N, D), W: f32(K * H, D), b: f32(H), h: f32(N, H), ahead: f32(N, (K - 1) * H) };
  const program = compile(device, specs, (given: Readonly<Record<string, Tensor>>) => ({
    outputs: {
      y: runLayer(cell, { weight_ih: given.W, bias_ih: given.b }, given.x, { h: given.h, ahead: given.ahead }).y,
    },
  }));
  const zero = { h: new Float64Array(N * H), ahead: new Float64Array(N * (K - 1) * H) };
  const y = Array.from(program.run({ x, W, b, ...zero }).y);
  program.close();
  return y;
}

describe("the window cell", () => {
  it("is tanh of the last K inputs", () => {
    const x = values(T * N * D);
    const wanted: number[] = [];
    for (let t = 0; t < T; t++)
      for (let n = 0; n < N; n++)
        for (let i = 0; i < H; i++) {
          let sum = b[i];
          for (let k = 0; k < K && k <= t; k++)
            for (let d = 0; d < D; d++) sum += W[(k * H + i) * D + d] * x[((t - k) * N + n) * D + d];
          wanted.push(Math.tanh(sum));
        }
    close(outputs(x), wanted, { relative: 1e-12, absolute: 1e-14, label: "h" });
  });

  it("forgets what is older than K inputs, exactly", () => {
    const x = values(T * N * D);
    const changed = Float64Array.from(x, (v, i) => (i < N * D ? v + 1 : v));
    const [one, other] = [outputs(x), outputs(changed)];
    expect(other.slice(0, K * N * H)).not.toEqual(one.slice(0, K * N * H));
    identical(other.slice(K * N * H), one.slice(K * N * H), "from step K on");
  });

  it("carries its window over the borders of chunks", () => {
    const corpus = tinyCorpus();
    const model = tinyModel(corpus, { cell: "window", hidden: [6], embedding: 4 });
    const ids = corpus.validation;
    const nats = (sequence: number): number[] => {
      const made = evaluator(device, model, { batch: 1, sequence });
      made.reset();
      const each: number[] = [];
      for (let from = 0; from < 24; from += sequence) {
        const run = { x: ids.subarray(from, from + sequence), y: ids.subarray(from + 1, from + sequence + 1) };
        each.push(...made.program.run(run).each);
      }
      made.close();
      return each;
    };
    for (const sequence of [1, 2, 3, 8])
      close(nats(sequence), nats(24), { relative: 1e-12, label: `pieces of ${sequence}` });
  });
});
