// What a text begins after, and what stands for nothing at all.
import type { Vocabulary } from "../text/vocabulary.js";

/** The id that reads as the zero vector: one past the last token. */
export const noToken = (vocabulary: Vocabulary): number => vocabulary.tokens.length;

/** The id a line begins after: <eos> of words, newline of characters and bytes; `noToken` where there is none. */
export function startToken(vocabulary: Vocabulary): number {
  if (vocabulary.end !== undefined) return vocabulary.end;
  const newline = vocabulary.kind === "byte" ? 10 : vocabulary.tokens.indexOf("\n");
  return newline >= 0 ? newline : noToken(vocabulary);
}
