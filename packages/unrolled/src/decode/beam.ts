// Beam search over any model that writes step by step. N sentences, K beams of each, M = N*K rows, V classes, S places of a source.
// The model runs all rows of all sentences in one program; what is chosen, and which row goes on from which, is decided here.
import { SpecError } from "../errors.js";

export interface BeamOptions {
  /** K: hypotheses kept side by side; 1 is greedy. */
  readonly beam: number;
  /** How lengths are made comparable: not, by ((5+n)/6)^alpha (GNMT, Wu 2016), or by n^alpha (1: the mean per token). */
  readonly normalization?: "none" | "gnmt" | "average";
  /** 0.6 for gnmt, 1 for average, where left out. */
  readonly alpha?: number;
  /** beta of GNMT's coverage penalty: what no step has looked at costs. 0 where left out. */
  readonly coverage?: number;
  /** Tokens that a result has at least and at most, the end not counted. */
  readonly minimum?: number;
  readonly maximum: number;
  /** Results of each sentence, best first; 1 where left out. */
  readonly best?: number;
  /** Groups that are kept apart: a token that an earlier group has just taken costs `diversity` (Vijayakumar 2018). */
  readonly groups?: number;
  readonly diversity?: number;
  /** Tokens that every result begins with. */
  readonly prefix?: ArrayLike<number>;
  /** Never written. */
  readonly banned?: ReadonlySet<number>;
  /** Keep what every step looked at. */
  readonly attention?: boolean;
}

/** What a beam search runs: M rows, sentence n's beams being rows n*K to n*K + K-1. */
export interface BeamModel {
  /** The id that is written at the end; -1 where results all have the maximum length. */
  readonly end: number;
  readonly start: number;
  /**
   * Row m goes on from row parents[m] of the step before (of itself at first) with token ids[m]. Gives log-probabilities [M,V] and
   * attention [M,S], valid until the next step.
   */
  step(
    ids: Int32Array,
    parents: Int32Array,
  ): { readonly logProbabilities: ArrayLike<number>; readonly attention?: ArrayLike<number> };
}

export interface Hypothesis {
  /** Without the end. */
  readonly tokens: readonly number[];
  /** Sum over all tokens, the end too. */
  readonly logProbability: number;
  /** What results are ranked by: the sum, normalised, less penalties. */
  readonly score: number;
  /** Rows over the source, one for each token and for the end. */
  readonly attention?: readonly Float32Array[];
}

/** One token after another: a tree of what has been written. */
interface Node {
  readonly token: number;
  readonly parent: Node | undefined;
  readonly length: number;
  readonly sum: number;
  /** With what diversity took off. */
  readonly rank: number;
  /** Row of the program that has read everything before `token`. */
  readonly row: number;
  readonly attention?: Float32Array;
}

interface Group {
  live: Node[];
  readonly done: Hypothesis[];
  readonly size: number;
  /** First of its rows. */
  readonly row: number;
}

interface Search extends Required<Omit<BeamOptions, "banned" | "prefix">> {
  readonly prefix: ArrayLike<number>;
  readonly banned: ReadonlySet<number>;
  readonly model: BeamModel;
}

/** The options, complete. SpecError for those that can find nothing. */
function complete(model: BeamModel, options: BeamOptions): Search {
  const { beam, groups = 1, maximum, minimum = 0, best = 1, normalization = "gnmt", prefix = [] } = options;
  const whole = (name: string, value: number, low: number, high: number): void => {
    if (!Number.isInteger(value) || value < low || value > high)
      throw new SpecError(`${name}: must be a whole number from ${low} to ${high}, was ${value}`, {
        code: "beam-options",
      });
  };
  whole("beam", beam, 1, 1000);
  whole("groups", groups, 1, beam);
  if (beam % groups !== 0)
    throw new SpecError(`groups: must divide the beam of ${beam} evenly, was ${groups}`, { code: "beam-options" });
  whole("maximum length", maximum, 1, 1_000_000);
  whole("minimum length", minimum, 0, maximum);
  whole("n-best", best, 1, beam);
  whole("prefix length", prefix.length, 0, maximum);
  const alpha = options.alpha ?? (normalization === "gnmt" ? 0.6 : 1);
  const [coverage, diversity] = [options.coverage ?? 0, options.diversity ?? 0];
  for (const [name, value] of Object.entries({ alpha, coverage, diversity }))
    if (!(Number.isFinite(value) && value >= 0))
      throw new SpecError(`${name}: must be a number from 0, was ${value}`, { code: "beam-options" });
  const attention = options.attention ?? false;
  const banned = options.banned ?? new Set();
  return {
    beam,
    groups,
    maximum,
    minimum,
    best,
    normalization,
    alpha,
    coverage,
    diversity,
    prefix,
    banned,
    attention,
    model,
  };
}

/** What a sum of `length` log-probabilities is divided by. */
function lengthPenalty({ normalization, alpha }: Search, length: number): number {
  if (normalization === "none") return 1;
  return normalization === "gnmt" ? ((5 + length) / 6) ** alpha : length ** alpha;
}

/**
 * The best results of each of `sentences`, best first. A result that ends gives its place in the beam up; at the maximum length all end.
 * `maxima` are maximum lengths of each sentence where they differ; `places` is how many sentences the model has rows for. Results of a sentence do not depend on those beside it.
 */
