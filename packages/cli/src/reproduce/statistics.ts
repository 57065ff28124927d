// Several seeds as one number: the mean and its 95 % confidence interval by Student's t.

export interface Interval {
  readonly mean: number;
  /** Half the width of the interval; undefined for a single value. */
  readonly half: number | undefined;
  readonly values: readonly number[];
}

/** 97.5 % quantiles of Student's t for 1, 2, 3 ... degrees of freedom; beyond these the normal one is near enough. */
const quantiles = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
] as const; // prettier-ignore

export function interval(values: readonly number[]): Interval {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  if (n < 2) return { mean, half: undefined, values };
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1);
  return { mean, half: (quantiles[n - 2] ?? 1.96) * Math.sqrt(variance / n), values };
}
