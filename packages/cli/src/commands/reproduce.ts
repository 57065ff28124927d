// `unrolled reproduce`: runs an experiment of the lectures, shows its table and keeps it.
import { availableParallelism } from "node:os";
import type { Context } from "../context.js";
import { openRequested } from "../device-options.js";
import { exitCodes, UsageError } from "../exit.js";
import { shellWord } from "../format.js";
import type { ReproduceOptions } from "../options.js";
import { choice } from "../parse.js";
import { type Experiment, type Row, Stopped } from "../reproduce/experiment.js";
import { experiments } from "../reproduce/index.js";
import { asJson, type Finished, markdown, tableText } from "../reproduce/render.js";
import { listenForStop, type Stop } from "../signals.js";
import { nodeFiles } from "../storage/index.js";
import { replaceFile } from "../storage/atomic.js";
import { canRedraw } from "../terminal/style.js";

export async function reproduce(
  name: string | undefined,
  options: ReproduceOptions,
  context: Context,
): Promise<number> {
  if (name === undefined) return list(options, context);
  const asked = choice(
    "experiment",
    experiments.map((each) => each.name),
  )(name); // prettier-ignore
  const experiment = experiments.find((each) => each.name === asked) as Experiment;
  if (options.out !== undefined) checkFolder(options.out);
  const { seed = 1, seeds = 3, quick = false, full = false, precision = "f32" } = options;
  if (full && experiment.full === undefined)
    throw new UsageError(`--full: must be left out, ${asked} has one size only`, { hint: "leave --full out" });
  if (full && quick) throw new UsageError("--full: must not stand beside --quick", { hint: "leave one of them out" });
  if (options.precision !== undefined && experiment.untrained)
    throw new UsageError(`--precision: must be left out, nothing learns in ${asked}`, {
      hint: "leave --precision out",
    });
  const device = await openRequested(options);
  const stop = listenForStop({ onAsk: () => void context.people.write("\nstopping; again to end at once\n") });
  context.output.onClose(() => stop.request(exitCodes.pipe));
  const began = context.clock();
  const tell = teller(context, options.json === true);
  const rows: Row[] = [];
  try {
    const bench = { device, clock: context.clock, precision, seed, seeds, quick, full, stop, progress: tell.progress };
    try {
      for await (const row of experiment.run(bench)) {
        rows.push(row);
        await tell.clear();
        if (options.json) await context.output.json({ type: "row", name: row.name, cells: row.cells });
      }
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
    await tell.clear();
    const report = experiment.open({ seeds, quick, full });
    const finished: Finished = {
      name: asked,
      summary: experiment.summary,
      date: new Date().toISOString().slice(0, 10),
      command: commandOf(asked, options),
      quick,
      seed,
      seeds,
      seconds: Math.round((context.clock() - began) / 100) / 10,
      machine: { device: device.name, threads: device.threads, cores: availableParallelism(), node: process.version },
      report,
      rows,
      claims: quick || stop.requested ? undefined : report.claims(rows),
    };
    return await tellResult(finished, options, stop, context);
  } finally {
    stop.release();
    device.close();
  }
}

async function tellResult(
  finished: Finished,
  { out, json }: ReproduceOptions,
  stop: Stop,
  { output, people }: Context,
): Promise<number> {
  if (json) await output.json({ type: "experiment", ...asJson(finished) });
  else if (finished.rows.length > 0) await output.write(tableText(finished));
  if (stop.requested) {
    await people.write("stopped: the rows above are what was finished; nothing was written\n");
    return stop.exitCode ?? exitCodes.interrupted;
  }
  if (out !== undefined) {
    const base = `${finished.date}-${finished.name}${finished.seed === 1 ? "" : `-from-seed-${finished.seed}`}`;
    replaceFile(nodeFiles, out, `${base}.json`, Buffer.from(`${JSON.stringify(asJson(finished), null, 2)}\n`));
    replaceFile(nodeFiles, out, `${base}.md`, Buffer.from(markdown(finished)));
    for (const { name, bytes } of finished.rows.flatMap(({ files = [] }) => files))
      replaceFile(nodeFiles, out, `${base}-${name}`, Buffer.from(bytes));
    nodeFiles.syncFolder(out);
    await people.write(`written: ${out}/${base}.json and .md\n`);
  }
  return finished.claims?.some(({ holds }) => !holds) ? exitCodes.failed : exitCodes.done;
}

async function list({ json }: ReproduceOptions, { output }: Context): Promise<number> {
  const width = Math.max(...experiments.map(({ name }) => name.length)) + 2;
  for (const { name, summary, minutes, full } of experiments)
    if (json) await output.json({ type: "experiment", name, summary, minutes, ...(full !== undefined && { full }) });
    else
      await output.write(
        `${name.padEnd(width)}${summary} (${minutes < 1 ? "seconds" : `${minutes} min`}${full === undefined ? "" : `; --full: ${full}`})\n`,
      );
  if (!json) await output.write("\nrun one: unrolled reproduce agreement\n");
  return exitCodes.done;
}

function checkFolder(path: string): void {
  if (nodeFiles.kind(path) !== "folder")
    throw new UsageError(`--out: must be an existing directory, was ${JSON.stringify(path)}`, {
      hint: `make it first: mkdir -p ${shellWord(path)}`,
    });
}

const commandOf = (name: string, { seed, seeds, quick, full, precision, device, threads }: ReproduceOptions): string =>
  [
    `unrolled reproduce ${name}`,
    ...(seed === undefined ? [] : [`--seed ${seed}`]),
    ...(seeds === undefined ? [] : [`--seeds ${seeds}`]),
    ...(quick ? ["--quick"] : []),
    ...(full ? ["--full"] : []),
    ...(precision === undefined ? [] : [`--precision ${precision}`]),
    ...(device === undefined ? [] : [`--device ${device}`]),
    ...(threads === undefined ? [] : [`--threads ${threads}`]),
  ].join(" ");

/** What is being done, redrawn in place on a terminal; else a line every half minute. */
function teller({ people, env, clock }: Context, quiet: boolean) {
  const live = canRedraw(people.isTerminal, env);
  const every = live ? 100 : 30_000;
  let told = live ? Number.NEGATIVE_INFINITY : clock();
  let drawn = false;
  return {
    async progress(what: string, part: number): Promise<void> {
      if (quiet || clock() - told < every) return;
      told = clock();
      drawn = live;
      const text = `${String(Math.round(100 * part)).padStart(3)} %  ${what}`;
      await people.write(live ? `\r\u001b[K${text.slice(0, people.columns - 1)}` : `${text}\n`);
    },
    async clear(): Promise<void> {
      if (drawn) await people.write("\r\u001b[K");
      drawn = false;
    },
  };
}
