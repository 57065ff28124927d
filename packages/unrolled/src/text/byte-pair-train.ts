// Learning byte-pair encoding from a text (Sennrich 2016): the pair of tokens that comes most often becomes one token, again and again.
// Equal pieces are counted once; every pair knows its places, so that a merge touches only those: time is linear in what is merged.
import { DataError } from "../errors.js";
import { limits } from "../limits.js";
import { byteLetters } from "./byte-letters.js";
import { pairKey } from "./byte-pairs.js";
import { pieceScanner } from "./pieces.js";
import { encodeUtf8 } from "./utf8.js";
import { bytePairVocabularyOf, type Vocabulary } from "./vocabulary.js";

export interface BytePairOptions {
  /** Tokens in all: the 256 bytes and the merges. Fewer come out where no pair comes often enough. */
  readonly size: number;
  /** A pair that comes less often is not merged. Default 2. */
  readonly minimumCount?: number;
}

/**
 * A vocabulary of byte-pair tokens: any text has ids, and they give it back exactly. Deterministic: of pairs that come equally often
 * the one of the lower ids, left before right, is merged. Several texts (two languages, say) are counted together.
 * DataError `empty-text`, `vocabulary-size` or `minimum-count`.
 */
export function bytePairVocabulary(text: string | readonly string[], options: BytePairOptions): Vocabulary {
  const counts = new Map<string, number>();
  const scan = pieceScanner("words");
  for (const part of typeof text === "string" ? [text] : text)
    scan(part, (start, end) => {
      const piece = part.slice(start, end);
      counts.set(piece, (counts.get(piece) ?? 0) + 1);
    });
  return bytePairVocabularyFrom(counts, options);
}

/** The same from pieces that are counted already; their order does not matter. */
export function bytePairVocabularyFrom(counts: ReadonlyMap<string, number>, options: BytePairOptions): Vocabulary {
  const { size, minimumCount = 2 } = options;
  if (!Number.isSafeInteger(size) || size < 256 || size > limits.vocabulary)
    throw new DataError(`vocabulary: must be a whole number of tokens from 256 to ${limits.vocabulary}, was ${size}`, {
      code: "vocabulary-size",
      hint: "256 bytes and the merges: 4000 to 32000 are usual",
    });
  if (!Number.isSafeInteger(minimumCount) || minimumCount < 1)
    throw new DataError(`minimum count: must be a whole number from 1, was ${minimumCount}`, { code: "minimum-count" });
  if (counts.size === 0)
    throw new DataError("text: must hold at least one character, was empty", { code: "empty-text" });
  const tokens = [...byteLetters()];
  const merges = learn(symbolsOf(counts), tokens, size, minimumCount);
  return bytePairVocabularyOf(tokens, {
    units: "bytes",
    pieces: "words",
    prefix: "never",
    suffix: "",
    byteFallback: false,
    fuseUnknown: false,
    wholePieces: false,
    join: "bytes",
    added: [],
    merges,
  });
}

/** All different pieces one after the other, as ids; -1 between two and where a merge has taken a place away. */
interface Symbols {
  readonly ids: Int32Array;
  /** How often the piece at each place comes. */
  readonly weights: Float64Array;
  readonly next: Int32Array;
  readonly before: Int32Array;
}

function symbolsOf(counts: ReadonlyMap<string, number>): Symbols {
  const pieces = [...counts].map(([piece, count]) => [encodeUtf8(piece), count] as const);
  const size = pieces.reduce((sum, [bytes]) => sum + bytes.length + 1, 0);
  const ids = new Int32Array(size).fill(-1);
  const weights = new Float64Array(size);
  let at = 0;
  for (const [bytes, count] of pieces) {
    ids.set(bytes, at);
    weights.fill(count, at, at + bytes.length);
    at += bytes.length + 1;
  }
  return {
    ids,
    weights,
    next: Int32Array.from({ length: size }, (_, i) => i + 1),
    before: Int32Array.from({ length: size }, (_, i) => i - 1),
  };
}

interface Pair {
  readonly a: number;
  readonly b: number;
  count: number;
  /** Where it was seen; it may be there no more. */
  places: number[];
}

