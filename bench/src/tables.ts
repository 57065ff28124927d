// The tables of the record in README.md and docs: brought up to the newest full record at the end of a full run, or by
// `npm run bench -- --tables`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { benchFolder } from "./measure/configurations.js";
import { embed } from "./report/embed.js";
import type { Report } from "./report/report.js";

/** Documents with tables of the record, from the root of the workspace. */
const documents = ["README.md", "docs/performance.md"] as const;
const root = join(benchFolder, "..");
const results = "bench/results";

/** The newest full record, from the root of the workspace, without an ending. */
function newestRecord(): string {
  const names = readdirSync(join(root, results)).filter((name) => /^\d{4}-\d\d-\d\d-full\.json$/.test(name));
  const newest = names.sort().at(-1);
  if (newest === undefined)
    throw new RangeError(`tables: must find a full record in ${results}: npm run bench makes one`);
  return posix.join(results, basename(newest, ".json"));
}

/** Writes, unless it is only to check, what is not up to date; answers the names of these documents. */
export function bringUpToDate({ check }: { readonly check: boolean }): string[] {
  const record = newestRecord();
  const report = JSON.parse(readFileSync(join(root, `${record}.json`), "utf8")) as Report;
  return documents.filter((name) => {
    const file = join(root, name);
    const text = readFileSync(file, "utf8");
    const filled = embed(text, report, posix.relative(dirname(name), record));
    if (filled !== text && !check) writeFileSync(file, filled);
    return filled !== text;
  });
}
