// Products with a packed matrix. A packed matrix [K, N] is column panels of NV vectors, each [K, NV*W], zeros past the
// last column; with bfloat16 [ceil(K / 2), NV*W] words. With G > 1 groups (gates) of U units, NV = G and vector g of panel i is units [i*W, i*W + W) of gate g,
// so that all gates of a unit meet in one tile.
#pragma once

#include "../table.h"
#include "in-place.h"

namespace UNROLLED {

/** Vectors in a panel of a matrix of so many groups. */
constexpr int panelVectors(int64_t groups) { return groups == 1 ? (W == 4 ? 2 : 3) : static_cast<int>(groups); }

constexpr int plainVectors = panelVectors(1);
constexpr int64_t plainPitch = plainVectors * W;

/** What a product starts from if it starts from nothing. */
alignas(64) inline constexpr float zeros[12 * W] = {};

INLINE void copyRows(float* y, int64_t yRow, const float* x, int64_t xRow, int64_t rows, int64_t count) {
  for (int64_t i = 0; i < rows; i++)
    forVectors(0, count, [&](int64_t j, auto lanes) { store(y + i * yRow + j, load(x + i * xRow + j, lanes), lanes); });
}

/** y [K, count <= pitch] in rows of `pitch`, zeros to the next full vector, from x with any strides. */
INLINE void packColumns(float* y, int64_t pitch, const float* x, int64_t K, int64_t count, int64_t kStride,
                        int64_t nStride) {
  const int64_t whole = roundUp(count, W);
  if (nStride == 1) {
    if (count == plainPitch) return copyRows(y, pitch, x, kStride, K, plainPitch);  // its vectors are known here
    if (count == whole) return copyRows(y, pitch, x, kStride, K, count);
    for (int64_t k = 0; k < K; k++)
      forVectors(0, count, [&](int64_t j, auto lanes) { store(y + k * pitch + j, load(x + k * kStride + j, lanes)); });
    return;
  }
  if (kStride == 1) {
    transpose(y, pitch, x, nStride, count, K, whole);
  } else {
    for (int64_t k = 0; k < K; k++)
      for (int64_t n = 0; n < count; n++) y[k * pitch + n] = x[k * kStride + n * nStride];
  }
  if (count == whole) return;
  const Part part{count + W - whole};
  for (float* last = y + whole - W; last < y + K * pitch; last += pitch) store(last, load(last, part));
}

/** packColumns as M reads them: y [ceil(K / terms), count]. */
template <typename M>
INLINE void packWords(float* y, int64_t pitch, const float* x, int64_t K, int64_t count, int64_t kStride,
                      int64_t nStride) {
  if constexpr (M::terms == 1) return packColumns(y, pitch, x, K, count, kStride, nStride);
#ifdef UNROLLED_BF16
  if constexpr (M::terms == 2) {
    const int64_t whole = roundUp(count, W);
    if (kStride == 1) {
      M::gatherRows(y, pitch, x, nStride, count, K);
      for (int64_t k = 0; k < ceilDiv(K, 2); k++)
        for (int64_t n = count; n < whole; n++) y[k * pitch + n] = 0;
      return;
    }
    const auto vector = [&](int64_t k, int64_t n, auto lanes, int64_t some) {
      if (k >= K) return Floats{};
      if (nStride == 1) return load(x + k * kStride + n, lanes);
      Floats v{};
      for (int64_t i = 0; i < some; i++) v[i] = x[k * kStride + (n + i) * nStride];
      return v;
    };
    for (int64_t k = 0; k < K; k += 2)
      for (int64_t n = 0; n < count; n += W)
        forLanes(count - n, [&](auto lanes) {
          const int64_t some = least(W, count - n);
          store(y + k / 2 * pitch + n, M::across(vector(k, n, lanes, some), vector(k + 1, n, lanes, some)));
        });
  }
#endif
}

/** Rows of a panel that one thread packs at a time; even. */
constexpr int64_t packRows = 256;

template <typename M>
INLINE void packAs(const PackArgs& a, const Team& team) {
  const bool plain = a.groups == 1;
  const int64_t units = a.N / a.groups, vectors = panelVectors(a.groups), pitch = vectors * W;
  const int64_t panelUnits = plain ? pitch : W;
  const int64_t pieces = ceilDiv(a.K, packRows);
  const Range mine = share(ceilDiv(units, panelUnits) * pieces, team);
  for (int64_t i = mine.begin; i < mine.end; i++) {
    const int64_t panel = i / pieces, k0 = i % pieces * packRows, depth = least(packRows, a.K - k0);
    const int64_t unit = panel * panelUnits, count = least(panelUnits, units - unit);
    float* y = a.y + (panel * ceilDiv(a.K, M::terms) + k0 / M::terms) * pitch;
    const float* x = a.x + k0 * a.kStride + unit * a.nStride;
    for (int64_t g = 0; g < a.groups; g++)
      packWords<M>(y + g * W, pitch, x + g * units * a.nStride, depth, count, a.kStride, a.nStride);
  }
}

inline void pack(const PackArgs& a, const Team& team) {
  withProducts(team, [&](auto how) { packAs<decltype(how)>(a, team); });
}

/**
 * f(side, next) for so many groups of panels, nearly equal, that a single row takes together; `back`: the last comes first.
 * `next` is the second side for the first one, the side itself for the others.
 */
template <typename F>
INLINE void forSides(Range panels, int64_t sides, bool back, F f) {
  const auto side = [&](int64_t i) {
    const Range r = piece(panels.end - panels.begin, sides, back ? sides - 1 - i : i);
    return Range{panels.begin + r.begin, panels.begin + r.end};
  };
  for (int64_t i = 0; i < sides; i++) f(side(i), side(i == 0 && sides > 1 ? 1 : i));
}

/** Rows of A that are multiplied together: their tiles stay in the second-level cache while panels pass. */
constexpr int64_t blockRows = 96;

/** `count` columns of c, which need not fill a vector, by way of `edge` [rows, pitch]. */
template <typename Multiply>
INLINE void throughEdge(float* edge, int64_t pitch, const Corner& c, int64_t rows, int64_t count, Multiply multiply) {
  copyRows(edge, pitch, c.from, c.fromRow, rows, count);
  multiply(Corner{edge, pitch, edge, pitch});
  copyRows(c.to, c.toRow, edge, pitch, rows, count);
}

/** Where block k0 of a product starts from: c itself, or the bias, or nothing. */
INLINE Corner cornerOf(const MultiplyArgs& m, int64_t row, int64_t column, int64_t k0) {
  float* c = m.c + row * m.cRow + column;
  if (m.accumulate || k0 > 0) return {c, m.cRow, c, m.cRow};
  return {m.bias ? m.bias + column : zeros, 0, c, m.cRow};
}

/** The given rows, of at most blockRows, and panels of `multiply`. */
template <typename M>
INLINE void multiplyBlock(const MultiplyArgs& m, Range rows, Range panels, float* scratch) {
  const int64_t height = rows.end - rows.begin, depth = ceilDiv(m.K, M::terms);
  float* edge = scratch;  // [blockRows, plainPitch]
  for (int64_t k0 = 0; k0 < m.K || k0 == 0; k0 += blockDepth * M::terms) {
    const RowTiles<plainVectors, M> a{height, least(blockDepth * M::terms, m.K - k0), edge + blockRows * plainPitch};
    a.gatherRows(m.a + rows.begin * m.aRow + k0, m.aRow);
    for (int64_t panel = panels.begin; panel < panels.end; panel++) {
      const int64_t column = panel * plainPitch, count = least(plainPitch, m.N - column);
      const float* p = m.p + (panel * depth + k0 / M::terms) * plainPitch;
      const float* ahead = p + depth * plainPitch;
      const Corner c = cornerOf(m, rows.begin, column, k0);
      if (count % W == 0) {
        a.multiply(0, a.depth, p, ahead, c, count);
      } else {
        throughEdge(edge, plainPitch, c, height, count,
                    [&](const Corner& e) { a.multiply(0, a.depth, p, ahead, e, count); });
      }
    }
  }
}

/** Terms of a single row that are made ready at a time. */
constexpr int64_t rowTerms = 1 << 17;

/** One row. */
template <typename M>
INLINE void multiplyRow(const MultiplyArgs& m, Range panels, float* scratch) {
  const int64_t depth = ceilDiv(m.K, M::terms), block = M::terms == 1 ? most(m.K, 1) : rowTerms;
  float* room = scratch + 12 * W;
  const int64_t sides = ceilDiv(panels.end - panels.begin, sidePanels(plainVectors));
  for (int64_t k0 = 0; k0 < m.K || k0 == 0; k0 += block) {
    const int64_t K = least(block, m.K - k0);
    const float* a = M::row(room, m.a + k0, K);
    forSides(panels, sides, false, [&](Range side, Range) {
      const int64_t column = side.begin * plainPitch;
      const int64_t width = (side.end - side.begin) * plainPitch, count = least(width, m.N - column);
      const float* p = m.p + column * depth + k0 / M::terms * plainPitch;
      throughEdge(scratch, width, cornerOf(m, 0, column, k0), 1, count, [&](const Corner& c) {
        multiplySide<M, plainVectors>(count, ceilDiv(K, M::terms), a, p, depth * plainPitch, p, c.from, c.to);
      });
    });
  }
}

/** Rows up to which the tiles of A are not worth their copies: for wide vectors, whose panels are few. */
constexpr int64_t placeRows = W == 16 ? 32 : 0;

/** The given rows and panels, A where it lies. */
INLINE void multiplyFew(const MultiplyArgs& m, Range rows, Range panels) {
  const int64_t height = rows.end - rows.begin;
  const InPlace a = InPlace{m.a, m.aRow, 1}.down(rows.begin);
  for (int64_t panel = panels.begin; panel < panels.end; panel++) {
    const int64_t column = panel * plainPitch, count = least(plainPitch, m.N - column);
    const float* p = m.p + column * m.K;
    const Corner c = cornerOf(m, rows.begin, column, 0);
    multiplyInPlace<plainVectors>(height, count, m.K, a, p, plainPitch, c, [&](int64_t j, const Corner& end) {
      restInPlace(height, count - j, m.K, a, p + j, plainPitch, end);
    });
  }
}

template <typename M>
INLINE void multiplyAs(const MultiplyArgs& m, const Team& team) {
  const int64_t panels = ceilDiv(m.N, plainPitch);
  const bool byRows = team.rows || m.M >= team.size * tileRows(plainVectors) || panels < team.size;
  const Range rows = byRows ? share(m.M, team) : Range{0, m.M};
  const Range columns = byRows ? Range{0, panels} : share(panels, team);
  if (m.M == 1 && rows.end > rows.begin) return multiplyRow<M>(m, columns, team.scratch);
  const int64_t count = rows.end - rows.begin, blocks = ceilDiv(count, blockRows);
  if (M::terms == 1 && count <= placeRows && m.K <= placeTerms) return multiplyFew(m, rows, columns);
  for (int64_t i = 0; i < blocks; i++) {
    const Range r = piece(count, blocks, i);
    multiplyBlock<M>(m, {rows.begin + r.begin, rows.begin + r.end}, columns, team.scratch);
  }
}

inline void multiply(const MultiplyArgs& m, const Team& team) {
  withProducts(team, [&](auto how) { multiplyAs<decltype(how)>(m, team); });
}

}  // namespace UNROLLED
