// The reference kernel that chooses what sequences read next. R sequences, n scores, K rows of text.
import { choose } from "../choose.js";
import type { Arguments } from "./arguments.js";

export function sample(a: Arguments<"sample">): void {
  const { next, text, logp, place, x, draws, options, R, n, K, banned } = a;
  const p = place[0];
  if (!(Number.isInteger(p) && p >= 0 && p < K)) return;
  const [temperature, topK, topP] = options;
  const rule = { temperature, topK, topP, isBanned: (id: number) => id === banned };
  for (let r = 0; r < R; r++) {
    const at = p * R + r;
    const scores = x.subarray(r * n, r * n + n);
    const given = text[at] >= 0;
    if (!given) text[at] = choose(scores, rule, (draws[at] >>> 0) / 2 ** 32);
    logp[at] = given || text[at] < 0 ? 0 : logProbability(scores, text[at]);
    next[r] = text[at];
  }
  place[0] = p + 1;
}

function logProbability(scores: Float64Array, id: number): number {
  const top = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return scores[id] - top - Math.log(scores.reduce((sum, score) => sum + Math.exp(score - top), 0));
}
