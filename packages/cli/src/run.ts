// A run from its options to its last word: new or resumed, whoever asked for it (train, start).
import {
  type Corpus,
  type Device,
  type DoneEvent,
  encodeNgram,
  encodeVocabulary,
  type Ids,
  languageModel,
  languageModelTask,
  type Metrics,
  languageModelJson,
  type StepEvent,
  streams,
  type Task,
  type TrainingState,
} from "unrolled";
import type { Context } from "./context.js";
import { surveyText } from "./data.js";
import { type DeviceRequest, openRequested } from "./device-options.js";
import { exitCodes } from "./exit.js";
import { shellWord, whole } from "./format.js";
import { type RunData, recordedData, runData } from "./ids.js";
import { jsonReporter } from "./json-reporter.js";
import { ownCell } from "./cell-file.js";
import { readEmbedding, widthFor } from "./embedding-file.js";
import { affordableSpec } from "./memory.js";
import { plainMethods, separatorId, taskMethods } from "./methods.js";
import { countNgrams } from "./ngram-line.js";
import type { RunRecord } from "./record.js";
import type { Reporter, RunFacts } from "./reporter.js";
import { epochSteps, type RunStore, runSession, type SessionSettings, sampleLength, stepsOfRun } from "./session.js";
import type { RunSettings } from "./settings.js";
import { listenForStop, type Stop } from "./signals.js";
import type { CellTrust } from "./cell-trust.js";
import { createStore, openRun, type SavedRun } from "./store.js";
import { liveReporter } from "./terminal/live.js";
import { plainReporter } from "./terminal/plain.js";
import { canRedraw, styleFor } from "./terminal/style.js";

export interface RunRequest extends DeviceRequest, CellTrust {
  readonly json?: boolean;
  /** Stop by itself after so long. */
  readonly seconds?: number;
}

/** A run of any task, ready to go. */
export interface PreparedRun<M extends Metrics<M>> {
  readonly settings: SessionSettings & Partial<Pick<RunSettings, "tokens">>;
  readonly task: Task<M>;
  readonly device: Device;
  readonly store: RunStore;
  readonly record: Pick<RunRecord, "ngram">;
  readonly resume?: TrainingState;
  /** What to do with the model when it is ready; "let it write: unrolled sample" where left out. */
  readonly use?: string;
}

/** Trains a new model on `files` and keeps it in `directory`, which must be new. */
export async function newRun(
  files: readonly string[],
  directory: string,
  settings: RunSettings,
  request: RunRequest,
  context: Context,
): Promise<number> {
  const began = context.clock();
  const survey = await surveyText(files, settings);
  const { vocabulary } = survey;
  const own = await ownCell(settings);
  const embedding =
    settings.embeddingFrom === null ? undefined : await readEmbedding(settings.embeddingFrom, vocabulary);
  const wide = embedding === undefined ? settings : { ...settings, embedding: widthFor(settings, embedding.width) };
  const { batch, sequence, methods = plainMethods } = settings;
  const separator = separatorId(methods, vocabulary);
  const spec = affordableSpec(wide, vocabulary.tokens.length, { separator, ...(own && { cell: own.cell }) });
  streams({ length: survey.trained, read: () => {} }, { batch: batch * methods.accumulate, sequence });
  const chosen = taskMethods(methods);
  const created = createStore(directory);
  let data: RunData | number | undefined;
  try {
    data = await runData(survey, directory, context, began);
    if (typeof data === "number") {
      await created.discard();
      return data;
    }
    const { corpus } = data;
    const device = await openRequested(request);
    const ngram = countNgrams(corpus);
    const record = {
      format: "unrolled-run",
      version: 1,
      settings,
      files: survey.files,
      validation: null,
      ngram: ngram?.baseline ?? null,
      tokens: corpus.training.length,
      validationTokens: corpus.validation.length,
    } as const;
    const values = embedding && { embeddingValues: embedding.values };
    const model = languageModel({ ...spec, vocabulary, seed: settings.seed, ...values });
    const store = created.storeFor(record, {
      spec: Buffer.from(`${JSON.stringify(languageModelJson(spec), null, 2)}\n`),
      vocabulary: encodeVocabulary(vocabulary),
      ...(ngram === undefined ? {} : { ngram: encodeNgram(ngram.model) }),
      ...(own === undefined ? {} : { cell: own.source }),
    });
    const task = languageModelTask({ model, corpus, batch, sequence, sampleLength, ...chosen });
    return await finish({ settings, task, device, store, record }, request, context);
  } catch (error) {
    await created.discard();
    throw error;
  } finally {
    if (typeof data === "object") data.close();
  }
}

