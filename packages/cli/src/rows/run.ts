// A run over rows from its options to its last word: new or resumed.
import { epochSteps } from "../session.js";
import {
  characterVocabulary,
  byteVocabulary,
  type Cells,
  type Columns,
  columnsOf,
  type Facts,
  labelledWriter,
  labelSet,
  type LabelledText,
  network,
  networkSpec,
  networkTask,
  pickRows,
  readLayers,
  rowClasses,
  rowExamples,
  rowFacts,
  type Rows,
  splitRows,
  type StartedText,
  type Task,
  type Vocabulary,
  wordVocabulary,
  writerExamples,
  writerTask,
} from "unrolled";
import type { Context } from "../context.js";
import { checkData } from "../data.js";
import { openRequested } from "../device-options.js";
import { exitCodes } from "../exit.js";
import { whole } from "../format.js";
import { finish, isFinished, type RunRequest } from "../run.js";
import { resumeModelDirectory } from "../storage/index.js";
import { createStore, storeIn } from "../store.js";
import { joined, readRowFile, readRowFiles, type RowFile } from "./data.js";
import { type RowModel, rowCompanions, rowModel } from "./model.js";
import { type RowRecord, readRowRecord } from "./record.js";
import type { RowSettings } from "./settings.js";

/** The rows of a run: which are learnt from, and which are held out. */
interface RunRows {
  readonly files: readonly RowFile[];
  readonly validationFile: RowFile | undefined;
  readonly all: Rows;
  readonly training: readonly number[];
  readonly validation: readonly number[];
}

async function readRun(
  files: readonly string[],
  validationFile: string | undefined,
  settings: RowSettings,
): Promise<RunRows> {
  const read = await readRowFiles(files, settings);
  const held = validationFile === undefined ? undefined : await readRowFile(validationFile, settings);
  const all = joined(read);
  const classes =
    settings.task === "classify"
      ? rowClasses("classify", all)
      : settings.task === "write"
        ? rowClasses("classify", all)
        : undefined;
  return {
    files: read,
    validationFile: held,
    all,
    ...splitRows(all.rows.length, settings.validation, settings.seed, classes),
  };
}

/** The model of a new run. `cells`: of one's own, by the names that the settings know them by. */
function newModel(settings: RowSettings, run: RunRows, cells: Cells): RowModel {
  const { task, seed, embedding } = settings;
  const layers = readLayers("layers", settings.layers, cells, 0);
  const where = run.files.map((file) => file.where).join(", ");
  const training = pickRows(run.all, run.training);
  const width = embedding === null ? {} : { embedding };
  if (task === "write") {
    const texts = training.rows as readonly LabelledText[];
    const start =
      run.all.kind === "texts" && run.all.columns
        ? startColumns(run.all.columns, training.rows as readonly StartedText[])
        : labelSet(
            (run.all.rows as readonly LabelledText[]).map(({ label = "" }) => label),
            where,
            1,
          );
    const model = labelledWriter({
      vocabulary: textVocabulary(settings, texts),
      start,
      use: settings.start,
      layers,
      seed,
      ...width,
    });
    return { kind: "writer", model };
  }
  const facts: Facts = rowFacts(training, {
    where,
    task,
    labelled: run.all,
    ...(settings.tokens !== "vector" && { tokens: settings.tokens }),
    minimumCount: settings.minCount,
    multiLabel: settings.multiLabel,
    ...(settings.targets !== null && { targets: settings.targets }),
  });
  const spec = networkSpec(facts, {
    layers,
    deep: settings.feedForward,
    ...width,
    ...(settings.pool !== null && { pool: settings.pool }),
  });
  return { kind: "network", model: network(spec, facts.vocabulary, seed) };
}

/** What the numbers that start texts are normalised with. */
const startColumns = (columns: readonly string[], rows: readonly StartedText[]): Columns =>
  columnsOf(
    rows.map(({ values }) => ({ values, steps: 1 })),
    columns,
    columns,
  );

function textVocabulary({ tokens, minCount }: RowSettings, texts: readonly LabelledText[]): Vocabulary {
  if (tokens === "byte") return byteVocabulary();
  const text = texts.map((row) => row.text).join("\n");
  return tokens === "word"
    ? wordVocabulary(text, { minimumCount: minCount })
    : characterVocabulary(texts.map((row) => row.text).join(""));
}

