// Choosing the next token from logits. V classes.
import { choose } from "../device/choose.js";
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
  if (temperature !== undefined && !(Math.fround(temperature) > 0 && Number.isFinite(Math.fround(temperature))))
    throw new SpecError(`temperature: must be a number above 0, was ${temperature}`, {
      code: "temperature",
      hint: "use greedy for the most probable token",
    });
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1))
    throw new SpecError(`top-k: must be an integer from 1, was ${topK}`, { code: "top-k" });
  if (topP !== undefined && !(Math.fround(topP) > 0 && topP <= 1))
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
  const [temperature, topK, topP] = choiceNumbers(options);
  return choose(logits, { temperature, topK, topP, isBanned: (id) => banned?.has(id) ?? false }, uniform);
}

/** The options as the three numbers of the kernel `sample`, each a float32. */
export function choiceNumbers(options: SamplingOptions): readonly [temperature: number, topK: number, topP: number] {
  const { temperature = 1, topK = 0, topP = 1, greedy = false } = options;
  return greedy ? [0, 0, 1] : [Math.fround(temperature), Math.fround(topK), Math.fround(topP)];
}
