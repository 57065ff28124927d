// A translator's training step: a bidirectional layer that reads, a layer that writes with additive attention, every true token
// given. S source and T target steps (equal here), N batch, H hidden, V vocabulary of either side.
import {
  compile,
  descend,
  type Device,
  div,
  draws,
  f32,
  i32,
  layer,
  makeOptimizer,
  pairLoss,
  type Scalar,
  type Translator,
  translator,
} from "unrolled";
import type { Workload } from "../workloads.js";
import type { Task } from "./answer.js";
import { madeUpVocabulary } from "./data.js";
import { optimizerOf } from "./training.js";

/** The defaults of `unrolled train --task translate` at the workload's sizes. */
export function translatorOf({ cell, hidden, vocabulary, readout }: Workload): Translator {
  const words = madeUpVocabulary(vocabulary);
  return translator({
    source: words,
    target: words,
    embedding: hidden,
    encoder: [{ cell, hidden, direction: "both" }],
    decoder: [layer({ cell, hidden })],
    ...(readout !== undefined && { readoutUnits: readout }),
    seed: 1,
  });
}

/** Eight batches of random tokens, all sentences T long. */
function randomPairs({
  vocabulary: V,
  batch: N,
  sequence: T,
}: Workload): readonly Record<"source" | "x" | "y", Int32Array>[] {
  const { uniform } = draws(7);
  const ids = (): Int32Array => Int32Array.from({ length: T * N }, () => Math.floor(uniform() * V));
  return Array.from({ length: 8 }, () => ({ source: ids(), x: ids(), y: ids() }));
}

export function translationTraining(device: Device, w: Workload): Omit<Task, "detail"> {
  const { batch: N, sequence: T, clip } = w;
  const model = translatorOf(w);
  const optimizer = makeOptimizer(optimizerOf(w), Object.values(model.weights)[0].storage);
  const inputs = { source: i32(T, N), lengths: i32(N), x: i32(T, N), y: i32(T, N), rate: f32(optimizer.rateCount) };
  const step = compile(device, inputs, ({ rate, ...pairs }) => {
    const { sum, count } = pairLoss(model, pairs);
    const loss = div(sum, count) as Scalar;
    const { updates, guard } = descend(loss, model.weights, optimizer, rate, clip);
    return { outputs: { loss }, updates, guard };
  });
  const batches = randomPairs(w);
  const lengths = new Int32Array(N).fill(T);
  let t = 0;
  return {
    work: N * T,
    run() {
      const given = { ...batches[t++ % batches.length], lengths, rate: optimizer.rates(t, optimizer.spec.rate) };
      const { loss } = step.run(given);
      if (!Number.isFinite(loss)) throw new Error(`translation: loss must be finite, was ${loss} at step ${t}`);
    },
  };
}
