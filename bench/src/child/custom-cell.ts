// An LSTM spelled out in ops, as a reader of the lecture would write it, trained through `unroll`.
// T time, N batch, D input, H hidden, V vocabulary, L layers.
import {
  add,
  assign,
  cell,
  compile,
  concat,
  crossEntropy,
  type Device,
  div,
  f32,
  gradient,
  i32,
  type LayerInput,
  type LayerResult,
  linear,
  makeOptimizer,
  matmul,
  minimum,
  mul,
  reshape,
  sigmoid,
  split,
  sqrt,
  stopGradient,
  sumSquares,
  type Tensor,
  tanh,
  unroll,
  type Variable,
  variables,
  draws,
} from "unrolled"; // prettier-ignore
import type { Workload } from "../workloads.js";
import type { Task } from "./answer.js";
import { randomChunks } from "./data.js";
import { optimizerOf } from "./training.js";

const spelledOut = cell({
  name: "lstm in ops",
  weights: ({ D, H }) => ({ W: [D, 4 * H], R: [H, 4 * H], b: [4 * H] }),
  state: ({ H }) => ({ h: [H], c: [H] }),
  step({ W, R, b }, x, { h, c }) {
    const [i, f, g, o] = split(add(add(matmul(x, W), matmul(h, R)), b), 4);
    const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return { h: mul(sigmoid(o), tanh(next)), c: next };
  },
});

type Variables = Readonly<Record<string, Variable>>;

function weightsOf({ hidden: H, layers, vocabulary: V }: Workload): Variables {
  const { uniform } = draws(1);
  const drawn = (shape: readonly number[]) => ({
    shape,
    initial: () =>
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => (2 * uniform() - 1) / Math.sqrt(H)),
  });
  const specs: Record<string, ReturnType<typeof drawn>> = {
    table: drawn([V, H]),
    head: drawn([V, H]),
    bias: drawn([V]),
  };
  for (let l = 0; l < layers; l++)
    for (const [name, shape] of Object.entries(spelledOut.weights({ D: H, H }))) specs[`${name}.${l}`] = drawn(shape);
  return variables("weights", specs);
}

function lossOf(w: Workload, weights: Variables, carried: Variables, x: Tensor, y: Tensor) {
  let input: LayerInput = { table: weights.table, ids: x, frozen: false };
  const carry: Tensor[] = [];
  for (let l = 0; l < w.layers; l++) {
    const own = { W: weights[`W.${l}`], R: weights[`R.${l}`], b: weights[`b.${l}`] };
    const result: LayerResult<"h" | "c"> = unroll(spelledOut, own, input, {
      h: carried[`h.${l}`],
      c: carried[`c.${l}`],
    });
    carry.push(
      assign(carried[`h.${l}`], stopGradient(result.state.h)),
      assign(carried[`c.${l}`], stopGradient(result.state.c)),
    );
    input = result.y;
  }
  const { sum, count } = crossEntropy(linear(input as Tensor, weights.head, weights.bias), y);
  return { loss: div(sum, count), carry };
}

export function customCellTraining(device: Device, w: Workload): Omit<Task, "detail"> {
  const { batch: N, sequence: T, hidden: H, clip } = w;
  const weights = weightsOf(w);
  const optimizer = makeOptimizer(optimizerOf(w), weights.table.storage);
  const names = Array.from({ length: w.layers }, (_, l) => [`h.${l}`, `c.${l}`]).flat();
  const carried = variables("carried", Object.fromEntries(names.map((name) => [name, { shape: [N, H] }])));
  const step = compile(device, { x: i32(T, N), y: i32(T, N), rate: f32(optimizer.rateCount) }, ({ x, y, rate }) => {
    const { loss, carry } = lossOf(w, weights, carried, x, y);
    const raw = concat(
      gradient(loss, Object.values(weights)).map((g) => reshape(g, [g.shape.reduce((a, b) => a * b, 1)])),
      0,
    );
    const norm = sqrt(sumSquares(raw));
    const limit = "value" in clip ? clip.value : undefined;
    const scale = "norm" in clip ? minimum(1, div(clip.norm, add(norm, 1e-6))) : undefined;
    return {
      outputs: { loss },
      updates: [...optimizer.step(raw, rate, { scale, limit }), ...carry],
      guard: add(loss, norm),
    };
  });
  const chunks = randomChunks(w);
  let t = 0;
  return {
    work: N * T,
    run() {
      const { x, y } = chunks.at(t++ % chunks.count);
      const { loss } = step.run({ x, y, rate: optimizer.rates(t, optimizer.spec.rate) });
      if (!Number.isFinite(loss)) throw new Error(`custom cell: loss must be finite, was ${loss} at step ${t}`);
    },
  };
}
