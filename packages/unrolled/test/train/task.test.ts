// Any task through the trainer: a small classifier of ragged examples, bucketed and shuffled. T time, N batch, C classes.
import {
  type Batch,
  type CheckpointEvent,
  crossEntropy,
  draws,
  f32,
  i32,
  linear,
  mean,
  openReference,
  permutation,
  plateau,
  type Task,
  type TaskLoss,
  type TrainEvent,
  tanh,
  train,
  variables,
  writeVariable,
} from "unrolled";
import { identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { allOf } from "../laws/tiny.js";

const [N, D, C, count] = [4, 3, 2, 7];

interface Accuracy {
  readonly accuracy: number;
}

/** Is the mean of the first column above zero: batches of 2 or 5 steps, by turns. */
function task(changes: Partial<Task<Accuracy>> = {}): Task<Accuracy> {
  const random = draws(3);
  const weights = variables("weights", {
    weight: { shape: [C, D], initial: () => [0.1, -0.2, 0.3, 0.1, 0.2, -0.1] },
    bias: { shape: [C] },
  });
  const batches: Batch[] = Array.from({ length: count }, (_, i) => {
    const T = i % 2 === 0 ? 2 : 5;
    const x = Float32Array.from({ length: T * N * D }, () => random.normal());
    const y = Int32Array.from({ length: N }, (_n, n) => {
      const sum = Array.from({ length: T }, (_t, t) => x[(t * N + n) * D]).reduce((a, b) => a + b);
      return sum > 0 ? 1 : 0;
    });
    return { inputs: { x, y }, shapes: { x: f32(T, N, D), y: i32(N) }, tokens: N };
  });
  const loss: Task<Accuracy>["loss"] = ({ x, y }): TaskLoss => {
    const logits = linear(tanh(mean(x, { axes: [0] })), weights.weight, weights.bias);
    return { ...crossEntropy(logits, y), states: {} };
  };
  let measured = 0;
  return {
    name: "classify",
    weights,
    carried: {},
    batches: { count, order: "shuffled", largest: 1, at: (index) => batches[index] },
    loss,
    // Rises, falls, and stays.
    validation: {
      watched: "accuracy",
      better: "higher",
      open: () => ({ measure: async () => ({ accuracy: [0.5, 0.7, 0.6, 0.7][measured++ % 4] }), close: () => {} }),
    },
    data: "seven batches",
    tokens: count * N,
    validationTokens: N,
    vocabulary: 0,
    ...changes,
  };
}

type Options = Omit<Parameters<typeof train<Accuracy>>[0], "task" | "device">;

async function run(options: Options, made = task(), stopAfter = Number.POSITIVE_INFINITY) {
  const device = openReference();
  const stop = { requested: false };
  const events: TrainEvent<Accuracy>[] = [];
  for await (const event of train({ task: made, device, epochs: 4, stop, ...options })) {
    events.push(event);
    if (event.type === "step" && event.step === stopAfter) stop.requested = true;
  }
  const checkpoint = events.filter((event): event is CheckpointEvent => event.type === "checkpoint").at(-1);
  const losses = events.flatMap((event) => (event.type === "step" ? [event.loss] : []));
  return { events, losses, checkpoint: checkpoint as CheckpointEvent };
}

describe("a task of one's own", () => {
  it("learns", async () => {
    const { losses } = await run({ epochs: 40 });
    expect(losses[0]).toBeGreaterThan(0.5);
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]);
  });

  it("shuffles each epoch anew, by the seed, and shows every batch once an epoch", async () => {
    const seen: number[] = [];
    const made = task();
    const { batches } = made;
    const watching = {
      ...batches,
      at: (index: number) => {
        seen.push(index);
        return batches.at(index, 0, 0);
      },
    };
    await run({ epochs: 3 }, { ...made, batches: watching });
    const epochs = [0, 1, 2].map((e) => seen.slice(1 + e * count, 1 + (e + 1) * count));
    for (const [e, indices] of epochs.entries()) {
      expect([...indices].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(indices).toEqual([...permutation(count, 1, e)]);
    }
    expect(epochs[1]).not.toEqual(epochs[0]);
    expect([...permutation(count, 2, 0)]).not.toEqual(epochs[0]);
  });

  it("resumed = never stopped, in the middle of a shuffled epoch", async () => {
    const whole = await run({ schedule: plateau({ patience: 0 }) });
    for (const stop of [3, 7, 17]) {
      const first = await run({ schedule: plateau({ patience: 0 }) }, task(), stop);
      const made = task();
      const device = openReference();
      for (const { name, data } of first.checkpoint.weights) writeVariable(device, made.weights[name], data);
      const losses: number[] = [];
      let last: CheckpointEvent | undefined;
      // The measurements go on where they were: one for each epoch that is over.
      for (let i = 0; i < Math.floor(stop / count); i++) await made.validation?.open(device).measure();
      const resume = first.checkpoint.training;
      for await (const event of train({ task: made, device, epochs: 4, schedule: plateau({ patience: 0 }), resume })) {
        if (event.type === "step") losses.push(event.loss);
        if (event.type === "checkpoint") last = event;
      }
      identical(losses, whole.losses.slice(stop), `losses after a stop at ${stop}`);
      identical(allOf(last?.weights ?? []), allOf(whole.checkpoint.weights), `weights after a stop at ${stop}`);
      expect(last?.training.counters).toEqual(whole.checkpoint.training.counters);
    }
  });

  it("compiles one program for each shape, the largest first", async () => {
    const device = openReference();
    let loaded = 0;
    const counting = {
      ...device,
      load: (p: Parameters<typeof device.load>[0]) => {
        loaded++;
        return device.load(p);
      },
    };
    for await (const _ of train({ task: task(), device: counting, epochs: 3 }));
    expect(loaded).toBe(2);
  });

  it("watches a metric of which more is better", async () => {
    const { events } = await run({});
    const validations = events.flatMap((e) => (e.type === "validation" ? [[e.accuracy, e.watched, e.best]] : []));
    expect(validations).toEqual([
      [0.5, "accuracy", true],
      [0.7, "accuracy", true],
      [0.6, "accuracy", false],
      [0.7, "accuracy", false],
    ]);
    expect(events.find((e): e is CheckpointEvent => e.type === "checkpoint" && e.step === 28)).toMatchObject({
      training: { counters: { bestValidation: 0.7 } },
    });
  });

  it("tells the memory of the largest step", async () => {
    const { events } = await run({ maxSteps: 1 });
    const made = task();
    const words = 3 * (C * D + C) + 5 * N * D + N; // weights and two moments, the batch
    const start = events[0];
    expect(start.type === "start" && start.memory).toBeGreaterThan(8 * words);
    const small = { ...made, batches: { ...made.batches, largest: 0 } };
    const [smaller] = (await run({ maxSteps: 1 }, small)).events;
    expect(smaller.type === "start" && start.type === "start" && smaller.memory < start.memory).toBe(true);
  });

  it("refuses shuffled batches with carried states, and data of another name", async () => {
    await expect(run({}, task({ carried: { h: [N, 2] } }))).rejects.toThrow(
      /must come in order where states are carried/,
    );
    const { checkpoint } = await run({ maxSteps: 2 });
    await expect(run({ resume: checkpoint.training }, task({ data: "others" }))).rejects.toThrow(
      /training data must be the same/,
    );
  });
});
