// Transposition of float matrices, four by four or eight by eight in registers.
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

/**
 * y[k*yRow + i] = x[i*xRow + k] for i < rows, k < 4, where 1 <= rows <= 4. What else is in the first four elements of a row
 * of y has no meaning afterwards.
 */
INLINE void transposeQuads(float* y, int64_t yRow, const float* x, int64_t xRow, int64_t rows) {
  const auto row = [=](int64_t i) { return loadQuad(x + (i < rows ? i : rows - 1) * xRow); };
  const Quad a = row(0), b = row(1), c = row(2), d = row(3);
  const Quad abLow = __builtin_shufflevector(a, b, 0, 4, 1, 5), abHigh = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Quad cdLow = __builtin_shufflevector(c, d, 0, 4, 1, 5), cdHigh = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  storeQuad(y, __builtin_shufflevector(abLow, cdLow, 0, 1, 4, 5));
  storeQuad(y + yRow, __builtin_shufflevector(abLow, cdLow, 2, 3, 6, 7));
  storeQuad(y + 2 * yRow, __builtin_shufflevector(abHigh, cdHigh, 0, 1, 4, 5));
  storeQuad(y + 3 * yRow, __builtin_shufflevector(abHigh, cdHigh, 2, 3, 6, 7));
}

#if W >= 8
typedef float Octet __attribute__((vector_size(32)));

INLINE Octet loadOctet(const float* p) {
  Octet v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

/** The same for k < 8 and 1 <= rows <= 8: eight elements of a row of y. */
INLINE void transposeOctets(float* y, int64_t yRow, const float* x, int64_t xRow, int64_t rows) {
  Octet v[8], u[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) v[i] = loadOctet(x + (i < rows ? i : rows - 1) * xRow);
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {  // pairs of rows, by pairs of columns
    u[2 * i] = __builtin_shufflevector(v[2 * i], v[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    u[2 * i + 1] = __builtin_shufflevector(v[2 * i], v[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {  // four rows: columns 0 and 4, 1 and 5, 2 and 6, 3 and 7
#pragma GCC unroll 2
    for (int j = 0; j < 2; j++) {
      v[4 * i + 2 * j] = __builtin_shufflevector(u[4 * i + j], u[4 * i + 2 + j], 0, 1, 8, 9, 4, 5, 12, 13);
      v[4 * i + 2 * j + 1] = __builtin_shufflevector(u[4 * i + j], u[4 * i + 2 + j], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
#pragma GCC unroll 4
  for (int k = 0; k < 4; k++) {
    const Octet low = __builtin_shufflevector(v[k], v[4 + k], 0, 1, 2, 3, 8, 9, 10, 11);
    const Octet high = __builtin_shufflevector(v[k], v[4 + k], 4, 5, 6, 7, 12, 13, 14, 15);
    __builtin_memcpy(y + k * yRow, &low, sizeof low);
    __builtin_memcpy(y + (k + 4) * yRow, &high, sizeof high);
  }
}
#endif

/** transposeBlock(from) for blocks of `side` k that cover [0, K), side <= K; the last may overlap the one before it. */
template <typename F>
INLINE void coverTerms(int64_t K, int64_t side, F transposeBlock) {
  for (int64_t k = 0; k < K; k += side) transposeBlock(k + side <= K ? k : K - side);
}

/**
 * y[k*yRow + i] = x[i*xRow + k] for i < rows, k < K. What else is in the first `room` elements of a row of y has no meaning
 * afterwards.
 */
INLINE void transpose(float* y, int64_t yRow, const float* x, int64_t xRow, int64_t rows, int64_t K, int64_t room) {
  int64_t i = 0;
#if W >= 8
  for (; K >= 8 && rows - i > 0 && rows - i != 4 && i + 8 <= room; i += 8)
    coverTerms(K, 8, [&](int64_t k) INLINED { transposeOctets(y + k * yRow + i, yRow, x + i * xRow + k, xRow, rows - i); });
#endif
  for (; K >= 4 && rows - i > 0 && i + 4 <= room; i += 4)
    coverTerms(K, 4, [&](int64_t k) INLINED { transposeQuads(y + k * yRow + i, yRow, x + i * xRow + k, xRow, rows - i); });
  for (; i < rows; i++)
    for (int64_t k = 0; k < K; k++) y[k * yRow + i] = x[i * xRow + k];
}

}  // namespace UNROLLED
