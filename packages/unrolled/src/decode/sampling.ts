// Choosing the next token from logits. V classes.
import { SpecError } from "../errors.js";

export interface SamplingOptions {
  /** Logits are divided by this; towards 0 it becomes greedy, 1 is the model's own distribution. */
  readonly temperature?: number;
  /** Keep only the k most probable tokens. */
  readonly topK?: number;
  /** Keep the most probable tokens whose probabilities reach p (nucleus; Holtzman 2020). */
  readonly topP?: number;
  /** Take the most probable token. */
  readonly greedy?: boolean;
}

/** Throws SpecError for options that allow no token. */
export function checkSampling({ temperature, topK, topP }: SamplingOptions): void {
  if (temperature !== undefined && !(temperature > 0 && Number.isFinite(temperature)))
    throw new SpecError(`temperature: must be a number above 0, was ${temperature}`, {
      code: "temperature",
      hint: "use greedy for the most probable token",
    });
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1))
    throw new SpecError(`top-k: must be an integer from 1, was ${topK}`, { code: "top-k" });
  if (topP !== undefined && !(topP > 0 && topP <= 1))
    throw new SpecError(`top-p: must be a number above 0 up to 1, was ${topP}`, { code: "top-p" });
}

/**
 * The next token's id. `banned` ids (such as <unk>) are never chosen. `uniform` is one draw in [0,1). Equal logits keep id order, so
 * that a seed always gives the same text.
 */
export function chooseToken(
  logits: ArrayLike<number>,
  options: SamplingOptions,
  uniform: number,
  banned?: ReadonlySet<number>,
): number {
  const { temperature = 1, topK, topP, greedy = false } = options;
  if (greedy) return largest(logits, banned);
  const weights = new Float64Array(logits.length);
  const top = logits[largest(logits, banned)];
  // The maximum is subtracted before the division: logits of 1e4 at temperature 1e-3 stay finite.
  for (let id = 0; id < weights.length; id++) weights[id] = Math.exp((logits[id] - top) / temperature);
  if (banned) for (const id of banned) weights[id] = 0;
  if (topK !== undefined || topP !== undefined) keepLikeliest(weights, topK ?? weights.length, topP ?? 1);
  return draw(weights, uniform);
}

function largest(logits: ArrayLike<number>, banned?: ReadonlySet<number>): number {
  let best = -1;
  for (let id = 0; id < logits.length; id++) if (!banned?.has(id) && (best < 0 || logits[id] > logits[best])) best = id;
  return best;
}

/** Zeroes all but the k largest weights, and of these all but the fewest that hold a share p of them. */
function keepLikeliest(weights: Float64Array, k: number, p: number): void {
  const order = Array.from(weights.keys()).sort((a, b) => weights[b] - weights[a] || a - b);
  const total = order.slice(0, k).reduce((sum, id) => sum + weights[id], 0);
  let held = 0;
  for (const [place, id] of order.entries()) {
    const enough = place > 0 && p < 1 && held >= p * total;
    held += weights[id];
    if (place >= k || enough) weights[id] = 0;
  }
}

/** The id whose stretch of the line 0..sum(weights) the draw falls on. */
function draw(weights: Float64Array, uniform: number): number {
  let total = 0;
  for (let id = 0; id < weights.length; id++) total += weights[id];
  let left = uniform * total;
  let last = -1;
  for (let id = 0; id < weights.length; id++) {
    if (weights[id] === 0) continue;
    last = id;
    left -= weights[id];
    if (left < 0) return id;
  }
  return last;
}
