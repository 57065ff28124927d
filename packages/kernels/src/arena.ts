// Which words of a device's memory are taken: a first-fit free list. Counts words only; touches no memory.

/** Offsets and sizes are multiples of this many words: a cache line, and the widest vector. */
export const lineWords = 16;

export interface Arena {
  /** Words from 0 to the end of the last block ever taken. */
  readonly top: () => number;
  /** Words now taken. */
  readonly taken: () => number;
  /** Offset of a block of at least `words` words, or undefined where no gap is wide enough. */
  readonly take: (words: number) => number | undefined;
  /** Gives the block that starts at `offset` back and answers its size, or undefined where none starts there. */
  readonly give: (offset: number) => number | undefined;
  /** Start of the taken block that holds the whole span, or undefined. */
  readonly find: (offset: number, words: number) => number | undefined;
}

/** An arena of `limit` words. The first line is never given out: offset 0 with length 0 means an absent buffer. */
export function createArena(limit: number): Arena {
  const blocks = new Map<number, number>();
  const starts: number[] = [];
  const gaps: { offset: number; words: number }[] = [];
  let top = lineWords;
  let taken = 0;

  function take(words: number): number | undefined {
    const size = Math.max(lineWords, Math.ceil(words / lineWords) * lineWords);
    const index = gaps.findIndex((gap) => gap.words >= size);
    const gap = gaps[index];
    let offset = top;
    if (gap !== undefined) {
      offset = gap.offset;
      gap.offset += size;
      gap.words -= size;
      if (gap.words === 0) gaps.splice(index, 1);
    } else {
      if (!(top + size <= limit)) return undefined;
      top += size;
    }
    blocks.set(offset, size);
    starts.splice(countBelow(starts, offset), 0, offset);
    taken += size;
    return offset;
  }

  function give(offset: number): number | undefined {
    const words = blocks.get(offset);
    if (words === undefined) return undefined;
    blocks.delete(offset);
    starts.splice(countBelow(starts, offset), 1);
    taken -= words;
    addGap(gaps, offset, words);
    return words;
  }

  function find(offset: number, words: number): number | undefined {
    const start = starts[countBelow(starts, offset + 1) - 1];
    if (start === undefined || offset + words > start + (blocks.get(start) as number)) return undefined;
    return start;
  }

  return { top: () => top, taken: () => taken, take, give, find };
}

/** How many of the sorted numbers are below `value`. */
function countBelow(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Inserts a gap in order and joins it with its neighbours. */
function addGap(gaps: { offset: number; words: number }[], offset: number, words: number): void {
  let index = gaps.findIndex((gap) => gap.offset > offset);
  if (index < 0) index = gaps.length;
  const before = gaps[index - 1];
  const after = gaps[index];
  const joinsAfter = after !== undefined && offset + words === after.offset;
  if (before !== undefined && before.offset + before.words === offset) {
    before.words += words + (joinsAfter ? after.words : 0);
    if (joinsAfter) gaps.splice(index, 1);
  } else if (joinsAfter) {
    after.offset = offset;
    after.words += words;
  } else {
    gaps.splice(index, 0, { offset, words });
  }
}
