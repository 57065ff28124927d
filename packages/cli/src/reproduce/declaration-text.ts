// A text that every checkout has: TypeScript's declarations of the standard library.
import { readFileSync } from "node:fs";
import { bundledTexts } from "../bundled-texts.js";

/** Throws UsageError where TypeScript is not installed. */
export const declarationText = (experiment: string): string =>
  readFileSync(bundledTexts(["lib.es5.d.ts"], `reproduce ${experiment}`)[0], "utf8");
