// Beam search over any model that writes step by step. N sentences, K beams of each, M = N*K rows, V classes, S places of a source.
// The model runs all rows of all sentences in one program and gives the likeliest tokens of each row; what is chosen of them, and
// which row goes on from which, is decided here.
import { SpecError } from "../errors.js";
import { advance, type Group, type Node } from "./beam-step.js";

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

/** What a model is asked at every step; rows of sentence n are n*K to n*K + K-1. */
export interface BeamRequest {
  /** The token that row m reads [M]; -1 in rows that nobody needs. */
  readonly ids: Int32Array;
  /** Row m goes on from row parents[m] of the step before (of itself at first) [M]. */
  readonly parents: Int32Array;
  /** A token whose log-probability is wanted of row m, or -1 [M]. */
  readonly asked: Int32Array;
  /** How many of the likeliest tokens of each row are wanted. */
  readonly width: number;
}

/** What a model answers; valid until the next step. */
export interface BeamStep {
  /** R: rows of each sentence in this answer: K, or 1 where all rows of a sentence would be the same. */
  readonly rows: number;
  /** Tokens of each row, likeliest first, and -1 where there are no more [N*R,W]; W is `width`, or V where that is less. */
  readonly ids: ArrayLike<number>;
  /** Their log-probabilities [N*R,W]. */
  readonly logProbabilities: ArrayLike<number>;
  /** Of the asked token [N*R]. */
  readonly logAsked: ArrayLike<number>;
  /** [N*R,S] */
  readonly attention?: ArrayLike<number>;
}

/** What a beam search runs. */
export interface BeamModel {
  /** The id that is written at the end; -1 where results all have the maximum length. */
  readonly end: number;
  readonly start: number;
  step(request: BeamRequest): BeamStep;
  /**
   * Only these sentences go on, in this order: how many sentences the model has rows for from now on, or undefined where it keeps all
   * its rows as they are.
   */
  keep?(sentences: readonly number[]): number | undefined;
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

/** The options with nothing left out, and what is searched. */
export interface Search extends Required<Omit<BeamOptions, "banned" | "prefix">> {
  readonly prefix: ArrayLike<number>;
  readonly banned: ReadonlySet<number>;
  readonly model: BeamModel;
  /** Tokens of each row that are looked at: those that fit, and as many as may have to be passed by. */
  readonly width: number;
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
  const size = beam / groups;
  const width = size + banned.size + (minimum > 0 ? 1 : 0) + (diversity > 0 ? beam - size : 0);
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
    width,
  };
}

/** A sentence that is being written. */
interface Sentence {
  readonly n: number;
  /** Its rows are place*K to place*K + K-1. */
  place: number;
  readonly groups: readonly Group[];
  /** Steps after which nothing but the end may come. */
  readonly maximum: number;
}

/**
 * The best results of each of `sentences`, best first. A result that ends gives its place in the beam up; at the maximum length all end.
 * `maxima` are maximum lengths of each sentence where they differ; `places` is how many sentences the model has rows for. Results of a
 * sentence do not depend on those beside it.
 */
export function beamSearch(
  model: BeamModel,
  sentences: number,
  options: BeamOptions,
  maxima?: ArrayLike<number>,
  places = sentences,
): readonly (readonly Hypothesis[])[] {
  const search = complete(model, options);
  const { beam: K, maximum } = search;
  const all = Array.from({ length: sentences }, (_, n): Sentence => {
    const own = Math.min(maxima?.[n] ?? maximum, maximum);
    return { n, place: n, groups: groupsOf(search), maximum: model.end < 0 ? own - 1 : own };
  });
  let open = all;
  let rows = requestOf(search, places);
  for (let t = 0; open.length > 0; t++) {
    const forced = open.map((own) => forcedAt(search, t, own.maximum));
    place(open, forced, rows, K);
    const made = model.step(rows);
    const M = rows.ids.length / (K / made.rows);
    for (const [i, own] of open.entries()) {
      const taken = new Map<number, number>();
      const row = own.place * made.rows;
      const now = { made, t, row, rows: M, forced: forced[i], last: t >= own.maximum, taken };
      for (const group of own.groups) advance(search, group, now);
    }
    open = open.filter(({ groups }) => groups.some(({ live }) => live.length > 0));
    const left = open.length > 0 ? model.keep?.(open.map((own) => own.place)) : undefined;
    if (left === undefined) continue;
    rows = requestOf(search, left);
    for (const [i, own] of open.entries()) own.place = i;
  }
  return all.map(({ n, groups }) => ranked(groups, search.best, n));
}

function groupsOf({ beam, groups, model }: Search): readonly Group[] {
  const size = beam / groups;
  return Array.from({ length: groups }, (_, g) => {
    const root: Node = { token: model.start, parent: undefined, length: 0, sum: 0, rank: 0, row: g * size };
    return { live: [root], done: [], size, row: g * size };
  });
}

function requestOf({ beam, width }: Search, places: number): BeamRequest {
  const parents = Int32Array.from({ length: places * beam }, (_, m) => m);
  return { ids: parents.slice().fill(-1), asked: parents.slice().fill(-1), parents, width };
}

/** The one token that may come now: of the prefix, or the end at the maximum length. */
function forcedAt({ prefix, model }: Search, t: number, maximum: number): number | undefined {
  if (t < prefix.length) return prefix[t];
  return t >= maximum && model.end >= 0 ? model.end : undefined;
}

/** Every live node gets a row of its group; rows without one repeat themselves. */
function place(
  open: readonly Sentence[],
  forced: readonly (number | undefined)[],
  { ids, parents, asked }: BeamRequest,
  K: number,
): void {
  for (const [i, own] of open.entries())
    for (const group of own.groups)
      for (let b = 0; b < group.size; b++) {
        const node = group.live[b];
        const row = own.place * K + group.row + b;
        ids[row] = node?.token ?? -1;
        parents[row] = node ? own.place * K + node.row : row;
        asked[row] = forced[i] ?? -1;
      }
}

function ranked(groups: readonly Group[], best: number, n: number): readonly Hypothesis[] {
  const found = groups.flatMap(({ done }) => done).sort((a, b) => b.score - a.score);
  if (found.length === 0)
    throw new SpecError(`beam: some token must be able to follow, none was in sentence ${n + 1}`, {
      code: "beam-nothing",
      hint: "every token is banned, or the model's scores are no numbers",
    });
  return found.slice(0, best);
}
