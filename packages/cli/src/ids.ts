// The ids of a run: those of a short text in memory, those of a long one in a file beside the model, made in a second reading or
// found from an earlier run.
import {
  CheckpointError,
  type Corpus,
  DataError,
  encodeBlocks,
  type Fingerprint,
  type Ids,
  type IdSource,
  oneSymbol,
  sliceIds,
  startFingerprint,
  type Vocabulary,
} from "unrolled";
import { readThrough, statText } from "./blocks.js";
import { join } from "node:path";
import type { Context } from "./context.js";
import { checkData, contentOf, type DataFile, type Survey, surveyText, type TextSettings, whereOf } from "./data.js";
import { exitCodes, UsageError } from "./exit.js";
import { count, duration, bytes as size } from "./format.js";
import { listenForStop } from "./signals.js";
import { type BadIds, bytesPerId, type IdsWriter, idsName, openIds, writeIds } from "./storage/index.js";
import { named } from "./where.js";

export interface RunData {
  readonly corpus: Corpus<Ids>;
  readonly close: () => void;
}

/** Bytes of text from which on its ids are kept in a file. */
const longText = 64 * 2 ** 20;
const longTextVariable = "UNROLLED_LONG_TEXT";

function longTextOf({ env }: Context): number {
  const said = env[longTextVariable];
  if (said === undefined || said === "") return longText;
  if (/^\d{1,15}$/.test(said)) return Number(said);
  throw new UsageError(`${longTextVariable}: must be a number of bytes, was ${JSON.stringify(said)}`, {
    hint: `texts of so many bytes and more are kept as ${idsName}; leave it out for ${longText}`,
  });
}

const textBytes = (files: readonly DataFile[]): number => files.reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * The ids of a text that was surveyed from the time `began` on; those of a long one in folder/training.ids. Where a signal stops it,
 * nothing is left behind and the exit code comes back.
 */
export async function runData(
  survey: Survey,
  folder: string,
  context: Context,
  began: number,
): Promise<RunData | number> {
  const total = textBytes(survey.files);
  const long = total >= longTextOf(context);
  const stop = listenForStop({});
  try {
    const sink = long ? fileSink(survey, folder) : memorySink(survey);
    const data = await readIds(survey, sink, () => stop.requested);
    if (data === undefined) return stop.exitCode ?? exitCodes.interrupted;
    const seconds = (context.clock() - began) / 1000;
    if (long)
      await context.people.write(
        `${size(total)} of text read as ${count(survey.tokens)} tokens in ${duration(seconds)} (${(total / 1e6 / seconds).toFixed(0)} MB/s), kept in ${join(folder, idsName)}\n`,
      );
    return data;
  } finally {
    stop.release();
  }
}

/** The ids of a run that is resumed: from its training.ids, or from its text, which must be the same. */
export async function recordedData(
  files: readonly DataFile[],
  settings: TextSettings,
  folder: string,
  vocabulary: Vocabulary,
  context: Context,
): Promise<RunData | number> {
  if (textBytes(files) >= longTextOf(context)) {
    const found = await recordedIds(folder, files, settings, vocabulary);
    if (!("problem" in found)) return found;
    await context.people.write(`${found.problem}; it is made again from the text\n`);
  }
  await checkData(files);
  const began = context.clock();
  const paths = files.map((file) => file.path);
  return runData(await surveyText(paths, settings), folder, context, began);
}

/** Where the ids of a text go: into memory or a file. */
interface Sink {
  readonly add: (ids: Int32Array) => void;
  readonly finish: (fingerprint: string) => { readonly ids: Ids; readonly close: () => void };
  readonly abandon: () => void;
}

/** The second reading: the ids. Undefined where it was stopped. DataError `one-symbol`, `data-changed`; CheckpointError of the disk. */
async function readIds(survey: Survey, sink: Sink, stop: () => boolean): Promise<RunData | undefined> {
  const { vocabulary, tokens, trained, settings } = survey;
  const paths = survey.files.map((file) => file.path);
  const learnt = startFingerprint();
  let taken = 0;
  let first: number | undefined;
  let different = false;
  const take = (ids: Int32Array): void => {
    first ??= ids[0];
    different ||= ids.some((id) => id !== first);
    if (taken < trained) learnt.add(ids.subarray(0, trained - taken));
    taken += ids.length;
    if (taken > tokens) throw changed(survey);
    sink.add(ids);
  };
  try {
    const made = await readThrough(paths, contentOf(settings), encodeBlocks(vocabulary, take), { stop });
    if (made === undefined) {
      sink.abandon();
      return undefined;
    }
    if (made !== tokens) throw changed(survey);
    for (const [i, path] of paths.entries())
      if ((await statText(path)).modified !== survey.modified[i]) throw changed(survey);
    if (!different) throw oneSymbol(vocabulary.tokens[first ?? 0], tokens);
    const { ids, close } = sink.finish(learnt.name());
    return { corpus: split(vocabulary, ids, trained, learnt), close };
  } catch (error) {
    sink.abandon();
    if (error instanceof DataError && error.code === "unknown-token") throw changed(survey);
    if (error instanceof CheckpointError && error.code === "disk-full") throw tooSmall(error, survey);
    return named(whereOf(paths), () => {
      throw error;
    });
  }
}

