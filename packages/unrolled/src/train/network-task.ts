// A network over rows as a task: ragged rows in buckets of about one length, in another order every epoch. T time, N batch.
import { SpecError } from "../errors.js";
import { type NetworkMetrics, networkMeasurer } from "../models/measure.js";
import { type Network, networkLoss, networkScores } from "../models/network.js";
import { arrangeRows } from "../models/row-batches.js";
import type { Example } from "../models/rows.js";
import { startFingerprint } from "./fingerprint.js";
import { rowBatches } from "./row-order.js";
import type { Task } from "./task.js";

export interface NetworkTaskOptions {
  readonly model: Network;
  readonly training: readonly Example[];
  /** Empty: nothing is held out. */
  readonly validation: readonly Example[];
  /** N rows at a time, at most. */
  readonly batch: number;
  /** Of the order of rows; with the epoch it decides which rows come together. */
  readonly seed?: number;
}

export interface NetworkTask extends Task<NetworkMetrics> {
  /** The part of the steps run that no row has. */
  readonly wasted: number;
}

/** Throws SpecError where there is nothing to learn from. */
export function networkTask(options: NetworkTaskOptions): NetworkTask {
  const { model, training, validation, batch, seed = 1 } = options;
  const { spec, weights, vocabulary } = model;
  if (training.length === 0) throw new SpecError("task: must have rows to learn from, has none", { code: "task" });
  const watched = spec.output.kind === "linear" ? "mse" : "nats";
  const lengths = training.map(({ steps }) => steps);
  const { batches, wasted } = rowBatches(lengths, { batch, seed }, (rows, T, N) =>
    arrangeRows(
      spec,
      rows.map((row) => training[row]),
      T,
      N,
    ),
  );
  return {
    name: spec.task,
    weights,
    carried: {},
    batches,
    loss: ({ x, lengths, y, there }, { key }) => {
      const { scores } = networkScores(model, { x, lengths }, { key });
      return { ...networkLoss(spec, scores, y, there), states: {} };
    },
    ...(validation.length > 0 && {
      validation: {
        watched,
        better: "lower",
        open: (device) => {
          const made = networkMeasurer(device, model, validation, { training, batch });
          return { measure: async (pause) => (await made.measure(pause)).metrics, close: () => made.close() };
        },
      },
    }),
    data: fingerprintOf(training),
    tokens: stepsOf(training),
    validationTokens: stepsOf(validation),
    vocabulary: vocabulary.tokens.length,
    guessing:
      spec.output.kind === "softmax"
        ? Math.log(spec.output.labels.length)
        : spec.output.kind === "logistic"
          ? Math.LN2
          : 1,
    wasted,
  };
}

const stepsOf = (examples: readonly Example[]): number => examples.reduce((sum, { steps }) => sum + steps, 0);

function fingerprintOf(examples: readonly Example[]): string {
  const { add, name } = startFingerprint();
  for (const { steps, input, target } of examples) {
    add(Int32Array.of(steps, target.length));
    for (const values of [input, target])
      add(values instanceof Int32Array ? values : new Int32Array(values.buffer, values.byteOffset, values.length));
  }
  return name();
}
