// The header of a safetensors file, read as if an enemy had written it: every rule it can break has its own error code.
import { CheckpointError } from "../errors.js";
import type { Limits } from "../limits.js";
import { type Json, parseJson } from "../text/json.js";
import { decodeUtf8, encodeUtf8 } from "../text/utf8.js";
import { crc32, crcDigits } from "./crc32.js";

/** Bytes of one element. */
export const elementBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

export type FileType = keyof typeof elementBytes;

/** What a header of ours begins with; the digits follow at a fixed place. */
export const checksumPrefix = '{"__metadata__":{"crc32":"';

/** Whether a metadata key belongs to the checksums. */
export function isChecksumKey(key: string): boolean {
  return key === "crc32" || key.startsWith("crc32.");
}

export interface TensorEntry {
  readonly name: string;
  readonly dtype: FileType;
  readonly shape: readonly number[];
  /** Byte offsets from the start of the data. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** In the order of the data. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the data begin in the file. */
  readonly dataStart: number;
}

export type HeaderFault =
  | "file-truncated"
  | "header-length-limit"
  | "header-length-file"
  | "header-utf8"
  | "header-start"
  | "header-not-object"
  | "header-padding"
  | "header-checksum"
  | "header-checksum-place"
  | `header-json-${string}`
  | "metadata-not-object"
  | "metadata-not-string"
  | "tensor-count"
  | "tensor-name-length"
  | "tensor-not-object"
  | "tensor-field-missing"
  | "tensor-field-unknown"
  | "tensor-dtype"
  | "tensor-shape"
  | "tensor-dimensions"
  | "tensor-shape-overflow"
  | "tensor-offsets"
  | "tensor-offsets-order"
  | "tensor-offsets-file"
  | "tensor-size"
  | "data-hole"
  | "data-overlap"
  | "data-trailing"
  | "checksum-missing";

type Fail = (code: HeaderFault, message: string) => never;

const hint = "the file is damaged, incomplete, or no safetensors file";

/** Reads and checks the header and that the tensors fill the rest of the file exactly. CheckpointError with a `HeaderFault` code. */
export function readHeader(file: Uint8Array, where: string, limits: Limits): Header {
  const fail: Fail = (code, message) => {
    throw new CheckpointError(`${where}: ${message}`, { code, hint });
  };
  if (file.length < 8)
    fail("file-truncated", `must begin with the 8 bytes of a header length, has ${file.length} bytes`);
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (length > BigInt(limits.headerBytes)) {
    fail("header-length-limit", `header must have at most ${limits.headerBytes} bytes, claims ${length}`);
  }
  const dataStart = 8 + Number(length);
  if (dataStart > file.length) {
    fail("header-length-file", `header must fit the file of ${file.length} bytes, claims ${length}`);
  }
  const top = parseHeader(file.subarray(8, dataStart), limits, fail);
  const metadata = readMetadata(top.get("__metadata__"), limits, fail);
  checkHeaderChecksum(file.subarray(8, dataStart), metadata, fail);
  const entries: TensorEntry[] = [];
  for (const [name, entry] of top) if (name !== "__metadata__") entries.push(readEntry(name, entry, limits, fail));
  if (entries.length > limits.tensors)
    fail("tensor-count", `must hold at most ${limits.tensors} tensors, has ${entries.length}`);
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkLayout(entries, file.length - dataStart, fail);
  checkChecksumKeys(entries, metadata, fail);
  return { entries, metadata, dataStart };
}

function parseHeader(header: Uint8Array, limits: Limits, fail: Fail): ReadonlyMap<string, Json> {
  if (header[0] !== 0x7b) fail("header-start", "header must begin with {");
  const { text, invalidAt } = decodeUtf8(header);
  if (invalidAt >= 0) fail("header-utf8", `header must be UTF-8, byte ${invalidAt} is not`);
  const top = parseJson(text, {
    depth: 3,
    values: limits.jsonValues,
    naturals: true,
    fail: (fault, message) => fail(`header-${fault}`, `header: ${message}`),
  });
  if (/[\n\r\t]$/.test(text)) fail("header-padding", "header must be padded with spaces only");
  return top instanceof Map ? top : fail("header-not-object", "header must be a JSON object");
}

function readMetadata(value: Json | undefined, limits: Limits, fail: Fail): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  if (value === undefined) return metadata;
  if (!(value instanceof Map)) return fail("metadata-not-object", "__metadata__ must be an object");
  for (const [key, text] of value) {
    checkName(key, limits, fail);
    if (typeof text !== "string") return fail("metadata-not-string", `metadata ${JSON.stringify(key)} must be text`);
    metadata.set(key, text);
  }
  return metadata;
}

