// Memory of a training step as it is planned, beside the estimate that the command line gives before it allocates.
import { adam, carriedStates, makeOptimizer, memoryEstimate, openReference, trainingStep } from "unrolled";
import { modelOf } from "../child/data.js";
import type { Workload } from "../workloads.js";

export interface StepMemory {
  /** Scratch words of the program (activations, gradients, packed weights), as bytes of float32. */
  readonly planned: number;
  /** What `memoryEstimate` says the whole step needs, weights and moments included. */
  readonly estimate: number;
}

/** Compiles on the reference device and runs nothing. */
export function stepMemory(w: Workload): StepMemory {
  const device = openReference();
  const model = modelOf(w);
  const optimizer = makeOptimizer(adam(), Object.values(model.weights)[0].storage);
  const { batch, sequence, clip } = w;
  const step = trainingStep(device, {
    model,
    optimizer,
    batch,
    sequence,
    clip,
    carried: carriedStates(model.spec, batch),
  });
  const words = Object.values(model.weights)[0].storage.words * 3 + step.scratchWords;
  device.close();
  return { planned: 4 * words, estimate: memoryEstimate(model.spec, { batch, sequence }) };
}
