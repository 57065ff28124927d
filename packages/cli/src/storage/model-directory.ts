// A model directory that is trained into: the one place that writes checkpoints. The protocol and why it survives a crash at any
// moment: docs/decisions/0002-checkpoint-protocol.md.
import { join, resolve } from "node:path";
import {
  type Checkpoint,
  CheckpointError,
  companionNames,
  decodeTrainingFile,
  encodeModelFile,
  encodeTrainingFile,
  encodeUtf8,
  modelFiles,
  type TrainingFile,
} from "unrolled";
import { appendAt, makeFolders, orRemove, readAll, removeStale, replaceFile, writeTemporary } from "./atomic.js";
import { during } from "./errors.js";
import { type Files, nodeFiles, systemCode } from "./files.js";
import { holdsIds, idsName } from "./ids-file.js";

/** Owns the writing into one directory. Every method throws CheckpointError and leaves the last checkpoint whole. */
export interface ModelDirectory {
  readonly path: string;
  /** Returns when the checkpoint, and the metrics before it, would outlast a power cut. */
  readonly save: (checkpoint: Checkpoint) => void;
  /** Keeps one line (without newline) for metrics.jsonl; it is written at the next save or close. */
  readonly appendMetrics: (line: string) => void;
  /** Writes the metrics that are left. */
  readonly close: () => void;
}

export interface Resumed {
  readonly directory: ModelDirectory;
  readonly checkpoint: TrainingFile;
  /** What was damaged or missing and what was used instead, one line each, for the user. */
  readonly notices: readonly string[];
}

interface Writing {
  readonly files: Files;
  readonly path: string;
  /** training.safetensors is there and good: the next save keeps it as the older generation. */
  current: boolean;
  /** A checkpoint is there: metrics may be written. */
  begun: boolean;
  companionsKnown: boolean;
  metricsBytes: number;
  pending: string[];
}

/**
 * A new model directory: made where it is missing, taken where it is empty.
 * CheckpointError `directory-has-model`, `directory-not-empty`, `not-a-directory`, `not-writable`, `disk-full` ...
 */
export function createModelDirectory(path: string, files: Files = nodeFiles): ModelDirectory {
  const folder = resolve(path);
  return during(path, () => {
    refuseFile(files, folder, path);
    makeFolders(files, folder);
    removeStale(files, folder);
    const entries = files.list(folder);
    const models: readonly string[] = [modelFiles.training, modelFiles.previousTraining, modelFiles.weights];
    const model = entries.find((name) => models.includes(name));
    if (model !== undefined) {
      throw new CheckpointError(`${path}: must be a new or empty directory, but holds a model (${model})`, {
        code: "directory-has-model",
        hint: `go on with --resume ${path}, or choose another --out`,
      });
    }
    // Ids that a run left which came to no checkpoint: they are made anew.
    const foreign = entries.find((name) => name !== idsName || !holdsIds(folder, files));
    if (foreign !== undefined) {
      throw new CheckpointError(`${path}: must be a new or empty directory, but holds ${JSON.stringify(foreign)}`, {
        code: "directory-not-empty",
        hint: "choose another --out; nothing was changed",
      });
    }
    return writer({
      files,
      path: folder,
      current: false,
      begun: false,
      companionsKnown: false,
      metricsBytes: 0,
      pending: [],
    });
  });
}

/**
 * Opens a directory to go on training: the latest checkpoint that is whole. CheckpointError `no-directory`, `no-training-state`,
 * or why the latest could not be read where no older one could either.
 */
export function resumeModelDirectory(path: string, files: Files = nodeFiles): Resumed {
  const folder = resolve(path);
  return during(path, () => {
    refuseMissing(files, folder, path);
    removeStale(files, folder);
    const { checkpoint, source, notices } = latestTraining(files, folder, path);
    const writing: Writing = {
      files,
      path: folder,
      current: source === modelFiles.training,
      begun: true,
      companionsKnown: false,
      metricsBytes: checkpoint.metricsBytes,
      pending: [],
    };
    const metrics = join(folder, modelFiles.metrics);
    const present =
      files.kind(metrics) === "file" ? appendAt(files, metrics, checkpoint.metricsBytes, new Uint8Array(0)) : 0;
    if (present < checkpoint.metricsBytes) {
      const missing = checkpoint.metricsBytes - present;
      notices.push(
        `${join(path, modelFiles.metrics)}: ${missing} bytes of earlier metrics are missing; training is not affected`,
      );
      writing.metricsBytes = present;
    }
    return { directory: writer(writing), checkpoint, notices };
  });
}

