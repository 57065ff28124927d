// Writing text by the library's writer: one sequence, or N side by side. N batch.
import { type Device, write, writeMany, writer } from "unrolled";
import type { Workload } from "../workloads.js";
import type { Task } from "./answer.js";
import { modelOf } from "./data.js";

const piece = 64;

export function generation(device: Device, w: Workload): Omit<Task, "detail"> {
  const model = modelOf(w);
  const made = writer(device, model);
  let seed = 1;
  return {
    work: piece,
    run() {
      for (const _ of write(made, { model, length: piece, seed: seed++ }));
    },
  };
}

export function batchGeneration(device: Device, w: Workload): Omit<Task, "detail"> {
  const { batch: N } = w;
  const model = modelOf(w);
  const made = writer(device, model, N);
  const prompts = new Array<string>(N).fill("");
  let seed = 1;
  return {
    work: piece * N,
    run() {
      for (const _ of writeMany(made, { model, prompts, length: piece, seed: seed++ }));
    },
  };
}
