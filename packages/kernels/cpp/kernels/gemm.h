// General matrix product with any strides: blocks of A and panels of B are copied to scratch as the micro-kernel wants
// them (Goto & van de Geijn 2008). Weight gradients [G*H, D] over T*N rows and attention live here.
#pragma once

#include "multiply.h"

namespace UNROLLED {

constexpr int gemmRows = tileRows(plainVectors);
constexpr int64_t gemmK = blockK(plainPitch);
constexpr int64_t gemmBlockRows = 48 * 8;  // rows of A packed at a time: 384 x 256 words, less than half of a 1 MiB cache

struct GemmScratch {
  float* a;     // [gemmBlockRows / gemmRows][gemmK, gemmRows]
  float* b;     // [gemmK, plainPitch]
  float* edge;  // [gemmRows, plainPitch]
};

INLINE GemmScratch gemmScratch(const Team& team) {
  float* b = team.scratch + gemmBlockRows * gemmK;
  return {team.scratch, b, b + gemmK * plainPitch};
}

/** Lays rows of A out as [K, gemmRows]. Rows past `rows` are left as they are: their sums are not kept. */
INLINE void gatherRows(float* y, const float* a, int64_t rows, int64_t K, int64_t aRow, int64_t aCol) {
  if (aRow == 1 && rows == gemmRows) {
    for (int64_t k = 0; k < K; k++) __builtin_memcpy(y + k * gemmRows, a + k * aCol, gemmRows * sizeof(float));
    return;
  }
  for (int64_t i = 0; i < rows; i++)
    for (int64_t k = 0; k < K; k++) y[k * gemmRows + i] = a[i * aRow + k * aCol];
}

/** c [rows, count] (= or +=) packed rows of A times a packed panel of B. */
INLINE void gemmTile(int64_t rows, int64_t count, int64_t K, const float* a, const float* b, float* c, int64_t cRow,
                     bool accumulate, float* edge) {
  const Gathered<gemmRows> part{a};
  const float* start = accumulate ? c : zeros;
  const int64_t startRow = accumulate ? cRow : 0;
  if (count == plainPitch) {
    tile<gemmRows, plainVectors>(rows, K, part, b, plainPitch, start, startRow, c, cRow);
    return;
  }
  copyRows(edge, plainPitch, start, startRow, rows, count);
  tile<gemmRows, plainVectors>(rows, K, part, b, plainPitch, edge, plainPitch, edge, plainPitch);
  copyRows(c, cRow, edge, plainPitch, rows, count);
}

/** One matrix of the batch, rows and columns of c in the given ranges. */
inline void gemmPart(const GemmArgs& g, int64_t item, Range rows, Range columns, const GemmScratch& scratch) {
  const float* a = g.a + item * g.aBatch;
  const float* b = g.b + item * g.bBatch;
  float* c = g.c + item * g.cBatch;
  for (int64_t k0 = 0; k0 < g.K || k0 == 0; k0 += gemmK) {
    const int64_t K = least(gemmK, g.K - k0);
    for (int64_t i0 = rows.begin; i0 < rows.end; i0 += gemmBlockRows) {
      const int64_t i1 = least(i0 + gemmBlockRows, rows.end);
      for (int64_t i = i0; i < i1; i += gemmRows)
        gatherRows(scratch.a + (i - i0) * K, a + i * g.aRow + k0 * g.aCol, least(gemmRows, i1 - i), K, g.aRow, g.aCol);
      for (int64_t j = columns.begin; j < columns.end; j += plainPitch) {
        const int64_t count = least(plainPitch, columns.end - j);
        for (int v = 0; v < plainVectors; v++)
          packVector(scratch.b + v * W, plainPitch, b + k0 * g.bRow + (j + v * W) * g.bCol, K,
                     most(0, least(W, count - v * W)), g.bRow, g.bCol);
        for (int64_t i = i0; i < i1; i += gemmRows)
          gemmTile(least(gemmRows, i1 - i), count, K, scratch.a + (i - i0) * K, scratch.b, c + i * g.cRow + j, g.cRow,
                   g.accumulate || k0 > 0, scratch.edge);
      }
    }
  }
}

/** How much longer than the mean the largest share of n things is, as a fraction. */
INLINE double imbalance(int64_t n, int size) { return static_cast<double>(ceilDiv(n, size) * size) / n; }

inline void gemm(const GemmArgs& g, const Team& team) {
  if (g.batch == 0 || g.M == 0 || g.N == 0) return;
  const GemmScratch scratch = gemmScratch(team);
  const int64_t rowTiles = ceilDiv(g.M, gemmRows);
  const int64_t panels = ceilDiv(g.N, plainPitch);
  const double byBatch = imbalance(g.batch, team.size);
  const double byRows = imbalance(rowTiles, team.size);
  const double byColumns = imbalance(panels, team.size);
  Range items{0, g.batch}, rows{0, g.M}, columns{0, g.N};
  if (byBatch <= byRows && byBatch <= byColumns) {
    items = share(g.batch, team);
  } else if (byRows <= byColumns) {
    const Range tiles = share(rowTiles, team);
    rows = {least(tiles.begin * gemmRows, g.M), least(tiles.end * gemmRows, g.M)};
  } else {
    const Range mine = share(panels, team);
    columns = {least(mine.begin * plainPitch, g.N), least(mine.end * plainPitch, g.N)};
  }
  for (int64_t item = items.begin; item < items.end; item++) gemmPart(g, item, rows, columns, scratch);
}

}  // namespace UNROLLED
