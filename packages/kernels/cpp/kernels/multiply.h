// Products with a packed matrix. A packed matrix [K, N] is column panels of NV vectors, each [K, NV*W], zeros past the
// last column. With G > 1 groups (gates) of U units, NV = G and vector g of panel i is units [i*W, i*W + W) of gate g,
// so that all gates of a unit meet in one tile.
#pragma once

#include "../table.h"
#include "micro.h"

namespace UNROLLED {

/** Vectors in a panel of a matrix of so many groups. */
constexpr int panelVectors(int64_t groups) { return groups == 1 ? (W == 4 ? 2 : 3) : static_cast<int>(groups); }

constexpr int plainVectors = panelVectors(1);
constexpr int64_t plainPitch = plainVectors * W;

/** Rows of a tile of C that are multiplied by all K before the panel moves on; A's share of them stays in the cache. */
constexpr int64_t blockRows = 48;

/** Zeros for a product that starts from nothing. */
alignas(64) inline constexpr float zeros[64] = {};

/** Copies x [K, count] (k kStride apart, columns nStride apart) to y [K, pitch], zeros past `count` up to W. */
INLINE void packVector(float* y, int64_t pitch, const float* x, int64_t K, int64_t count, int64_t kStride,
                       int64_t nStride) {
  if (nStride == 1) {
    forLanes(count, [&](auto lanes) {
      for (int64_t k = 0; k < K; k++) store(y + k * pitch, load(x + k * kStride, lanes));
    });
    return;
  }
  for (int64_t k0 = 0; k0 < K; k0 += W) {  // W x W at a time: both sides touch each cache line once
    const int64_t depth = least(W, K - k0);
    alignas(64) float block[W * W] = {};
    for (int64_t n = 0; n < count; n++) {
      const float* column = x + k0 * kStride + n * nStride;
      for (int64_t k = 0; k < depth; k++) block[k * W + n] = column[k * kStride];
    }
    for (int64_t k = 0; k < depth; k++) store(y + (k0 + k) * pitch, load(block + k * W));
  }
}

/** Rows of a panel that one thread packs at a time. */
constexpr int64_t packRows = 256;

inline void pack(const PackArgs& a, const Team& team) {
  const int64_t units = a.N / a.groups;
  const int vectors = panelVectors(a.groups);
  const int64_t pitch = vectors * W;
  const int64_t panels = ceilDiv(a.groups == 1 ? a.N : units, a.groups == 1 ? pitch : W);
  const int64_t pieces = ceilDiv(a.K, packRows);
  const Range mine = share(panels * pieces, team);
  for (int64_t i = mine.begin; i < mine.end; i++) {
    const int64_t panel = i / pieces;
    const int64_t k0 = i % pieces * packRows;
    const int64_t depth = least(packRows, a.K - k0);
    for (int v = 0; v < vectors; v++) {
      const int64_t unit = a.groups == 1 ? panel * pitch + v * W : panel * W;
      const int64_t column = a.groups == 1 ? unit : v * units + unit;
      const int64_t count = most(0, least(W, (a.groups == 1 ? a.N : units) - unit));
      packVector(a.y + (panel * a.K + k0) * pitch + v * W, pitch, a.x + k0 * a.kStride + column * a.nStride, depth,
                 count, a.kStride, a.nStride);
    }
  }
}

INLINE void copyRows(float* y, int64_t yRow, const float* x, int64_t xRow, int64_t rows, int64_t count) {
  for (int64_t i = 0; i < rows; i++)
    forVectors(0, count, [&](int64_t j, auto lanes) { store(y + i * yRow + j, load(x + i * xRow + j, lanes), lanes); });
}

/**
 * Rows and panels of `multiply`: c [rows, N] = (start or c) + a [rows, K] p. startRow 0: the same start for all rows.
 * edge [blockRows, plainPitch] is scratch.
 */
inline void multiplyPart(const MultiplyArgs& m, Range rows, Range panels, float* edge) {
  constexpr int64_t depth = blockK(plainPitch);
  for (int64_t k0 = 0; k0 < m.K || k0 == 0; k0 += depth) {
    const int64_t K = least(depth, m.K - k0);
    const bool accumulate = m.accumulate || k0 > 0;
    for (int64_t panel = panels.begin; panel < panels.end; panel++) {
      const int64_t column = panel * plainPitch;
      const int64_t count = least(plainPitch, m.N - column);
      const float* p = m.p + (panel * m.K + k0) * plainPitch;
      const float* a = m.a + rows.begin * m.aRow + k0;
      float* c = m.c + rows.begin * m.cRow + column;
      const float* start = accumulate ? c : m.bias ? m.bias + column : zeros;
      const int64_t startRow = accumulate ? m.cRow : 0;
      const int64_t height = rows.end - rows.begin;
      if (count == plainPitch) {
        multiplyPanel<plainVectors>(height, K, a, m.aRow, p, plainPitch, start, startRow, c, m.cRow);
      } else {
        copyRows(edge, plainPitch, start, startRow, height, count);
        multiplyPanel<plainVectors>(height, K, a, m.aRow, p, plainPitch, edge, plainPitch, edge, plainPitch);
        copyRows(c, m.cRow, edge, plainPitch, height, count);
      }
    }
  }
}

inline void multiply(const MultiplyArgs& m, const Team& team) {
  const int64_t panels = ceilDiv(m.N, plainPitch);
  const bool byRows = m.M >= team.size * tileRows(plainVectors) || panels < team.size;
  const Range rows = byRows ? share(m.M, team) : Range{0, m.M};
  const Range columns = byRows ? Range{0, panels} : share(panels, team);
  for (int64_t i = rows.begin; i < rows.end; i += blockRows)
    multiplyPart(m, {i, least(i + blockRows, rows.end)}, columns, team.scratch);
}

}  // namespace UNROLLED
