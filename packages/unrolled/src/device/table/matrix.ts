// Rows of the kernel table. Packing and products of matrices.
// T time, N batch, H hidden, V vocabulary, R rows, K inner length; n plain counts.
import { blockSpan, packedWords, row, span } from "./row.js";

export const matrix = {
  /**
   * Lays the matrix x[k·kStride + n·nStride] (K x N) out for `multiply` and the recurrent kernels. groups > 1: the N
   * columns are `groups` gates of N/groups units each. The layout is private to the device.
   */
  pack: row(
    { y: "out", x: "in", K: "int", N: "int", kStride: "int", nStride: "int", groups: "int" },
    ({ K, N, kStride, nStride, groups }) => ({
      y: packedWords(K, N, groups),
      x: blockSpan([K, N], [kStride, nStride]),
    }),
  ),

  /** c [M,N] (rows cRow apart) = (accumulate ? c : bias or 0) + a [M,K] (rows aRow apart) times p (packed, groups 1). */
  multiply: row(
    {
      c: "inout",
      a: "in",
      p: "in",
      bias: "optional",
      M: "int",
      N: "int",
      K: "int",
      aRow: "int",
      cRow: "int",
      accumulate: "int",
    },
    ({ M, N, K, aRow, cRow }) => ({ c: span(M, cRow) + N, a: span(M, aRow) + K, p: packedWords(K, N, 1), bias: N }),
  ),

  /** c[i] [M,N] = (accumulate ? c[i] : 0) + a[i] [M,K] b[i] [K,N] for i < batch; any strides for a and b, rows of c cRow apart. */
  gemm: row(
    {
      c: "inout",
      a: "in",
      b: "in",
      batch: "int",
      M: "int",
      N: "int",
      K: "int",
      aBatch: "int",
      aRow: "int",
      aCol: "int",
      bBatch: "int",
      bRow: "int",
      bCol: "int",
      cBatch: "int",
      cRow: "int",
      accumulate: "int",
    }, // prettier-ignore
    (n) => ({
      c: blockSpan([n.batch, n.M, n.N], [n.cBatch, n.cRow, 1]),
      a: blockSpan([n.batch, n.M, n.K], [n.aBatch, n.aRow, n.aCol]),
      b: blockSpan([n.batch, n.K, n.N], [n.bBatch, n.bRow, n.bCol]),
    }),
  ),
} as const;
