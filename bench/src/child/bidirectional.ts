// A tagger's training step: bidirectional layers over a whole sequence, one label per token. T time, N batch, H hidden,
// V vocabulary, which is also the number of labels.
import {
  compile,
  crossEntropy,
  descend,
  type Device,
  div,
  draws,
  f32,
  i32,
  layer,
  linear,
  makeOptimizer,
  runStack,
  type Scalar,
  type Shape,
  stackWeights,
  stackWidth,
  variables,
} from "unrolled";
import type { Workload } from "../workloads.js";
import type { Task } from "./answer.js";
import { randomChunks } from "./data.js";
import { optimizerOf } from "./training.js";

export function bidirectionalTraining(device: Device, w: Workload): Omit<Task, "detail"> {
  const { batch: N, sequence: T, hidden: H, vocabulary: V, clip } = w;
  const layers = Array.from({ length: w.layers }, () => layer({ cell: w.cell, hidden: H, direction: "both" }));
  const stream = draws(1);
  const drawn = (...shape: number[]): { shape: Shape; initial: () => Float32Array } => ({
    shape,
    initial: () => Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => stream.normal() / Math.sqrt(H)),
  });
  const stack = [...stackWeights(layers, H)].map(([name, { shape, values }]) => [
    name,
    { shape, initial: () => values(stream) },
  ]);
  const weights = variables("weights", {
    table: drawn(V, H),
    head: drawn(V, stackWidth(layers)),
    bias: drawn(V),
    ...(Object.fromEntries(stack) as Record<string, ReturnType<typeof drawn>>),
  });
  const optimizer = makeOptimizer(optimizerOf(w), weights.table.storage);
  const step = compile(device, { x: i32(T, N), y: i32(T, N), rate: f32(optimizer.rateCount) }, ({ x, y, rate }) => {
    const states = runStack(layers, weights, { table: weights.table, ids: x, frozen: false });
    const { sum, count } = crossEntropy(linear(states.y, weights.head, weights.bias), y);
    const loss = div(sum, count) as Scalar;
    const { updates, guard } = descend(loss, weights, optimizer, rate, clip);
    return { outputs: { loss }, updates, guard };
  });
  const chunks = randomChunks(w);
  let t = 0;
  return {
    work: N * T,
    run() {
      const { x, y } = chunks.at(t++ % chunks.count);
      const { loss } = step.run({ x, y, rate: optimizer.rates(t, optimizer.spec.rate) });
      if (!Number.isFinite(loss)) throw new Error(`bidirectional: loss must be finite, was ${loss} at step ${t}`);
    },
  };
}
