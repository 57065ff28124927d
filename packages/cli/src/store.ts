// Model directories as the commands see them: runs to go on with, models to use, directories to look at.
import { existsSync } from "node:fs";
import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type CheckpointEvent,
  type Companions,
  checkLanguageModelSpec,
  decodeVocabulary,
  type LanguageModel,
  languageModelJson,
  type LanguageModelSpec,
  limits,
  loadLanguageModel,
  modelFiles,
  type NamedArray,
  type Ngram,
  parameterCount,
  readJson,
  type TrainingState,
  type Vocabulary,
} from "unrolled";
import { type CellTrust, directoryCells, namesOwnCell, notRun } from "./cell-trust.js";
import { plainMethods, separatorId } from "./methods.js";
import type { RunRecord } from "./record.js";
import { metricsOf } from "./reporter.js";
import type { RunStore } from "./session.js";
import {
  createModelDirectory,
  idsName,
  type ModelDirectory,
  readModel,
  resumeModelDirectory,
} from "./storage/index.js";

type KnownRun = Omit<RunRecord, "counters">;
/** What is recorded of a run of any kind, but for its counters. */
export type AnyRun = Pick<KnownRun, "validation" | "memory">;

export interface NewDirectory {
  storeFor(run: AnyRun, companions: Companions): RunStore;
  /** Takes back what was made, where no checkpoint came to lie in it. */
  discard(): Promise<void>;
}

/** A new directory to train into. Nothing is written to it before the first checkpoint. */
export function createStore(directory: string): NewDirectory {
  const existed = existsSync(directory);
  const files = createModelDirectory(directory);
  return {
    storeFor: (run, companions) => storeIn(files, directory, run, companions),
    async discard() {
      if ((await readdir(directory).catch(() => [])).every((name) => name === idsName))
        await rm(join(directory, idsName), { force: true });
      // Fails, as it should, where something lies in it.
      if (!existed) await rmdir(directory).catch(() => {});
    },
  };
}

export function storeIn(files: ModelDirectory, directory: string, run: AnyRun, companions: Companions): RunStore {
  let { validation, memory } = run;
  return {
    directory,
    async save({ step, weights, training }: CheckpointEvent) {
      const record = { ...run, validation, memory, counters: training.counters };
      files.save({ step, weights, companions, arrays: training.arrays, record });
    },
    begin: (event) => {
      memory = event.memory;
    },
    measure(event) {
      files.appendMetrics(JSON.stringify(event));
      if (event.type === "validation") validation = { step: event.step, ...finite(metricsOf(event)) };
    },
  };
}

/** JSON knows no infinities. */
const finite = (metrics: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));

export interface SavedRun {
  readonly model: LanguageModel;
  readonly record: RunRecord;
  readonly training: TrainingState;
  /** What was damaged and what is used instead. */
  readonly notes: readonly string[];
  /** The same directory to go on writing to. */
  storeFor(run: KnownRun): RunStore;
}

/** The run in a directory, at its latest whole checkpoint. CheckpointError where its cell is not to be run. */
export async function openRun(directory: string, trust?: CellTrust): Promise<SavedRun> {
  const { readRecord } = await import("./record.js");
  const { directory: files, checkpoint, notices } = resumeModelDirectory(directory);
  const { companions, weights, arrays } = checkpoint;
  const record = readRecord(checkpoint.record, join(directory, modelFiles.training));
  const read = await modelOf(companions, weights, directory, trust);
  const model = withSeparator(read, record);
  const spec =
    model === read ? companions.spec : Buffer.from(`${JSON.stringify(languageModelJson(model.spec), null, 2)}\n`);
  return {
    model,
    record,
    training: { arrays, counters: record.counters },
    notes: notices,
    storeFor: (run) => storeIn(files, directory, run, { ...companions, spec }),
  };
}

/** Models did not always know where documents begin; their runs did. */
function withSeparator(model: LanguageModel, { settings: { methods = plainMethods } }: RunRecord): LanguageModel {
  const separator = separatorId(methods, model.vocabulary);
  return separator === model.spec.separator ? model : { ...model, spec: { ...model.spec, separator } };
}

/** Whether there is a run to go on with. */
export async function holdsRun(directory: string): Promise<boolean> {
  const found = [modelFiles.training, modelFiles.previousTraining].map((name) => stat(join(directory, name)));
  return (await Promise.allSettled(found)).some((result) => result.status === "fulfilled");
}

/** The model in a directory; a cell of one's own that it names is run from there, where it is trusted. */
async function modelOf(
  {
    spec: bytes,
    vocabulary,
    cell: source,
  }: Pick<Companions, "spec" | "vocabulary"> & { readonly cell?: Uint8Array | undefined },
  weights: readonly NamedArray[],
  directory: string,
  trust: CellTrust | undefined,
): Promise<LanguageModel> {
  const json = readJson(bytes, modelFiles.spec, limits.specBytes);
  const spec = checkLanguageModelSpec(json, await directoryCells(json, source, directory, trust));
  return loadLanguageModel({ spec, vocabulary: decodeVocabulary(vocabulary, spec.tokens), weights });
}

export interface UsableModel {
  readonly model: LanguageModel;
  readonly step: number | undefined;
  readonly ngram: Ngram | undefined;
  readonly notes: readonly string[];
}

/** The model in a directory, ours or one that another program wrote. */
export async function openModelDirectory(directory: string, trust?: CellTrust): Promise<UsableModel> {
  const { weights, step, ngram, notices, ...files } = readModel(directory);
  return { model: await modelOf(files, weights, directory, trust), step, ngram, notes: notices };
}

export interface DescribedModel {
  readonly spec: LanguageModelSpec;
  readonly vocabulary: Vocabulary;
  /** Trainable numbers. */
  readonly parameters: number;
  readonly step: number | undefined;
  readonly notes: readonly string[];
}

/** What a directory says of its model. A cell of its own is not run, and the weights are not compared with the spec then. */
export async function describeModel(directory: string): Promise<DescribedModel> {
  const { weights, step, notices, spec: bytes, vocabulary, cell } = readModel(directory);
  const json = readJson(bytes, modelFiles.spec, limits.specBytes);
  if (cell === undefined || !namesOwnCell(json)) {
    const { model, notes } = await openModelDirectory(directory);
    const { spec } = model;
    return { spec, vocabulary: model.vocabulary, parameters: parameterCount(spec), step, notes };
  }
  const spec = checkLanguageModelSpec(json);
  const learnt = weights.filter(({ name }) => spec.embedding.from === "trained" || name !== "embedding.weight");
  return {
    spec,
    vocabulary: decodeVocabulary(vocabulary, spec.tokens),
    parameters: learnt.reduce((sum, { data }) => sum + data.length, 0),
    step,
    notes: [...notices, notRun(directory)],
  };
}
