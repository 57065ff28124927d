// Learning-rate schedules as plain data: a factor on the optimizer's rate.
import { SpecError } from "../errors.js";

export type ScheduleSpec =
  | { readonly name: "constant" }
  /** The factor is multiplied in every `every` epochs, from epoch `after` on. */
  | { readonly name: "step"; readonly every: number; readonly factor: number; readonly after: number }
  /** Linear rise over `warmup` steps, then half a cosine down to `floor` at the last step. */
  | { readonly name: "cosine"; readonly warmup: number; readonly floor: number }
  /** From 1 to `factor` by equal factors: what a finder of rates runs through. */
  | { readonly name: "sweep"; readonly factor: number }
  /** The factor is multiplied in when the validation loss has not improved for `patience` validations. */
  | { readonly name: "plateau"; readonly factor: number; readonly patience: number };
export const scheduleNames = ["constant", "step", "cosine", "plateau"] as const;

export const constant = (): ScheduleSpec => ({ name: "constant" });
/** char-rnn's default: after 10 epochs, times .97 each epoch. */
export const stepDecay = (o: { every?: number; factor?: number; after?: number } = {}): ScheduleSpec =>
  checked({ name: "step", every: 1, factor: 0.97, after: 10, ...o });
export const cosine = (o: { warmup?: number; floor?: number } = {}): ScheduleSpec =>
  checked({ name: "cosine", warmup: 100, floor: 0, ...o });
export const plateau = (o: { factor?: number; patience?: number } = {}): ScheduleSpec =>
  checked({ name: "plateau", factor: 0.5, patience: 1, ...o });

function checked(spec: ScheduleSpec): ScheduleSpec {
  for (const [key, value] of Object.entries(spec))
    if (typeof value === "number" && !(Number.isFinite(value) && value >= (key === "every" ? 1 : 0)))
      throw new SpecError(
        `schedule ${spec.name}.${key}: must be a number from ${key === "every" ? 1 : 0}, was ${value}`,
        { code: "schedule" },
      );
  return spec;
}

/** Where a run stands. */
export interface Progress {
  /** Steps made so far (0 before the first). */
  readonly step: number;
  /** Epochs finished. */
  readonly epochs: number;
  readonly totalSteps: number;
  readonly plateau: PlateauState;
}

export interface PlateauState {
  readonly best: number | null;
  readonly waited: number;
  readonly factor: number;
}

export const freshPlateau: PlateauState = { best: null, waited: 0, factor: 1 };

/** The factor on the rate for the next step. */
export function rateFactor(spec: ScheduleSpec, progress: Progress): number {
  switch (spec.name) {
    case "constant":
      return 1;
    case "step":
      return (
        spec.factor **
        Math.max(0, Math.floor((progress.epochs - spec.after) / spec.every) + (progress.epochs >= spec.after ? 1 : 0))
      );
    case "cosine": {
      if (progress.step < spec.warmup) return (progress.step + 1) / spec.warmup;
      const share = Math.min(1, (progress.step - spec.warmup) / Math.max(1, progress.totalSteps - spec.warmup));
      return spec.floor + (1 - spec.floor) * 0.5 * (1 + Math.cos(Math.PI * share));
    }
    case "sweep":
      return spec.factor ** (progress.step / Math.max(1, progress.totalSteps - 1));
    case "plateau":
      return progress.plateau.factor;
    default:
      return spec satisfies never;
  }
}

/** What a validation does to the plateau's memory; other schedules leave it alone. */
export function afterValidation(
  spec: ScheduleSpec,
  state: PlateauState,
  value: number,
  better: "lower" | "higher" = "lower",
): PlateauState {
  if (spec.name !== "plateau") return state;
  if (isBetter(value, state.best, better)) return { ...state, best: value, waited: 0 };
  const waited = state.waited + 1;
  return waited > spec.patience ? { ...state, waited: 0, factor: state.factor * spec.factor } : { ...state, waited };
}

/** Whether a measurement beats the best so far; the first always does. */
export const isBetter = (value: number, best: number | null, better: "lower" | "higher"): boolean =>
  best === null || (better === "lower" ? value < best : value > best);
