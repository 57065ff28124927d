// From a loss to the update of all weights: gradient, clipping, optimizer. What `train` and training steps of one's own share.
import { gradient } from "../graph/gradient.js";
import { add, clamp, concat, div, minimum, reshape, sqrt, sumSquares } from "../graph/ops/index.js";
import { type Scalar, sizeOf, type Tensor, type Variable } from "../graph/tensor.js";
import { wholeOf } from "../graph/variable.js";
import type { Optimizer } from "./optimizers.js";

export interface Clip {
  /** Largest global 2-norm of the gradient. */
  readonly norm?: number;
  /** Largest magnitude of a gradient's element. */
  readonly value?: number;
}

export interface Descent {
  readonly updates: readonly Tensor[];
  /** Global 2-norm before clipping. */
  readonly gradientNorm: Scalar;
  /** Global 2-norm of the weights before the update. */
  readonly weightNorm: Scalar;
  /**
   * Finite as long as loss, gradient and weights are; a program with this guard changes nothing when they are not. An
   * infinite weight may hide behind a saturated unit, where neither loss nor gradient shows it.
   */
  readonly guard: Scalar;
}

/**
 * One step downhill. `weights` are all variables of the optimizer's storage, in its order; `rate` is the program's input of
 * `optimizer.rateCount` numbers, filled from `optimizer.rates(t, rate)`. Clipping by value comes before clipping by norm.
 */
export function descend(
  loss: Scalar,
  weights: Readonly<Record<string, Variable>>,
  optimizer: Optimizer,
  rate: Tensor,
  clip: Clip = {},
): Descent {
  return descendAlong(gradient(loss, Object.values(weights)), loss, weights, optimizer, rate, clip);
}

/** The same along gradients that are known: those of all weights in order, or one vector of all. */
export function descendAlong(
  gradients: readonly Tensor[],
  loss: Scalar,
  weights: Readonly<Record<string, Variable>>,
  optimizer: Optimizer,
  rate: Tensor,
  clip: Clip = {},
): Descent {
  const raw = concat(
    gradients.map((g) => reshape(g, [sizeOf(g.shape)])),
    0,
  );
  const gradientNorm = sqrt(sumSquares(raw));
  const { value: limit } = clip;
  const scale = clip.norm === undefined ? undefined : minimum(1, div(clip.norm, add(normOf(raw, limit), 1e-6)));
  const weightNorm = sqrt(sumSquares(wholeOf(Object.values(weights)[0].storage)));
  const guard = add(add(loss, gradientNorm), weightNorm);
  const updates = optimizer.step(raw, rate, { scale, limit });
  return { updates, gradientNorm, weightNorm, guard };
}

/** The 2-norm of a gradient whose elements are kept within +-limit. */
const normOf = (raw: Tensor, limit: number | undefined): Scalar =>
  sqrt(sumSquares(limit === undefined ? raw : clamp(raw, -limit, limit))) as Scalar;
