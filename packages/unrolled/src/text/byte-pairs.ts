// Byte-pair encoding (Gage 1994; Sennrich 2016): what a vocabulary needs to know beside its tokens, and the merging of one piece.
import { pieceKinds } from "./pieces.js";

/** The values that options of byte-pair encoding may have. */
export const bytePairLists = {
  units: ["bytes", "characters"],
  pieces: pieceKinds,
  prefix: ["never", "first", "always"],
  join: ["bytes", "metaspace", "suffix", "spaces"],
} as const;

type Choice<K extends keyof typeof bytePairLists> = (typeof bytePairLists)[K][number];

/** How a text becomes tokens. Plain data. */
export interface BytePairs {
  /** What merging starts from: bytes as letters, or characters. */
  readonly units: Choice<"units">;
  /** Nothing is merged across pieces. */
  readonly pieces: Choice<"pieces">;
  /** Where a space is written before a text (or, for metaspace, before a stretch between added tokens) that begins with none. */
  readonly prefix: Choice<"prefix">;
  /** Marks the last character of a piece ("</w>"); "" where nothing does. */
  readonly suffix: string;
  /** Characters without a token become the tokens "<0x00>" to "<0xFF>" of their bytes. */
  readonly byteFallback: boolean;
  /** Unknown characters in a row are one `<unk>`. */
  readonly fuseUnknown: boolean;
  /** A piece that is a token stays whole, whatever merges would make of it. */
  readonly wholePieces: boolean;
  /** How tokens become text: their bytes; metaspace as spaces; the suffix as a space; or a space between all. */
  readonly join: Choice<"join">;
  /** Ids of tokens that are looked for in the text as they are, before all else. */
  readonly added: readonly number[];
  /** Pairs of ids, those merged first first; together they make the token of their joined text. */
  readonly merges: readonly (readonly [number, number])[];
}

/** A pair as one number; ids are below 2^20. */
export const pairKey = (a: number, b: number): number => a * 2 ** 20 + b;

/** Merges by the pair's key: rank * 2^20 + the id they make. */
export type MergeTable = ReadonlyMap<number, number>;

export function mergeTable(tokens: readonly string[], merges: BytePairs["merges"]): MergeTable {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const table = new Map<number, number>();
  merges.forEach(([a, b], rank) => {
    const key = pairKey(a, b);
    if (!table.has(key)) table.set(key, rank * 2 ** 20 + ids.get(tokens[a]! + tokens[b]!)!);
  });
  return table;
}

/** Pieces up to this long are merged by looking at all pairs again after every merge. */
const shortPiece = 24;

/**
 * Merges the first `count` ids in place: always the pair of lowest rank, the leftmost of equals. Returns how many are left.
 * Time O(n log n).
 */
export function mergePiece(ids: Int32Array, count: number, table: MergeTable): number {
  return count <= shortPiece ? mergeShort(ids, count, table) : mergeLong(ids, count, table);
}

function mergeShort(ids: Int32Array, count: number, table: MergeTable): number {
  let left = count;
  for (;;) {
    let best = Number.POSITIVE_INFINITY;
    let place = -1;
    for (let i = 0; i + 1 < left; i++) {
      const found = table.get(pairKey(ids[i]!, ids[i + 1]!));
      if (found !== undefined && found < best) {
        best = found;
        place = i;
      }
    }
    if (place < 0) return left;
    ids[place] = best % 2 ** 20;
    ids.copyWithin(place + 1, place + 2, left);
    left--;
  }
}

/** With links between what is left, and a heap of the pairs that may be merged; pairs that are gone are passed over. */
function mergeLong(ids: Int32Array, count: number, table: MergeTable): number {
  const next = Int32Array.from({ length: count }, (_, i) => i + 1);
  const before = Int32Array.from({ length: count }, (_, i) => i - 1);
  const heap = pairHeap(count);
  const offer = (at: number): void => {
    if (at < 0 || next[at]! >= count) return;
    const found = table.get(pairKey(ids[at]!, ids[next[at]!]!));
    if (found !== undefined) heap.push(Math.floor(found / 2 ** 20), at);
  };
  for (let i = 0; i + 1 < count; i++) offer(i);
  for (let at = heap.pop(); at >= 0; at = heap.pop()) {
    const right = next[at]!;
    const found = ids[at]! < 0 || right >= count ? undefined : table.get(pairKey(ids[at]!, ids[right]!));
    if (found === undefined || Math.floor(found / 2 ** 20) !== heap.rank) continue;
    ids[at] = found % 2 ** 20;
    ids[right] = -1;
    next[at] = next[right]!;
    if (next[at]! < count) before[next[at]!] = at;
    offer(before[at]!);
    offer(at);
  }
  let left = 0;
  for (let at = 0; at < count; at = next[at]!) ids[left++] = ids[at]!;
  return left;
}

/** Least rank first, then leftmost. A rank and a place are one number: rank * 2^32 + place. */
function pairHeap(capacity: number): { push(rank: number, place: number): void; pop(): number; readonly rank: number } {
  let keys = new Float64Array(Math.max(16, capacity));
  let size = 0;
  let rank = -1;
  return {
    get rank() {
      return rank;
    },
    push(newRank, place) {
      if (size === keys.length) {
        const larger = new Float64Array(size * 2);
        larger.set(keys);
        keys = larger;
      }
      const key = newRank * 2 ** 32 + place;
      let i = size++;
      for (let up = (i - 1) >> 1; i > 0 && keys[up]! > key; up = (i - 1) >> 1) {
        keys[i] = keys[up]!;
        i = up;
      }
      keys[i] = key;
    },
    pop() {
      if (size === 0) return -1;
      const top = keys[0]!;
      const key = keys[--size]!;
      let i = 0;
      for (let down = 1; down < size; down = 2 * i + 1) {
        if (down + 1 < size && keys[down + 1]! < keys[down]!) down++;
        if (keys[down]! >= key) break;
        keys[i] = keys[down]!;
        i = down;
      }
      keys[i] = key;
      rank = Math.floor(top / 2 ** 32);
      return top % 2 ** 32;
    },
  };
}