const changed = ({ files }: Survey): DataError =>
  new DataError(`${whereOf(files.map((file) => file.path))}: must stay as it is while it is read, was changed`, {
    code: "data-changed",
    hint: "start again when nothing writes to it",
  });

const tooSmall = ({ message, code }: CheckpointError, { tokens, vocabulary }: Survey): CheckpointError =>
  new CheckpointError(message, {
    code,
    hint: `the ids of this text take ${size(tokens * bytesPerId(vocabulary.tokens.length))}; make space, or learn a part of it`,
  });

/** The ids of a surveyed text in memory, however long it is. */
export async function idsInMemory(survey: Survey): Promise<Corpus<Ids>> {
  const data = await readIds(survey, memorySink(survey), () => false);
  if (data === undefined) throw new Error("ids: reading that nobody stops must end");
  return data.corpus;
}

function memorySink({ tokens }: Survey): Sink {
  const all = new Int32Array(tokens);
  let at = 0;
  return {
    add: (ids) => {
      all.set(ids, at);
      at += ids.length;
    },
    finish: () => ({ ids: all, close: () => {} }),
    abandon: () => {},
  };
}

function fileSink({ files, settings, vocabulary, tokens, trained, modified }: Survey, folder: string): Sink {
  const writer: IdsWriter = writeIds(folder, bytesPerId(vocabulary.tokens.length));
  return {
    add: writer.add,
    finish: (fingerprint) => {
      const sources = files.map((file, i) => ({ ...file, modified: modified[i] }));
      const { tokens: kind, minCount, bpe = 0, validation } = settings;
      writer.finish({ files: sources, tokens: kind, minCount, bpe, validation, ids: tokens, trained, fingerprint });
      const opened = openIds(folder, false);
      if (opened === undefined || "problem" in opened)
        throw new DataError(opened?.problem ?? `${folder}: must hold the ids just written, does not`, {
          code: "ids-file",
          hint: "start again when nothing else writes to it",
        });
      return opened;
    },
    abandon: writer.abandon,
  };
}

function split(vocabulary: Vocabulary, ids: Ids, trained: number, { name }: Pick<Fingerprint, "name">): Corpus<Ids> {
  if (ids instanceof Int32Array)
    return { vocabulary, training: ids.subarray(0, trained), validation: ids.subarray(trained) };
  const training: IdSource = { ...sliceIds(ids, 0, trained), fingerprint: name() };
  return { vocabulary, training, validation: sliceIds(ids, trained, ids.length) };
}

/** The ids that lie in `folder` already, where they were made of these files in this way; or why they cannot be used. */
async function recordedIds(
  folder: string,
  files: readonly DataFile[],
  settings: TextSettings,
  vocabulary: Vocabulary,
): Promise<RunData | BadIds> {
  const found = openIds(folder, true) ?? { problem: `${join(folder, idsName)}: is missing` };
  if ("problem" in found) return found;
  const { facts, ids, close } = found;
  const same =
    facts.tokens === settings.tokens &&
    facts.minCount === settings.minCount &&
    (facts.bpe ?? 0) === (settings.bpe ?? 0) &&
    facts.validation === settings.validation &&
    facts.files.length === files.length &&
    facts.files.every(({ path, sha256 }, i) => path === files[i].path && sha256 === files[i].sha256) &&
    bytesPerId(vocabulary.tokens.length) === facts.bytesPerId;
  if (!same) {
    close();
    return { problem: `${join(folder, idsName)}: must be of this text and these settings, is not` };
  }
  try {
    await checkData(files, facts.files);
  } catch (error) {
    close();
    throw error;
  }
  return { corpus: split(vocabulary, ids, facts.trained, { name: () => facts.fingerprint }), close };
}
