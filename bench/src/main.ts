// `npm run bench`: measures, shows a table and writes the record.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchFolder } from "./measure/configurations.js";
import { help, type Options, readOptions } from "./options.js";
import type { Report } from "./report/report.js";
import { ratioBars } from "./report/svg.js";
import { paintFor } from "./report/table.js";
import { closingLines, markdown, workloadLines } from "./report/words.js";
import { runBenchmark } from "./run.js";
import { bringUpToDate } from "./tables.js";
import { describeWorkload } from "./workloads.js";

async function main(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv);
  if (options.help) return void process.stdout.write(help);
  if (options.list) return list(options);
  if (options.tables) return void process.stdout.write(`${renewed().join("\n")}\n`);
  const { stdout, stderr } = process;
  const paint = paintFor(stdout.isTTY === true, process.env);
  const width = stdout.columns ?? 120;
  const say = (lines: readonly string[]): void => void (options.json || stdout.write(`${lines.join("\n")}\n`));
  const clear = (): void => void (stderr.isTTY && stderr.write("\r\u001b[K"));
  const report = await runBenchmark(options, ["npm run bench --", ...argv].join(" "), {
    tell: (what) => void (stderr.isTTY && stderr.write(`\r\u001b[K${what.slice(0, (stderr.columns ?? 80) - 1)}`)),
    workload: (done) => {
      clear();
      say(workloadLines(done, width, paint));
    },
  });
  clear();
  say(closingLines(report, width, paint));
  if (options.write) say(write(report, options.out ?? join(benchFolder, "results")));
  if (options.write && options.name === "full" && options.out === undefined) say(renewed());
  if (options.json) stdout.write(`${JSON.stringify(report)}\n`);
}

function list({ workloads, json }: Options): void {
  if (json) return void process.stdout.write(`${JSON.stringify(workloads)}\n`);
  const widest = Math.max(...workloads.map((w) => w.name.length));
  for (const w of workloads) process.stdout.write(`${w.name.padEnd(widest)}  ${describeWorkload(w)}\n`);
}

/** Renews the tables in the documents; answers what to say about it. */
function renewed(): string[] {
  const names = bringUpToDate({ check: false });
  return [
    names.length > 0 ? `tables renewed: ${names.join(", ")}` : "tables in the documents: as in the newest record",
  ];
}

/** Writes the three files of a record; answers what to say about it. */
function write(report: Report, folder: string): string[] {
  const name = `${report.date.slice(0, 10)}-${report.name}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(
    join(folder, `${name}.svg`),
    ratioBars(report.workloads, `tokens per second / PyTorch's best, ${report.date.slice(0, 10)}`),
  );
  writeFileSync(join(folder, `${name}.md`), markdown(report, `${name}.svg`));
  return [`written: ${join(folder, name)}.md, .json, .svg`];
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isUsage = error instanceof RangeError || (error instanceof TypeError && "code" in error);
  process.stderr.write(`bench: ${error instanceof Error ? (isUsage ? error.message : error.stack) : String(error)}\n`);
  process.exitCode = isUsage ? 2 : 1;
});
