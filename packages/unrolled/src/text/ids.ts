// Ids that lie in memory or elsewhere, read in windows. A window is a stretch of ids that follows its reader.

/** Ids that are read in pieces, in any order: from a file, say. */
export interface IdSource {
  readonly length: number;
  /** Fills `into` with the ids from place `from` on; all of them are there. */
  readonly read: (from: number, into: Int32Array) => void;
  /** What `fingerprint` would say of these ids, where it is known. */
  readonly fingerprint?: string;
}

/** Ids, wherever they lie. */
export type Ids = Int32Array | IdSource;

/** Ids [start, end) of `ids`. */
export interface IdWindow {
  ids: Int32Array;
  start: number;
  end: number;
}

const inMemory = (ids: Ids): ids is Int32Array => ids instanceof Int32Array;

/** A window that holds nothing yet; over ids in memory it holds them all, for good. */
export const openWindow = (ids: Ids): IdWindow =>
  inMemory(ids) ? { ids, start: 0, end: ids.length } : { ids: new Int32Array(0), start: 0, end: 0 };

/** Moves a window to where ids [from, to) are in it, and up to `ahead` ids from `from` on, which a reader going forward meets next. */
export function moveWindow(window: IdWindow, ids: Ids, from: number, to: number, ahead: number): void {
  if ((from >= window.start && to <= window.end) || inMemory(ids)) return;
  const count = Math.min(Math.max(to - from, ahead), ids.length - from);
  if (window.ids.length < count) window.ids = new Int32Array(count);
  // Nothing is in it while it is being read: a read that fails leaves no wrong ids.
  window.end = window.start;
  ids.read(from, window.ids.subarray(0, count));
  window.start = from;
  window.end = from + count;
}

/** Ids [from, to) of a source, as a source. */
export const sliceIds = (ids: IdSource, from: number, to: number): IdSource => ({
  length: to - from,
  read: (at, into) => ids.read(from + at, into),
});

/** The first `count` ids in memory, or all where they are fewer. */
export function firstIds(ids: Ids, count: number): Int32Array {
  const size = Math.min(ids.length, count);
  if (inMemory(ids)) return size === ids.length ? ids : ids.subarray(0, size);
  const read = new Int32Array(size);
  ids.read(0, read);
  return read;
}

/** Calls `take` with all ids in order, a window at a time; the window is reused. */
export function eachWindow(ids: Ids, take: (window: Int32Array) => void): void {
  if (inMemory(ids)) {
    take(ids);
    return;
  }
  const window = new Int32Array(Math.min(ids.length, 1 << 18));
  for (let from = 0; from < ids.length; from += window.length) {
    const part = window.subarray(0, Math.min(window.length, ids.length - from));
    ids.read(from, part);
    take(part);
  }
}
