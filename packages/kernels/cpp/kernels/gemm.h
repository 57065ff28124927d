// General matrix product with any strides: blocks of A and of B are copied to scratch as the micro-kernel wants them
// (Goto & van de Geijn 2008). Weight gradients [G*H, D] over T*N rows and attention live here.
#pragma once

#include "multiply.h"

namespace UNROLLED {

constexpr int64_t gemmDepth = 256;
constexpr int64_t gemmPanels = 528 / plainPitch;  // panels of B in scratch at a time: half a megabyte at most

struct GemmScratch {
  float* a;     // the tiles of blockRows rows of A
  float* b;     // [gemmPanels, gemmDepth, plainPitch]
  float* edge;  // [blockRows, plainPitch]
};

static_assert(gemmPanels * gemmDepth * plainPitch + blockRows * plainPitch +
                  ceilDiv(blockRows, tileRows(plainVectors)) * (gemmDepth * gatheredPitch(plainVectors) + 16) <=
              scratchWords);

INLINE GemmScratch gemmScratch(const Team& team) {
  float* b = team.scratch;
  float* edge = b + gemmPanels * gemmDepth * plainPitch;
  return {edge + blockRows * plainPitch, b, edge};
}

/** Panels [0, ceil(N / plainPitch)) of a block of B [K, N]. */
template <typename M>
INLINE void packBlock(float* y, const float* b, int64_t K, int64_t N, int64_t bRow, int64_t bCol) {
  for (int64_t j = 0; j < N; j += plainPitch)
    packWords<M>(y + j * ceilDiv(K, M::terms), plainPitch, b + j * bCol, K, least(plainPitch, N - j), bRow, bCol);
}

/** c [rows, N] = start + the tiles of A times the packed block of B. */
template <typename M>
INLINE void multiplyPacked(const RowTiles<plainVectors, M>& a, const float* b, int64_t N, float* c, int64_t cRow,
                           bool accumulate, float* edge) {
  for (int64_t j = 0; j < N; j += plainPitch) {
    const float* p = b + j * a.depth;
    const float* ahead = p + a.depth * plainPitch;
    const Corner corner{accumulate ? c + j : zeros, accumulate ? cRow : 0, c + j, cRow};
    const int64_t count = least(plainPitch, N - j);
    if (count % W == 0) {
      a.multiply(0, a.depth, p, ahead, corner, count);
    } else {
      throughEdge(edge, plainPitch, corner, a.rows, count,
                  [&](const Corner& e) { a.multiply(0, a.depth, p, ahead, e, count); });
    }
  }
}

/** c [VECTORS*W] = start + a [K] times columns of B, which stand side by side in its rows. */
template <int VECTORS, typename Lanes>
INLINE void gemmColumns(const GemmArgs& g, const float* a, const float* b, float* c, Lanes lanes) {
  Floats sum[VECTORS];
#pragma GCC unroll 8
  for (int j = 0; j < VECTORS; j++) sum[j] = g.accumulate ? load(c + j * W, lanes) : Floats{};
  for (int64_t k = 0; k < g.K; k++) {
    const Floats ak = spread(a[k * g.aCol]);
#pragma GCC unroll 8
    for (int j = 0; j < VECTORS; j++) sum[j] = fma(ak, load(b + k * g.bRow + j * W, lanes), sum[j]);
  }
#pragma GCC unroll 8
  for (int j = 0; j < VECTORS; j++) store(c + j * W, sum[j], lanes);
}

/** One row of c, where B [K,N] need not be packed: every number of it is used once. */
INLINE void gemmRow(const GemmArgs& g, const float* a, const float* b, float* c, Range columns) {
  int64_t j = columns.begin;
  for (; j + 8 * W <= columns.end; j += 8 * W) gemmColumns<8>(g, a, b + j, c + j, Full{});
  forVectors(j, columns.end, [&](int64_t i, auto lanes) { gemmColumns<1>(g, a, b + i, c + i, lanes); });
}

/** Columns up to which a product may read both sides where they lie. */
constexpr int64_t placeColumns = 512;

/** Narrow vectors leave much of every line that the columns of A would take in the nearest cache. */
template <typename M>
INLINE bool isInPlace(const GemmArgs& g) {
  return M::terms == 1 && g.bCol == 1 && (g.aCol == 1 || W == 16) && g.K <= placeTerms && g.N <= placeColumns;
}

/** c [rows, columns]; columns of B that do not fill a vector are copied beside zeros. */
INLINE void gemmInPlace(const GemmArgs& g, int64_t rows, int64_t columns, const float* a, const float* b, float* c,
                        float* scratch) {
  const InPlace left{a, g.aRow, g.aCol};
  const Corner corner{g.accumulate ? c : nullptr, g.accumulate ? g.cRow : 0, c, g.cRow};
  multiplyInPlace<plainVectors>(rows, columns, g.K, left, b, g.bRow, corner, [&](int64_t j, const Corner& end) {
    packColumns(scratch, W, b + j, g.K, columns - j, g.bRow, 1);
    restInPlace(rows, columns - j, g.K, left, scratch, W, end);
  });
}

/** One matrix of the batch, rows and columns of c in the given ranges. */
template <typename M>
INLINE void gemmPart(const GemmArgs& g, int64_t item, Range rows, Range columns, const GemmScratch& scratch) {
  const float* a = g.a + item * g.aBatch;
  const float* b = g.b + item * g.bBatch;
  float* c = g.c + item * g.cBatch;
  if (M::terms == 1 && g.M == 1 && g.bCol == 1) {
    if (rows.end > rows.begin) gemmRow(g, a, b, c, columns);
    return;
  }
  const int64_t height = rows.end - rows.begin, blocks = ceilDiv(height, blockRows);
  if (isInPlace<M>(g)) {
    const int64_t corner = rows.begin * g.cRow + columns.begin;
    return gemmInPlace(g, height, columns.end - columns.begin, a + rows.begin * g.aRow, b + columns.begin, c + corner,
                       scratch.b);
  }
  for (int64_t j = columns.begin; j < columns.end; j += gemmPanels * plainPitch) {
    const int64_t N = least(gemmPanels * plainPitch, columns.end - j);
    for (int64_t k0 = 0; k0 < g.K || k0 == 0; k0 += gemmDepth * M::terms) {
      const int64_t K = least(gemmDepth * M::terms, g.K - k0);
      packBlock<M>(scratch.b, b + k0 * g.bRow + j * g.bCol, K, N, g.bRow, g.bCol);
      for (int64_t block = 0; block < blocks; block++) {
        const Range r = piece(height, blocks, block);
        const int64_t i = rows.begin + r.begin;
        const RowTiles<plainVectors, M> tiles{r.end - r.begin, K, scratch.a};
        tiles.gather(a + i * g.aRow + k0 * g.aCol, g.aRow, g.aCol);
        multiplyPacked<M>(tiles, scratch.b, N, c + i * g.cRow + j, g.cRow, g.accumulate || k0 > 0, scratch.edge);
      }
    }
  }
}

/** The largest share of n things in units of the mean share. */
INLINE double imbalance(int64_t n, int size) { return static_cast<double>(ceilDiv(n, size) * size) / n; }

inline void gemm(const GemmArgs& g, const Team& team) {
  if (g.batch == 0 || g.M == 0 || g.N == 0) return;
  const int64_t rowTiles = ceilDiv(g.M, tileRows(plainVectors));
  const int64_t panels = ceilDiv(g.N, plainPitch);
  const double byBatch = imbalance(g.batch, team.size);
  const double byRows = imbalance(rowTiles, team.size);
  const double byColumns = imbalance(panels, team.size);
  Range items{0, g.batch}, rows{0, g.M}, columns{0, g.N};
  if (byBatch <= byRows && byBatch <= byColumns) {
    items = share(g.batch, team);
  } else if (byRows <= byColumns) {
    const Range tiles = share(rowTiles, team);
    rows = {least(tiles.begin * tileRows(plainVectors), g.M), least(tiles.end * tileRows(plainVectors), g.M)};
  } else {
    const Range mine = share(panels, team);
    columns = {least(mine.begin * plainPitch, g.N), least(mine.end * plainPitch, g.N)};
  }
  withProducts(team, [&](auto how) {
    for (int64_t item = items.begin; item < items.end; item++)
      gemmPart<decltype(how)>(g, item, rows, columns, gemmScratch(team));
  });
}

}  // namespace UNROLLED
