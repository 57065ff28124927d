// The memory of the reference device: one growing Float64Array, cut into 16-word aligned regions by a first-fit free list.
import { DeviceError } from "../../errors.js";
import type { Region } from "../device.js";

const alignment = 16;

interface Block {
  readonly start: number;
  readonly end: number;
}

export interface Memory {
  /** Words that it may grow to. */
  readonly limit: number;
  /** Replaced by a longer copy whenever allocate() has to grow. */
  words: Float64Array;
  /** Blocks in use by their first word: the end of the block. */
  readonly used: Map<number, number>;
  /** In order, never touching each other. */
  free: Block[];
}

export function createMemory(limit: number): Memory {
  return { limit, words: new Float64Array(0), used: new Map(), free: [] };
}

export function allocate(memory: Memory, words: number): Region {
  if (!Number.isSafeInteger(words) || words < 0) {
    throw new DeviceError(`reference: a region's size must be a count of words, was ${words}`);
  }
  const size = Math.max(alignment, Math.ceil(words / alignment) * alignment);
  let index = memory.free.findIndex((block) => block.end - block.start >= size);
  if (index < 0) {
    grow(memory, size);
    index = memory.free.length - 1;
  }
  const { start, end } = memory.free[index];
  memory.free.splice(index, 1, ...(end - start > size ? [{ start: start + size, end }] : []));
  memory.used.set(start, start + size);
  memory.words.fill(0, start, start + size);
  return { offset: start, words };
}

/** Makes the last free block at least `size` words long. */
function grow(memory: Memory, size: number): void {
  const length = memory.words.length;
  const last = memory.free.at(-1);
  const needed = (last?.end === length ? last.start : length) + size;
  if (needed > memory.limit) {
    throw new DeviceError(`reference: regions must fit into ${memory.limit} words, wanted ${size} words more`, {
      code: "device-memory",
      hint: "give openReference a larger limit",
    });
  }
  const target = Math.min(memory.limit, Math.max(needed, 2 * length, 4096));
  let words: Float64Array;
  try {
    words = new Float64Array(target);
  } catch (cause) {
    throw new DeviceError(`reference: no memory for ${size} words more (${8 * target} bytes in all)`, {
      code: "device-memory",
      cause,
    });
  }
  words.set(memory.words);
  memory.words = words;
  release(memory, { start: length, end: target });
}

export function free(memory: Memory, region: Region): void {
  const end = memory.used.get(region.offset);
  if (end === undefined) {
    throw new DeviceError(`reference: only an allocated region can be freed, was offset ${region.offset}`);
  }
  memory.used.delete(region.offset);
  release(memory, { start: region.offset, end });
}

function release(memory: Memory, block: Block): void {
  const blocks: Block[] = [];
  let { start, end } = block;
  for (const other of memory.free) {
    if (other.end === start) start = other.start;
    else if (other.start === end) end = other.end;
    else blocks.push(other);
  }
  blocks.push({ start, end });
  memory.free = blocks.sort((a, b) => a.start - b.start);
}

/** Tells whether a span lies in one allocated region, and adds that region's start to `seen`; good until the next allocate or free. */
export function ownership(memory: Memory, seen: Set<number>): (offset: number, words: number) => boolean {
  const starts = Float64Array.from(memory.used.keys()).sort();
  return (offset, words) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= offset) low = middle + 1;
      else high = middle;
    }
    const start = starts[low - 1];
    if (low === 0 || offset + words > (memory.used.get(start) ?? 0)) return false;
    seen.add(start);
    return true;
  };
}
