// How far numbers are from those they should be: mean squared and mean absolute error, over all and per column. D columns.

export interface ErrorReport {
  readonly mse: number;
  readonly mae: number;
  /** 1 - mse / variance of the truth: 1 is perfect, 0 no better than the mean; not a number where the truth does not vary. */
  readonly r2: number;
  readonly columns: readonly { readonly column: string; readonly mse: number; readonly mae: number }[];
  /** Steps. */
  readonly count: number;
}

export interface ErrorCounts {
  readonly squared: Float64Array;
  readonly absolute: Float64Array;
  readonly truth: Float64Array;
  readonly truthSquared: Float64Array;
  count: number;
}

export const emptyErrors = (D: number): ErrorCounts => ({
  squared: new Float64Array(D),
  absolute: new Float64Array(D),
  truth: new Float64Array(D),
  truthSquared: new Float64Array(D),
  count: 0,
});

/** Adds one step: D numbers of `truth` and of `given`, each from its place on. */
export function countErrors(
  counts: ErrorCounts,
  truth: ArrayLike<number>,
  at: number,
  given: ArrayLike<number>,
  from: number,
): void {
  for (let d = 0; d < counts.squared.length; d++) {
    const error = given[from + d]! - truth[at + d]!;
    counts.squared[d]! += error * error;
    counts.absolute[d]! += Math.abs(error);
    counts.truth[d]! += truth[at + d]!;
    counts.truthSquared[d]! += truth[at + d]! ** 2;
  }
  counts.count++;
}

export function errorReport(counts: ErrorCounts, columns: readonly string[]): ErrorReport {
  const n = Math.max(1, counts.count);
  const mean = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / (n * values.length);
  const variance = counts.truthSquared.reduce((sum, squares, d) => sum + squares / n - (counts.truth[d]! / n) ** 2, 0);
  const mse = mean(counts.squared);
  return {
    mse,
    mae: mean(counts.absolute),
    r2: variance > 0 ? 1 - (mse * counts.squared.length) / variance : Number.NaN,
    columns: columns.map((column, d) => ({ column, mse: counts.squared[d]! / n, mae: counts.absolute[d]! / n })),
    count: counts.count,
  };
}
