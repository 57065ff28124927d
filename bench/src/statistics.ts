// Medians, quartiles and ratios of repeated measurements.

export interface Summary {
  readonly median: number;
  /** First and third quartile. */
  readonly low: number;
  readonly high: number;
}

/** The value below which a share of the sorted values lies, linear between neighbours. Throws RangeError for no values. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError("quantile: must have at least one value, had none");
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const summary = (values: readonly number[]): Summary => ({
  median: median(values),
  low: quantile(values, 0.25),
  high: quantile(values, 0.75),
}); // prettier-ignore

/**
 * Ratios round by round: what disturbs a round disturbs both of its sides. Throws RangeError where the sides have not
 * the same number of rounds.
 */
export function pairedRatios(above: readonly number[], below: readonly number[]): Summary {
  if (above.length !== below.length)
    throw new RangeError(
      `pairedRatios: must have as many rounds on both sides, had ${above.length} and ${below.length}`,
    );
  return summary(above.map((value, i) => value / below[i]));
}
