// Sentences and their translations from files: one file of two columns, or two files line by line.
import { DataError } from "../errors.js";

/** A sentence and its translation. */
export interface TextPair {
  readonly source: string;
  readonly target: string;
}

/** Lines without their ends; an empty last line is no line. */
export function linesOf(text: string): string[] {
  const lines = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Throws where a side is empty. */
function checkSides({ source, target }: TextPair, where: string, line: number): void {
  const empty = source.trim() === "" ? "source" : target.trim() === "" ? "target" : undefined;
  if (empty !== undefined)
    throw new DataError(`${where}, line ${line}: must have two sides, its ${empty} is empty`, {
      code: "empty-side",
      hint: "leave such pairs out",
    });
}

/** Lines of "source<tab>target". DataError `pair-columns`, `empty-side` or `no-pairs` names file and line. */
export function parsePairs(text: string, where: string): TextPair[] {
  const pairs = linesOf(text).map((line, i) => {
    const parts = line.split("\t");
    if (parts.length !== 2)
      throw new DataError(
        `${where}, line ${i + 1}: must be a sentence, a tab and its translation, has ${parts.length - 1} tabs`,
        { code: "pair-columns", hint: "two files, line by line, are read with --source and --target" },
      );
    const pair = { source: parts[0]!, target: parts[1]! };
    checkSides(pair, where, i + 1);
    return pair;
  });
  return some(pairs, where);
}

/** Line i of one file is translated by line i of the other. DataError `uneven-pairs` says the first line that one of them lacks. */
export function pairLines(sources: string, targets: string, where: readonly [string, string]): TextPair[] {
  const [a, b] = [linesOf(sources), linesOf(targets)];
  if (a.length !== b.length) {
    const short = a.length < b.length ? 0 : 1;
    const first = Math.min(a.length, b.length) + 1;
    throw new DataError(
      `${where[short]}: must have as many lines as ${where[1 - short]}, line ${first} is missing (${a.length} and ${b.length})`,
      { code: "uneven-pairs", hint: "line i of one file must be the translation of line i of the other" },
    );
  }
  const pairs = a.map((source, i) => {
    const pair = { source, target: b[i]! };
    checkSides(pair, where.join(" and "), i + 1);
    return pair;
  });
  return some(pairs, where.join(" and "));
}

function some(pairs: TextPair[], where: string): TextPair[] {
  if (pairs.length > 0) return pairs;
  throw new DataError(`${where}: must hold at least one pair, was empty`, { code: "no-pairs" });
}