function refuseFile(files: Files, folder: string, path: string): void {
  const kind = files.kind(folder);
  if (kind === "folder" || kind === "nothing") return;
  throw new CheckpointError(`${path}: must be a directory, was a ${kind === "file" ? "file" : "device or socket"}`, {
    code: "not-a-directory",
    hint: "give the path of a directory",
  });
}

/** CheckpointError `no-directory` or `not-a-directory`. */
export function refuseMissing(files: Files, folder: string, path: string): void {
  refuseFile(files, folder, path);
  if (files.kind(folder) === "folder") return;
  throw new CheckpointError(`${path}: must be a model directory, does not exist`, {
    code: "no-directory",
    hint: "give the directory that was --out in training",
  });
}

interface Found {
  readonly checkpoint: TrainingFile;
  readonly source: string;
  readonly notices: string[];
}

/** The newest training file that is whole. A file that cannot be opened for want of rights or handles is no reason to use an older one. */
export function latestTraining(files: Files, folder: string, path: string): Found {
  const problems: unknown[] = [];
  const notices: string[] = [];
  let missing = 0;
  for (const source of [modelFiles.training, modelFiles.previousTraining]) {
    try {
      const checkpoint = decodeTrainingFile(readAll(files, join(folder, source)), join(path, source));
      if (source === modelFiles.previousTraining) {
        notices.push(`using the checkpoint before it: ${join(path, source)}, step ${checkpoint.step}`);
      }
      return { checkpoint, source, notices };
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOENT") missing++;
      else if (error instanceof CheckpointError || code === "EIO") problems.push(error);
      else throw error;
      notices.push(code === "ENOENT" ? `${join(path, source)}: is missing` : (error as Error).message);
    }
  }
  if (missing < 2) throw problems[0];
  throw new CheckpointError(`${path}: must hold ${modelFiles.training}, does not`, {
    code: "no-training-state",
    hint: "without it a model can be sampled and evaluated, but not trained on",
  });
}

function writer(writing: Writing): ModelDirectory {
  return {
    path: writing.path,
    save: (checkpoint) => during(`saving to ${writing.path}`, () => save(writing, checkpoint)),
    appendMetrics: (line) => {
      writing.pending.push(line);
    },
    close: () => during(`closing ${writing.path}`, () => flushMetrics(writing)),
  };
}

function save(writing: Writing, checkpoint: Checkpoint): void {
  const { files, path } = writing;
  const model = encodeModelFile(checkpoint);
  flushMetrics(writing);
  replaceTraining(writing, encodeTrainingFile(checkpoint, writing.metricsBytes));
  if (!writing.companionsKnown) {
    for (const name of companionNames) {
      const bytes = checkpoint.companions[name];
      if (bytes !== undefined) writeIfDifferent(files, path, modelFiles[name], bytes);
    }
    writing.companionsKnown = true;
  }
  replaceFile(files, path, modelFiles.weights, model);
  files.syncFolder(path);
}

// Before the first checkpoint nothing but temporary files may lie in the directory, so that it stays known as ours.
function flushMetrics(writing: Writing): void {
  const { files, path, pending } = writing;
  if (!writing.begun || pending.length === 0) return;
  const first = writing.metricsBytes === 0;
  const bytes = encodeUtf8(`${pending.join("\n")}\n`);
  writing.metricsBytes = appendAt(files, join(path, modelFiles.metrics), writing.metricsBytes, bytes);
  writing.pending = [];
  // The checkpoint that counts these lines may not become visible before the file's name is certain.
  if (first) files.syncFolder(path);
}

function replaceTraining(writing: Writing, bytes: Uint8Array): void {
  const { files, path } = writing;
  const training = join(path, modelFiles.training);
  const fresh = writeTemporary(files, path, modelFiles.training, bytes);
  orRemove(files, fresh, () => {
    if (writing.current) {
      files.rename(training, join(path, modelFiles.previousTraining));
      writing.current = false;
    }
    files.rename(fresh, training);
  });
  writing.current = true;
  writing.begun = true;
}

function writeIfDifferent(files: Files, folder: string, name: string, bytes: Uint8Array): void {
  const path = join(folder, name);
  if (files.kind(path) === "file") {
    const present = readAll(files, path);
    if (present.length === bytes.length && present.every((byte, i) => byte === bytes[i])) return;
  }
  replaceFile(files, folder, name, bytes);
}
