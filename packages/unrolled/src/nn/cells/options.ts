// The options of a cell as data: what a spec may say, what is taken where it says nothing, and the strict reading of it.
import { SpecError } from "../../errors.js";
import { type Activation, activationNames, readActivation } from "../activations.js";

/** One option. A number may be null where `absent` says what that means. */
export type CellOption =
  | { readonly kind: "choice"; readonly choices: readonly string[]; readonly fallback: string }
  | { readonly kind: "flag"; readonly fallback: boolean }
  | { readonly kind: "activation"; readonly fallback: Activation }
  /** From low to high, both included unless `above` or `below` says that low or high itself is not. */
  | {
      readonly kind: "number";
      readonly low: number;
      readonly high: number;
      readonly above?: true;
      readonly below?: true;
      readonly absent?: string;
      readonly fallback: number | null;
    }
  | {
      readonly kind: "integer";
      readonly low: number;
      readonly high: number;
      readonly absent?: string;
      readonly fallback: number | null;
    };

export type CellOptionValue = string | number | boolean | null | Activation;
export type CellOptions = Readonly<Record<string, CellOptionValue>>;
export type Schema = Readonly<Record<string, CellOption>>;

type ValueOf<O extends CellOption> = O extends { readonly kind: "choice"; readonly choices: readonly (infer C)[] }
  ? C
  : O extends { readonly kind: "flag" }
    ? boolean
    : O extends { readonly kind: "activation" }
      ? Activation
      : O extends { readonly absent: string }
        ? number | null
        : number;
/** The options of a schema when read: every one is there. Plain JSON. */
export type OptionsOf<S extends Schema> = { readonly [K in keyof S]: ValueOf<S[K]> };

/** Widest layer; as in the limits of a spec. */
const widest = 2 ** 20;

export const choice = <const C extends readonly string[]>(fallback: C[number], choices: C) =>
  ({ kind: "choice", choices, fallback }) as const;
export const flag = (fallback: boolean) => ({ kind: "flag", fallback }) as const;
export const activation = (fallback: Activation) => ({ kind: "activation", fallback }) as const;
/** A probability below 1. */
export const fraction = (fallback: number) => ({ kind: "number", low: 0, high: 1, below: true, fallback }) as const;
export const widthOrNull = (fallback: number | null, absent: string) =>
  ({ kind: "integer", low: 1, high: widest, absent, fallback }) as const;

/** What an option takes, in words. */
export function takes(option: CellOption): string {
  switch (option.kind) {
    case "choice":
      return option.choices.map((c) => `"${c}"`).join(" or ");
    case "flag":
      return "true or false";
    case "activation":
      return `one of ${activationNames.join(", ")}`;
    case "integer":
      return `an integer from ${option.low} to ${option.high}${orNull(option.absent)}`;
    case "number": {
      const low = option.above ? `above ${option.low}` : `from ${option.low}`;
      const high = option.below ? `up to but not including ${option.high}` : `to ${option.high}`;
      return `a number ${low} ${high}${orNull(option.absent)}`;
    }
    default:
      return option satisfies never;
  }
}

const orNull = (absent: string | undefined): string => (absent === undefined ? "" : ` or null (${absent})`);

function holds(option: Exclude<CellOption, { kind: "activation" }>, value: unknown): value is CellOptionValue {
  if (option.kind === "choice") return option.choices.some((c) => c === value);
  if (option.kind === "flag") return typeof value === "boolean";
  if (value === null) return option.absent !== undefined;
  if (typeof value !== "number" || !(value >= option.low && value <= option.high)) return false;
  if (option.kind === "integer") return Number.isInteger(value);
  return !(option.above && value === option.low) && !(option.below && value === option.high);
}

function readOption(path: string, option: CellOption, value: unknown): CellOptionValue {
  if (option.kind === "activation") return readActivation(path, value);
  if (holds(option, value)) return value;
  throw new SpecError(`${path}: must be ${takes(option)}, was ${show(value)}`, { code: "spec-value" });
}

/** Every option of a cell, those left out filled in. SpecError with the path of the first that is wrong or unknown. */
export function readCellOptions<S extends Schema>(
  name: string,
  options: S,
  given: Readonly<Record<string, unknown>>,
  path: string,
): OptionsOf<S> {
  for (const key of Object.keys(given))
    if (key !== "name" && !Object.hasOwn(options, key))
      throw new SpecError(`${path}.${key}: must be an option of ${name} cells, was ${show(given[key])}`, {
        code: "spec-cell-option",
        hint: optionsHint(name, Object.keys(options)),
      });
  const entries = Object.entries(options).map(([key, option]) => [
    key,
    Object.hasOwn(given, key) ? readOption(`${path}.${key}`, option, given[key]) : option.fallback,
  ]);
  return Object.fromEntries(entries) as OptionsOf<S>;
}

const optionsHint = (name: string, known: readonly string[]): string =>
  known.length > 0 ? `${name} cells have the options ${known.join(", ")}` : `${name} cells have no options`;

export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "absent";
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
