// Texts that every checkout has: TypeScript's declaration files.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { UsageError } from "./exit.js";

/** Paths of TypeScript's declaration files of these names. `where` is said in the error where there are none. */
export function bundledTexts(names: readonly string[], where: string): string[] {
  const roots = [join(process.cwd(), "package.json"), import.meta.url];
  for (const root of roots) {
    try {
      const folder = join(dirname(createRequire(root).resolve("typescript/package.json")), "lib");
      return names.map((name) => join(folder, name));
    } catch {
      // Not installed there: the next place is looked at.
    }
  }
  throw new UsageError(`${where}: must find TypeScript's declaration files under node_modules, found none`, {
    hint: `name a text of your own: unrolled ${where === "start" ? "train text.txt --out model" : `${where} text.txt`}`,
  });
}
