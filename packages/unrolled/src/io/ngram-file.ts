// ngram.bin: an n-gram model in few bytes. "UNGR", version 1, then variable-length numbers (7 bits a byte, low first):
// order, V, number of nodes, and for each node in order of levels its number of children and each child's token (the distance
// from the one before) and count. A CRC-32 of all of it ends the file.
import { CheckpointError } from "../errors.js";
import { type Limits, limits as standardLimits } from "../limits.js";
import type { Ngram } from "../text/ngram.js";
import { crc32 } from "./crc32.js";

const magic = [0x55, 0x4e, 0x47, 0x52, 1];

interface Writer {
  bytes: Uint8Array;
  at: number;
}

function put(writer: Writer, value: number): void {
  if (writer.at + 5 > writer.bytes.length) {
    const larger = new Uint8Array(writer.bytes.length * 2);
    larger.set(writer.bytes);
    writer.bytes = larger;
  }
  let rest = value;
  while (rest >= 0x80) {
    writer.bytes[writer.at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  writer.bytes[writer.at++] = rest;
}

/** The bytes of an n-gram model, about three per distinct n-gram of characters. Nodes are renumbered by parent and token. */
export function encodeNgram(model: Ngram): Uint8Array {
  const writer: Writer = { bytes: new Uint8Array(1024 + model.parents.length * 3), at: magic.length };
  writer.bytes.set(magic);
  put(writer, model.order);
  put(writer, model.vocabularySize);
  put(writer, model.parents.length);
  let parents: Int32Array = Int32Array.of(0);
  for (let level = 1; level + 1 < model.levels.length; level++) {
    const children = childrenInOrder(model, level, parents);
    let next = 0;
    for (const parent of parents) {
      const from = next;
      while (next < children.length && model.parents[children[next]!] === parent) next++;
      put(writer, next - from);
      let token = -1;
      for (let i = from; i < next; i++) {
        const child = children[i]!;
        put(writer, model.tokens[child]! - token - 1);
        put(writer, model.counts[child]!);
        token = model.tokens[child]!;
      }
    }
    parents = children;
  }
  const file = new Uint8Array(writer.at + 4);
  file.set(writer.bytes.subarray(0, writer.at));
  new DataView(file.buffer).setUint32(writer.at, crc32(file.subarray(0, writer.at)), true);
  return file;
}

// The nodes of a level in the order of their parents, children of one parent by token: two stable counting sorts.
function childrenInOrder(model: Ngram, level: number, parents: Int32Array): Int32Array {
  const first = model.levels[level - 1]!;
  const rank = new Int32Array(parents.length);
  parents.forEach((parent, place) => {
    rank[parent - first] = place;
  });
  const start = model.levels[level]!;
  const nodes = Int32Array.from({ length: model.levels[level + 1]! - start }, (_, i) => start + i);
  const byToken = countingSort(nodes, model.vocabularySize, (node) => model.tokens[node]!);
  return countingSort(byToken, parents.length, (node) => rank[model.parents[node]! - first]!);
}

function countingSort(items: Int32Array, keys: number, keyOf: (item: number) => number): Int32Array {
  const places = new Int32Array(keys + 1);
  for (const item of items) places[keyOf(item) + 1]!++;
  for (let key = 1; key <= keys; key++) places[key]! += places[key - 1]!;
  const sorted = new Int32Array(items.length);
  for (const item of items) sorted[places[keyOf(item)]!++] = item;
  return sorted;
}

interface Reader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;
}

function fail(code: string, message: string): never {
  throw new CheckpointError(`ngram.bin: ${message}`, {
    code: `ngram-${code}`,
    hint: "the baseline is damaged; the model itself does not need it",
  });
}

function take(reader: Reader): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    if (reader.at >= reader.end) fail("truncated", "must not end within a number");
    const byte = reader.bytes[reader.at++]!;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value <= 0x7fffffff ? value : fail("number", `a number must be below 2^31, was ${value}`);
  }
  return fail("number", "a number must have at most five bytes");
}

/** Reads ngram.bin strictly. CheckpointError, code `ngram-` and bytes, magic, checksum, truncated, number, order, nodes, token, count, trailing. */
export function decodeNgram(bytes: Uint8Array, limits: Limits = standardLimits): Ngram {
  if (bytes.length > limits.ngramBytes)
    fail("bytes", `must have at most ${limits.ngramBytes} bytes, has ${bytes.length}`);
  if (bytes.length < magic.length + 4 || magic.some((byte, i) => bytes[i] !== byte)) {
    fail("magic", "must begin with UNGR and version 1");
  }
  const end = bytes.length - 4;
  const wanted = new DataView(bytes.buffer, bytes.byteOffset).getUint32(end, true);
  if (crc32(bytes.subarray(0, end)) !== wanted) fail("checksum", "is damaged: its checksum is wrong");
  const reader: Reader = { bytes, end, at: magic.length };
  const order = take(reader);
  const vocabularySize = take(reader);
  const nodes = take(reader);
  if (order > 6) fail("order", `order must be at most 6, was ${order}`);
  if (vocabularySize < 1 || vocabularySize > limits.vocabulary)
    fail("vocabulary", `V must be 1 to ${limits.vocabulary}`);
  // Every node but the first takes two bytes: no small file can ask for large arrays.
  if (nodes < 1 || nodes - 1 > (end - reader.at) / 2 || nodes > limits.ngramNodes + 1) {
    fail("nodes", `number of nodes must fit the file, was ${nodes}`);
  }
  return readNodes(reader, order, vocabularySize, nodes);
}

function readNodes(reader: Reader, order: number, vocabularySize: number, nodes: number): Ngram {
  const parents = new Int32Array(nodes);
  const tokens = new Int32Array(nodes);
  const counts = new Int32Array(nodes);
  const levels = [0, 1];
  let node = 1;
  for (let level = 1; level <= order + 1; level++) {
    const end = levels[level]!;
    for (let parent = levels[level - 1]!; parent < end; parent++) {
      const children = take(reader);
      if (children > nodes - node) fail("nodes", `must hold ${nodes} nodes, has more`);
      let token = -1;
      for (let i = 0; i < children; i++, node++) {
        token += take(reader) + 1;
        if (token >= vocabularySize) fail("token", `tokens must be below ${vocabularySize}, was ${token}`);
        parents[node] = parent;
        tokens[node] = token;
        const count = take(reader);
        if (count < 1) fail("count", "counts must be at least 1");
        counts[node] = count;
      }
    }
    levels.push(node);
  }
  if (node !== nodes) fail("nodes", `must hold ${nodes} nodes, has ${node}`);
  if (reader.at !== reader.end) fail("trailing", `must end after its nodes, has ${reader.end - reader.at} bytes more`);
  return { order, vocabularySize, parents, tokens, counts, levels };
}
