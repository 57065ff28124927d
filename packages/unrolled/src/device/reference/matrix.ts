// Reference kernels for matrices. A packed matrix is here simply dense: [K,N] row by row, the rest of its buffer unused.
// M, N, K rows, columns and inner length.
import type { Arguments } from "./arguments.js";

export function pack({ y, x, K, N, kStride, nStride }: Arguments<"pack">): void {
  for (let k = 0; k < K; k++) for (let n = 0; n < N; n++) y[k * N + n] = x[k * kStride + n * nStride];
}

export function multiply({ c, a, p, bias, M, N, K, aRow, cRow, accumulate }: Arguments<"multiply">): void {
  for (let m = 0; m < M; m++) {
    const out = c.subarray(m * cRow, m * cRow + N);
    if (!accumulate) out.fill(0);
    if (!accumulate && bias) out.set(bias.subarray(0, N));
    addRowTimes(out, a, m * aRow, p, K, N);
  }
}

/** out[0..N) += the K numbers of `a` from `start` on, times p [K,N]. */
export function addRowTimes(
  out: Float64Array,
  a: Float64Array,
  start: number,
  p: Float64Array,
  K: number,
  N: number,
): void {
  for (let k = 0; k < K; k++) {
    const factor = a[start + k];
    const row = k * N;
    for (let n = 0; n < N; n++) out[n] += factor * p[row + n];
  }
}

export function gemm(n: Arguments<"gemm">): void {
  const { c, a, b } = n;
  for (let i = 0; i < n.batch; i++)
    for (let row = 0; row < n.M; row++)
      for (let column = 0; column < n.N; column++) {
        const at = i * n.cBatch + row * n.cRow + column;
        let sum = n.accumulate ? c[at] : 0;
        let ia = i * n.aBatch + row * n.aRow;
        let ib = i * n.bBatch + column * n.bCol;
        for (let k = 0; k < n.K; k++, ia += n.aCol, ib += n.bRow) sum += a[ia] * b[ib];
        c[at] = sum;
      }
}