/** A model and its rows as a task. */
function taskOf(made: RowModel, run: RunRows, { batch, seed }: RowSettings): Task<never> & { readonly wasted: number } {
  const read = <E>(examples: (rows: Rows, where: string) => readonly E[]) => {
    const all = run.files.flatMap(({ rows, where }) => examples(rows, where));
    const held = run.validationFile && examples(run.validationFile.rows, run.validationFile.where);
    return { training: run.training.map((row) => all[row]), validation: held ?? run.validation.map((row) => all[row]) };
  };
  const task =
    made.kind === "network"
      ? networkTask({ model: made.model, ...read((rows, where) => rowExamples(made.model, rows, where)), batch, seed })
      : writerTask({
          model: made.model,
          ...read((rows, where) => writerExamples(made.model, rows.rows as readonly LabelledText[], where)),
          batch,
          seed,
        });
  return task as unknown as Task<never> & { readonly wasted: number };
}

const useOf = ({ task, startColumns }: RowSettings): string =>
  task === "write"
    ? `let it write: unrolled sample ${startColumns === null ? "--label LABEL" : "--vector N,N,..."}`
    : "use it: unrolled predict";

/** Trains a new model on the rows of `files` and keeps it in `directory`, which must be new. */
export async function newRowRun(
  files: readonly string[],
  validationFile: string | undefined,
  directory: string,
  settings: RowSettings,
  request: RunRequest,
  context: Context,
): Promise<number> {
  const rows = await readRun(files, validationFile, settings);
  const made = newModel(settings, rows, request.own ? { [request.own.cell.name]: request.own.cell } : {});
  const task = taskOf(made, rows, settings);
  const created = createStore(directory);
  try {
    const device = await openRequested(request);
    const record: Omit<RowRecord, "counters"> = {
      format: "unrolled-rows-run",
      version: 1,
      settings,
      files: rows.files.map(({ file }) => file),
      validationFile: rows.validationFile?.file ?? null,
      validation: null,
      rows: rows.training.length,
      validationRows: rows.validationFile?.rows.rows.length ?? rows.validation.length,
      wasted: task.wasted,
    };
    const store = created.storeFor(record, rowCompanions(made, request.own));
    if (!request.json) await context.output.write(`${rowsLine(record)}\n`);
    return await finish(
      { settings: sessionPart(settings), task, device, store, record: { ngram: null }, use: useOf(settings) },
      request,
      context,
    );
  } catch (error) {
    await created.discard();
    throw error;
  }
}

const rowsLine = ({ rows, validationRows, wasted }: Pick<RowRecord, "rows" | "validationRows" | "wasted">): string =>
  `${whole(rows)} rows to learn from, ${whole(validationRows)} held out; padding wastes ${(100 * wasted).toFixed(1)} %`;

/** What a session knows of the settings; tokens mean something else to a language model. */
function sessionPart({ tokens: _, ...rest }: RowSettings) {
  return rest;
}

/** Goes on with the run in `directory`: its files, its options but for what `change` makes of them, the same bits. */
export async function resumedRowRun(
  directory: string,
  change: (recorded: RowSettings) => RowSettings,
  request: RunRequest,
  context: Context,
): Promise<number> {
  const { directory: store, checkpoint, notices } = resumeModelDirectory(directory);
  for (const note of notices) await context.people.write(`${note}\n`);
  const recorded = readRowRecord(checkpoint.record, directory);
  const settings = change(recorded.settings);
  const { files, validationFile, counters, ...rest } = recorded;
  await checkData([...files, ...(validationFile === null ? [] : [validationFile])]);
  const rows = await readRun(
    files.map(({ path }) => path),
    validationFile?.path,
    settings,
  );
  const made = await rowModel({ ...checkpoint.companions, weights: checkpoint.weights }, directory, request);
  const task = taskOf(made, rows, settings);
  if (await isFinished(settings, epochSteps(settings, task), counters.step, directory, request, context))
    return exitCodes.done;
  const device = await openRequested(request);
  const record = { ...rest, files, validationFile, settings };
  const resume = { arrays: checkpoint.arrays, counters };
  const kept = storeIn(store, directory, record, checkpoint.companions);
  return finish(
    {
      settings: sessionPart(settings),
      task,
      device,
      store: kept,
      record: { ngram: null },
      resume,
      use: useOf(settings),
    },
    request,
    context,
  );
}
