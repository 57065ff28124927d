// The vocabulary.json of byte-pair tokens: one JSON object of options, tokens and merges, read strictly.
import type { Limits } from "../limits.js";
import { type BytePairs, bytePairLists, pairKey } from "./byte-pairs.js";
import { type Json, parseJson } from "./json.js";
import { encodeUtf8 } from "./utf8.js";
import { bytePairVocabularyOf, type Vocabulary } from "./vocabulary.js";

/** Throws the error of the file being read. */
type Fail = (code: string, message: string) => never;

const bytePairKeys = [
  "units",
  "pieces",
  "prefix",
  "suffix",
  "byteFallback",
  "fuseUnknown",
  "wholePieces",
  "join",
] as const;

export function encodeBytePairs({ tokens, unknown }: Vocabulary, pairs: BytePairs): Uint8Array {
  const options = bytePairKeys.map((key) => `${JSON.stringify(key)}: ${JSON.stringify(pairs[key])}`);
  const lines = [
    ...options,
    ...(unknown === undefined ? [] : [`"unknown": ${unknown}`]),
    `"added": ${JSON.stringify(pairs.added)}`,
    `"tokens": [\n${tokens.map((token) => JSON.stringify(token)).join(",\n")}\n]`,
    `"merges": [\n${pairs.merges.map((pair) => JSON.stringify(pair)).join(",\n")}\n]`,
  ];
  return encodeUtf8(`{\n${lines.join(",\n")}\n}\n`);
}

/** Reads what `encodeBytePairs` wrote. `checkTokens` reads the list of tokens. */
export function decodeBytePairs(
  text: string,
  limits: Limits,
  checkTokens: (list: Json) => readonly string[],
  fail: Fail,
): Vocabulary {
  // Depth 3: the object, its lists, the pairs. A token is one value, a pair three.
  const file = parseJson(text, { depth: 3, values: 8 * limits.vocabulary, naturals: true, fail });
  if (!(file instanceof Map)) return fail("not-object", "must be an object that holds tokens and merges");
  const keys = new Set<string>([...bytePairKeys, "tokens", "merges", "added", "unknown"]);
  for (const key of file.keys()) if (!keys.has(key)) fail("key", `must not hold the key ${JSON.stringify(key)}`);
  const tokens = checkTokens(file.get("tokens") ?? null);
  if (tokens.length > limits.vocabulary)
    fail("size", `must hold at most ${limits.vocabulary} tokens, has ${tokens.length}`);
  const idOf = (value: unknown, what: string): number => {
    if (typeof value === "number" && value < tokens.length) return value;
    return fail("merge", `${what} must be an id below ${tokens.length}`);
  };
  const listOf = (key: string): readonly Json[] => {
    const list = file.get(key);
    return Array.isArray(list) ? list : fail("value", `${key} must be a list`);
  };
  const pairs: BytePairs = {
    ...optionsOf(file, limits, fail),
    added: listOf("added").map((id, i) => idOf(id, `added token ${i}`)),
    merges: checkMerges(listOf("merges"), tokens, idOf, fail),
  };
  const unknown = file.get("unknown");
  return bytePairVocabularyOf(tokens, pairs, unknown === undefined ? undefined : idOf(unknown, "unknown"));
}

function optionsOf(file: ReadonlyMap<string, Json>, limits: Limits, fail: Fail): Omit<BytePairs, "added" | "merges"> {
  const choice = <K extends keyof typeof bytePairLists>(key: K): (typeof bytePairLists)[K][number] => {
    const found = bytePairLists[key].find((value) => value === file.get(key));
    return found ?? fail("value", `${key} must be one of ${bytePairLists[key].join(", ")}`);
  };
  const flag = (key: string): boolean => {
    const value = file.get(key);
    return typeof value === "boolean" ? value : fail("value", `${key} must be true or false`);
  };
  const suffix = file.get("suffix");
  if (typeof suffix !== "string" || suffix.length > limits.tokenUnits)
    return fail("value", `suffix must be a text of at most ${limits.tokenUnits} units`);
  return {
    units: choice("units"),
    pieces: choice("pieces"),
    prefix: choice("prefix"),
    suffix,
    byteFallback: flag("byteFallback"),
    fuseUnknown: flag("fuseUnknown"),
    wholePieces: flag("wholePieces"),
    join: choice("join"),
  };
}

/** Pairs of ids whose joined text is a token. */
export function checkMerges(
  list: readonly Json[],
  tokens: readonly string[],
  idOf: (value: unknown, what: string) => number,
  fail: Fail,
): BytePairs["merges"] {
  const texts = new Set(tokens);
  const seen = new Set<number>();
  return list.map((pair, rank) => {
    if (!Array.isArray(pair) || pair.length !== 2) return fail("merge", `merge ${rank} must be a pair of ids`);
    const [a, b] = pair.map((id) => idOf(id, `merge ${rank}`)) as [number, number];
    if (!texts.has(tokens[a]! + tokens[b]!))
      fail("merge", `merge ${rank} must make a token, makes ${JSON.stringify(tokens[a]! + tokens[b]!)}`);
    if (tokens[a] === "" || tokens[b] === "") fail("merge", `merge ${rank} must be of two texts, was of an empty one`);
    const key = pairKey(a, b);
    if (seen.has(key)) fail("merge", `merge ${rank} must be new, was like an earlier one`);
    seen.add(key);
    return [a, b] as const;
  });
}
