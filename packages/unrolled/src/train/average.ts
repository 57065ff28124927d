// Weights beside the ones that are learnt: their moving average, and the best so far.
import type { Device, Words } from "../device/device.js";
import { compile, f32 } from "../graph/compile.js";
import { add, assign, mul, sub } from "../graph/ops/index.js";
import { sizeOf, type Storage, type Tensor, type Variable } from "../graph/tensor.js";
import { evict, readVariable, variable, wholeOf, writeVariable } from "../graph/variable.js";
import type { NamedArray } from "../io/named-array.js";

/** What is validated, sampled, saved and left on the device where it is not the weights that are learnt. */
export interface KeptWeights {
  /** After update `t` (1 for the first). */
  update(t: number): void;
  /** Does something with the averaged weights in the place of the learnt ones. */
  within<T>(what: () => T): T;
  withinAsync<T>(what: () => Promise<T>): Promise<T>;
  /** The present weights are the best. */
  markBest(): void;
  /** Names the weights that are saved, by the variables they belong to; what else must be saved to go on. */
  arrays(): { readonly weights: readonly NamedArray[]; readonly learnt: readonly NamedArray[] };
  /** Takes up what was saved, after which the learnt weights are on the device again. */
  restore(learnt: ReadonlyMap<string, NamedArray>, hadBest: boolean): void;
  /** Leaves the weights that are saved on the device. */
  close(): void;
}

export interface KeptOptions {
  readonly device: Device;
  readonly weights: Readonly<Record<string, Variable>>;
  readonly ema: number | undefined;
  readonly best: boolean;
}

/** Names of the arrays that go into a training state. */
export const keptNames = { learnt: "learnt.weights", average: "average.weights" } as const;

/**
 * Share of the average that update t (from 1) keeps: min(decay, t / (9 + t)), so that the average does not hang on to the
 * first weights (as in TensorFlow's ExponentialMovingAverage with a step count).
 */
export const averageShare = (decay: number, t: number): number => Math.min(decay, t / (9 + t));

export function keptWeights({ device, weights, ema, best: keepBest }: KeptOptions): KeptWeights {
  const storage = Object.values(weights)[0].storage;
  const whole = wholeOf(storage);
  const average = ema === undefined ? undefined : averager(device, storage, ema);
  let best: Words | undefined;
  const present = (): Words => readVariable(device, average?.variable ?? whole);
  const shown = (): Words => best ?? present();
  const within = <T>(what: () => T): T => {
    average?.swap();
    try {
      return what();
    } finally {
      average?.swap();
    }
  };
  return {
    update: (t) => average?.update(t),
    within,
    async withinAsync(what) {
      average?.swap();
      try {
        return await what();
      } finally {
        average?.swap();
      }
    },
    markBest: () => {
      if (keepBest) best = present();
    },
    arrays() {
      const words = shown();
      const array = (name: string, data: Words): NamedArray => ({ name, shape: [data.length], data });
      return {
        weights: Object.values(weights).map(({ name, shape, offset }) => ({
          name,
          shape,
          data: words.slice(offset, offset + sizeOf(shape)),
        })),
        learnt: [
          ...(average || keepBest ? [array(keptNames.learnt, readVariable(device, whole))] : []),
          ...(average && keepBest ? [array(keptNames.average, readVariable(device, average.variable))] : []),
        ],
      };
    },
    restore(learnt, hadBest) {
      const saved = readVariable(device, whole);
      if (keepBest && hadBest) best = saved;
      const before = learnt.get(keptNames.learnt);
      if (before) writeVariable(device, whole, before.data);
      if (average) writeVariable(device, average.variable, learnt.get(keptNames.average)?.data ?? saved);
    },
    close() {
      if (average || best) writeVariable(device, whole, shown());
      average?.close();
    },
  };
}

function averager(device: Device, storage: Storage, decay: number) {
  const whole = wholeOf(storage);
  const average = variable(keptNames.average, { shape: [storage.words] });
  writeVariable(device, average, readVariable(device, whole));
  const program = compile(device, { share: f32() }, ({ share }: { share: Tensor }) => ({
    updates: [assign(average, add(mul(average, share), mul(whole, sub(1, share))))],
  }));
  return {
    variable: average,
    update: (t: number) => void program.run({ share: [averageShare(decay, t)] }),
    swap() {
      const [learnt, averaged] = [readVariable(device, whole), readVariable(device, average)];
      writeVariable(device, whole, averaged);
      writeVariable(device, average, learnt);
    },
    close() {
      program.close();
      evict(device, average.storage);
    },
  };
}
