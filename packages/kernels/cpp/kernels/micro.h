// The multiply at the bottom of everything: a tile of C [ROWS, NV*W] stays in registers while k runs over K.
// Every element is c + a_0 b_0 + a_1 b_1 + ... in the order of k, one fused multiply-add each, so that blocks of K,
// tiles of any height and batches of any size all give the same bits.
#pragma once

#include "bf16.h"

namespace UNROLLED {

/** Rows whose accumulators, with one row of B, fit the registers: 16 of them, or 32 with AVX-512. */
constexpr int tileRows(int vectors) {
  constexpr int heights16[] = {0, 8, 6, 4, 3}, heights32[] = {0, 12, 10, 8, 6}, heights4[] = {0, 8, 4, 3, 2};
  return W == 16 ? heights32[vectors] : W == 8 ? heights16[vectors] : heights4[vectors];
}

/** Panels that a single row walks side by side: enough independent sums to hide the latency of the multiply-add. */
constexpr int sidePanels(int vectors) { return W == 4 ? (vectors > 2 ? 2 : 3) : 12 / vectors; }

/** k is cut into blocks so that a block of a panel stays in the nearest caches while rows pass. */
constexpr int64_t blockDepth = 512;

/** The rows of a tile laid out [K, pitch]: those of one k stand together. */
template <int pitch>
struct Gathered {
  const float* a;
  static constexpr int64_t row = 1;
  static constexpr int64_t step = pitch;
};

/** Rows of one tile of C, from which the tile starts and to which it goes. Rows of `from` may be 0 apart. */
struct Corner {
  const float* from;
  int64_t fromRow;
  float* to;
  int64_t toRow;

  INLINE Corner down(int64_t rows) const { return {from + rows * fromRow, fromRow, to + rows * toRow, toRow}; }
};

/**
 * c.to [ROWS, NV*W] = c.from + a [ROWS, K] times a panel of B [K, PITCH*W], of which the first NV vectors count; K words
 * as M reads them.
 * `ahead` is memory that is wanted soon: a line of it is fetched to the second-level cache every few k.
 */
template <typename M, int ROWS, int NV, int PITCH, typename A>
INLINE void micro(int64_t K, A a, const float* p, const float* ahead, const Corner& c) {
  Floats sum[ROWS][NV];
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
    for (int j = 0; j < NV; j++) sum[i][j] = load(c.from + i * c.fromRow + j * W);
  for (const float* end = p + K * (PITCH * W); p != end; p += PITCH * W) {
    __builtin_prefetch(ahead, 0, 2);
    ahead += PITCH * W / 4;
    Floats b[NV];
#pragma GCC unroll 16
    for (int j = 0; j < NV; j++) b[j] = load(p + j * W);
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) {
      const Floats ai = spread(a.a[i * a.row]);
#pragma GCC unroll 16
      for (int j = 0; j < NV; j++) sum[i][j] = M::add(ai, b[j], sum[i][j]);
    }
    a.a += A::step;
  }
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
    for (int j = 0; j < NV; j++) store(c.to + i * c.toRow + j * W, sum[i][j]);
}

/**
 * One row: to [VECTORS*W] = from + a [K] times panels of B, each [K, NV*W] and `panel` words after the last, side by side:
 * their first VECTORS vectors. `ahead` is memory that is wanted soon: a vector of it is fetched for every k.
 */
template <typename M, int NV, int VECTORS>
[[gnu::noinline]] void sideOf(int64_t K, const float* a, const float* p, int64_t panel, const float* ahead,
                              const float* from, float* to) {
  Floats sum[VECTORS];
#pragma GCC unroll 16
  for (int j = 0; j < VECTORS; j++) sum[j] = load(from + j * W);
#pragma GCC unroll 1  // engines of WebAssembly do better with the plain loop
  for (int64_t k = 0; k < K; k++) {
    const Floats ak = spread(a[k]);
    __builtin_prefetch(ahead + k * W);
#pragma GCC unroll 16
    for (int j = 0; j < VECTORS; j++) sum[j] = M::add(ak, load(p + (j / NV) * panel + (j % NV) * W), sum[j]);
    p += NV * W;
  }
#pragma GCC unroll 16
  for (int j = 0; j < VECTORS; j++) store(to + j * W, sum[j]);
}

/** The same for as many vectors as `columns` need. */
template <typename M, int NV, int VECTORS = sidePanels(NV) * NV>
INLINE void multiplySide(int64_t columns, int64_t K, const float* a, const float* p, int64_t panel, const float* ahead,
                         const float* from, float* to) {
  if constexpr (VECTORS > 1) {
    if (columns <= (VECTORS - 1) * W)
      return multiplySide<M, NV, VECTORS - 1>(columns, K, a, p, panel, ahead, from, to);
  }
  sideOf<M, NV, VECTORS>(K, a, p, panel, ahead, from, to);
}

/** `micro` for a height known only at run time, 1 <= rows <= ROWS. Not inlined: each tile is there once. */
template <typename M, int ROWS, int NV, int PITCH, typename A>
[[gnu::noinline]] void tile(int64_t rows, int64_t K, A a, const float* p, const float* ahead, const Corner& c) {
  if constexpr (ROWS > 1) {
    if (rows < ROWS) return tile<M, ROWS - 1, NV, PITCH>(rows, K, a, p, ahead, c);
  }
  micro<M, ROWS, NV, PITCH>(K, a, p, ahead, c);
}

