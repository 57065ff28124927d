// Label smoothing of a softmax over the rows of one matrix, without another pass over all classes. V classes, P width of what is read.
import { add, full, gather, linear, mean, mul, reshape, sub, sum } from "../graph/ops/index.js";
import type { Scalar, Tensor } from "../graph/tensor.js";

/** What scores were made of: linear(read, rows, bias). */
export interface Scored {
  /** [...,P] */
  readonly read: Tensor;
  /** [V,P] */
  readonly rows: Tensor;
  /** [V] */
  readonly bias: Tensor;
}

/**
 * The loss `nats` of targets [...] (i32; ids that are no class count for nothing) with the target distribution (1-e) onehot + e/V
 * (Szegedy 2016). It differs from the plain one by e times the true score less the mean score, which is that of the mean row.
 */
export function smoothedNats(nats: Scalar, { read, rows, bias }: Scored, targets: Tensor, e: number): Scalar {
  const [V, P] = rows.shape;
  const there = gather(full([V, 1], 1), targets);
  const last = targets.shape.length;
  const own = add(
    sum(mul(read, gather(rows, targets)), { axes: [last], keep: true }),
    gather(reshape(bias, [V, 1]), targets),
  );
  const even = linear(read, reshape(mean(rows, { axes: [0] }), [1, P]), reshape(mean(bias), [1]));
  return add(nats, mul(sum(sub(own, mul(there, even))), e)) as Scalar;
}
