// Beam search for networks that write on their own, one text at a time: K beams are K rows of states. V classes.
import type { Device } from "../device/device.js";
import { compile, i32, type InputSpec } from "../graph/compile.js";
import { assign, gather, topK } from "../graph/ops/index.js";
import type { Tensor, Variable } from "../graph/tensor.js";
import type { BeamModel } from "./beam.js";

/** A network with K rows. */
export interface BeamRows {
  readonly beam: number;
  /** States of all rows, [K,...] each. */
  readonly states: Readonly<Record<string, Variable>>;
  /** What else every step reads. */
  readonly inputs?: Readonly<Record<string, { readonly spec: InputSpec; readonly values: ArrayLike<number> }>>;
  /** ids i32 [K] and states -> logits [K,V] and the states after them. */
  forward(
    ids: Tensor,
    states: Readonly<Record<string, Tensor>>,
    inputs: Readonly<Record<string, Tensor>>,
  ): { logits: Tensor; states: Readonly<Record<string, Tensor>> };
}

/** Steps of all beams on a device. */
export interface RowSteps {
  readonly step: BeamModel["step"];
  /** All rows read this token. */
  read(id: number): void;
  close(): void;
}

export function rowSteps(device: Device, rows: BeamRows): RowSteps {
  const { beam: K, states, inputs = {} } = rows;
  const further = Object.fromEntries(Object.entries(inputs).map(([name, { spec }]) => [name, spec]));
  const values = Object.fromEntries(Object.entries(inputs).map(([name, given]) => [name, given.values]));
  const make = (width: number) =>
    compile(
      device,
      { ids: i32(K), parents: i32(K), asked: i32(K), ...further },
      ({ ids, parents, asked, ...rest }) => {
        const before = Object.fromEntries(Object.entries(states).map(([name, v]) => [name, gather(v, parents)]));
        const made = rows.forward(ids, before, rest);
        const updates = Object.entries(states).map(([name, v]) => assign(v, made.states[name]));
        const { values: logs, ids: found, logAsked } = topK(made.logits, Math.min(width, made.logits.shape[1]), asked);
        return { outputs: { logs, found, logAsked }, updates };
      },
      { frozen: true },
    );
  const programs = new Map<number, ReturnType<typeof make>>();
  const step: BeamModel["step"] = ({ width, ...request }) => {
    const program = programs.get(width) ?? make(width);
    programs.set(width, program);
    const { logs, found, logAsked } = program.run({ ...request, ...values });
    return { rows: K, ids: found, logProbabilities: logs, logAsked };
  };
  return {
    step,
    read(id) {
      const same = Int32Array.from({ length: K }, (_, m) => m);
      step({ ids: same.map(() => id), parents: same, asked: same.map(() => -1), width: K });
    },
    close() {
      for (const program of programs.values()) program.close();
    },
  };
}
