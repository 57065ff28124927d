// What a text begins after.
import type { Vocabulary } from "../text/vocabulary.js";

/** The id a line begins after: <eos> of words, newline of characters and bytes; -1 (the zero vector) where there is none. */
export function startToken(vocabulary: Vocabulary): number {
  if (vocabulary.end !== undefined) return vocabulary.end;
  return vocabulary.kind === "byte" ? 10 : vocabulary.tokens.indexOf("\n");
}
