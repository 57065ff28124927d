// The multiply at the bottom of everything: a tile of C [ROWS, NV*W] stays in registers while k runs over K.
// Every element is c + a_0 b_0 + a_1 b_1 + ... in the order of k, one fused multiply-add each, so that blocks of K, tiles
// of any height and batches of any size all give the same bits.
#pragma once

#include "vector.h"

namespace UNROLLED {

/** Rows whose accumulators, with one row of B, fit the registers: 16 of them, or 32 with AVX-512. */
constexpr int tileRows(int vectors) {
  constexpr int heights16[] = {0, 8, 6, 4, 3}, heights32[] = {0, 12, 10, 8, 6}, heights4[] = {0, 8, 4, 3, 2};
  return W == 16 ? heights32[vectors] : W == 8 ? heights16[vectors] : heights4[vectors];
}

/** Panels that a single row walks side by side, so that enough independent sums hide the latency of the multiply-add. */
constexpr int sidePanels(int vectors) { return W == 4 ? (vectors > 3 ? 2 : 8 / vectors) : 12 / vectors; }

/** k is cut into blocks so that a block of a panel stays in the first-level cache: 24 KiB at most. */
constexpr int64_t blockK(int64_t pitch) { return pitch >= 48 ? 128 : 256; }

/** One element of A for each row of a tile: rows aRow apart, k aCol apart. */
struct Strided {
  const float* a;
  int64_t aRow;
  static constexpr int64_t aCol = 1;
};

/** A tile of A laid out [K, pitch]: the rows of one k stand together. */
template <int64_t pitch>
struct Gathered {
  const float* a;
  static constexpr int64_t aRow = 1;
  static constexpr int64_t aCol = pitch;
};

/**
 * c [ROWS, PANELS, NV*W] = cIn + a [ROWS, K] times panels [PANELS][K, pitch]. Rows of cIn are cInRow apart (0: one row for
 * all), panels of c are cPanel apart, panels of B pPanel. c may be cIn.
 */
template <int ROWS, int NV, int PANELS, typename A>
INLINE void micro(int64_t K, A a, const float* p, int64_t pitch, int64_t pPanel, const float* cIn, int64_t cInRow,
                  float* c, int64_t cRow, int64_t cPanel) {
  Floats sum[ROWS][PANELS * NV];
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
    for (int j = 0; j < PANELS * NV; j++) sum[i][j] = load(cIn + i * cInRow + (j / NV) * cPanel + (j % NV) * W);
  for (int64_t k = 0; k < K; k++) {
    Floats b[PANELS * NV];
#pragma GCC unroll 16
    for (int j = 0; j < PANELS * NV; j++) b[j] = load(p + (j / NV) * pPanel + (j % NV) * W);
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) {
      const Floats ai = spread(a.a[i * a.aRow]);
#pragma GCC unroll 16
      for (int j = 0; j < PANELS * NV; j++) sum[i][j] = fma(ai, b[j], sum[i][j]);
    }
    a.a += A::aCol;
    p += pitch;
  }
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
    for (int j = 0; j < PANELS * NV; j++) store(c + i * cRow + (j / NV) * cPanel + (j % NV) * W, sum[i][j]);
}

/** `micro` for a height known only at run time, 1 <= rows <= ROWS. Not inlined: one copy of each tile in the program. */
template <int ROWS, int NV, typename A>
[[gnu::noinline]] void tile(int64_t rows, int64_t K, A a, const float* p, int64_t pitch, const float* cIn,
                            int64_t cInRow, float* c, int64_t cRow) {
  if constexpr (ROWS > 1) {
    if (rows < ROWS) return tile<ROWS - 1, NV>(rows, K, a, p, pitch, cIn, cInRow, c, cRow);
  }
  micro<ROWS, NV, 1>(K, a, p, pitch, 0, cIn, cInRow, c, cRow, 0);
}

/** c [rows, NV*W] = cIn + a [rows, K] times one panel, in tiles of nearly equal height: 25 rows are 4,4,4,4,3,3,3. */
template <int NV>
INLINE void multiplyPanel(int64_t rows, int64_t K, const float* a, int64_t aRow, const float* p, int64_t pitch,
                          const float* cIn, int64_t cInRow, float* c, int64_t cRow) {
  constexpr int height = tileRows(NV);
  const int64_t tiles = ceilDiv(rows, height);
  for (int64_t i = 0; i < tiles; i++) {
    const Range r = piece(rows, tiles, i);
    const Strided part{a + r.begin * aRow, aRow};
    tile<height, NV>(r.end - r.begin, K, part, p, pitch, cIn + r.begin * cInRow, cInRow, c + r.begin * cRow, cRow);
  }
}

}  // namespace UNROLLED
