// Tagged sequences: a tag for every token. One token and its tag a line with an empty line between sequences (CoNLL's manner),
// or JSONL with a list of tokens (or a text, whose characters are the tokens) and a list of tags.
import { DataError } from "../../errors.js";
import { type Limits, limits as standardLimits } from "../../limits.js";
import type { Json } from "../json.js";
import { jsonObjects } from "./labelled.js";
import { atLine } from "./table.js";

export interface TaggedTokens {
  readonly tokens: readonly string[];
  readonly tags: readonly string[];
  /** Of the file, where it begins, from 1. */
  readonly line: number;
}

export interface TaggedOptions {
  /** Names the file in errors. */
  readonly where: string;
  readonly format: "conll" | "jsonl";
  readonly limits?: Limits;
}

/**
 * The sequences of a file. In lines, the token is the first field and the tag the last; fields are parted by tabs where there
 * is one, else by spaces, and every line has as many as the first. DataError with file and line: `tag-count` (not a tag for
 * every token), `row-json`, `tag-empty`, `no-rows`.
 */
export function parseTagged(text: string, options: TaggedOptions): TaggedTokens[] {
  const { where, limits = standardLimits } = options;
  const sequences =
    options.format === "jsonl" ? jsonSequences(text, where, limits) : lineSequences(text, where, limits);
  if (sequences.length === 0)
    throw new DataError(`${where}: must hold tokens and their tags, holds none`, { code: "no-rows" });
  return sequences;
}

function lineSequences(text: string, where: string, limits: Limits): TaggedTokens[] {
  const sequences: TaggedTokens[] = [];
  let tokens: string[] = [];
  let tags: string[] = [];
  let [line, begun, width] = [0, 1, 0];
  const close = (): void => {
    if (tokens.length > 0) sequences.push({ tokens, tags, line: begun });
    [tokens, tags] = [[], []];
  };
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf("\n", from);
    const end = newline < 0 ? text.length : newline;
    const content = text.slice(from, text[end - 1] === "\r" && end > from ? end - 1 : end);
    from = end + 1;
    line++;
    if (content.trim() === "") {
      close();
      continue;
    }
    if (content.startsWith("-DOCSTART-")) continue;
    const fields = content.includes("\t") ? content.split("\t") : content.trim().split(/ +/);
    if (width === 0) width = fields.length;
    checkFields(fields, width, where, line);
    if (tokens.length === 0) begun = line;
    tokens.push(fields[0]!);
    tags.push(fields[fields.length - 1]!);
    if (tokens.length > limits.steps) throw atLine(where, line, `must be at most token ${limits.steps}`, "table-rows");
    if (line > limits.rows) throw atLine(where, line, `must be one of at most ${limits.rows} lines`, "table-rows");
  }
  close();
  return sequences;
}

function checkFields(fields: readonly string[], width: number, where: string, line: number): void {
  if (fields.length < 2)
    throw atLine(
      where,
      line,
      `must be a token and its tag, was ${JSON.stringify(fields[0])} alone`,
      "tag-count",
      "one token and its tag a line, parted by a tab or a space; an empty line between sequences",
    );
  if (fields.length !== width)
    throw atLine(where, line, `must have ${width} fields like the first line, has ${fields.length}`, "tag-count");
  if (fields[0] === "" || fields[fields.length - 1] === "")
    throw atLine(where, line, "token and tag must not be empty, one was", "tag-empty");
}

function jsonSequences(text: string, where: string, limits: Limits): TaggedTokens[] {
  const sequences: TaggedTokens[] = [];
  for (const { object, line } of jsonObjects(text, where, limits)) {
    const tokens = tokensOf(object, where, line);
    const given = object.get("tags");
    if (!Array.isArray(given)) throw atLine(where, line, 'must have "tags", a list, does not', "row-json");
    const tags = (given as readonly Json[]).map((tag) => oneTag(tag, where, line));
    if (tags.length !== tokens.length)
      throw atLine(
        where,
        line,
        `must have a tag for every token, has ${tokens.length} tokens and ${tags.length} tags`,
        "tag-count",
        "tokens of a text are its characters (Unicode code points)",
      );
    if (tokens.length > 0) sequences.push({ tokens, tags, line });
  }
  return sequences;
}

function tokensOf(object: ReadonlyMap<string, Json>, where: string, line: number): readonly string[] {
  const tokens = object.get("tokens");
  if (Array.isArray(tokens) && tokens.every((token) => typeof token === "string" && token !== ""))
    return tokens as readonly string[];
  const text = object.get("text");
  if (typeof text === "string" && tokens === undefined) return [...text];
  throw atLine(where, line, 'must have "tokens", a list of texts, or "text", does not', "row-json");
}

/** Several tags of one token come as a list; they are kept as "a|b". */
function oneTag(tag: Json, where: string, line: number): string {
  if (Array.isArray(tag) && tag.every((each) => typeof each === "string" && each !== "")) return tag.join("|");
  if (typeof tag === "string" && tag !== "") return tag;
  if (typeof tag === "number") return String(tag);
  throw atLine(where, line, `a tag must be text, was ${JSON.stringify(tag)}`, "tag-empty");
}
