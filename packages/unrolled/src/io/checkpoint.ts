// What a model directory holds, as bytes. Pure functions: nothing here opens files.
//  model.safetensors     weights under PyTorch's names, and the checksums of its companion files
//  spec.json, vocabulary.json, ngram.bin, cell.mjs    the companions; they do not change while a model is trained
//  training.safetensors  all of a checkpoint in one file: weights, companions, optimizer, carried state, record. Resuming needs no other
//  metrics.jsonl         one JSON line per event
import { CheckpointError } from "../errors.js";
import { type Limits, limits as standardLimits } from "../limits.js";
import { parseJson } from "../text/json.js";
import { decodeUtf8, encodeUtf8 } from "../text/utf8.js";
import { crc32, crcDigits } from "./crc32.js";
import type { NamedArray } from "./named-array.js";
import { decodeSafetensors, encodeSafetensors, type FileTensor, type Safetensors } from "./safetensors.js";

export const modelFiles = {
  weights: "model.safetensors",
  spec: "spec.json",
  vocabulary: "vocabulary.json",
  ngram: "ngram.bin",
  cell: "cell.mjs",
  training: "training.safetensors",
  previousTraining: "training.previous.safetensors",
  metrics: "metrics.jsonl",
} as const;

/** The files beside the weights, as bytes. */
export interface Companions {
  readonly spec: Uint8Array;
  readonly vocabulary: Uint8Array;
  /** Absent where there was no held-out text, or for a model from elsewhere. */
  readonly ngram?: Uint8Array;
  /** JavaScript of the cell of one's own that the spec names; absent where all cells are built in. */
  readonly cell?: Uint8Array;
}

export const companionNames = ["spec", "vocabulary", "ngram", "cell"] as const;
export type CompanionName = (typeof companionNames)[number];

export interface Checkpoint {
  /** Training steps made. */
  readonly step: number;
  readonly weights: readonly NamedArray[];
  readonly companions: Companions;
  /** Optimizer moments and carried recurrent state. */
  readonly arrays: readonly NamedArray[];
  /** Anything JSON can say: options, files, counters, data cursor. Read back as it was, unchecked: parse it. */
  readonly record: unknown;
}

const modelFormat = "unrolled.model.1";
const trainingFormat = "unrolled.training.1";

/** model.safetensors. CheckpointError `not-finite` where a weight is NaN or infinite. */
export function encodeModelFile(checkpoint: Pick<Checkpoint, "step" | "weights" | "companions">): Uint8Array {
  const metadata = new Map([
    ["format", modelFormat],
    ["step", String(checkpoint.step)],
  ]);
  for (const name of companionNames) {
    const bytes = checkpoint.companions[name];
    if (bytes !== undefined) metadata.set(`file.${modelFiles[name]}`, crcDigits(crc32(bytes)));
  }
  return encodeSafetensors(
    checkpoint.weights.map((array) => fileTensor("", array)),
    metadata,
  );
}

export interface ModelFile {
  /** Undefined where another program wrote the file. */
  readonly step: number | undefined;
  readonly weights: readonly NamedArray[];
  /** Companion name to the checksum it had when the weights were saved. */
  readonly checksums: ReadonlyMap<CompanionName, string>;
}

/** Reads model.safetensors, ours (checksums verified) or any other program's. CheckpointError, see decodeSafetensors; `weight-dtype`. */
export function decodeModelFile(bytes: Uint8Array, limits: Limits = standardLimits): ModelFile {
  const where = modelFiles.weights;
  const file = decodeSafetensors(bytes, { where, limits });
  const ours = file.verified && file.metadata.get("format") === modelFormat;
  const checksums = new Map<CompanionName, string>();
  for (const name of companionNames) {
    const checksum = ours ? file.metadata.get(`file.${modelFiles[name]}`) : undefined;
    if (checksum !== undefined) checksums.set(name, checksum);
  }
  return { step: ours ? stepOf(file, where) : undefined, weights: arraysUnder(file, "", where), checksums };
}

/** Throws CheckpointError `companion-checksum` where a companion file is not what it was when the weights were saved. */
export function checkCompanion(model: ModelFile, name: CompanionName, bytes: Uint8Array): void {
  const wanted = model.checksums.get(name);
  const was = crcDigits(crc32(bytes));
  if (wanted === undefined || wanted === was) return;
  throw new CheckpointError(
    `${modelFiles[name]}: must be what was saved with ${modelFiles.weights} (checksum ${wanted}), was changed (${was})`,
    { code: "companion-checksum", hint: "the file is damaged, edited, or belongs to another model" },
  );
}

/** training.safetensors. `metricsBytes`: the length of metrics.jsonl at this checkpoint. CheckpointError `not-finite`. */
export function encodeTrainingFile(checkpoint: Checkpoint, metricsBytes: number): Uint8Array {
  const { step, weights, arrays, companions } = checkpoint;
  const tensors = [
    ...weights.map((array) => fileTensor("weight.", array)),
    ...arrays.map((array) => fileTensor("state.", array)),
    bytesTensor("record", encodeUtf8(JSON.stringify(checkpoint.record ?? null))),
  ];
  for (const name of companionNames) {
    const bytes = companions[name];
    if (bytes !== undefined) tensors.push(bytesTensor(`file.${name}`, bytes));
  }
  const metadata = [
    ["format", trainingFormat],
    ["step", String(step)],
    ["metricsBytes", String(metricsBytes)],
  ] as const;
  return encodeSafetensors(tensors, new Map(metadata));
}

