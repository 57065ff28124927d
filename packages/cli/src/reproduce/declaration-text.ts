// A text that every checkout has: TypeScript's declarations of the standard library.
import { readFileSync } from "node:fs";
import { bundledTexts } from "../bundled-texts.js";

/** Throws UsageError where TypeScript is not installed. */
export const declarationText = (experiment: string): string =>
  readFileSync(bundledTexts(["lib.es5.d.ts"], `reproduce ${experiment}`)[0], "utf8");

/** The English words, of two letters at least and in lower case, of what their comments say; code and addresses left out. */
export function commentWords(files: readonly string[], experiment: string): string[] {
  const texts = bundledTexts(files, `reproduce ${experiment}`).map((path) => readFileSync(path, "utf8"));
  const comments = texts.flatMap((text) => text.match(/\/\*[\s\S]*?\*\/|\/\/.*$/gm) ?? []).join("\n");
  const prose = comments.replace(/\(https?:[^)]*\)|`[^`]*`|\{[^}]*\}/g, " ");
  const words = prose.match(/(?<![A-Za-z0-9_.$])[A-Za-z][a-z]+(?![A-Za-z0-9_$(])/g) ?? [];
  return [...new Set(words.map((word) => word.toLowerCase()))];
}
