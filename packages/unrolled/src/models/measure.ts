// How well a network does on rows whose answers are known, beside the simplest that could be done without one.
// T steps, C labels or numbers of an answer.
import type { Device } from "../device/device.js";
import {
  type ClassificationReport,
  classificationReport,
  countMultiLabel,
  emptyConfusion,
  emptyMultiLabel,
  type MultiLabelReport,
  multiLabelReport,
} from "../metrics/classification.js";
import { countErrors, emptyErrors, type ErrorReport, errorReport } from "../metrics/errors.js";
import { areBio, countSpans, emptySpans, type SpanReport, spanReport } from "../metrics/spans.js";
import { baselineOf } from "./baseline.js";
import type { Network } from "./network.js";
import type { NetworkOutput, NetworkSpec } from "./network-spec.js";
import { type Answer, bestLabel, inOwnUnits, predictor } from "./predict.js";
import type { Example } from "./rows.js";

/** Numbers to follow while training; which there are depends on the task. */
export interface NetworkMetrics {
  /** Mean nats a label (softmax) or a decision (logistic). */
  readonly nats?: number;
  /** Answers that are right; with several labels: all of them right. */
  readonly accuracy?: number;
  readonly macroF1?: number;
  /** Where the labels are BIO tags: F1 of whole spans. */
  readonly spanF1?: number;
  /** In their own units. */
  readonly mse?: number;
  readonly mae?: number;
  readonly r2?: number;
  /** Accuracy, or mse, of the baseline. */
  readonly baseline: number;
  /** Answers measured. */
  readonly answers: number;
}

/** Everything that there is to say. */
export interface NetworkReport {
  readonly metrics: NetworkMetrics;
  /** What the baseline does: "the most frequent label", ... */
  readonly baselineName: string;
  readonly classes?: ClassificationReport;
  readonly multiLabel?: MultiLabelReport;
  readonly spans?: SpanReport;
  readonly errors?: ErrorReport;
}

/** A measurement under way. */
interface Tally {
  readonly add: (example: Example, answer: Answer) => void;
  readonly report: (baseline: number, baselineName: string) => NetworkReport;
}

export interface NetworkMeasurer {
  measure(pause?: () => Promise<void>): Promise<NetworkReport>;
  close(): void;
}

/** Measures a network on examples; the baseline is what `training` examples teach. */
export function networkMeasurer(
  device: Device,
  model: Network,
  examples: readonly Example[],
  options: { readonly training: readonly Example[]; readonly batch?: number },
): NetworkMeasurer {
  const made = predictor(device, model, options.batch);
  const baseline = baselineOf(model.spec, options.training, examples);
  return {
    async measure(pause) {
      made.refresh();
      const tally = tallyOf(model.spec);
      await made.answer(examples, (answer) => tally.add(examples[answer.row], answer), pause);
      return tally.report(baseline.value, baseline.name);
    },
    close: () => made.close(),
  };
}

/** The report of one measurement. */
export async function measureNetwork(o: {
  readonly model: Network;
  readonly device: Device;
  readonly examples: readonly Example[];
  readonly training: readonly Example[];
  readonly pause?: () => Promise<void>;
}): Promise<NetworkReport> {
  const made = networkMeasurer(o.device, o.model, o.examples, { training: o.training });
  try {
    return await made.measure(o.pause);
  } finally {
    made.close();
  }
}

function tallyOf({ output }: NetworkSpec): Tally {
  switch (output.kind) {
    case "softmax":
      return labelTally(output.labels);
    case "logistic":
      return multiLabelTally(output.labels);
    case "linear":
      return numberTally(output);
    default:
      return output satisfies never;
  }
}

function labelTally(labels: readonly string[]): Tally {
  const C = labels.length;
  const confusion = emptyConfusion(C);
  const spans = areBio(labels) ? emptySpans() : undefined;
  let nats = 0;
  return {
    add({ target }, { values, loss }) {
      const given = Array.from(target, (_, a) => bestLabel(values, a * C, C));
      for (const [a, c] of given.entries()) confusion[target[a]][c]++;
      nats += loss.reduce((sum, each) => sum + each, 0);
      if (spans)
        countSpans(
          spans,
          Array.from(target, (c) => labels[c]),
          given.map((c) => labels[c]),
        ); // prettier-ignore
    },
    report(baseline, baselineName) {
      const classes = classificationReport(confusion, labels);
      const { accuracy, macroF1, count } = classes;
      const found = spans && spanReport(spans);
      const metrics = {
        nats: nats / Math.max(1, count),
        accuracy,
        macroF1,
        ...(found && { spanF1: found.f1 }),
        baseline,
        answers: count,
      };
      return { metrics, baselineName, classes, ...(found && { spans: found }) };
    },
  };
}

/** A label is given where its probability is above a half. */
function multiLabelTally(labels: readonly string[]): Tally {
  const C = labels.length;
  const counts = emptyMultiLabel(C);
  let nats = 0;
  return {
    add({ target }, { values, loss }) {
      for (let a = 0; a < target.length / C; a++)
        countMultiLabel(
          counts,
          labels.map((_, c) => target[a * C + c] === 1),
          labels.map((_, c) => values[a * C + c] > 0.5),
        );
      nats += loss.reduce((sum, each) => sum + each, 0);
    },
    report(baseline, baselineName) {
      const multiLabel = multiLabelReport(counts, labels);
      const { exact: accuracy, macroF1, count } = multiLabel;
      const metrics = { nats: nats / Math.max(1, count * C), accuracy, macroF1, baseline, answers: count };
      return { metrics, baselineName, multiLabel };
    },
  };
}

function numberTally(output: NetworkOutput & { readonly kind: "linear" }): Tally {
  const D = output.columns.length;
  const counts = emptyErrors(D);
  return {
    add({ target }, { values }) {
      const [truth, given] = [inOwnUnits(target, output), inOwnUnits(values, output)];
      for (let at = 0; at < truth.length; at += D) countErrors(counts, truth, at, given, at);
    },
    report(baseline, baselineName) {
      const errors = errorReport(counts, output.columns);
      const { mse, mae, r2, count } = errors;
      return { metrics: { mse, mae, r2, baseline, answers: count }, baselineName, errors };
    },
  };
}
