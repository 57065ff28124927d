// vocabulary.json: one JSON list of the tokens in id order, or for byte-pair tokens an object that holds this list and the merges.
// The kind of the vocabulary stands in spec.json.
import { CheckpointError } from "../errors.js";
import { type Limits, limits as standardLimits } from "../limits.js";
import { decodeBytePairs, encodeBytePairs } from "./byte-pair-file.js";
import { type Json, parseJson } from "./json.js";
import { decodeUtf8, encodeUtf8 } from "./utf8.js";
import { byteVocabulary, makeVocabulary, type Vocabulary, type VocabularyKind } from "./vocabulary.js";
import { unknownToken } from "./words.js";

const file = "vocabulary.json";

function fail(code: string, message: string): never {
  throw new CheckpointError(`${file}: ${message}`, {
    code: `vocabulary-${code}`,
    hint: "use the vocabulary.json that was saved with the model",
  });
}

export function encodeVocabulary(vocabulary: Vocabulary): Uint8Array {
  if (vocabulary.pairs) return encodeBytePairs(vocabulary, vocabulary.pairs);
  return encodeUtf8(`[\n${vocabulary.tokens.map((token) => JSON.stringify(token)).join(",\n")}\n]\n`);
}

/**
 * Reads vocabulary.json strictly. CheckpointError, code `vocabulary-` and one of: bytes, utf8, json-..., not-list, not-string,
 * size, token-length, duplicate, not-character, not-bytes; for byte-pair tokens also not-object, key, value, merge.
 */
export function decodeVocabulary(bytes: Uint8Array, kind: VocabularyKind, limits: Limits = standardLimits): Vocabulary {
  if (bytes.length > limits.vocabularyBytes) {
    fail("bytes", `must be at most ${limits.vocabularyBytes} bytes, was ${bytes.length}`);
  }
  const { text, invalidAt } = decodeUtf8(bytes);
  if (invalidAt >= 0) fail("utf8", `must be UTF-8, byte ${invalidAt} is not`);
  if (kind === "bpe") return decodeBytePairs(text, limits, (list) => checkTokens(list, "bpe", limits), fail);
  const list = parseJson(text, { depth: 1, values: limits.vocabulary + 1, naturals: true, fail });
  const tokens = checkTokens(list, kind, limits);
  if (kind === "byte") checkBytes(tokens);
  return makeVocabulary(kind, tokens);
}

/** Texts that all differ. */
function checkTokens(list: Json, kind: VocabularyKind, limits: Limits): readonly string[] {
  if (!Array.isArray(list)) fail("not-list", "must be a list of tokens");
  const tokens = list.map((token, id) => checkToken(token, id, kind, limits));
  if (tokens.length === 0) fail("size", "must hold at least one token, was empty");
  const seen = new Map<string, number>();
  tokens.forEach((token, id) => {
    const earlier = seen.get(token);
    if (earlier !== undefined)
      fail("duplicate", `token ${id} must be new, was ${JSON.stringify(token)} like token ${earlier}`);
    seen.set(token, id);
  });
  return tokens;
}

function checkToken(token: unknown, id: number, kind: VocabularyKind, limits: Limits): string {
  if (typeof token !== "string") return fail("not-string", `token ${id} must be text`);
  if (token.length > limits.tokenUnits) {
    fail("token-length", `token ${id} must have at most ${limits.tokenUnits} units, has ${token.length}`);
  }
  if (kind === "char" && token !== unknownToken) {
    const point = token.codePointAt(0);
    if (point === undefined || token.length !== (point > 0xffff ? 2 : 1)) {
      fail("not-character", `token ${id} must be one character, was ${JSON.stringify(token)}`);
    }
  }
  return token;
}

function checkBytes(tokens: readonly string[]): void {
  const wanted = byteVocabulary().tokens;
  if (tokens.length !== 256 || tokens.some((token, id) => token !== wanted[id])) {
    fail("not-bytes", 'must be the 256 tokens "<00>" to "<ff>" in order');
  }
}
