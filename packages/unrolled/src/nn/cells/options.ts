// The options of a cell as data: what a spec may say, what is taken where it says nothing, and the strict reading of it.
import { SpecError } from "../../errors.js";

export type CellOption =
  | { readonly kind: "choice"; readonly choices: readonly string[]; readonly fallback: string }
  | { readonly kind: "flag"; readonly fallback: boolean }
  /** From low to high, both included; `below` says that high itself is not. */
  | {
      readonly kind: "number";
      readonly low: number;
      readonly high: number;
      readonly below?: true;
      readonly fallback: number;
    }
  | { readonly kind: "integer"; readonly low: number; readonly high: number; readonly fallback: number };

export type CellOptionValue = string | number | boolean;
export type CellOptions = Readonly<Record<string, CellOptionValue>>;

const expected = (option: CellOption): string => {
  switch (option.kind) {
    case "choice":
      return option.choices.map((choice) => `"${choice}"`).join(" or ");
    case "flag":
      return "true or false";
    case "number":
      return option.below
        ? `a number from ${option.low} up to but not including ${option.high}`
        : `a number from ${option.low} to ${option.high}`;
    case "integer":
      return `an integer from ${option.low} to ${option.high}`;
    default:
      return option satisfies never;
  }
};

function holds(option: CellOption, value: unknown): value is CellOptionValue {
  if (option.kind === "choice") return option.choices.some((choice) => choice === value);
  if (option.kind === "flag") return typeof value === "boolean";
  if (typeof value !== "number" || !(value >= option.low && value <= option.high)) return false;
  return option.kind === "integer" ? Number.isInteger(value) : !(option.below && value === option.high);
}

/** Every option of a cell, those left out filled in. SpecError with the path of the first that is wrong or unknown. */
export function readCellOptions(
  name: string,
  options: Readonly<Record<string, CellOption>>,
  given: Readonly<Record<string, unknown>>,
  path: string,
): CellOptions {
  for (const key of Object.keys(given))
    if (key !== "name" && !Object.hasOwn(options, key))
      throw new SpecError(`${path}.${key}: must be an option of ${name} cells, was ${show(given[key])}`, {
        code: "spec-cell-option",
        hint: optionsHint(name, Object.keys(options)),
      });
  const entries = Object.entries(options).map(([key, option]) => {
    const value = Object.hasOwn(given, key) ? given[key] : option.fallback;
    if (!holds(option, value))
      throw new SpecError(`${path}.${key}: must be ${expected(option)}, was ${show(value)}`, { code: "spec-value" });
    return [key, value] as const;
  });
  return Object.fromEntries(entries);
}

const optionsHint = (name: string, known: readonly string[]): string =>
  known.length > 0 ? `${name} cells have the options ${known.join(", ")}` : `${name} cells have no options`;

export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "absent";
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
