// Rows of the kernel table. Random draws and choices.
// T time, N batch, H hidden, V vocabulary, R rows, K inner length; n plain counts.
import { packedWords, row } from "./row.js";

export const draws = {
  /**
   * y = x / (1 - rate) where kept, 0 where dropped. Element i is dropped when u(i) < rate, u(i) as in `random`.
   * rate is in [0, 1).
   */
  dropout: row(
    { y: "out", x: "in", key: "ids", n: "int", stream: "int", rate: "float" },
    ({ n }) => ({ y: n, x: n, key: 2 }),
    { inPlace: [["y", "x"]] },
  ),

  /**
   * y[i] from Philox4x32-10: key = (key[0], key[1]), counter = (i / 4, stream, 0, 0), lane i % 4 of the four words.
   * kind 0: u = (word >>> 8) / 2^24 in [0,1). kind 1: standard normal by Box-Muller of the pair of lanes (0,1), (2,3):
   * sqrt(-2 ln(1 - u_even)) times cos (even lane) or sin (odd lane) of 2 pi u_odd. Key, counter: unsigned 32-bit words.
   */
  random: row({ y: "out", key: "ids", n: "int", stream: "int", kind: "int" }, ({ n }) => ({ y: n, key: 2 })),

  /** y [R] = index of the largest of each row of x [R,n]; the first of equals. NaN never wins; 0 if all are NaN. */
  argmax: row({ y: "outIds", x: "in", R: "int", n: "int" }, ({ R, n }) => ({ y: R, x: R * n })),

  /**
   * values [R,k] = log softmax of the k largest of each row of x [R,n], best first, the first of equals first; ids [R,k] = where
   * they lie. NaN and minus infinity are none of them: where fewer are left, id -1 and minus infinity. logAsked [R] = log softmax(x)
   * at id asked[r]; 0 where that is no place of the row.
   */
  topK: row(
    { values: "out", ids: "outIds", logAsked: "out", x: "in", asked: "ids", R: "int", n: "int", k: "int" },
    ({ R, n, k }) => ({ values: R * k, ids: R * k, logAsked: R, x: R * n, asked: R }),
  ),

  /** topK of the scores bias (absent = 0) + a [M,K] times p (packed, groups 1) [K,N], which are stored nowhere. */
  topKProduct: row(
    {
      values: "out",
      ids: "outIds",
      logAsked: "out",
      a: "in",
      p: "in",
      bias: "optional",
      asked: "ids",
      M: "int",
      N: "int",
      K: "int",
      k: "int",
    },
    ({ M, N, K, k }) => ({
      values: M * k,
      ids: M * k,
      logAsked: M,
      a: M * K,
      p: packedWords(K, N, 1),
      bias: N,
      asked: M,
    }),
  ),

  /** y = the largest integer not above x as an id; -1 for what is below 0, 2^31 or more, or NaN. */
  toIds: row({ y: "outIds", x: "in", n: "int" }, ({ n }) => ({ y: n, x: n })),

  /**
   * What R sequences read next. Row p = place[0] of text [K,R] says it: an id from 0 up as it stands; for a negative one an
   * id is chosen from the scores x [R,n] and put there. next = the row; logp[p] = log softmax(x) of the chosen ids, 0 of
   * the given; place[0] += 1. Where place[0] is not one of 0..K-1 nothing at all is written.
   * options = [t, k, q]. t 0: the largest score, the first of equals. Else id i weighs exp((x[i] - max) / t), none below
   * exp(-708); `banned` (-1: none) and NaN weigh nothing. Of the k heaviest (all for k < 1) those stay that the heavier
   * ones' sum leaves short of the share q (all for q >= 1). Chosen is the first id where sum(weights up to it) exceeds
   * u sum(weights), u = the unsigned draws[p] / 2^32. In float64; -1 where no id may be chosen.
   */
  sample: row(
    {
      next: "outIds",
      text: "inoutIds",
      logp: "out",
      place: "inout",
      x: "in",
      draws: "ids",
      options: "in",
      R: "int",
      n: "int",
      K: "int",
      banned: "int",
    }, // prettier-ignore
    ({ R, n, K }) => ({ next: R, text: K * R, logp: K * R, place: 1, x: R * n, draws: K * R, options: 3 }),
  ),
} as const;