/** Most often first; then lower ids. */
const comesFirst = (x: Pair, xCount: number, y: Pair, yCount: number): boolean =>
  xCount !== yCount ? xCount > yCount : x.a !== y.a ? x.a < y.a : x.b < y.b;

/** Adds a token for every merge and returns the merged pairs. */
function learn(symbols: Symbols, tokens: string[], size: number, minimum: number): (readonly [number, number])[] {
  const { ids, weights, next } = symbols;
  const pairs = new Map<number, Pair>();
  const queue = pairQueue();
  const changed = new Set<Pair>();
  const count = (a: number, b: number, weight: number, place: number): void => {
    const key = pairKey(a, b);
    let pair = pairs.get(key);
    if (pair === undefined) {
      pair = { a, b, count: 0, places: [] };
      pairs.set(key, pair);
    }
    pair.count += weight;
    if (weight > 0) {
      pair.places.push(place);
      changed.add(pair);
    }
  };
  for (let i = 0; i + 1 < ids.length; i++)
    if (ids[i]! >= 0 && ids[i + 1]! >= 0) count(ids[i]!, ids[i + 1]!, weights[i]!, i);
  const merges: (readonly [number, number])[] = [];
  // Two ways to write one token are one token: the merge that comes second would make a token that is there already.
  const made = new Map(tokens.map((token, id) => [token, id]));
  while (tokens.length < size) {
    for (const pair of changed) queue.push(pair);
    changed.clear();
    const best = queue.pop();
    if (best === undefined || best.count < minimum) break;
    const token = tokens[best.a]! + tokens[best.b]!;
    let id = made.get(token);
    if (id === undefined) {
      id = tokens.push(token) - 1;
      made.set(token, id);
    }
    merges.push([best.a, best.b]);
    const places = best.a === best.b ? best.places.sort((x, y) => x - y) : best.places;
    best.places = [];
    for (const at of places) if (ids[at] === best.a && ids[next[at]!] === best.b) mergeAt(symbols, at, id, count);
    best.count = 0; // what overlapped is gone too
  }
  return merges;
}

/** Makes the two tokens at `at` one, and counts the pairs that go and come beside it. */
function mergeAt(
  { ids, weights, next, before }: Symbols,
  at: number,
  id: number,
  count: (a: number, b: number, weight: number, place: number) => void,
): void {
  const [left, right] = [before[at]!, next[at]!];
  const [a, b, weight] = [ids[at]!, ids[right]!, weights[at]!];
  const after = next[right]!;
  if (left >= 0 && ids[left]! >= 0) {
    count(ids[left]!, a, -weight, left);
    count(ids[left]!, id, weight, left);
  }
  if (ids[after]! >= 0) {
    count(b, ids[after]!, -weight, right);
    count(id, ids[after]!, weight, at);
  }
  ids[at] = id;
  ids[right] = -1;
  next[at] = after;
  before[after] = at;
}

/** A heap of pairs by the counts they had when they came; one whose count has fallen since goes back in. */
function pairQueue(): { push(pair: Pair): void; pop(): Pair | undefined } {
  const heap: { readonly pair: Pair; readonly count: number }[] = [];
  const before = (x: number, y: number): boolean =>
    comesFirst(heap[x]!.pair, heap[x]!.count, heap[y]!.pair, heap[y]!.count);
  const swap = (x: number, y: number): void => {
    [heap[x], heap[y]] = [heap[y]!, heap[x]!];
  };
  const push = (pair: Pair): void => {
    let i = heap.push({ pair, count: pair.count }) - 1;
    for (let up = (i - 1) >> 1; i > 0 && before(i, up); up = (i - 1) >> 1) {
      swap(i, up);
      i = up;
    }
  };
  const take = (): { readonly pair: Pair; readonly count: number } | undefined => {
    const top = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return top;
    heap[0] = last;
    let i = 0;
    for (let down = 1; down < heap.length; down = 2 * i + 1) {
      if (down + 1 < heap.length && before(down + 1, down)) down++;
      if (!before(down, i)) break;
      swap(down, i);
      i = down;
    }
    return top;
  };
  return {
    push,
    pop() {
      for (let top = take(); top; top = take()) {
        if (top.count === top.pair.count) return top.pair;
        if (top.pair.count > 0 && top.count > top.pair.count) push(top.pair);
      }
      return undefined;
    },
  };
}