/** Goes on with the run in `directory`: its files, its options but for what `change` makes of them, the same bits. */
export async function resumedRun(
  directory: string,
  change: (recorded: RunSettings) => RunSettings,
  request: RunRequest,
  context: Context,
): Promise<number> {
  const run = await openRun(directory, request);
  for (const note of run.notes) await context.people.write(`${note}\n`);
  const settings = change(run.record.settings);
  const data = await recordedData(run.record.files, settings, directory, run.model.vocabulary, context);
  if (typeof data === "number") return data;
  try {
    return await goOn(run, data.corpus, settings, directory, request, context);
  } finally {
    data.close();
  }
}

async function goOn(
  run: SavedRun,
  corpus: Corpus<Ids>,
  settings: RunSettings,
  directory: string,
  request: RunRequest,
  context: Context,
): Promise<number> {
  const { batch, sequence, methods = plainMethods } = settings;
  const chosen = taskMethods(methods);
  const task = languageModelTask({ model: run.model, corpus, batch, sequence, sampleLength, ...chosen });
  const made = run.training.counters.step;
  if (await isFinished(settings, epochSteps(settings, task), made, directory, request, context)) return exitCodes.done;
  const device = await openRequested(request);
  const { counters: _, ...rest } = run.record;
  const record = { ...rest, settings };
  const store = run.storeFor(record);
  return await finish({ settings, task, device, store, record, resume: run.training }, request, context);
}

/** Whether a run has made all its steps; says so. */
export async function isFinished(
  settings: SessionSettings,
  stepsPerEpoch: number,
  made: number,
  directory: string,
  request: RunRequest,
  context: Context,
): Promise<boolean> {
  const total = stepsOfRun(settings, stepsPerEpoch);
  if (made < total) return false;
  const more = settings.maxSteps === null ? `--epochs ${settings.epochs * 2}` : `--max-steps ${made * 2}`;
  const text = `${directory} is finished: ${whole(made)} steps are made, ${whole(total)} were asked for; to learn more: unrolled train --resume ${shellWord(directory)} ${more}`;
  await (request.json ? context.people : context.output).write(`${text}\n`);
  return true;
}

/** Trains to the end, or until it is asked to stop, and says so; closes the device. */
export async function finish<M extends Metrics<M>>(
  prepared: PreparedRun<M>,
  request: RunRequest,
  context: Context,
): Promise<number> {
  const { settings, task, device, store, record } = prepared;
  const began = context.clock();
  const facts: RunFacts = {
    tokens: settings.tokens,
    epochs: settings.epochs,
    timed: request.seconds !== undefined,
    directory: store.directory,
    remaining: remaining(
      task.tokens / epochSteps(settings, task),
      stepsOfRun(settings, epochSteps(settings, task)),
      request.seconds,
      () => (context.clock() - began) / 1000,
    ),
  };
  const reporter = reporterFor(request, facts, context);
  const stop = listenForStop({
    onAsk: () => void reporter.note("stopping after this step; again to end at once"),
    onImpatience: () =>
      void reporter.note(`this step takes too long; the last checkpoint in ${store.directory} is good`),
  });
  context.output.onClose(() => stop.request(exitCodes.pipe));
  try {
    const done = await runSession({
      ...prepared,
      reporter,
      stop,
      clock: context.clock,
      baseline: () => record.ngram ?? undefined,
      ...(request.seconds === undefined ? {} : { seconds: request.seconds }),
    });
    await Promise.race([
      lastWords(done, prepared, request, reporter, stop),
      new Promise((resolve) => setTimeout(resolve, 1000)),
    ]);
    return stop.exitCode ?? exitCodes.done;
  } catch (error) {
    await reporter.close();
    throw error;
  } finally {
    stop.release();
    device.close();
  }
}

function reporterFor({ json }: RunRequest, facts: RunFacts, { output, people, env, clock }: Context): Reporter {
  if (json) return jsonReporter(output, people);
  if (!canRedraw(output.isTerminal, env)) return plainReporter(output, facts, clock);
  return liveReporter(output, facts, styleFor(true, env), clock);
}

function remaining(tokensPerStep: number, total: number, seconds: number | undefined, elapsed: () => number) {
  return ({ step, tokensPerSecond }: StepEvent): number =>
    Math.min(((total - step) * tokensPerStep) / tokensPerSecond, (seconds ?? Number.POSITIVE_INFINITY) - elapsed());
}

async function lastWords<M extends Metrics<M>>(
  done: DoneEvent,
  { store: { directory }, use = "let it write: unrolled sample" }: PreparedRun<M>,
  request: RunRequest,
  reporter: Reporter,
  stop: Stop,
) {
  await reporter.close();
  await reporter.report(done);
  if (stop.exitCode !== undefined) await reporter.note(`go on with: unrolled train --resume ${shellWord(directory)}`);
  else if (request.seconds === undefined)
    await reporter.note(`the model is in ${directory}; ${use} ${shellWord(directory)}`);
}