function checkName(name: string, limits: Limits, fail: Fail): void {
  if (name.length <= limits.nameUnits) return;
  fail(
    "tensor-name-length",
    `names must have at most ${limits.nameUnits} units, ${name.slice(0, 20)}... has ${name.length}`,
  );
}

function checkHeaderChecksum(header: Uint8Array, metadata: ReadonlyMap<string, string>, fail: Fail): void {
  const wanted = metadata.get("crc32");
  if (wanted === undefined) return;
  const start = checksumPrefix.length;
  const prefix = encodeUtf8(checksumPrefix);
  if (prefix.some((byte, i) => header[i] !== byte)) {
    fail(
      "header-checksum-place",
      "header checksum must come first; another program wrote this file and kept our checksums",
    );
  }
  const zeroed = header.slice();
  zeroed.fill(0x30, start, start + 8);
  const was = crcDigits(crc32(zeroed));
  if (was !== wanted) fail("header-checksum", `header is damaged: checksum must be ${wanted}, was ${was}`);
}

function readEntry(name: string, value: Json, limits: Limits, fail: Fail): TensorEntry {
  checkName(name, limits, fail);
  const at = `tensor ${JSON.stringify(name)}`;
  if (!(value instanceof Map)) return fail("tensor-not-object", `${at} must be an object`);
  for (const field of ["dtype", "shape", "data_offsets"]) {
    if (!value.has(field)) fail("tensor-field-missing", `${at} must have the field ${field}`);
  }
  if (value.size !== 3) fail("tensor-field-unknown", `${at} must have no field but dtype, shape and data_offsets`);
  const dtype = value.get("dtype");
  if (typeof dtype !== "string" || !isFileType(dtype)) {
    return fail("tensor-dtype", `${at} must have a known dtype, was ${JSON.stringify(dtype)}`);
  }
  const shape = naturals(value.get("shape")) ?? fail("tensor-shape", `${at}: shape must be a list of whole numbers`);
  if (shape.length > limits.dimensions) {
    fail("tensor-dimensions", `${at} must have at most ${limits.dimensions} dimensions, has ${shape.length}`);
  }
  const offsets = naturals(value.get("data_offsets"));
  if (offsets?.length !== 2) return fail("tensor-offsets", `${at}: data_offsets must be two whole numbers`);
  const [begin, end] = offsets as [number, number];
  if (begin > end) fail("tensor-offsets-order", `${at}: data must begin before they end, was ${begin} to ${end}`);
  const size =
    sizeOf(shape, limits) ?? fail("tensor-shape-overflow", `${at}: shape [${shape.join(", ")}] is too large`);
  const bytes = size * elementBytes[dtype];
  if (end - begin !== bytes) fail("tensor-size", `${at} must take ${bytes} bytes, its offsets give ${end - begin}`);
  return { name, dtype, shape, begin, end };
}

function isFileType(dtype: string): dtype is FileType {
  return Object.hasOwn(elementBytes, dtype);
}

function naturals(value: Json | undefined): readonly number[] | undefined {
  if (!Array.isArray(value) || value.some((item) => typeof item !== "number")) return undefined;
  return value as readonly number[];
}

// The product may not pass the limit even where a 0 makes it 0: no reader should have to multiply such a shape.
function sizeOf(shape: readonly number[], limits: Limits): number | undefined {
  let product = 1;
  for (const size of shape) {
    product *= Math.max(1, size);
    if (product > limits.elements) return undefined;
  }
  return shape.includes(0) ? 0 : product;
}

function checkLayout(entries: readonly TensorEntry[], bytes: number, fail: Fail): void {
  let at = 0;
  for (const { name, begin, end } of entries) {
    const tensor = `tensor ${JSON.stringify(name)}`;
    if (end > bytes)
      fail("tensor-offsets-file", `${tensor} must end within the ${bytes} bytes of data, ends at ${end}`);
    if (begin > at) fail("data-hole", `bytes ${at} to ${begin} of the data belong to no tensor`);
    if (begin < at) fail("data-overlap", `${tensor} must begin at byte ${at} of the data, begins at ${begin}`);
    at = end;
  }
  if (at < bytes) fail("data-trailing", `the last ${bytes - at} bytes belong to no tensor`);
}

// With checksums, all of them: one that is gone must not pass for a file that never had any.
function checkChecksumKeys(entries: readonly TensorEntry[], metadata: ReadonlyMap<string, string>, fail: Fail): void {
  const keys = [...metadata.keys()].filter(isChecksumKey);
  if (keys.length === 0) return;
  const missing = ["crc32", ...entries.map(({ name }) => `crc32.${name}`)].find((key) => !metadata.has(key));
  if (missing !== undefined)
    fail("checksum-missing", `must have the checksum ${JSON.stringify(missing)} among its others`);
  if (keys.length !== entries.length + 1) fail("checksum-missing", "must have no checksum without a tensor");
}