export interface TrainingFile extends Checkpoint {
  /** The length of metrics.jsonl at this checkpoint, in bytes. */
  readonly metricsBytes: number;
}

/** Reads a training.safetensors of ours. `where` names it in errors. CheckpointError, see decodeSafetensors; `training-format`. */
export function decodeTrainingFile(bytes: Uint8Array, where: string, limits: Limits = standardLimits): TrainingFile {
  const file = decodeSafetensors(bytes, { where, limits, checksums: true });
  if (file.metadata.get("format") !== trainingFormat) wrongFormat(where, `must have the format ${trainingFormat}`);
  const companion = (name: CompanionName) => file.tensors.get(`file.${name}`)?.data;
  const ngram = companion("ngram");
  const cell = companion("cell");
  return {
    step: stepOf(file, where),
    weights: arraysUnder(file, "weight.", where),
    arrays: arraysUnder(file, "state.", where),
    record: readRecord(file, where, limits),
    companions: {
      spec: bytesIn(companion("spec"), "spec", where),
      vocabulary: bytesIn(companion("vocabulary"), "vocabulary", where),
      ...(ngram === undefined ? {} : { ngram: bytesIn(ngram, "ngram", where) }),
      ...(cell === undefined ? {} : { cell: bytesIn(cell, "cell", where) }),
    },
    metricsBytes: natural(file, "metricsBytes", where),
  };
}

function wrongFormat(where: string, message: string): never {
  throw new CheckpointError(`${where}: ${message}`, {
    code: "training-format",
    hint: "the file is no training state, or another version of unrolled wrote it",
  });
}

function fileTensor(prefix: string, { name, shape, data }: NamedArray): FileTensor {
  if (!(data instanceof Int32Array)) {
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new CheckpointError(
        `${prefix}${name}: values must be finite to be saved, element ${bad} was ${data[bad]}`,
        {
          code: "not-finite",
          hint: "training diverged: lower the learning rate or clip the gradient; the last good checkpoint is kept",
        },
      );
    }
  }
  const dtype = data instanceof Int32Array ? "I32" : data instanceof Float64Array ? "F64" : "F32";
  return { name: prefix + name, dtype, shape, data };
}

function bytesTensor(name: string, data: Uint8Array): FileTensor {
  return { name, dtype: "U8", shape: [data.length], data };
}

function bytesIn(data: unknown, name: string, where: string): Uint8Array {
  return data instanceof Uint8Array ? data : wrongFormat(where, `must hold the bytes of ${name}`);
}

function arraysUnder(file: Safetensors, prefix: string, where: string): readonly NamedArray[] {
  const arrays: NamedArray[] = [];
  for (const [name, { shape, data, dtype }] of file.tensors) {
    if (!name.startsWith(prefix)) continue;
    if (!(data instanceof Float32Array || data instanceof Float64Array || data instanceof Int32Array)) {
      throw new CheckpointError(`${where}: tensor ${JSON.stringify(name)} must be F32, F64 or I32, was ${dtype}`, {
        code: "weight-dtype",
        hint: "save the weights as float32",
      });
    }
    arrays.push({ name: name.slice(prefix.length), shape, data });
  }
  return arrays;
}

function natural(file: Safetensors, key: string, where: string): number {
  const text = file.metadata.get(key) ?? "";
  const value = /^\d{1,15}$/.test(text) ? Number(text) : -1;
  return value >= 0 ? value : wrongFormat(where, `metadata ${key} must be a whole number, was ${JSON.stringify(text)}`);
}

function stepOf(file: Safetensors, where: string): number {
  return natural(file, "step", where);
}

function readRecord(file: Safetensors, where: string, limits: Limits): unknown {
  const bytes = bytesIn(file.tensors.get("record")?.data, "record", where);
  return readJson(bytes, `${where}: record`, limits.recordBytes, limits);
}

/**
 * JSON from bytes that may be hostile: bounded, and no key twice. The value is as JSON.parse gives it, so `__proto__` is a plain key.
 * CheckpointError `json-bytes`, `json-utf8` or one of the `json-` codes of the scanner.
 */
export function readJson(bytes: Uint8Array, where: string, maximum: number, limits: Limits = standardLimits): unknown {
  const fail = (code: string, message: string): never => {
    throw new CheckpointError(`${where}: ${message}`, { code, hint: "the file is damaged or was edited by hand" });
  };
  if (bytes.length > maximum) fail("json-bytes", `must have at most ${maximum} bytes, has ${bytes.length}`);
  const { text, invalidAt } = decodeUtf8(bytes);
  if (invalidAt >= 0) fail("json-utf8", `must be UTF-8, byte ${invalidAt} is not`);
  parseJson(text, { depth: limits.jsonDepth, values: limits.jsonValues, naturals: false, fail });
  return JSON.parse(text);
}
