// The training step that `train` takes, and the forward pass of an evaluation. T time, N batch.
import {
  adagrad,
  adam,
  carriedStates,
  type Device,
  evaluator,
  makeOptimizer,
  type OptimizerSpec,
  trainingStep,
} from "unrolled";
import type { Workload } from "../workloads.js";
import type { Task } from "./answer.js";
import { modelOf, randomChunks } from "./data.js";

export const optimizerOf = (w: Workload): OptimizerSpec =>
  w.optimizer === "adagrad" ? adagrad({ rate: 0.1 }) : adam({ rate: 2e-3 });

export function training(device: Device, w: Workload): Omit<Task, "detail"> {
  const model = modelOf(w);
  const optimizer = makeOptimizer(optimizerOf(w), Object.values(model.weights)[0].storage);
  const { batch, sequence, clip } = w;
  const step = trainingStep(device, {
    model,
    optimizer,
    batch,
    sequence,
    clip,
    carried: carriedStates(model.spec, batch),
  });
  const chunks = randomChunks(w);
  let t = 0;
  return {
    work: batch * sequence,
    run() {
      const { x, y } = chunks.at(t++ % chunks.count);
      const { loss } = step.run({ x, y, key: [1, t], rate: optimizer.rates(t, optimizer.spec.rate) });
      if (!Number.isFinite(loss)) throw new Error(`training: loss must be finite, was ${loss} at step ${t}`);
    },
  };
}

export function forwardOnly(device: Device, w: Workload): Omit<Task, "detail"> {
  const { batch, sequence } = w;
  const { program } = evaluator(device, modelOf(w), { batch, sequence });
  const chunks = randomChunks(w);
  let i = 0;
  return { work: batch * sequence, run: () => void program.run(chunks.at(i++ % chunks.count)) };
}
