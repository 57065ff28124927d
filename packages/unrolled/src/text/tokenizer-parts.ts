// Parts of a tokenizer.json, read with the type that each value must have.
import type { Json } from "./json.js";

/** Throws the error of the file being read. */
export type Fail = (code: string, message: string, hint?: string) => never;

/** One object of the file. Null is as good as absent. */
export interface Part {
  readonly part: (key: string) => Part | undefined;
  /** The objects of a list; none where it is absent. */
  readonly parts: (key: string) => readonly Part[];
  readonly list: (key: string) => readonly Json[];
  readonly map: (key: string) => ReadonlyMap<string, Json>;
  readonly text: (key: string, absent: string) => string;
  readonly number: (key: string) => number | undefined;
  readonly flag: (key: string, absent?: boolean) => boolean;
  /** The text that `pattern` matches: {"String": " "}. */
  readonly pattern: () => string | undefined;
  readonly fail: Fail;
  readonly unsupported: (what: string, hint?: string) => never;
}

export function partReader(json: Json, name: string, fail: Fail): Part {
  if (!(json instanceof Map)) return fail("shape", `${name} must be an object`);
  const values = json as ReadonlyMap<string, Json>;
  const get = (key: string): Json => values.get(key) ?? null;
  const wrong = (key: string, what: string): never => fail("shape", `${key} of ${name} must be ${what}`);
  const list = (key: string): readonly Json[] => {
    const found = get(key);
    return found === null ? [] : Array.isArray(found) ? found : wrong(key, "a list");
  };
  return {
    part: (key) => (get(key) === null ? undefined : partReader(get(key), key, fail)),
    parts: (key) => list(key).map((value) => partReader(value, `${key} of ${name}`, fail)),
    list,
    map: (key) => {
      const found = get(key);
      return found instanceof Map ? found : wrong(key, "an object");
    },
    text: (key, absent) => {
      const found = get(key);
      return found === null ? absent : typeof found === "string" ? found : wrong(key, "a text");
    },
    number: (key) => {
      const found = get(key);
      return found === null ? undefined : typeof found === "number" ? found : wrong(key, "a number");
    },
    flag: (key, absent = false) => {
      const found = get(key);
      return found === null ? absent : typeof found === "boolean" ? found : wrong(key, "true or false");
    },
    pattern: () => {
      const found = get("pattern");
      const text = found instanceof Map ? found.get("String") : undefined;
      return typeof text === "string" ? text : undefined;
    },
    fail,
    unsupported: (what, hint) =>
      fail("unsupported", `${what} is not done here`, hint ?? "convert the tokenizer, or learn one"),
  };
}