export function beamSearch(
  model: BeamModel,
  sentences: number,
  options: BeamOptions,
  maxima?: ArrayLike<number>,
  places = sentences,
): readonly (readonly Hypothesis[])[] {
  const search = complete(model, options);
  const { beam: K, groups } = search;
  const M = places * K;
  const size = K / groups;
  const all: Group[][] = Array.from({ length: sentences }, (_, n) =>
    Array.from({ length: groups }, (_, g) => {
      const row = n * K + g * size;
      const root: Node = { token: model.start, parent: undefined, length: 0, sum: 0, rank: 0, row };
      return { live: [root], done: [], size, row };
    }),
  );
  const ids = new Int32Array(M).fill(-1);
  const parents = Int32Array.from({ length: M }, (_, m) => m);
  for (let t = 0; all.some((own) => own.some(({ live }) => live.length > 0)); t++) {
    place(all, ids, parents);
    const { logProbabilities, attention } = model.step(ids, parents);
    const V = logProbabilities.length / M;
    const looked = attention && (search.attention || search.coverage > 0) ? attention : undefined;
    for (const [n, own] of all.entries()) {
      const last = t >= Math.min(maxima?.[n] ?? search.maximum, search.maximum) - (model.end < 0 ? 1 : 0);
      const taken = new Map<number, number>();
      for (const group of own) advance(search, group, logProbabilities, V, t, last, taken, looked, M);
    }
  }
  return all.map((own) => ranked(own, search.best));
}

/** Every live node gets a row of its group; rows without one repeat themselves. */
function place(all: readonly (readonly Group[])[], ids: Int32Array, parents: Int32Array): void {
  for (const own of all)
    for (const group of own)
      for (let i = 0; i < group.size; i++) {
        const node = group.live[i];
        ids[group.row + i] = node?.token ?? -1;
        parents[group.row + i] = node?.row ?? group.row + i;
      }
}

/** One more token for every live node of a group. */
function advance(
  search: Search,
  group: Group,
  logs: ArrayLike<number>,
  V: number,
  t: number,
  last: boolean,
  taken: Map<number, number>,
  looked: ArrayLike<number> | undefined,
  M: number,
): void {
  const { model, diversity } = search;
  const room = group.size - group.done.length;
  const candidates = bestCandidates(search, group, logs, V, t, last, taken, room);
  const next: Node[] = [];
  for (const { from, token, sum, rank } of candidates) {
    const row = group.row + from;
    const parent = group.live[from] as Node;
    const width = looked ? looked.length / M : 0;
    const attention = looked && Float32Array.from({ length: width }, (_, s) => looked[row * width + s] as number);
    const node: Node = { token, parent, length: t + 1, sum, rank, row, ...(attention && { attention }) };
    const ended = token === model.end;
    if (ended || (last && model.end < 0)) group.done.push(finished(search, node, ended));
    else next.push(node);
  }
  if (diversity > 0) for (const { token } of candidates) taken.set(token, (taken.get(token) ?? 0) + 1);
  group.live = next;
}

interface Candidate {
  /** Place of the node in `live`. */
  readonly from: number;
  readonly token: number;
  readonly sum: number;
  readonly rank: number;
}

/** The `room` best continuations of a group, best first; equal ones in the order of nodes, then of tokens. */
function bestCandidates(
  search: Search,
  { live, row }: Group,
  logs: ArrayLike<number>,
  V: number,
  t: number,
  last: boolean,
  taken: ReadonlyMap<number, number>,
  room: number,
): readonly Candidate[] {
  const { model, minimum, prefix, banned, diversity } = search;
  const found: Candidate[] = [];
  const forced = t < prefix.length ? (prefix[t] as number) : last && model.end >= 0 ? model.end : undefined;
  let worst = Number.NEGATIVE_INFINITY;
  for (const [from, node] of live.entries()) {
    const offset = (row + from) * V;
    const [low, high] = forced === undefined ? [0, V] : [forced, forced + 1];
    for (let token = low; token < high; token++) {
      const sum = node.sum + (logs[offset + token] as number);
      const plain = node.rank + (logs[offset + token] as number);
      if (found.length === room && plain <= worst) continue;
      if (forced === undefined && (banned.has(token) || (token === model.end && t < minimum))) continue;
      const rank = diversity > 0 ? plain - diversity * (taken.get(token) ?? 0) : plain;
      if (found.length === room && rank <= worst) continue;
      let at = found.length === room ? room - 1 : found.length;
      for (; at > 0 && (found[at - 1] as Candidate).rank < rank; at--) found[at] = found[at - 1] as Candidate;
      found[at] = { from, token, sum, rank };
      if (found.length === room) worst = (found[room - 1] as Candidate).rank;
    }
  }
  return found;
}

function finished(search: Search, node: Node, ended: boolean): Hypothesis {
  const path: Node[] = [];
  for (let at: Node | undefined = node; at?.parent; at = at.parent) path.push(at);
  path.reverse();
  const tokens = (ended ? path.slice(0, -1) : path).map(({ token }) => token);
  const score = node.rank / lengthPenalty(search, node.length) + search.coverage * uncovered(path, search.coverage);
  const looks = search.attention ? path.flatMap(({ attention }) => (attention ? [attention] : [])) : [];
  return { tokens, logProbability: node.sum, score, ...(looks.length > 0 && { attention: looks }) };
}

/** Sum over the source's places of log min(1, what all steps together looked at it); places past its end are 0 in all and not counted. */
function uncovered(path: readonly Node[], coverage: number): number {
  const first = path[0]?.attention;
  if (coverage === 0 || !first) return 0;
  let total = 0;
  for (let s = 0; s < first.length; s++) {
    let seen = 0;
    for (const { attention } of path) seen += (attention as Float32Array)[s] as number;
    if (seen > 0) total += Math.log(Math.min(1, seen));
  }
  return total;
}

const ranked = (own: readonly Group[], best: number): readonly Hypothesis[] =>
  own
    .flatMap(({ done }) => done)
    .sort((a, b) => b.score - a.score)
    .slice(0, best);
