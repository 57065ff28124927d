// A Hugging Face tokenizer.json as a vocabulary: byte-pair models with the common ways to cut a text. What this does not do exactly as
// the file asks is refused by name. The file's ids stay; special tokens that a template adds around a text are not added.
import { DataError } from "../errors.js";
import { type Limits, limits as standardLimits } from "../limits.js";
import type { BytePairs } from "./byte-pairs.js";
import { type Json, parseJson } from "./json.js";
import { metaspace } from "./pieces.js";
import { type Part, partReader } from "./tokenizer-parts.js";
import { decodeUtf8 } from "./utf8.js";
import { bytePairVocabularyOf, type Vocabulary } from "./vocabulary.js";

type Cut = Pick<BytePairs, "units" | "pieces" | "prefix">;

/**
 * Reads tokenizer.json. Throws DataError with code `tokenizer-` and one of: bytes, utf8, json-..., shape (a part that is not as the
 * format has it), unsupported (a part that is not done here; the message names it), ids, merge.
 */
export function readTokenizer(data: Uint8Array, where = "tokenizer.json", limits: Limits = standardLimits): Vocabulary {
  const fail = (code: string, message: string, hint?: string): never => {
    throw new DataError(`${where}: ${message}`, {
      code: `tokenizer-${code}`,
      hint: hint ?? "a tokenizer.json as the tokenizers library saves it, with a BPE model",
    });
  };
  if (data.length > limits.tokenizerBytes)
    fail("bytes", `must be at most ${limits.tokenizerBytes} bytes, was ${data.length}`);
  const { text, invalidAt } = decodeUtf8(data);
  if (invalidAt >= 0) fail("utf8", `must be UTF-8, byte ${invalidAt} is not`);
  const json = parseJson(text, { depth: limits.jsonDepth, values: 16 * limits.vocabulary, naturals: false, fail });
  const file = partReader(json, "the file", fail);
  const model = file.part("model");
  if (model === undefined) return fail("shape", "must hold a model, has none");
  const kind = model.text("type", "BPE");
  if (kind !== "BPE") return model.unsupported(`model ${kind}`, "only BPE models are read");
  if ((model.number("dropout") ?? 0) !== 0) model.unsupported("dropout in the model");
  if (model.text("continuing_subword_prefix", "") !== "") model.unsupported("continuing_subword_prefix");
  const prefixed = normalizerOf(file.part("normalizer"));
  const cut = cutOf(file.part("pre_tokenizer"), prefixed);
  const suffix = model.text("end_of_word_suffix", "");
  const tokens = tokensOf(model, file, limits);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const unknown = model.text("unk_token", "");
  return bytePairVocabularyOf(
    tokens,
    {
      ...cut,
      suffix,
      byteFallback: model.flag("byte_fallback"),
      fuseUnknown: model.flag("fuse_unk"),
      wholePieces: model.flag("ignore_merges"),
      join: joinOf(file.part("decoder"), cut, suffix),
      added: addedOf(file).map(({ content }) => ids.get(content)!),
      merges: mergesOf(model, ids),
    },
    unknown === ""
      ? undefined
      : (ids.get(unknown) ?? fail("ids", `unk_token ${JSON.stringify(unknown)} must be a token`)),
  );
}

/** The only normalizer that is done: SentencePiece's, spaces as signs and one more before the text. */
function normalizerOf(normalizer: Part | undefined): "none" | "signs" | "prefixed signs" {
  if (normalizer === undefined) return "none";
  const kind = normalizer.text("type", "");
  const parts = kind === "Sequence" ? normalizer.parts("normalizers") : [normalizer];
  let [prepends, replaces] = [false, false];
  for (const part of parts) {
    const name = part.text("type", "");
    if (name === "Prepend" && part.text("prepend", "") === metaspace && !replaces) prepends = true;
    else if (name === "Replace" && part.pattern() === " " && part.text("content", "") === metaspace) replaces = true;
    else part.unsupported(`normalizer ${name}`);
  }
  if (parts.length === 0) return "none";
  if (!replaces) normalizer.unsupported("a normalizer that does not replace spaces");
  return prepends ? "prefixed signs" : "signs";
}

