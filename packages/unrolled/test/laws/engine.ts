// A device that a suite runs on, and how exactly it must meet float64 values.
import type { Device } from "unrolled";
import { type CloseOptions, close } from "unrolled/testing";

export interface Engine {
  readonly name: string;
  readonly open: (threads?: number) => Promise<Device>;
  /** Difference allowed per unit of the largest magnitude in an array of expected values. */
  readonly tolerance: number;
}

/** Every element of a value against float64 ones, measured against the largest: sums cancel, so small elements inherit its error. */
export function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, label: string): void {
  const scale = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  const options: CloseOptions = { relative: tolerance, absolute: 0, scale, label };
  close(actual, expected, options);
}
