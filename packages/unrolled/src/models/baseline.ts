// The simplest that could be done without a network: what every measurement stands beside.
// T steps, D numbers of a step, C labels or numbers of an answer.
import { answersOf, inputWidthOf, type NetworkSpec } from "./network-spec.js";
import { inOwnUnits } from "./predict.js";
import type { Example } from "./rows.js";

export interface BaselineResult {
  readonly name: string;
  /** Accuracy of labels, mean squared error of numbers. */
  readonly value: number;
}

/**
 * Labels of rows: the most frequent one. Labels of steps: the most frequent one of each token. Numbers: the mean; the last value,
 * where the next step is forecast. Learnt from `training`, measured on `examples`.
 */
export function baselineOf(
  spec: NetworkSpec,
  training: readonly Example[],
  examples: readonly Example[],
): BaselineResult {
  const { output, input, task } = spec;
  if (output.kind === "linear") return numberBaseline(spec, output, examples);
  const byToken = task === "tag" && input.kind !== "vector";
  const name = byToken ? "the most frequent tag of each token" : "the most frequent label";
  return { name, value: labelBaseline(spec, training, examples, byToken) };
}

/** The labels of answer a as a key: "3", or "0,1,0". */
const keyAt = ({ target }: Example, a: number, C: number): string => target.subarray(a * C, (a + 1) * C).join();

function labelBaseline(
  { output }: NetworkSpec,
  training: readonly Example[],
  examples: readonly Example[],
  byToken: boolean,
): number {
  const C = output.kind === "softmax" ? 1 : answersOf(output);
  const counts = new Map<number, Map<string, number>>();
  const overall = -1;
  const count = (token: number, key: string): void => {
    const keys = counts.get(token) ?? new Map<string, number>();
    counts.set(token, keys.set(key, (keys.get(key) ?? 0) + 1));
  };
  for (const row of training)
    for (let a = 0; a < row.target.length / C; a++) {
      const key = keyAt(row, a, C);
      count(overall, key);
      if (byToken) count(row.input[a], key);
    }
  const best = new Map([...counts].map(([token, keys]) => [token, mostFrequent(keys)]));
  let [right, all] = [0, 0];
  for (const row of examples)
    for (let a = 0; a < row.target.length / C; a++) {
      const guess = (byToken ? best.get(row.input[a]) : undefined) ?? best.get(overall);
      if (guess === keyAt(row, a, C)) right++;
      all++;
    }
  return all === 0 ? 0 : right / all;
}

/** The first of equals, in the order they were met. */
function mostFrequent(counts: ReadonlyMap<string, number>): string | undefined {
  let best: [string, number] | undefined;
  for (const [key, count] of counts) if (best === undefined || count > best[1]) best = [key, count];
  return best?.[0];
}

function numberBaseline(
  { input }: NetworkSpec,
  output: NetworkSpec["output"] & { readonly kind: "linear" },
  examples: readonly Example[],
): BaselineResult {
  const D = inputWidthOf(input);
  const last = output.target === "next";
  let [squared, all] = [0, 0];
  for (const row of examples) {
    const truth = inOwnUnits(row.target, output);
    // Columns are forecast in the order in which they are read; the mean of normalised numbers is 0.
    const guess = inOwnUnits(last ? row.input.subarray(0, row.steps * D) : new Float32Array(truth.length), output);
    for (let i = 0; i < truth.length; i++) squared += (truth[i] - guess[i]) ** 2;
    all += truth.length;
  }
  return { name: last ? "the last value" : "the mean", value: all === 0 ? 0 : squared / all };
}
