// Rows of the kernel table. Additive attention (Bahdanau 2015). N batch, K queries of a row, S places, A units, C width of a place.
import { row } from "./row.js";

export const attention = {
  /**
   * weights [N,K,S] = softmax over the places of energy' tanh(keys [N,S,A] + asked [N,K,A]); context [N,K,C] = weights times
   * values [N,S,C]. Places from lengths[n] on (absent = none) weigh 0; in a row that has no place at all every place weighs 1/S.
   */
  attend: row(
    {
      context: "out",
      weights: "out",
      keys: "in",
      values: "in",
      asked: "in",
      energy: "in",
      lengths: "optionalIds",
      N: "int",
      K: "int",
      S: "int",
      A: "int",
      C: "int",
    },
    ({ N, K, S, A, C }) => ({
      context: N * K * C,
      weights: N * K * S,
      keys: N * S * A,
      values: N * S * C,
      asked: N * K * A,
      energy: A,
      lengths: N,
    }),
  ),

  /**
   * dscores [N,K,S] and dasked [N,K,A] from the gradients of context and of weights (absent = 0). dscores = w (d - sum(d w)),
   * d = dweights + values dcontext; 0 where no place is. dasked = energy times the sum over the places of dscores (1 - tanh^2).
   */
  attendGrad: row(
    {
      dasked: "out",
      dscores: "out",
      dcontext: "in",
      dweights: "optional",
      weights: "in",
      keys: "in",
      values: "in",
      asked: "in",
      energy: "in",
      lengths: "optionalIds",
      N: "int",
      K: "int",
      S: "int",
      A: "int",
      C: "int",
    },
    ({ N, K, S, A, C }) => ({
      dasked: N * K * A,
      dscores: N * K * S,
      dcontext: N * K * C,
      dweights: N * K * S,
      weights: N * K * S,
      keys: N * S * A,
      values: N * S * C,
      asked: N * K * A,
      energy: A,
      lengths: N,
    }),
  ),

  /**
   * What all queries together give, those of a step lying together: asked [K,N,A], dscores [K,N,S]. dkeys [N,S,A] = energy times
   * the sum over k of dscores (1 - tanh^2), 0 from lengths[n] on; denergy [N,A] = the sum over k and the places of dscores tanh.
   */
  attendKeysGrad: row(
    {
      dkeys: "out",
      denergy: "out",
      dscores: "in",
      keys: "in",
      asked: "in",
      energy: "in",
      lengths: "optionalIds",
      N: "int",
      K: "int",
      S: "int",
      A: "int",
    },
    ({ N, K, S, A }) => ({
      dkeys: N * S * A,
      denergy: N * A,
      dscores: K * N * S,
      keys: N * S * A,
      asked: K * N * A,
      energy: A,
      lengths: N,
    }),
  ),
} as const;
