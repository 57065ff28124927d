// A model directory that is only read: for sample, eval, score and info. Writes nothing.
import { join, resolve } from "node:path";
import {
  CheckpointError,
  type CompanionName,
  checkCompanion,
  decodeModelFile,
  decodeNgram,
  type ModelFile,
  modelFiles,
  type NamedArray,
  type Ngram,
} from "unrolled";
import { readAll } from "./atomic.js";
import { during } from "./errors.js";
import { type Files, nodeFiles, systemCode } from "./files.js";
import { latestTraining, refuseMissing } from "./model-directory.js";

export interface StoredModel {
  /** Undefined where another program wrote the weights. */
  readonly step: number | undefined;
  readonly weights: readonly NamedArray[];
  /** The bytes of spec.json and vocabulary.json; still to be parsed. */
  readonly spec: Uint8Array;
  readonly vocabulary: Uint8Array;
  /** The baseline; undefined where there is none or it is damaged (then a notice says so). */
  readonly ngram: Ngram | undefined;
  /** JavaScript of the cell of one's own that the spec names. */
  readonly cell: Uint8Array | undefined;
  /** What was damaged or missing and what was used instead, one line each, for the user. */
  readonly notices: readonly string[];
}

/**
 * The model in a directory. Where model.safetensors, spec.json or vocabulary.json are damaged or missing, the copies in the
 * latest training state that is whole are used and `notices` says so.
 * CheckpointError `no-directory`, `not-a-directory`, `no-model`, or what is wrong with the file.
 */
export function readModel(path: string, files: Files = nodeFiles): StoredModel {
  const folder = resolve(path);
  return during(path, () => {
    refuseMissing(files, folder, path);
    try {
      return readParts(files, folder, path);
    } catch (error) {
      const code = systemCode(error);
      if (!(error instanceof CheckpointError) && code !== "ENOENT" && code !== "EIO") throw error;
      return readFromTraining(files, folder, path, error);
    }
  });
}

function readParts(files: Files, folder: string, path: string): StoredModel {
  const model = decodeModelFile(readAll(files, join(folder, modelFiles.weights)));
  const spec = companion(files, folder, model, "spec");
  const vocabulary = companion(files, folder, model, "vocabulary");
  const notices: string[] = [];
  const ngram = baseline(path, notices, () => companion(files, folder, model, "ngram"));
  const cell = model.checksums.has("cell") ? companion(files, folder, model, "cell") : undefined;
  return { step: model.step, weights: model.weights, spec, vocabulary, ngram, cell, notices };
}

function companion(files: Files, folder: string, model: ModelFile, name: CompanionName): Uint8Array {
  const bytes = readAll(files, join(folder, modelFiles[name]));
  checkCompanion(model, name, bytes);
  return bytes;
}

// A model without its baseline is still a model.
function baseline(path: string, notices: string[], bytes: () => Uint8Array): Ngram | undefined {
  try {
    return decodeNgram(bytes());
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    if (!(error instanceof CheckpointError)) throw error;
    notices.push(`${path}: no n-gram line: ${error.message}`);
    return undefined;
  }
}

function readFromTraining(files: Files, folder: string, path: string, problem: unknown): StoredModel {
  const missing = systemCode(problem) === "ENOENT";
  try {
    const found = latestTraining(files, folder, path);
    const { step, weights, companions } = found.checkpoint;
    const why = missing ? `${path}: a file of the model is missing` : (problem as Error).message;
    const notices = [why, ...found.notices, `using the weights in ${join(path, found.source)}, step ${step}`];
    const { ngram: bytes } = companions;
    const ngram = bytes === undefined ? undefined : baseline(path, notices, () => bytes);
    const { spec, vocabulary, cell } = companions;
    return { step, weights, spec, vocabulary, ngram, cell, notices };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    if (!missing) throw problem;
    if (error.code !== "no-training-state") throw error;
    throw new CheckpointError(`${path}: must hold a model (model.safetensors, spec.json, vocabulary.json), does not`, {
      code: "no-model",
      hint: "give the directory that was --out in training",
      cause: problem,
    });
  }
}
