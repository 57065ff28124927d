// A model directory looked at file by file: what is there, and whether it is sound.
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  CheckpointError,
  type CompanionName,
  checkCompanion,
  companionNames,
  decodeModelFile,
  decodeTrainingFile,
  type LanguageModelSpec,
  type ModelFile,
  modelFiles,
} from "unrolled";
import { type RunRecord, readRecord } from "./record.js";
import { idsName, openIds } from "./storage/index.js";
import { describeModel } from "./store.js";

export interface FileReport {
  readonly name: string;
  readonly bytes: number;
  /** "unchecked": it carries no checksum. */
  readonly state: "sound" | "unchecked" | "damaged";
  readonly problem?: string;
}

export interface DirectoryReport {
  readonly spec: LanguageModelSpec;
  /** Trainable numbers. */
  readonly parameters: number;
  /** The token that begins a document, where a text is several. */
  readonly separator: string | undefined;
  readonly step: number | undefined;
  /** Of the latest training state that is whole. */
  readonly record: RunRecord | undefined;
  readonly files: readonly FileReport[];
  readonly notes: readonly string[];
}

/** Throws CheckpointError or SpecError where no model can be read at all. */
export async function inspect(directory: string): Promise<DirectoryReport> {
  const { spec, vocabulary, parameters, step, notes } = await describeModel(directory);
  const separator = spec.separator === null ? undefined : vocabulary.tokens[spec.separator];
  return { spec, parameters, separator, step, notes, ...(await inspectFiles(directory, readRecord)) };
}

/** The files of a directory one by one, and the record of the latest training state that is whole. */
export async function inspectFiles<R>(
  directory: string,
  read: (record: unknown, where: string) => R,
): Promise<{ readonly files: readonly FileReport[]; readonly record: R | undefined }> {
  const files: FileReport[] = [];
  const recordIn = (bytes: Uint8Array, where: string): R => read(decodeTrainingFile(bytes, where).record, where);
  const look = async <T>(name: string, check: (bytes: Uint8Array) => T): Promise<T | undefined> => {
    const bytes = await readFile(join(directory, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (bytes === undefined) return undefined;
    try {
      const value = check(bytes);
      files.push({ name, bytes: bytes.length, state: value === undefined ? "unchecked" : "sound" });
      return value;
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      files.push({ name, bytes: bytes.length, state: "damaged", problem: error.message });
      return undefined;
    }
  };
  const weights = await look(modelFiles.weights, decodeModelFile);
  for (const name of companionNames) await look(modelFiles[name], (bytes) => companion(weights, name, bytes));
  const latest = await look(modelFiles.training, (bytes) => recordIn(bytes, join(directory, modelFiles.training)));
  const older = await look(modelFiles.previousTraining, (bytes) => recordIn(bytes, modelFiles.previousTraining));
  await look(modelFiles.metrics, () => undefined);
  const ids = await lookAtIds(directory);
  if (ids !== undefined) files.push(ids);
  return { files, record: latest ?? older };
}

/** training.ids may be larger than memory. */
async function lookAtIds(directory: string): Promise<FileReport | undefined> {
  const opened = openIds(directory, true);
  if (opened === undefined) return undefined;
  const { size: bytes } = await stat(join(directory, idsName));
  if ("problem" in opened) return { name: idsName, bytes, state: "damaged", problem: opened.problem };
  opened.close();
  return { name: idsName, bytes, state: "sound" };
}

function companion(model: ModelFile | undefined, name: CompanionName, bytes: Uint8Array): true | undefined {
  if (model === undefined || !model.checksums.has(name)) return undefined;
  checkCompanion(model, name, bytes);
  return true;
}
