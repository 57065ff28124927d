// Products that take both sides where they lie, for sizes at which copies would be much of the time. The sums are those of
// micro.h, in the same order.
#pragma once

#include "micro.h"

namespace UNROLLED {

/** Terms up to which it pays. */
constexpr int64_t placeTerms = 512;

/** Rows of A where they lie: their numbers are `step` apart. */
struct InPlace {
  const float* a;
  int64_t row, step;

  INLINE InPlace down(int64_t rows) const { return {a + rows * row, row, step}; }
};

/** Half a vector, in which the last columns are computed if it holds them: halves take half of the time where W is 16. */
#if W == 16
typedef float Short __attribute__((vector_size(2 * W)));
INLINE Short fma(Short a, Short b, Short c) { return a * b + c; }
INLINE Floats widened(Short v) { return __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7); }
#else
typedef Floats Short;
#endif
constexpr int64_t shortLanes = sizeof(Short) / sizeof(float);

INLINE Floats widened(Floats v) { return v; }

template <typename V>
INLINE V firstOf(Floats v) {
  V first;
  __builtin_memcpy(&first, &v, sizeof first);
  return first;
}

/**
 * c.to [ROWS, NV*W] = c.from, or zeros where that is null (and its rows 0 apart), + a [ROWS, K] times K rows of B, `bRow`
 * apart, in vectors V. Of C the given lanes of every vector count.
 */
template <typename V, int ROWS, int NV, typename Lanes>
[[gnu::noinline]] void tileInPlace(int64_t rows, int64_t K, InPlace a, const float* b, int64_t bRow, const Corner& c,
                                   Lanes lanes) {
  if constexpr (ROWS > 1) {
    if (rows < ROWS) return tileInPlace<V, ROWS - 1, NV>(rows, K, a, b, bRow, c, lanes);
  }
  V sum[ROWS][NV] = {};
  if (c.from != nullptr) {
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
      for (int j = 0; j < NV; j++) sum[i][j] = firstOf<V>(load(c.from + i * c.fromRow + j * W, lanes));
  }
  for (int64_t k = 0; k < K; k++) {
    V row[NV];
#pragma GCC unroll 16
    for (int j = 0; j < NV; j++) __builtin_memcpy(&row[j], b + j * W, sizeof row[j]);
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) {
      const V ai = a.a[i * a.row] - V{};
#pragma GCC unroll 16
      for (int j = 0; j < NV; j++) sum[i][j] = fma(ai, row[j], sum[i][j]);
    }
    a.a += a.step;
    b += bRow;
  }
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
    for (int j = 0; j < NV; j++) store(c.to + i * c.toRow + j * W, widened(sum[i][j]), lanes);
}

/** The same for any number of rows. */
template <typename V, int NV, typename Lanes>
INLINE void stripInPlace(int64_t rows, int64_t K, const InPlace& a, const float* b, int64_t bRow, const Corner& c,
                         Lanes lanes) {
  const int64_t tiles = ceilDiv(rows, tileRows(NV));
  for (int64_t i = 0; i < tiles; i++) {
    const Range r = piece(rows, tiles, i);
    tileInPlace<V, tileRows(NV), NV>(r.end - r.begin, K, a.down(r.begin), b, bRow, c.down(r.begin), lanes);
  }
}

/** c [rows, columns] likewise, in panels of NV vectors and single ones; rest(column, corner) is to take what is left. */
template <int NV, typename Rest>
INLINE void multiplyInPlace(int64_t rows, int64_t columns, int64_t K, const InPlace& a, const float* b, int64_t bRow,
                            const Corner& c, Rest rest) {
  const auto at = [&](int64_t j) { return Corner{c.from ? c.from + j : nullptr, c.fromRow, c.to + j, c.toRow}; };
  int64_t j = 0;
  for (; j + NV * W <= columns; j += NV * W) stripInPlace<Floats, NV>(rows, K, a, b + j, bRow, at(j), Full{});
  for (; j + W <= columns; j += W) stripInPlace<Floats, 1>(rows, K, a, b + j, bRow, at(j), Full{});
  if (j < columns) rest(j, at(j));
}

/** Less than a vector of columns, beside which b [K, W] is zero. */
INLINE void restInPlace(int64_t rows, int64_t columns, int64_t K, const InPlace& a, const float* b, int64_t bRow,
                        const Corner& c) {
  const Part part{columns};
  if (columns <= shortLanes) return stripInPlace<Short, 1>(rows, K, a, b, bRow, c, part);
  stripInPlace<Floats, 1>(rows, K, a, b, bRow, c, part);
}

}  // namespace UNROLLED
