// Interpolated Witten-Bell n-gram models over ids: the baseline beside every evaluation. Order = ids of context; V tokens.
// P_k(w|c) = (n(c,w) + d(c) P_{k-1}(w|c')) / (n(c) + d(c)), with d(c) the number of different ids seen after c, c' = c without
// its oldest id, and 1/V below order 0. (Witten and Bell 1991, method C; interpolated as in Chen and Goodman 1998.)
import { DataError } from "../errors.js";
import { limits } from "../limits.js";

/**
 * A trie of n-grams: node 0 is the empty one, a node's children are the ids seen after it. Nodes of one length follow each other.
 * All arrays have an entry per node.
 */
export interface Ngram {
  /** Ids of context of the longest n-gram counted; lower than asked for where `limits.ngramNodes` stopped it. */
  readonly order: number;
  readonly vocabularySize: number;
  readonly parents: Int32Array;
  readonly tokens: Int32Array;
  readonly counts: Int32Array;
  /** First node of each length 0 .. order + 1, and the end. */
  readonly levels: readonly number[];
}

export interface NgramOptions {
  /** Ids of context, 0 to 6. */
  readonly order: number;
  readonly vocabularySize: number;
  /** At most so many distinct n-grams; the order is lowered to keep it. Default `limits.ngramNodes`. */
  readonly nodes?: number;
}

/** Counts n-grams. Memory: about 40 bytes per distinct n-gram. DataError `ngram-order`, `token-id`, `too-short`. */
export function fitNgram(ids: Int32Array, options: NgramOptions): Ngram {
  checkNgram(ids, options);
  const { order, vocabularySize, nodes = limits.ngramNodes } = options;
  const building: Building = { parents: [], tokens: [], counts: [], levels: [0, 1] };
  // The n-gram of the present length that ends before place i; place i lengthens it.
  const ending = new Int32Array(ids.length);
  let before = 1;
  for (let length = 1; length <= order + 1 && length <= ids.length; length++) {
    const level = countLevel(ids, ending, length, before, nodes - before);
    if (level === undefined) break;
    building.parents.push(level.parents);
    building.tokens.push(level.tokens);
    building.counts.push(level.counts);
    before += level.parents.length;
    building.levels.push(before);
  }
  return {
    order: building.levels.length - 3,
    vocabularySize,
    parents: joined(building.parents, before),
    tokens: joined(building.tokens, before),
    counts: joined(building.counts, before),
    levels: building.levels,
  };
}

interface Building {
  readonly parents: Int32Array[];
  readonly tokens: Int32Array[];
  readonly counts: Int32Array[];
  readonly levels: number[];
}

function checkNgram(ids: Int32Array, { order, vocabularySize, nodes }: NgramOptions): void {
  if (!Number.isInteger(order) || order < 0 || order > 6) {
    throw new DataError(`n-gram: order must be a whole number from 0 to 6, was ${order}`, { code: "ngram-order" });
  }
  if (ids.length === 0) throw new DataError("n-gram: must be fitted to at least 1 token, was 0", { code: "too-short" });
  if (nodes !== undefined && nodes < vocabularySize + 1) {
    throw new DataError(`n-gram: nodes must be at least the vocabulary and one, was ${nodes}`, { code: "ngram-nodes" });
  }
  const outside = ids.find((id) => id < 0 || id >= vocabularySize);
  if (outside !== undefined) {
    throw new DataError(`n-gram: ids must be from 0 to ${vocabularySize - 1}, was ${outside}`, { code: "token-id" });
  }
}

