// Rows of the kernel table. Row by row: softmax, loss, tables, layer normalisation.
// T time, N batch, H hidden, V vocabulary, R rows, K inner length; n plain counts.
import { row } from "./row.js";

export const rows = {
  /** y [R,n] = softmax (log 0) or log-softmax (log 1) of each row of x. The maximum is subtracted first. */
  softmax: row({ y: "out", x: "in", R: "int", n: "int", log: "int" }, ({ R, n }) => ({ y: R * n, x: R * n }), {
    inPlace: [["y", "x"]],
  }),

  /** dx from dy and the forward result y: softmax y(dy - sum(dy y)); log-softmax dy - exp(y) sum(dy). */
  softmaxGrad: row(
    { dx: "out", dy: "in", y: "in", R: "int", n: "int", log: "int" },
    ({ R, n }) => ({ dx: R * n, dy: R * n, y: R * n }),
    { inPlace: [["dx", "dy"]] },
  ),

  /**
   * Per row: loss = logSumExp(logits) - logits[target], lse = logSumExp, weight = 1. A row whose target is `ignore`
   * or outside [0,V) has loss 0 and weight 0 (lse as ever).
   */
  crossEntropy: row(
    { loss: "out", lse: "out", weight: "out", logits: "in", targets: "ids", R: "int", V: "int", ignore: "int" },
    ({ R, V }) => ({ loss: R, lse: R, weight: R, logits: R * V, targets: R }),
  ),

  /** dlogits [R,V] = dloss[row] (exp(logits - lse) - onehot(target)); ignored rows 0. */
  crossEntropyGrad: row(
    { dlogits: "out", logits: "in", lse: "in", targets: "ids", dloss: "in", R: "int", V: "int", ignore: "int" },
    ({ R, V }) => ({ dlogits: R * V, logits: R * V, lse: R, targets: R, dloss: R }),
    { inPlace: [["dlogits", "logits"]] },
  ),

  /** y [R,D] = rows of table [V,D]; an id outside [0,V) gives a row of zeros. */
  gather: row({ y: "out", table: "in", ids: "ids", R: "int", D: "int", V: "int" }, ({ R, D, V }) => ({
    y: R * D,
    table: V * D,
    ids: R,
  })),

  /** table [V,D] = sums of the rows of x [R,D] by id, in row order; ids outside [0,V) are dropped. Writes all of table. */
  scatterAdd: row({ table: "out", x: "in", ids: "ids", R: "int", D: "int", V: "int" }, ({ R, D, V }) => ({
    table: V * D,
    x: R * D,
    ids: R,
  })),

  /** y = gain (x - mean) rstd + bias over rows of n, rstd = 1/sqrt(variance + epsilon), population variance. */
  layerNorm: row(
    { y: "out", mean: "out", rstd: "out", x: "in", gain: "in", bias: "in", R: "int", n: "int", epsilon: "float" },
    ({ R, n }) => ({ y: R * n, mean: R, rstd: R, x: R * n, gain: n, bias: n }),
  ),

  /** u = gain dy, xhat = (x - mean) rstd: dx = rstd (u - mean(u) - xhat mean(u xhat)), dgain = sum dy xhat, dbias = sum dy. */
  layerNormGrad: row(
    {
      dx: "out",
      dgain: "out",
      dbias: "out",
      dy: "in",
      x: "in",
      mean: "in",
      rstd: "in",
      gain: "in",
      R: "int",
      n: "int",
    },
    ({ R, n }) => ({ dx: R * n, dgain: n, dbias: n, dy: R * n, x: R * n, mean: R, rstd: R, gain: n }),
    { inPlace: [["dx", "dy"]] },
  ),
} as const;
