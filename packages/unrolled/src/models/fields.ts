// Strict reading of parsed JSON: every function takes the path, the value and what it must be. SpecError names the path.
import { SpecError } from "../errors.js";
import { limits } from "../limits.js";

export type Fields = ReadonlyMap<string, unknown>;

export function wrong(path: string, expected: string, was: unknown, code = "spec-value"): never {
  const text = JSON.stringify(was) ?? "absent";
  throw new SpecError(`${path}: must be ${expected}, was ${text.length > 60 ? `${text.slice(0, 60)}...` : text}`, {
    code,
  });
}

export function fieldsOf(path: string, value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) wrong(path, "an object", value);
  return new Map(Object.entries(value as object));
}

/** Refuses fields that `read` does not have. */
export function refuseOthers(path: string, given: Fields, read: object): void {
  for (const key of given.keys())
    if (!Object.hasOwn(read, key)) wrong(`${path}.${key}`, "no such field", given.get(key), "spec-unknown-field");
}

export const oneOf = <const T extends string | number>(path: string, value: unknown, choices: readonly T[]): T =>
  choices.find((choice) => choice === value) ??
  wrong(path, choices.map((choice) => JSON.stringify(choice)).join(" or "), value);

export function integerIn(path: string, value: unknown, low: number, high: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high)
    wrong(path, `an integer from ${low} to ${high}`, value);
  return value as number;
}

export function fractionIn(path: string, value: unknown): number {
  if (typeof value !== "number" || !(value >= 0 && value < 1))
    wrong(path, "a number from 0 up to but not including 1", value);
  return value as number;
}

export function flagIn(path: string, value: unknown): boolean {
  if (typeof value !== "boolean") wrong(path, "true or false", value);
  return value as boolean;
}

export function listOf<T>(
  path: string,
  value: unknown,
  [low, high]: readonly [number, number],
  read: (path: string, item: unknown) => T,
): readonly T[] {
  if (!Array.isArray(value) || value.length < low || value.length > high)
    wrong(path, `a list of ${low} to ${high}`, Array.isArray(value) ? `a list of ${value.length}` : value);
  return (value as unknown[]).map((item, i) => read(`${path}[${i}]`, item));
}

export function numberIn(path: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) wrong(path, "a finite number", value);
  return value as number;
}

export function textIn(path: string, value: unknown): string {
  if (typeof value !== "string" || value === "" || value.length > limits.tokenUnits)
    wrong(path, `text of 1 to ${limits.tokenUnits} units`, value);
  return value as string;
}

/** Different texts. */
export function namesIn(path: string, value: unknown, low: number, high: number): readonly string[] {
  const names = listOf(path, value, [low, high], textIn);
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice >= 0) wrong(`${path}[${twice}]`, "another name than those before it", names[twice]);
  return names;
}