// Node 0 has no parent and no token; its entry in `joined` arrays is 0.
function joined(parts: readonly Int32Array[], total: number): Int32Array {
  const all = new Int32Array(total);
  let at = 1;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

interface Level {
  readonly parents: Int32Array;
  readonly tokens: Int32Array;
  readonly counts: Int32Array;
}

/** One pass over the ids for the n-grams of one length; `ending` moves on to them. Undefined where they are more than `room`. */
function countLevel(
  ids: Int32Array,
  ending: Int32Array,
  length: number,
  first: number,
  room: number,
): Level | undefined {
  let capacity = 1024;
  let slots: Int32Array = new Int32Array(capacity * 2);
  let level = emptyLevel(capacity);
  let size = 0;
  let shorter = length === 1 ? 0 : ending[length - 2]!;
  for (let i = length - 1; i < ids.length; i++) {
    const parent = shorter;
    shorter = ending[i]!;
    const token = ids[i]!;
    const mask = slots.length - 1;
    let slot = hash(parent, token) & mask;
    let node = slots[slot]! - 1;
    while (node >= 0 && (level.tokens[node] !== token || level.parents[node] !== parent)) {
      slot = (slot + 1) & mask;
      node = slots[slot]! - 1;
    }
    if (node < 0) {
      if (size === room) return undefined;
      node = size++;
      slots[slot] = size;
      level.parents[node] = parent;
      level.tokens[node] = token;
      if (size === capacity) {
        capacity *= 2;
        level = resized(level, capacity);
        slots = fillSlots(level.parents, level.tokens, 0, size, capacity * 2);
      }
    }
    level.counts[node]!++;
    ending[i] = first + node;
  }
  return resized(level, size);
}

function emptyLevel(size: number): Level {
  return { parents: new Int32Array(size), tokens: new Int32Array(size), counts: new Int32Array(size) };
}

function resized(level: Level, size: number): Level {
  const next = emptyLevel(size);
  next.parents.set(level.parents.subarray(0, size));
  next.tokens.set(level.tokens.subarray(0, size));
  next.counts.set(level.counts.subarray(0, size));
  return next;
}

function hash(parent: number, token: number): number {
  let mixed = Math.imul(parent, 0x9e3779b1) ^ Math.imul(token + 0x7f4a7c15, 0x85ebca6b);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

// Open addressing; a slot holds node + 1, 0 is empty.
function fillSlots(parents: Int32Array, tokens: Int32Array, from: number, to: number, size: number): Int32Array {
  const slots = new Int32Array(size);
  for (let node = from; node < to; node++) {
    let slot = hash(parents[node]!, tokens[node]!) & (size - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (size - 1);
    slots[slot] = node + 1;
  }
  return slots;
}

/** Reads other ids with an n-gram model. Made once for many texts. */
export interface NgramScorer {
  /** Mean nats per token of each order 0 .. order; every id after the first is predicted once. DataError `too-short`, `token-id`. */
  readonly nats: (ids: Int32Array) => Float64Array;
}

export function ngramScorer(model: Ngram): NgramScorer {
  const { parents, tokens, counts, order, vocabularySize } = model;
  const nodes = parents.length;
  let size = 2048;
  while (size < nodes * 2) size *= 2;
  const slots = fillSlots(parents, tokens, 1, nodes, size);
  const followed = new Int32Array(nodes);
  const different = new Int32Array(nodes);
  for (let node = 1; node < nodes; node++) {
    followed[parents[node]!]! += counts[node]!;
    different[parents[node]!]!++;
  }
  const child = (parent: number, token: number): number => {
    let slot = hash(parent, token) & (size - 1);
    let node = slots[slot]! - 1;
    while (node >= 0 && (tokens[node] !== token || parents[node] !== parent)) {
      slot = (slot + 1) & (size - 1);
      node = slots[slot]! - 1;
    }
    return node;
  };
  const nats = (ids: Int32Array): Float64Array => {
    checkScored(ids, vocabularySize);
    const sums = new Float64Array(order + 1);
    // contexts[k]: the node of the k ids before the present one, -1 where they never came together.
    const contexts = new Int32Array(order + 2).fill(-1);
    contexts[0] = 0;
    for (let i = 0; i < ids.length; i++) {
      const token = ids[i]!;
      let probability = 1 / vocabularySize;
      let longer = -1;
      for (let k = 0; k <= order; k++) {
        const context = contexts[k]!;
        const node = context < 0 ? -1 : child(context, token);
        if (context >= 0 && followed[context]! > 0) {
          const seen = node < 0 ? 0 : counts[node]!;
          probability = (seen + different[context]! * probability) / (followed[context]! + different[context]!);
        }
        if (i > 0) sums[k]! -= Math.log(probability);
        if (k > 0) contexts[k] = longer;
        longer = node;
      }
    }
    return sums.map((sum) => sum / (ids.length - 1));
  };
  return { nats };
}

function checkScored(ids: Int32Array, vocabularySize: number): void {
  if (ids.length < 2) {
    throw new DataError(`n-gram: must read at least 2 tokens, was ${ids.length}`, { code: "too-short" });
  }
  const outside = ids.find((id) => id < 0 || id >= vocabularySize);
  if (outside !== undefined) {
    throw new DataError(`n-gram: ids must be from 0 to ${vocabularySize - 1}, was ${outside}`, { code: "token-id" });
  }
}

/** The model without its n-grams of more than `order` ids of context. */
export function shortened(model: Ngram, order: number): Ngram {
  if (order >= model.order) return model;
  const levels = model.levels.slice(0, order + 3);
  const end = levels[levels.length - 1]!;
  const { parents, tokens, counts, vocabularySize } = model;
  return {
    order,
    vocabularySize,
    parents: parents.slice(0, end),
    tokens: tokens.slice(0, end),
    counts: counts.slice(0, end),
    levels,
  };
}

export interface BestNgram {
  /** The order that reads the held-out ids best. */
  readonly model: Ngram;
  /** Mean nats per held-out token of that order. */
  readonly nats: number;
  /** The same of every order 0 .. as far as counted. */
  readonly natsOfOrder: readonly number[];
}

/** Fits orders 0 to `options.order` (default 5) at once and keeps the one that reads the held-out ids best. */
export function bestNgram(
  training: Int32Array,
  heldOut: Int32Array,
  options: Omit<NgramOptions, "order"> & { readonly order?: number },
): BestNgram {
  const model = fitNgram(training, { ...options, order: options.order ?? 5 });
  const natsOfOrder = Array.from(ngramScorer(model).nats(heldOut));
  const nats = Math.min(...natsOfOrder);
  return { model: shortened(model, natsOfOrder.indexOf(nats)), nats, natsOfOrder };
}
