// Choosing one id by its score: the rule of the kernel `sample`, one plain function. n scores.

/** How a choice is made. */
export interface ChoiceRule {
  /** Scores are divided by this; 0 takes the largest. */
  readonly temperature: number;
  /** Only so many of the heaviest ids; below 1: all. */
  readonly topK: number;
  /** Only the heaviest ids that make up this share; from 1 up: all. */
  readonly topP: number;
  readonly isBanned: (id: number) => boolean;
}

/** Weights below exp of this are none. */
const leastExponent = -708;

/** The id that the draw `uniform` in [0,1) falls on; -1 where every id is banned. Equal scores keep id order. */
export function choose(scores: ArrayLike<number>, rule: ChoiceRule, uniform: number): number {
  const best = largest(scores, rule);
  if (best < 0 || rule.temperature === 0) return best;
  const weights = weightsOf(scores, scores[best], rule);
  if (rule.topK >= 1 || rule.topP < 1) keepHeaviest(weights, scores, rule);
  return draw(weights, uniform, best);
}

/** NaN wins only where there is nothing else. */
function largest(scores: ArrayLike<number>, { isBanned }: ChoiceRule): number {
  let best = -1;
  for (let id = 0; id < scores.length; id++) {
    if (isBanned(id)) continue;
    if (best < 0 || scores[id] > scores[best] || (Number.isNaN(scores[best]) && !Number.isNaN(scores[id]))) best = id;
  }
  return best;
}

/** The maximum is subtracted before the division: scores of 1e4 at temperature 1e-3 stay finite. */
function weightsOf(scores: ArrayLike<number>, top: number, { temperature, isBanned }: ChoiceRule): Float64Array {
  const weights = new Float64Array(scores.length);
  for (let id = 0; id < weights.length; id++) {
    const exponent = scores[id] === top ? 0 : (scores[id] - top) / temperature;
    if (exponent >= leastExponent && !isBanned(id)) weights[id] = Math.exp(exponent);
  }
  return weights;
}

/** Zeroes all but the k heaviest, and of these all but the fewest that hold a share p of them. */
function keepHeaviest(weights: Float64Array, scores: ArrayLike<number>, { topK, topP }: ChoiceRule): void {
  const order = Array.from(weights.keys())
    .filter((id) => weights[id] > 0)
    .sort((a, b) => scores[b] - scores[a] || a - b);
  const k = topK >= 1 ? Math.floor(topK) : order.length;
  const total = order.slice(0, k).reduce((sum, id) => sum + weights[id], 0);
  let held = 0;
  for (const [place, id] of order.entries()) {
    const enough = place > 0 && topP < 1 && held >= topP * total;
    held += weights[id];
    if (place >= k || enough) weights[id] = 0;
  }
}

/** The id whose stretch of the line 0..sum(weights) the draw falls on. */
function draw(weights: Float64Array, uniform: number, best: number): number {
  let left = 0;
  for (let id = 0; id < weights.length; id++) left += weights[id];
  left *= uniform;
  let last = best;
  for (let id = 0; id < weights.length; id++) {
    if (weights[id] === 0) continue;
    last = id;
    left -= weights[id];
    if (left < 0) return id;
  }
  return last;
}
