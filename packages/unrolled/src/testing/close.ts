// The one comparison of numbers: fails by throwing, and names the worst element.

export interface CloseOptions {
  /** Allowed difference per unit of magnitude. Default 1e-6. */
  readonly relative?: number;
  /** Allowed difference regardless of magnitude. Default 1e-9. */
  readonly absolute?: number;
  /**
   * The least magnitude that `relative` is measured against: the size of the terms that were added up, where the sum
   * itself may cancel to nearly nothing. Default 0.
   */
  readonly scale?: number;
  readonly label?: string;
}

type Numbers = number | ArrayLike<number>;

const asList = (numbers: Numbers): ArrayLike<number> => (typeof numbers === "number" ? [numbers] : numbers);

/**
 * Throws unless, for every element, |actual - expected| <= absolute + relative * max(|expected|, scale). NaN equals NaN
 * only, an infinity equals itself only, lengths must be the same. The error names the element with the largest
 * difference for what is allowed.
 */
export function close(actual: Numbers, expected: Numbers, options: CloseOptions = {}): void {
  const { relative = 1e-6, absolute = 1e-9, scale = 0, label = "close" } = options;
  const a = asList(actual);
  const e = asList(expected);
  if (a.length !== e.length) throw new Error(`${label}: ${a.length} elements, expected ${e.length}`);
  let worst = -1;
  let excess = 1;
  let wrong = 0;
  for (let i = 0; i < e.length; i++) {
    const ratio = disagreement(a[i], e[i], absolute + relative * Math.max(Math.abs(e[i]), scale));
    if (ratio <= 1) continue;
    wrong++;
    if (worst < 0 || ratio > excess) {
      worst = i;
      excess = ratio;
    }
  }
  if (worst < 0) return;
  const allowed = absolute + relative * Math.max(Math.abs(e[worst]), scale);
  throw new Error(
    `${label}: element ${worst} is ${a[worst]}, expected ${e[worst]}: differs by ${Math.abs(a[worst] - e[worst])}, ` +
      `allowed ${allowed} (${wrong} of ${e.length} elements differ too much)`,
  );
}

/** The difference in units of what is allowed; infinite where the two cannot be compared. */
function disagreement(a: number, e: number, allowed: number): number {
  if (a === e || (Number.isNaN(a) && Number.isNaN(e))) return 0;
  if (!Number.isFinite(a) || !Number.isFinite(e)) return Number.POSITIVE_INFINITY;
  const difference = Math.abs(a - e);
  if (difference <= allowed) return 0;
  return allowed === 0 ? Number.MAX_VALUE : Math.max(difference / allowed, 1 + Number.EPSILON);
}

/** Throws unless both hold the very same numbers; -0 differs from 0, any NaN equals any NaN. */
export function identical(actual: Numbers, expected: Numbers, label = "identical"): void {
  const a = asList(actual);
  const e = asList(expected);
  if (a.length !== e.length) throw new Error(`${label}: ${a.length} elements, expected ${e.length}`);
  for (let i = 0; i < e.length; i++) {
    if (!Object.is(a[i], e[i]))
      throw new Error(`${label}: element ${i} is ${show(a[i])}, expected exactly ${show(e[i])}`);
  }
}

const show = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));
