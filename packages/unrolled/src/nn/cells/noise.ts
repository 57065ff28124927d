// Noise inside a recurrent cell while training: dropped recurrent weights, dropped states, units that keep their old value.
// T time, N batch, H width of the state. One run of a program is one sequence: its masks are drawn once, before the first step.
import { add, at, dropout, full, less, mul, random, where } from "../../graph/ops/index.js";
import type { Tensor } from "../../graph/tensor.js";
import type { Named, SequenceRun } from "../cell.js";
import { fraction } from "./options.js";

/** Options that every recurrent cell of one state has. */
export const noiseOptions = {
  /**
   * Probability of dropping a recurrent weight (DropConnect on weight_hh, one mask per sequence, the kept ones scaled up).
   * Source: Merity, Keskar, Socher 2017.
   */
  weightDrop: fraction(0),
  /**
   * Probability of dropping a unit of h where the recurrent product reads it, one mask [N,H] per sequence, the kept ones
   * scaled up. Source: Gal & Ghahramani 2016 (variational dropout of the recurrent connection).
   */
  recurrentDropout: fraction(0),
  /**
   * Probability that a unit of h keeps its old value in a step, drawn anew for every step; at evaluation the expected
   * value. Source: Krueger et al. 2017, eq. 5.
   */
  zoneout: fraction(0),
};

/** What is drawn: rates and the widths they apply to. */
export interface Noise {
  readonly weightDrop: number;
  readonly recurrentDropout: number;
  readonly zoneout: number;
  readonly zoneoutCell: number;
  readonly candidateDropout: number;
}

export const noNoise: Noise = { weightDrop: 0, recurrentDropout: 0, zoneout: 0, zoneoutCell: 0, candidateDropout: 0 };

/** True where a step differs from the plain one while training or at evaluation (dropped weights do not change a step). */
export const changesStep = (o: Partial<Noise>): boolean =>
  (o.recurrentDropout ?? 0) > 0 || (o.zoneout ?? 0) > 0 || (o.zoneoutCell ?? 0) > 0 || (o.candidateDropout ?? 0) > 0;

/**
 * The weights of one sequence: weight_hh with its mask, and beside the weights the masks that steps read: "mask_h" [N,P],
 * "mask_g" [N,H] (0 or 1/(1-rate)), "keep_h" [T,N,P] and "keep_c" [T,N,H] (1: the old value stays). Nothing is drawn
 * without a key.
 */
export function drawNoise(
  weights: Named,
  run: SequenceRun,
  noise: Noise,
  widths: { readonly P: number; readonly H: number },
): Named {
  const { key, N, T, stream } = run;
  if (!key) return weights;
  const { P, H } = widths;
  const mask = (rate: number, width: number, place: number): Tensor =>
    dropout(full([N, width], 1), { rate, key, stream: stream + place });
  const keep = (rate: number, width: number, place: number): Tensor =>
    less(random("uniform", [T, N, width], { key, stream: stream + place }), rate);
  return {
    ...weights,
    ...(noise.weightDrop > 0 && {
      weight_hh: dropout(weights.weight_hh, { rate: noise.weightDrop, key, stream: stream + 1 }),
    }),
    ...(noise.recurrentDropout > 0 && { mask_h: mask(noise.recurrentDropout, P, 2) }),
    ...(noise.candidateDropout > 0 && { mask_g: mask(noise.candidateDropout, H, 3) }),
    ...(noise.zoneout > 0 && { keep_h: keep(noise.zoneout, P, 4) }),
    ...(noise.zoneoutCell > 0 && { keep_c: keep(noise.zoneoutCell, H, 5) }),
  };
}

/** x under a mask where one was drawn. */
export const masked = (x: Tensor, mask: Tensor | undefined): Tensor => (mask ? mul(x, mask) : x);

/** Zoneout of a state in step t: some units keep their old value; without a draw each moves by its expected share. */
export function zonedOut(previous: Tensor, next: Tensor, keep: Tensor | undefined, rate: number, t: number): Tensor {
  if (rate === 0) return next;
  return keep ? where(at(keep, 0, t), previous, next) : add(mul(rate, previous), mul(1 - rate, next));
}
