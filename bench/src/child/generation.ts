// Writing text: one sequence by the library's writer, or N side by side. N batch, V vocabulary.
import {
  assign,
  carriedStates,
  chooseToken,
  compile,
  type Device,
  draws,
  forward,
  i32,
  type Words,
  write,
  writer,
} from "unrolled";
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
  const { batch: N, vocabulary: V } = w;
  const model = modelOf(w);
  const states = carriedStates(model.spec, N);
  const program = compile(
    device,
    { x: i32(1, N) },
    ({ x }) => {
      const { logits, states: after } = forward(model, x, states, { frozen: true });
      return { outputs: { logits }, updates: Object.entries(states).map(([name, v]) => assign(v, after[name])) };
    },
    { frozen: true },
  );
  const x = new Int32Array(N);
  const random = draws(1);
  return {
    work: 8 * N,
    run() {
      for (let i = 0; i < 8; i++) {
        const { logits } = program.run({ x }) as { logits: Words };
        for (let n = 0; n < N; n++) x[n] = chooseToken(logits.subarray(n * V, (n + 1) * V), {}, random.uniform());
      }
    },
  };
}
