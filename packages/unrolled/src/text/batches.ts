// Chunks of ids for truncated BPTT and for evaluation. T steps, N parallel streams; x and y are [T,N], time-major.
import { DataError } from "../errors.js";
import { type Ids, moveWindow, openWindow } from "./ids.js";

/** One chunk. The arrays are reused: they hold the chunk until the next one is asked for. */
export interface Chunk {
  /** [T,N] ids to read. */
  readonly x: Int32Array;
  /** [T,N] the id that follows each; -1 where nothing is to be predicted. */
  readonly y: Int32Array;
  /** How many of `y` are to be predicted. */
  readonly tokens: number;
}

/** The chunks of one epoch. State is carried from chunk to chunk; row n of all chunks is one contiguous stream. */
export interface Chunks {
  readonly batch: number;
  readonly sequence: number;
  readonly count: number;
  /** Predicted tokens in all chunks. */
  readonly tokens: number;
  /** Tokens that are predicted in no chunk because they fill none. */
  readonly dropped: number;
  /** Chunk `index`, 0 to count - 1, in any order. */
  readonly at: (index: number) => Chunk;
}

export interface ChunkSize {
  /** N: streams side by side. */
  readonly batch: number;
  /** T: steps of one chunk. */
  readonly sequence: number;
}

function checkSize({ batch, sequence }: ChunkSize): void {
  const whole = (value: number) => Number.isSafeInteger(value) && value >= 1;
  if (!whole(batch)) throw new DataError(`batch: must be a whole number from 1, was ${batch}`, { code: "batch-size" });
  if (!whole(sequence)) {
    throw new DataError(`sequence: must be a whole number from 1, was ${sequence}`, { code: "sequence-length" });
  }
}

/**
 * Training chunks: the ids are cut into N contiguous streams of equal length, each read T ids at a time.
 * What does not fill a whole chunk is dropped. DataError `too-short` where not even one chunk is full.
 */
export function streams(ids: Ids, size: ChunkSize): Chunks {
  checkSize(size);
  const { batch: N, sequence: T } = size;
  const length = Math.floor((ids.length - 1) / N);
  const count = Math.max(0, Math.floor(length / T));
  if (count === 0) {
    throw new DataError(
      `data: must hold at least ${N * T + 1} tokens for one batch of ${N} x ${T}, was ${ids.length}`,
      {
        code: "too-short",
        hint: tooShortHint(ids.length, size),
      },
    );
  }
  const tokens = count * N * T;
  const fill = filler(ids, size, (n) => ({ start: n * length, end: n * length + count * T }));
  return { batch: N, sequence: T, count, tokens, dropped: ids.length - 1 - tokens, at: checkedAt(count, fill) };
}

function tooShortHint(tokens: number, { batch, sequence }: ChunkSize): string {
  const fitting = Math.floor((tokens - 1) / sequence);
  if (fitting >= 1) return `use --batch ${Math.min(batch, fitting)} or a smaller --sequence, or more text`;
  return tokens > 1 ? `use --batch 1 --sequence ${tokens - 1} or smaller, or more text` : "use more text";
}

/**
 * Complete validation, exactly: one stream over all ids, every id after the first predicted once. N = 1.
 * The last chunk is filled up with x = 0, y = -1. DataError `too-short` below two ids.
 */
export function evaluationChunks(ids: Ids, { sequence }: Pick<ChunkSize, "sequence">): Chunks {
  return evaluationStreams(ids, { batch: 1, sequence });
}

/**
 * Quick validation: N contiguous pieces side by side, each from its own zero state. Every id after the first is predicted once:
 * a piece begins by reading the last id that the piece before it predicts. Pieces that end early are filled up with x = 0, y = -1.
 * The first predictions of a piece lack context, so the loss is a little above that of `evaluationChunks`.
 */
export function evaluationStreams(ids: Ids, size: ChunkSize): Chunks {
  checkSize(size);
  const { batch: N, sequence: T } = size;
  const tokens = ids.length - 1;
  if (tokens < 1) {
    throw new DataError(`data: must hold at least 2 tokens to evaluate, was ${ids.length}`, {
      code: "too-short",
      hint: "the first token is read, not predicted",
    });
  }
  const length = Math.ceil(tokens / N);
  const count = Math.ceil(length / T);
  const fill = filler(ids, size, (n) => ({
    start: Math.min(n * length, tokens),
    end: Math.min((n + 1) * length, tokens),
  }));
  return { batch: N, sequence: T, count, tokens, dropped: 0, at: checkedAt(count, fill) };
}

/** Stream n reads ids [start, end) and predicts ids [start + 1, end + 1). */
interface Piece {
  readonly start: number;
  readonly end: number;
}

/** Ids that all windows of one run may hold together, beyond the chunk itself; and what one of them reads at a time. */
const windowIds = { all: 1 << 22, each: 1 << 16 } as const;

// Takes no memory before the first chunk.
function filler(ids: Ids, { batch: N, sequence: T }: ChunkSize, piece: (n: number) => Piece) {
  const ahead = Math.max(T + 1, Math.min(windowIds.each, Math.floor(windowIds.all / N)));
  const make = () => ({
    rows: Array.from({ length: N }, (_, n) => ({ ...piece(n), window: openWindow(ids) })),
    x: new Int32Array(T * N),
    y: new Int32Array(T * N),
  });
  let made: ReturnType<typeof make> | undefined;
  return (index: number): Chunk => {
    made ??= make();
    const { rows, x, y } = made;
    let tokens = 0;
    for (let n = 0; n < N; n++) {
      const { start, end, window } = rows[n]!;
      const from = Math.min(start + index * T, end);
      const count = Math.min(T, end - from);
      if (count > 0) moveWindow(window, ids, from, from + count + 1, ahead);
      const at = from - window.start;
      for (let t = 0; t < T; t++) {
        const inside = t < count;
        x[t * N + n] = inside ? window.ids[at + t]! : 0;
        y[t * N + n] = inside ? window.ids[at + t + 1]! : -1;
      }
      tokens += count;
    }
    return { x, y, tokens };
  };
}

function checkedAt(count: number, fill: (index: number) => Chunk) {
  return (index: number): Chunk => {
    if (Number.isInteger(index) && index >= 0 && index < count) return fill(index);
    throw new DataError(`chunk: must be a whole number from 0 to ${count - 1}, was ${index}`, { code: "chunk-index" });
  };
}
