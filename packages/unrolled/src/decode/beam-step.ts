// One step of a beam search: the best continuations of a group of hypotheses, and what they are worth when they end.
// N sentences, K beams of each, W tokens of each row, S places of a source.
import type { BeamStep, Hypothesis, Search } from "./beam.js";

/** One token after another: a tree of what has been written. */
export interface Node {
  readonly token: number;
  readonly parent: Node | undefined;
  readonly length: number;
  readonly sum: number;
  /** With what diversity took off. */
  readonly rank: number;
  /** Row, counted from the sentence's first, of the program that has read everything before `token`. */
  readonly row: number;
  readonly attention?: Float32Array;
}

export interface Group {
  live: Node[];
  readonly done: Hypothesis[];
  readonly size: number;
  /** First of its rows, counted from the sentence's first. */
  readonly row: number;
}

/** What a step knows beside the group. */
export interface Now {
  readonly made: BeamStep;
  readonly t: number;
  /** The sentence's first row in what was made, and the rows of all sentences there. */
  readonly row: number;
  readonly rows: number;
  /** The one token that may come. */
  readonly forced: number | undefined;
  /** Nothing comes after this step. */
  readonly last: boolean;
  /** How often earlier groups of the sentence have taken a token at this step. */
  readonly taken: Map<number, number>;
}

interface Candidate {
  /** Place of the node in `live`. */
  readonly from: number;
  readonly token: number;
  readonly sum: number;
  readonly rank: number;
}

/** One more token for every live node of a group. */
export function advance(search: Search, group: Group, now: Now): void {
  const { model, diversity } = search;
  const found: Best = { candidates: [], room: group.size - group.done.length };
  for (const [from, node] of group.live.entries()) consider(search, found, now, from, node, rowOf(group, now, from));
  const next: Node[] = [];
  for (const { from, token, sum, rank } of found.candidates) {
    const attention = lookOf(search, now, rowOf(group, now, from));
    const parent = group.live[from] as Node;
    const row = group.row + from;
    const node = { token, parent, length: now.t + 1, sum, rank, row, ...(attention && { attention }) };
    const ended = token === model.end;
    if (ended || (now.last && model.end < 0)) group.done.push(finished(search, node, ended));
    else next.push(node);
    if (diversity > 0) now.taken.set(token, (now.taken.get(token) ?? 0) + 1);
  }
  group.live = next;
}

/** The row of what was made that holds the continuations of a live node. */
const rowOf = ({ row }: Group, now: Now, from: number): number => now.row + Math.min(row + from, now.made.rows - 1);

/** The best candidates so far, best first; equal ones in the order in which they came. */
interface Best {
  readonly candidates: Candidate[];
  readonly room: number;
}

/** Whether something of this rank would be kept. */
const takes = ({ candidates, room }: Best, rank: number): boolean =>
  candidates.length < room || rank > (candidates[room - 1] as Candidate).rank;

function keep({ candidates, room }: Best, candidate: Candidate): void {
  let at = Math.min(candidates.length, room - 1);
  for (; at > 0 && (candidates[at - 1] as Candidate).rank < candidate.rank; at--)
    candidates[at] = candidates[at - 1] as Candidate;
  candidates[at] = candidate;
}

/** What may follow a node. Its row is in falling order, so that nothing is missed by stopping at the first that is too little. */
function consider(
  { model, minimum, banned, diversity }: Search,
  found: Best,
  { made, forced, t, taken, rows }: Now,
  from: number,
  node: Node,
  row: number,
): void {
  if (forced !== undefined) {
    const log = made.logAsked[row] as number;
    const rank = node.rank + log;
    if (takes(found, rank)) keep(found, { from, token: forced, sum: node.sum + log, rank });
    return;
  }
  const width = made.ids.length / rows;
  for (let i = row * width; i < (row + 1) * width; i++) {
    const token = made.ids[i] as number;
    const log = made.logProbabilities[i] as number;
    const plain = node.rank + log;
    if (token < 0 || !takes(found, plain)) return;
    if (banned.has(token) || (token === model.end && t < minimum)) continue;
    const rank = diversity > 0 ? plain - diversity * (taken.get(token) ?? 0) : plain;
    if (takes(found, rank)) keep(found, { from, token, sum: node.sum + log, rank });
  }
}

/** What a row looked at, where it is asked for. */
function lookOf({ attention, coverage }: Search, { made, rows }: Now, row: number): Float32Array | undefined {
  if (!made.attention || !(attention || coverage > 0)) return undefined;
  const S = made.attention.length / rows;
  const own = new Float32Array(S);
  for (let s = 0; s < S; s++) own[s] = made.attention[row * S + s] as number;
  return own;
}

/** What a sum of `length` log-probabilities is divided by. */
function lengthPenalty({ normalization, alpha }: Search, length: number): number {
  if (normalization === "none") return 1;
  return normalization === "gnmt" ? ((5 + length) / 6) ** alpha : length ** alpha;
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
