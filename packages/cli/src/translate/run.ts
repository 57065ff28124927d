// A run over pairs from its options to its last word: new or resumed.
import { splitRows, type TextPair, type Translator, translationTask, translator } from "unrolled";
import type { Context } from "../context.js";
import { checkData, type DataFile } from "../data.js";
import { openRequested } from "../device-options.js";
import { exitCodes } from "../exit.js";
import { whole } from "../format.js";
import { finish, isFinished, type RunRequest } from "../run.js";
import { resumeModelDirectory } from "../storage/index.js";
import { createStore, storeIn } from "../store.js";
import {
  type Encoded,
  encodePairs,
  type PairFiles,
  readPairs,
  tokenizerVocabularies,
  unseenIn,
  type Vocabularies,
  vocabulariesOf,
} from "./data.js";
import { translatorCompanions, translatorOf } from "./model.js";
import { type PairRecord, readPairRecord } from "./record.js";
import type { PairSettings } from "./settings.js";

interface RunPairs {
  readonly all: readonly TextPair[];
  readonly training: readonly TextPair[];
  readonly validation: readonly TextPair[];
  readonly files: readonly DataFile[];
  readonly validationFiles: readonly DataFile[];
}

async function readRun(files: PairFiles, held: PairFiles | undefined, settings: PairSettings): Promise<RunPairs> {
  const { pairs, files: data } = await readPairs(files);
  const other = held && (await readPairs(held));
  const { training, validation } = splitRows(pairs.length, settings.validation, settings.seed);
  return {
    all: [...pairs, ...(other?.pairs ?? [])],
    training: training.map((i) => pairs[i]),
    validation: other?.pairs ?? validation.map((i) => pairs[i]),
    files: data,
    validationFiles: other?.files ?? [],
  };
}

interface EncodedRun {
  readonly training: Encoded;
  readonly validation: Encoded;
}

const encodeRun = (run: RunPairs, vocabularies: Vocabularies, settings: PairSettings): EncodedRun => ({
  training: encodePairs(run.training, vocabularies, settings),
  validation: encodePairs(run.validation, vocabularies, settings),
});

function taskOf(model: Translator, { training, validation }: EncodedRun, settings: PairSettings) {
  const { batch, seed, smoothing, teacher, watched } = settings;
  const task = translationTask({
    model,
    training: training.pairs,
    validation: validation.pairs,
    batch,
    seed,
    smoothing,
    teacher,
    watched,
  });
  return { task, long: training.long + validation.long, pairs: training.pairs.length, held: validation.pairs.length };
}

const use = "use it: unrolled translate";

/** Trains a new translator on pairs and keeps it in `directory`, which must be new. */
export async function newPairRun(
  files: PairFiles,
  held: PairFiles | undefined,
  directory: string,
  settings: PairSettings,
  request: RunRequest,
  context: Context,
): Promise<number> {
  const run = await readRun(files, held, settings);
  const { attention, reversed, encoder, decoder, embedding, tied, dropout, shared, seed } = settings;
  const vocabularies = (await tokenizerVocabularies(settings)) ?? vocabulariesOf(settings, run.all, run.training);
  const encoded = encodeRun(run, vocabularies, settings);
  const model = translator({
    ...vocabularies,
    unseen: unseenIn(vocabularies.source, encoded.training.pairs),
    attention,
    reversed,
    encoder,
    decoder,
    embedding,
    ...(tied && { tied, readoutUnits: embedding }),
    dropout,
    shared,
    seed,
  });
  const made = taskOf(model, encoded, settings);
  const created = createStore(directory);
  try {
    const device = await openRequested(request);
    const record: Omit<PairRecord, "counters"> = {
      format: "unrolled-pairs-run",
      version: 1,
      settings,
      files: run.files,
      validationFiles: run.validationFiles,
      validation: null,
    };
    const store = created.storeFor(record, translatorCompanions(model));
    const long =
      made.long === 0 ? "" : `; ${whole(made.long)} too long: ${settings.long === "cut" ? "cut" : "left out"}`;
    if (!request.json)
      await context.output.write(
        `${whole(made.pairs)} pairs to learn from, ${whole(made.held)} held out; ${whole(model.source.tokens.length)} and ${whole(model.target.tokens.length)} tokens; padding wastes ${(100 * made.task.wasted).toFixed(1)} %${long}\n`,
      );
    const prepared = { settings: sessionPart(settings), task: made.task, device, store, record: { ngram: null }, use };
    return await finish(prepared, request, context);
  } catch (error) {
    await created.discard();
    throw error;
  }
}

/** What a session knows of the settings; tokens mean something else to a language model. */
function sessionPart({ tokens: _, ...rest }: PairSettings) {
  return rest;
}

const pathsOf = (files: readonly DataFile[]): PairFiles => files.map(({ path }) => path) as unknown as PairFiles;

/** Goes on with the run in `directory`: its files, its options but for what `change` makes of them, the same bits. */
export async function resumedPairRun(
  directory: string,
  change: (recorded: PairSettings) => PairSettings,
  request: RunRequest,
  context: Context,
): Promise<number> {
  const { directory: store, checkpoint, notices } = resumeModelDirectory(directory);
  for (const note of notices) await context.people.write(`${note}\n`);
  const recorded = readPairRecord(checkpoint.record, directory);
  const settings = change(recorded.settings);
  const { counters, files, validationFiles } = recorded;
  await checkData([...files, ...validationFiles]);
  const run = await readRun(
    pathsOf(files),
    validationFiles.length > 0 ? pathsOf(validationFiles) : undefined,
    settings,
  );
  const model = translatorOf(checkpoint.companions.spec, checkpoint.companions.vocabulary, checkpoint.weights);
  const { task } = taskOf(model, encodeRun(run, model, settings), settings);
  if (await isFinished(settings, task.batches.count, counters.step, directory, request, context)) return exitCodes.done;
  const device = await openRequested(request);
  const { counters: _, ...rest } = recorded;
  const record: Omit<PairRecord, "counters"> = { ...rest, settings };
  const kept = storeIn(store, directory, record, checkpoint.companions);
  const resume = { arrays: checkpoint.arrays, counters };
  return finish(
    { settings: sessionPart(settings), task, device, store: kept, record: { ngram: null }, resume, use },
    request,
    context,
  );
}