/** `tile` for the vectors that `columns` need, 1 to NV: the last panel of a matrix may be mostly padding. */
template <typename M, int ROWS, int NV, int PITCH, typename A>
INLINE void tileOf(int64_t columns, int64_t rows, int64_t K, A a, const float* p, const float* ahead, const Corner& c) {
  if constexpr (NV > 1) {
    if (columns <= (NV - 1) * W) return tileOf<M, ROWS, NV - 1, PITCH>(columns, rows, K, a, p, ahead, c);
  }
  tile<M, ROWS, NV, PITCH>(rows, K, a, p, ahead, c);
}

/** Words between the k of a gathered tile. */
constexpr int gatheredPitch(int vectors) { return (tileRows(vectors) + 3) / 4 * 4; }

/** Rows of A [rows, K] cut into tiles of nearly equal height (25 rows are 4,4,4,4,3,3,3), each laid out [depth, pitch]. */
template <int NV, typename M>
struct RowTiles {
  static constexpr int height = tileRows(NV);
  static constexpr int pitch = gatheredPitch(NV);
  int64_t rows, K;
  float* words;  // [tiles, depth, pitch], a cache line between tiles lest they fall on the same lines of the cache

  int64_t depth = ceilDiv(K, M::terms);  // words of a row
  int64_t tiles = ceilDiv(rows, height);
  int64_t low = rows / most(tiles, 1), higher = rows - low * tiles;  // the first `higher` tiles have low + 1 rows

  INLINE int64_t tileBegin(int64_t i) const { return i * low + least(i, higher); }
  INLINE Range tileRange(int64_t i) const { return {tileBegin(i), tileBegin(i + 1)}; }
  INLINE float* tileWords(int64_t i) const { return words + i * (depth * pitch + 16); }

  /** From rows `aRow` apart, k on consecutive words. */
  INLINE void gatherRows(const float* a, int64_t aRow) const {
    for (int64_t i = 0; i < tiles; i++) {
      const Range r = tileRange(i);
      M::gatherRows(tileWords(i), pitch, a + r.begin * aRow, aRow, r.end - r.begin, K);
    }
  }

  /** From any strides. Rows on consecutive words are read k by k, a few k ahead of their use. */
  INLINE void gather(const float* a, int64_t aRow, int64_t aCol) const {
    if (aCol == 1) return gatherRows(a, aRow);
#ifdef UNROLLED_BF16
    if constexpr (M::terms == 2) return gatherPairs(a, aRow, aCol);
#endif
    for (int64_t k = 0; k < K; k++) {
      if (aRow == 1) fetch(a + (k + 8) * aCol, rows);
      for (int64_t i = 0; i < tiles; i++) {
        const Range r = tileRange(i);
        float* y = tileWords(i) + k * pitch;
        const float* x = a + r.begin * aRow + k * aCol;
        if (aRow == 1 && r.begin + height <= rows) {
          __builtin_memcpy(y, x, height * sizeof(float));  // a lower tile has a word too many, which nobody reads
        } else {
          for (int64_t j = 0; j < r.end - r.begin; j++) y[j] = x[j * aRow];
        }
      }
    }
  }

#ifdef UNROLLED_BF16
  /** From any strides, two k to a word. */
  INLINE void gatherPairs(const float* a, int64_t aRow, int64_t aCol) const {
    for (int64_t k = 0; k < K; k += 2) {
      const bool both = k + 1 < K;
      if (aRow == 1) fetch(a + (k + 8) * aCol, rows);
      for (int64_t i = 0; i < tiles; i++) {
        const Range r = tileRange(i);
        const Part part{r.end - r.begin};
        const float* x = a + r.begin * aRow + k * aCol;
        Floats even{}, odd{};
        if (aRow == 1) {
          even = load(x, part);
          if (both) odd = load(x + aCol, part);
        } else {
          for (int64_t j = 0; j < part.count; j++) {
            even[j] = x[j * aRow];
            if (both) odd[j] = x[j * aRow + aCol];
          }
        }
        store(tileWords(i) + k / 2 * pitch, M::across(even, odd), part);
      }
    }
  }
#endif

  /**
   * c = c.from + these rows, words of k in [k0, k0 + count), times a block of a panel, of which `columns` count. `ahead` is the
   * block that comes next. The place of each tile is fetched while the one before it is computed.
   */
  INLINE void multiply(int64_t k0, int64_t count, const float* p, const float* ahead, const Corner& c,
                       int64_t columns = NV * W) const {
    const int64_t share = count * NV * W / 4;
    for (int64_t i = 0; i < tiles; i++) {
      const Range r = tileRange(i);
      const Corner next = c.down(r.end);
      if (i + 1 < tiles)
        for (int64_t j = 0; j < height; j++) fetchToWrite(next.to + j * next.toRow, NV * W);
      const Gathered<pitch> part{tileWords(i) + k0 * pitch};
      tileOf<M, height, NV, NV>(columns, r.end - r.begin, count, part, p, ahead + least(i, 4) * share, c.down(r.begin));
    }
  }
};

}  // namespace UNROLLED
