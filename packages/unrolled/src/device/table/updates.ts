// Rows of the kernel table. Sums over all weights, and updates of variables.
// T time, N batch, H hidden, V vocabulary, R rows, K inner length; n plain counts.
import { row } from "./row.js";

export const updates = {
  // --- Updates. `guard` [1]: nothing is written unless it is finite (absent = always), so that a step that exploded changes nothing. --------

  /** y [1] = sum of squares of x, always added in the same order. */
  sumSquares: row({ y: "out", x: "in", n: "int" }, ({ n }) => ({ y: 1, x: n })),

  /** y = x where the guard allows. Copies integers too. */
  assign: row({ y: "inout", x: "in", guard: "optional", n: "int" }, ({ n }) => ({ y: n, x: n, guard: 1 })),

  // All optimizers see the gradient scale[0] clamp(g, -limit, limit) (clipping by norm, absent = 1; by value, limit 0 = none; NaN
  // stays NaN) plus decay w (L2), except where decoupled. rate [1].

  /** v = momentum v + g; w -= rate (nesterov ? g + momentum v : v). v may be absent when momentum is 0. */
  sgd: row(
    {
      w: "inout",
      v: "optionalInout",
      g: "in",
      rate: "in",
      scale: "optional",
      guard: "optional",
      n: "int",
      nesterov: "int",
      momentum: "float",
      decay: "float",
      limit: "float",
    },
    ({ n }) => ({ w: n, v: n, g: n, rate: 1, scale: 1, guard: 1 }),
  ),

  /** s += g^2; w -= rate g / (sqrt(s) + epsilon). Duchi 2011. */
  adagrad: row(
    {
      w: "inout",
      s: "inout",
      g: "in",
      rate: "in",
      scale: "optional",
      guard: "optional",
      n: "int",
      epsilon: "float",
      decay: "float",
      limit: "float",
    },
    ({ n }) => ({ w: n, s: n, g: n, rate: 1, scale: 1, guard: 1 }),
  ),

  /** s = alpha s + (1-alpha) g^2; w -= rate g / (sqrt(s) + epsilon). Hinton's lecture 6e. */
  rmsprop: row(
    {
      w: "inout",
      s: "inout",
      g: "in",
      rate: "in",
      scale: "optional",
      guard: "optional",
      n: "int",
      alpha: "float",
      epsilon: "float",
      decay: "float",
      limit: "float",
    },
    ({ n }) => ({ w: n, s: n, g: n, rate: 1, scale: 1, guard: 1 }),
  ),

  /**
   * m = beta1 m + (1-beta1) g; v = beta2 v + (1-beta2) g^2; w -= rate[0] (m rate[1]) / (sqrt(v rate[2]) + epsilon), where
   * rate = [rate, 1/(1-beta1^t), 1/(1-beta2^t)]. decoupled: w -= rate[0] decay w first (Loshchilov 2019). Kingma 2015.
   */
  adam: row(
    {
      w: "inout",
      m: "inout",
      v: "inout",
      g: "in",
      rate: "in",
      scale: "optional",
      guard: "optional",
      n: "int",
      decoupled: "int",
      beta1: "float",
      beta2: "float",
      epsilon: "float",
      decay: "float",
      limit: "float",
    }, // prettier-ignore
    ({ n }) => ({ w: n, m: n, v: n, g: n, rate: 3, scale: 1, guard: 1 }),
  ),
} as const;
