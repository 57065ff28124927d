// How well classes are told apart: accuracy, precision, recall and F1 of each class, the confusion matrix. C classes.

export interface ClassScore {
  readonly label: string;
  /** Of those called so, the part that is so; 0 where none was called so. */
  readonly precision: number;
  /** Of those that are so, the part called so; 0 where none is so. */
  readonly recall: number;
  /** 2 p r / (p + r); 0 where both are 0. */
  readonly f1: number;
  /** How many are so. */
  readonly support: number;
}

export interface ClassificationReport {
  readonly accuracy: number;
  /** Mean F1 of the classes that are so or were called so at least once. */
  readonly macroF1: number;
  readonly classes: readonly ClassScore[];
  /** [C,C]: row the truth, column what it was called. */
  readonly confusion: readonly (readonly number[])[];
  readonly count: number;
}

/** Counts of a confusion matrix [C,C], filled by `tally`. */
export const emptyConfusion = (C: number): number[][] => Array.from({ length: C }, () => new Array<number>(C).fill(0));

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** F1 from true and false positives and false negatives; 0 where there are none. */
export const f1Of = (tp: number, fp: number, fn: number): number => ratio(2 * tp, 2 * tp + fp + fn);

/** The report of a confusion matrix: row the truth, column what it was called. */
export function classificationReport(
  confusion: readonly (readonly number[])[],
  labels: readonly string[],
): ClassificationReport {
  const called = labels.map((_, c) => confusion.reduce((sum, row) => sum + row[c]!, 0));
  const support = confusion.map((row) => row.reduce((sum, n) => sum + n, 0));
  const count = support.reduce((sum, n) => sum + n, 0);
  const right = labels.map((_, c) => confusion[c]![c]!);
  const classes = labels.map((label, c) => ({
    label,
    precision: ratio(right[c]!, called[c]!),
    recall: ratio(right[c]!, support[c]!),
    f1: f1Of(right[c]!, called[c]! - right[c]!, support[c]! - right[c]!),
    support: support[c]!,
  }));
  const seen = classes.filter((_, c) => called[c]! + support[c]! > 0);
  return {
    accuracy: ratio(
      right.reduce((sum, n) => sum + n, 0),
      count,
    ),
    macroF1: ratio(
      seen.reduce((sum, { f1 }) => sum + f1, 0),
      seen.length,
    ),
    classes,
    confusion,
    count,
  };
}

export interface MultiLabelReport {
  /** F1 of all decisions together. */
  readonly microF1: number;
  /** Mean F1 of the labels that are there or were given at least once. */
  readonly macroF1: number;
  /** Steps whose labels are all right. */
  readonly exact: number;
  /** Wrong decisions, of all. */
  readonly hamming: number;
  readonly classes: readonly ClassScore[];
  readonly count: number;
}

/** Counts for labels of which a step may have several. */
export interface MultiLabelCounts {
  /** Per label: [true positives, false positives, false negatives]. */
  readonly decisions: readonly [number, number, number][];
  exact: number;
  count: number;
}

export const emptyMultiLabel = (C: number): MultiLabelCounts => ({
  decisions: Array.from({ length: C }, () => [0, 0, 0]),
  exact: 0,
  count: 0,
});

/** Adds one step: for each label whether it is there and whether it was given. */
export function countMultiLabel(counts: MultiLabelCounts, truth: readonly boolean[], given: readonly boolean[]): void {
  let exact = true;
  for (const [c, decision] of counts.decisions.entries()) {
    if (truth[c] && given[c]) decision[0]++;
    else if (given[c]) decision[1]++;
    else if (truth[c]) decision[2]++;
    if (truth[c] !== given[c]) exact = false;
  }
  counts.count++;
  if (exact) counts.exact++;
}

export function multiLabelReport(
  { decisions, exact, count }: MultiLabelCounts,
  labels: readonly string[],
): MultiLabelReport {
  const classes = labels.map((label, c) => {
    const [tp, fp, fn] = decisions[c]!;
    return { label, precision: ratio(tp, tp + fp), recall: ratio(tp, tp + fn), f1: f1Of(tp, fp, fn), support: tp + fn };
  });
  const sums = decisions.reduce(([a, b, c], [tp, fp, fn]) => [a + tp, b + fp, c + fn], [0, 0, 0]);
  const seen = classes.filter((_, c) => decisions[c]!.some((n) => n > 0));
  return {
    microF1: f1Of(...sums),
    macroF1: ratio(
      seen.reduce((sum, { f1 }) => sum + f1, 0),
      seen.length,
    ),
    exact: ratio(exact, count),
    hamming: ratio(sums[1] + sums[2], count * labels.length),
    classes,
    count,
  };
}
