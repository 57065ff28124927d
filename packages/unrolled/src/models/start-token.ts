// What a text begins after, and what stands for nothing at all.
import type { Vocabulary } from "../text/vocabulary.js";

/** The id that reads as the zero vector: one past the last token. */
export const noToken = (vocabulary: Vocabulary): number => vocabulary.tokens.length;

/**
 * The id a text begins after: the separator of a model of documents; else what a line begins after, <eos> of words, newline
 * of characters and bytes; `noToken` where there is none.
 */
export function startToken(vocabulary: Vocabulary, separator: number | null = null): number {
  if (separator !== null) return separator;
  if (vocabulary.end !== undefined) return vocabulary.end;
  const newline = vocabulary.kind === "byte" ? 10 : vocabulary.tokens.indexOf("\n");
  return newline >= 0 ? newline : noToken(vocabulary);
}

/** What a model reads of a prompt: where it learnt documents the prompt begins one, after their separator. */
export function opening(prompt: Int32Array, vocabulary: Vocabulary, separator: number | null): Int32Array {
  const begun = prompt.length > 0 && (separator === null || prompt[0] === separator);
  return begun ? prompt : Int32Array.of(startToken(vocabulary, separator), ...prompt);
}
