// safetensors files: a length (u64), a JSON header padded with spaces, then the data of all tensors without holes.
// Ours also carry checksums as metadata: `crc32` of the header (its own eight digits taken as 0), `crc32.NAME` of each tensor.
// The file stays plain safetensors for every other reader.
import { CheckpointError } from "../errors.js";
import { type Limits, limits as standardLimits } from "../limits.js";
import { encodeUtf8 } from "../text/utf8.js";
import { crc32, crcDigits } from "./crc32.js";
import {
  checksumPrefix,
  elementBytes,
  type FileType,
  isChecksumKey,
  readHeader,
  type TensorEntry,
} from "./safetensors-header.js";

export type { FileType };

export type FileArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | BigUint64Array
  | BigInt64Array
  | Float64Array;

/** A tensor in a file, row-major. F16 and BF16 are given as their 16 bits (Uint16Array), BOOL as bytes. */
export interface FileTensor {
  readonly name: string;
  readonly dtype: FileType;
  readonly shape: readonly number[];
  readonly data: FileArray;
}

export interface Safetensors {
  /** By name, in the order of the data. */
  readonly tensors: ReadonlyMap<string, FileTensor>;
  /** Without the checksums. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Whether the file carries checksums (and they were right). */
  readonly verified: boolean;
}

/**
 * A safetensors file with checksums. Tensors of wide elements come first, so that all are aligned.
 * CheckpointError `safetensors-encode`: a name twice, data that do not fit the shape, or metadata under a checksum's key.
 */
export function encodeSafetensors(
  tensors: readonly FileTensor[],
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const ordered = [...tensors].sort((a, b) => elementBytes[b.dtype] - elementBytes[a.dtype]);
  const names = new Set<string>();
  const checksums: string[] = [];
  const entries: string[] = [];
  let offset = 0;
  for (const tensor of ordered) {
    const data = bytesOf(tensor);
    if (names.has(tensor.name) || tensor.name === "__metadata__") refuse(tensor.name, "name must be new");
    names.add(tensor.name);
    checksums.push(`${JSON.stringify(`crc32.${tensor.name}`)}:"${crcDigits(crc32(data))}"`);
    const { dtype, shape } = tensor;
    const place = `{"dtype":"${dtype}","shape":[${shape.join(",")}],"data_offsets":[${offset},${offset + data.length}]}`;
    entries.push(`${JSON.stringify(tensor.name)}:${place}`);
    offset += data.length;
  }
  for (const [key, value] of metadata) {
    if (isChecksumKey(key)) refuse(key, "metadata key must not be that of a checksum");
    checksums.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  }
  const header = makeHeader(checksums, entries);
  const file = new Uint8Array(8 + header.length + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  let at = 8 + header.length;
  for (const tensor of ordered) {
    const data = bytesOf(tensor);
    file.set(data, at);
    at += data.length;
  }
  return file;
}

function makeHeader(metadata: readonly string[], entries: readonly string[]): Uint8Array {
  const text = `${[`${checksumPrefix}00000000"`, ...metadata].join(",")}}${entries.map((entry) => `,${entry}`).join("")}}`;
  const json = encodeUtf8(text);
  const header = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  header.set(json);
  header.set(encodeUtf8(crcDigits(crc32(header))), checksumPrefix.length);
  return header;
}

function refuse(name: string, what: string): never {
  throw new CheckpointError(`tensor ${JSON.stringify(name)}: ${what}`, { code: "safetensors-encode" });
}

function bytesOf({ name, dtype, shape, data }: FileTensor): Uint8Array {
  const wanted = shape.reduce((product, size) => product * size, 1) * elementBytes[dtype];
  if (data.byteLength !== wanted) {
    refuse(name, `data must be ${wanted} bytes for ${dtype} [${shape.join(", ")}], were ${data.byteLength}`);
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

export interface DecodeOptions {
  /** Named in errors. */
  readonly where: string;
  readonly limits?: Limits;
  /** Refuse files without checksums. Default false, for files that other programs wrote. */
  readonly checksums?: boolean;
}

/**
 * Reads a safetensors file; the arrays may be views of `file`. Trusts nothing.
 * CheckpointError whose code names the one rule that was broken (see safetensors-header.ts), or
 * `tensor-checksum`, `checksum-missing`.
 */
export function decodeSafetensors(file: Uint8Array, options: DecodeOptions): Safetensors {
  const { where, limits = standardLimits } = options;
  const { entries, metadata, dataStart } = readHeader(file, where, limits);
  const verified = metadata.has("crc32");
  if (!verified && options.checksums === true) {
    throw new CheckpointError(`${where}: must carry checksums, has none`, {
      code: "checksum-missing",
      hint: "this file was not saved by unrolled",
    });
  }
  const tensors = new Map<string, FileTensor>();
  for (const entry of entries) {
    const bytes = file.subarray(dataStart + entry.begin, dataStart + entry.end);
    if (verified) checkTensor(bytes, entry, metadata.get(`crc32.${entry.name}`), where);
    tensors.set(entry.name, {
      name: entry.name,
      dtype: entry.dtype,
      shape: entry.shape,
      data: arrayOf(bytes, entry.dtype),
    });
  }
  const rest = new Map([...metadata].filter(([key]) => !verified || !isChecksumKey(key)));
  return { tensors, metadata: rest, verified };
}

function checkTensor(bytes: Uint8Array, entry: TensorEntry, wanted: string | undefined, where: string): void {
  const was = crcDigits(crc32(bytes));
  if (wanted === was) return;
  const name = JSON.stringify(entry.name);
  throw new CheckpointError(`${where}: tensor ${name} is damaged: checksum must be ${wanted ?? "there"}, was ${was}`, {
    code: wanted === undefined ? "checksum-missing" : "tensor-checksum",
    hint: "the file changed after it was saved; use a copy or an older checkpoint",
  });
}

function arrayOf(bytes: Uint8Array, dtype: FileType): FileArray {
  const size = elementBytes[dtype];
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset, length } = aligned;
  const count = length / size;
  switch (dtype) {
    case "BOOL":
    case "U8":
      return new Uint8Array(buffer, byteOffset, count);
    case "I8":
      return new Int8Array(buffer, byteOffset, count);
    case "U16":
    case "F16":
    case "BF16":
      return new Uint16Array(buffer, byteOffset, count);
    case "I16":
      return new Int16Array(buffer, byteOffset, count);
    case "U32":
      return new Uint32Array(buffer, byteOffset, count);
    case "I32":
      return new Int32Array(buffer, byteOffset, count);
    case "F32":
      return new Float32Array(buffer, byteOffset, count);
    case "U64":
      return new BigUint64Array(buffer, byteOffset, count);
    case "I64":
      return new BigInt64Array(buffer, byteOffset, count);
    case "F64":
      return new Float64Array(buffer, byteOffset, count);
  }
}
