// Transposition of float matrices, four by four in registers.
#pragma once

#include "vector.h"

namespace UNROLLED {

typedef float Quad __attribute__((vector_size(16)));

INLINE Quad loadQuad(const float* p) {
  Quad v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

INLINE void storeQuad(float* p, Quad v) { __builtin_memcpy(p, &v, sizeof v); }

/** y[k*yRow + i] = x[i*xRow + k] for i < 4, k < 4. */
INLINE void transposeQuads(float* y, int64_t yRow, const float* x, int64_t xRow) {
  const Quad a = loadQuad(x), b = loadQuad(x + xRow), c = loadQuad(x + 2 * xRow), d = loadQuad(x + 3 * xRow);
  const Quad abLow = __builtin_shufflevector(a, b, 0, 4, 1, 5), abHigh = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Quad cdLow = __builtin_shufflevector(c, d, 0, 4, 1, 5), cdHigh = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  storeQuad(y, __builtin_shufflevector(abLow, cdLow, 0, 1, 4, 5));
  storeQuad(y + yRow, __builtin_shufflevector(abLow, cdLow, 2, 3, 6, 7));
  storeQuad(y + 2 * yRow, __builtin_shufflevector(abHigh, cdHigh, 0, 1, 4, 5));
  storeQuad(y + 3 * yRow, __builtin_shufflevector(abHigh, cdHigh, 2, 3, 6, 7));
}

/** y[k*yRow + i] = x[i*xRow + k] for i < rows, k < K. */
INLINE void transpose(float* y, int64_t yRow, const float* x, int64_t xRow, int64_t rows, int64_t K) {
  int64_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    int64_t k = 0;
    for (; k + 4 <= K; k += 4) transposeQuads(y + k * yRow + i, yRow, x + i * xRow + k, xRow);
    for (; k < K; k++)
      for (int64_t j = i; j < i + 4; j++) y[k * yRow + j] = x[j * xRow + k];
  }
  for (; i < rows; i++)
    for (int64_t k = 0; k < K; k++) y[k * yRow + i] = x[i * xRow + k];
}

}  // namespace UNROLLED