function cutOf(part: Part | undefined, normalizer: ReturnType<typeof normalizerOf>): Cut {
  if (normalizer !== "none") {
    if (part !== undefined) part.unsupported(`pre_tokenizer ${part.text("type", "")} after a normalizer`);
    // Signs are put in by the scanner of metaspace; without a pre-tokenizer nothing is cut, and merges cross no sign that begins a token.
    return { units: "characters", pieces: "signs", prefix: normalizer === "signs" ? "never" : "always" };
  }
  if (part === undefined) return { units: "characters", pieces: "none", prefix: "never" };
  const kind = part.text("type", "");
  switch (kind) {
    case "Sequence": {
      const inside = part.parts("pretokenizers");
      if (inside.length !== 1) part.unsupported("a Sequence of several pre_tokenizers");
      return cutOf(inside[0], normalizer);
    }
    case "ByteLevel":
      return {
        units: "bytes",
        pieces: part.flag("use_regex", true) ? "gpt2" : "none",
        prefix: part.flag("add_prefix_space", true) ? "always" : "never",
      };
    case "Metaspace":
      return { units: "characters", pieces: part.flag("split", true) ? "metaspace" : "signs", prefix: prefixOf(part) };
    case "Whitespace":
      return { units: "characters", pieces: "whitespace", prefix: "never" };
    case "WhitespaceSplit":
      return { units: "characters", pieces: "spaces", prefix: "never" };
    default:
      return part.unsupported(`pre_tokenizer ${kind}`, "ByteLevel, Metaspace, Whitespace and WhitespaceSplit are read");
  }
}

function prefixOf(part: Part): BytePairs["prefix"] {
  if (part.text("replacement", metaspace) !== metaspace) part.unsupported("a replacement other than ▁");
  const scheme = part.text("prepend_scheme", part.flag("add_prefix_space", true) ? "always" : "never");
  if (scheme === "always" || scheme === "first" || scheme === "never") return scheme;
  return part.unsupported(`prepend_scheme ${scheme}`);
}

const sequences: readonly string[] = ["Replace", "ByteFallback", "Fuse", "Strip"];

function joinOf(part: Part | undefined, { units, pieces }: Cut, suffix: string): BytePairs["join"] {
  if (part === undefined) return units === "bytes" ? "bytes" : "spaces";
  const kind = part.text("type", "");
  const signs = pieces === "metaspace" || pieces === "signs";
  if (kind === "ByteLevel" && units === "bytes") return "bytes";
  if (kind === "Metaspace" && signs) return "metaspace";
  if (kind === "BPEDecoder" && part.text("suffix", "</w>") === suffix) return "suffix";
  if (kind === "Sequence" && signs) {
    for (const inside of part.parts("decoders"))
      if (!sequences.includes(inside.text("type", ""))) inside.unsupported(`decoder ${inside.text("type", "")}`);
    return "metaspace";
  }
  return part.unsupported(`decoder ${kind} with these tokens`);
}

interface AddedToken {
  readonly id: number;
  readonly content: string;
}

function addedOf(file: Part): readonly AddedToken[] {
  return file.parts("added_tokens").map((token) => {
    for (const option of ["single_word", "lstrip", "rstrip"])
      if (token.flag(option)) token.unsupported(`an added token with ${option}`);
    const [id, content] = [token.number("id"), token.text("content", "")];
    if (id === undefined) return token.fail("shape", "an added token must have an id");
    return { id, content };
  });
}

/** Texts by id: those of the model and those added. */
function tokensOf(model: Part, file: Part, limits: Limits): readonly string[] {
  const entries = [...model.map("vocab"), ...addedOf(file).map(({ id, content }) => [content, id] as const)];
  const tokens: (string | undefined)[] = [];
  const seen = new Map<string, number>();
  for (const [token, id] of entries) {
    if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0 || id >= limits.vocabulary)
      return model.fail("ids", `the id of ${JSON.stringify(token)} must be a whole number below ${limits.vocabulary}`);
    if (token.length > limits.tokenUnits) model.fail("ids", `token ${id} must have at most ${limits.tokenUnits} units`);
    if (seen.get(token) === id) continue;
    if (tokens[id] !== undefined || seen.has(token))
      model.fail("ids", `the id of ${JSON.stringify(token)} must be its own, was ${id}`);
    tokens[id] = token;
    seen.set(token, id);
  }
  if (seen.size === 0) model.fail("ids", "must hold at least one token, was empty");
  if (seen.size !== tokens.length)
    model.fail("ids", `ids must have no holes, ${tokens.length - seen.size} are missing`);
  return tokens as string[];
}

function mergesOf(model: Part, ids: ReadonlyMap<string, number>): BytePairs["merges"] {
  const seen = new Set<string>();
  return model.list("merges").flatMap((merge, rank) => {
    const [left, right] = pairOf(merge);
    const [a, b] = [ids.get(left ?? ""), ids.get(right ?? "")];
    if (a === undefined || b === undefined || left === "" || right === "" || !ids.has(`${left}${right}`))
      return model.fail("merge", `merge ${rank} must be of two tokens and make one, was ${JSON.stringify(merge)}`);
    const key = `${a} ${b}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [[a, b] as const];
  });
}

/** "a b" or ["a", "b"]. */
function pairOf(merge: Json): readonly (string | undefined)[] {
  const parts = typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : [];
  return parts.length === 2 ? parts.map((part) => (typeof part === "string" ? part : undefined)) : [];
}
