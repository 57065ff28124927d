// Plain matrix arithmetic for the tests, written apart from the kernels that they check.

/** a [M,K] times b [K,N], plus bias [N] on every row. */
export function matmulAdd(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  bias: ArrayLike<number>,
  M: number,
  K: number,
  N: number,
): Float64Array {
  return Float64Array.from({ length: M * N }, (_, at) => {
    const [m, n] = [Math.floor(at / N), at % N];
    let sum = bias[n];
    for (let k = 0; k < K; k++) sum += a[m * K + k] * b[k * N + n];
    return sum;
  });
}

/** [rows,columns] to [columns,rows]. */
export function transposeMatrix(a: ArrayLike<number>, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, at) => a[(at % rows) * columns + Math.floor(at / rows)]);
}

/** [N,T,..] to [T,N,..]. */
export function timeMajor(x: ArrayLike<number>, N: number, T: number): Float64Array {
  const width = x.length / (N * T);
  return Float64Array.from({ length: x.length }, (_, at) => {
    const [t, n, i] = [Math.floor(at / (N * width)), Math.floor(at / width) % N, at % width];
    return x[(n * T + t) * width + i];
  });
}

/** a [rows,M] transposed times b [rows,N]: the weight gradient of a layer over all its rows. */
export function outerSum(a: ArrayLike<number>, b: ArrayLike<number>, rows: number): Float64Array {
  const [M, N] = [a.length / rows, b.length / rows];
  const sum = new Float64Array(M * N);
  for (let row = 0; row < rows; row++)
    for (let m = 0; m < M; m++) for (let n = 0; n < N; n++) sum[m * N + n] += a[row * M + m] * b[row * N + n];
  return sum;
}

/** Columns from..to of a [rows,width]. */
export function columns(a: ArrayLike<number>, width: number, from: number, to: number): Float64Array {
  const rows = a.length / width;
  return Float64Array.from({ length: rows * (to - from) }, (_, at) => {
    return a[Math.floor(at / (to - from)) * width + from + (at % (to - from))];
  });
}
