// The pairs of a run: read from files, made tokens, those that are too long kept, cut or refused.
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import {
  bytePairVocabulary,
  byteVocabulary,
  characterVocabulary,
  DataError,
  encoder,
  idRanges,
  limits,
  noToken,
  type Pair,
  pairLines,
  parsePairs,
  readTokenizer,
  type TextPair,
  textOf,
  type Vocabulary,
  wordVocabulary,
} from "unrolled";
import { type DataFile, readBytes } from "../data.js";
import { UsageError } from "../exit.js";
import type { PairSettings } from "./settings.js";

/** Where pairs are: one file of two columns, or two files. */
export type PairFiles = readonly [string] | readonly [string, string];

export interface ReadPairs {
  readonly pairs: readonly TextPair[];
  readonly files: readonly DataFile[];
}

/** The files that options name. Throws UsageError for half of them. */
export function pairFiles(files: readonly string[], source: string | undefined, target: string | undefined): PairFiles {
  if ((source === undefined) !== (target === undefined))
    throw new UsageError(
      `--${source === undefined ? "source" : "target"}: must be named beside the other, was left out`,
      {
        hint: "--source A --target B, line by line; or one file of two columns",
      },
    );
  if (source !== undefined && target !== undefined) {
    if (files.length > 0)
      throw new UsageError(`${files[0]}: must not be named beside --source and --target`, { hint: "leave it out" });
    return [source, target];
  }
  if (files.length !== 1)
    throw new UsageError(`translate: must be given one file of pairs, was given ${files.length}`, {
      hint: "a file of lines SOURCE<tab>TARGET, or --source A --target B",
    });
  return [files[0]];
}

export async function readPairs(paths: PairFiles): Promise<ReadPairs> {
  const read = await Promise.all(
    paths.map(async (path) => {
      const bytes = await readBytes(path);
      const file = {
        path: resolve(path),
        bytes: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      };
      return { file, text: textOf(bytes, path), path };
    }),
  );
  const [first, second] = read;
  const pairs = second
    ? pairLines(first.text, second.text, [first.path, second.path])
    : parsePairs(first.text, first.path);
  return { pairs, files: read.map(({ file }) => file) };
}

export interface Vocabularies {
  readonly source: Vocabulary;
  readonly target: Vocabulary;
}

/** The vocabularies of tokenizers that files bring along. DataError where one is no tokenizer. */
export async function tokenizerVocabularies({ tokenizers }: PairSettings): Promise<Vocabularies | undefined> {
  if (!tokenizers) return undefined;
  const [source, target] = await Promise.all(
    tokenizers.map(async (path) => readTokenizer(await readBytes(path), path)),
  );
  return { source, target: target ?? source };
}

/** The vocabularies of both sides. Characters are those of all pairs, everything else of what is learnt from. */
export function vocabulariesOf(
  { tokens, bpe, minCount, shared }: PairSettings,
  all: readonly TextPair[],
  training: readonly TextPair[],
): Vocabularies {
  const make = (sides: readonly ("source" | "target")[]): Vocabulary => {
    const texts = (pairs: readonly TextPair[]): string[] => sides.flatMap((side) => pairs.map((pair) => pair[side]));
    switch (tokens) {
      case "byte":
        return byteVocabulary();
      case "char":
        return characterVocabulary(texts(all).join(""));
      case "word":
        return wordVocabulary(texts(training).join("\n"), { minimumCount: minCount });
      case "bpe":
        return bytePairVocabulary(texts(training), { size: bpe });
      default:
        return tokens satisfies never;
    }
  };
  if (!shared) return { source: make(["source"]), target: make(["target"]) };
  const both = make(["source", "target"]);
  return { source: both, target: both };
}

export interface Encoded {
  readonly pairs: readonly Pair[];
  /** Pairs with a side of more tokens than allowed: cut, or left out. */
  readonly long: number;
}

/** Pairs as ids. Words that are unknown are `<unk>`. DataError `sentence-length` where long sentences are refused. */
export function encodePairs(
  pairs: readonly TextPair[],
  { source, target }: Vocabularies,
  { longest, long }: Pick<PairSettings, "longest" | "long">,
): Encoded {
  const read = { source: encoder(source), target: encoder(target) };
  const vocabularies = { source, target };
  let tooLong = 0;
  const made = pairs.flatMap((pair, i): Pair[] => {
    const side = (name: "source" | "target"): Int32Array =>
      read[name](pair[name], { allowUnknown: true, missing: noToken(vocabularies[name]) });
    const [from, to] = [side("source"), side("target")];
    const most = Math.max(from.length, to.length);
    if (most <= longest) return [{ source: from, target: to }];
    if (long === "refuse")
      throw new DataError(`pair ${i + 1}: must have at most ${longest} tokens on each side, has ${most}`, {
        code: "sentence-length",
        hint: `--longest ${most}, or --long cut, or --long drop`,
      });
    tooLong++;
    return long === "drop" ? [] : [{ source: from.slice(0, longest), target: to.slice(0, longest) }];
  });
  return { pairs: made, long: tooLong };
}

/** Tokens of the vocabulary that no source of these pairs has, as a spec says it; "" where that would fill the spec's file. */
export function unseenIn({ tokens }: Vocabulary, pairs: readonly Pair[]): string {
  const seen = new Set(pairs.flatMap(({ source }) => Array.from(source)));
  const text = idRanges(Array.from(tokens.keys()).filter((id) => !seen.has(id)));
  return text.length > limits.specBytes / 2 ? "" : text;
}
