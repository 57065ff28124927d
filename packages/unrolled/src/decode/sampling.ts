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
  const top = logits[largest(logits, banned)];
  // The maximum is subtracted before the division: logits of 1e4 at temperature 1e-3 stay finite.
  const weights = Float64Array.from(logits, (z, id) => (banned?.has(id) ? 0 : Math.exp((z - top) / temperature)));
  if (topK === undefined && topP === undefined) return draw(weights, undefined, uniform);
  const order = Array.from(weights.keys()).sort((a, b) => weights[b] - weights[a] || a - b);
  return draw(weights, nucleus(weights, order.slice(0, topK ?? order.length), topP), uniform);
}

function largest(logits: ArrayLike<number>, banned?: ReadonlySet<number>): number {
  let best = -1;
  for (let id = 0; id < logits.length; id++) if (!banned?.has(id) && (best < 0 || logits[id] > logits[best])) best = id;
  return best;
}

/** The shortest prefix of `order` that holds a share p of its weight. */
function nucleus(weights: Float64Array, order: readonly number[], p: number | undefined): readonly number[] {
  if (p === undefined || p >= 1) return order;
  const total = order.reduce((sum, id) => sum + weights[id], 0);
  let held = 0;
  for (const [i, id] of order.entries()) {
    held += weights[id];
    if (held >= p * total) return order.slice(0, i + 1);
  }
  return order;
}

function draw(weights: Float64Array, among: readonly number[] | undefined, uniform: number): number {
  const ids = among ?? weights.keys();
  let total = 0;
  for (const id of among ?? weights.keys()) total += weights[id];
  let left = uniform * total;
  let last = -1;
  for (const id of ids) {
    if (weights[id] === 0) continue;
    last = id;
    left -= weights[id];
    if (left < 0) return id;
  }
  return last;
}
