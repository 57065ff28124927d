// What the recurrent layers share: the walk over steps and slots, and the product of states with the packed recurrent
// matrix, panel by panel, with the gates computed while a panel's tile is in the first-level cache.
// T time, N batch, H hidden. Threads split N and keep their rows through the whole sequence: rows never meet.
#pragma once

#include "math.h"
#include "multiply.h"

namespace UNROLLED {

/** Words of the tile that a panel is computed in: [48, 4*W], or the side panels of a single row. */
constexpr int64_t tileWords = 48 * 4 * W;

/**
 * Rows a thread takes through a step together: as many as leave their tiles of K terms in 768 KiB of scratch, or one,
 * which needs none.
 */
template <int NV>
INLINE int64_t rowsThatFit(int64_t K) {
  const int64_t tiles = (3 << 16) / (K * gatheredPitch(NV) + 16);
  return most(1, least(48, tiles * tileRows(NV)));
}

static_assert((3 << 16) + tileWords <= scratchWords);

/** One layer in one direction. Slots stand between the steps; each is [N,H]. */
struct Sequence {
  int64_t T, N, H;
  bool reverse;
  const int32_t* lengths;  // [N] or absent

  /** The step at place i of the walk. */
  INLINE int64_t step(int64_t i) const { return reverse ? T - 1 - i : i; }
  INLINE int64_t before(int64_t t) const { return (t + reverse) * N * H; }
  INLINE int64_t after(int64_t t) const { return (t + !reverse) * N * H; }
  /** The slots at the two ends of the walk. */
  INLINE int64_t first() const { return reverse ? T * N * H : 0; }
  /** Whether row n takes part in step t; a row past its length is carried through. */
  INLINE bool active(int64_t n, int64_t t) const { return lengths == nullptr || t < lengths[n]; }
};

template <typename Args>
INLINE Sequence sequenceOf(const Args& a) {
  return {a.T, a.N, a.H, a.reverse != 0, a.lengths};
}

/** One panel of the product: columns of `vectors` vectors from `unit` on, rows from `row` on. */
struct Tile {
  float* c;  // [rows, NV*W]
  int64_t unit, units;
  Range rows;
};

/**
 * For every panel of a packed matrix: start(tile) fills the tile [rows, NV*W], K terms a [rows, K] p are added,
 * finish(tile) takes it. A panel holds `panelUnits` of the units. A single row takes several panels at once.
 */
template <int NV, typename Start, typename Finish>
INLINE void forPanels(Range rows, int64_t K, const float* a, int64_t aRow, const float* p, int64_t units,
                      int64_t panelUnits, float* scratch, Start start, Finish finish) {
  constexpr int64_t pitch = NV * W;
  constexpr int side = sidePanels(NV);
  const int64_t height = rows.end - rows.begin;
  const int64_t panels = ceilDiv(units, panelUnits);
  auto tileAt = [&](int64_t panel, float* c) {
    return Tile{c, panel * panelUnits, least(panelUnits, units - panel * panelUnits), rows};
  };
  if (height == 1) {
    for (int64_t panel = 0; panel < panels;) {
      const int64_t width = panel + side <= panels ? side : 1;
      const float* p0 = p + panel * K * pitch;
      const Corner c{scratch, 0, scratch, 0};
      for (int64_t i = 0; i < width; i++) start(tileAt(panel + i, scratch + i * pitch));
      if (width > 1) {
        micro<1, NV, NV, side>(K, Strided{a, 0}, p0, K * pitch, p0, c);
      } else {
        micro<1, NV, NV, 1>(K, Strided{a, 0}, p0, 0, p0, c);
      }
      for (int64_t i = 0; i < width; i++) finish(tileAt(panel + i, scratch + i * pitch));
      panel += width;
    }
    return;
  }
  const RowTiles<NV> tiles{height, K, scratch + tileWords};
  tiles.gatherRows(a, aRow);
  for (int64_t panel = 0; panel < panels; panel++) {
    const Tile tile = tileAt(panel, scratch);
    start(tile);
    for (int64_t k0 = 0; k0 < K; k0 += blockDepth) {
      const float* block = p + (panel * K + k0) * pitch;
      const int64_t terms = least(blockDepth, K - k0);
      tiles.multiply(k0, terms, block, block + terms * pitch, {scratch, pitch, scratch, pitch},
                     panelUnits == W ? pitch : tile.units);
    }
    finish(tile);
  }
}

/** Asks for the columns of a tile in x [N, gates*H], which are wanted when its product is done. */
INLINE void fetchThis(const float* x, int64_t gates, const Tile& tile, const Sequence& s) {
  for (int64_t n = tile.rows.begin; n < tile.rows.end; n++)
    for (int64_t g = 0; g < gates; g++) fetch(x + (n * gates + g) * s.H + tile.unit, tile.units);
}

/** The same for the panel after it. */
INLINE void fetchNext(const float* x, int64_t gates, const Tile& tile, const Sequence& s) {
  fetchThis(x + tile.units, gates, tile, s);
}

/** f(row in the tile, row n of the batch, vector v of the row, unit, lanes) for every vector of a plain tile. */
template <typename F>
INLINE void forTile(const Tile& tile, F f) {
  for (int64_t n = tile.rows.begin; n < tile.rows.end; n++) {
    float* c = tile.c + (n - tile.rows.begin) * plainPitch;
    forVectors(0, tile.units, [&](int64_t j, auto lanes) { f(c + j, n, tile.unit + j, lanes); });
  }
}

/** Copies rows of the initial state [N,H] to their first slot. */
INLINE void startSlot(float* slots, const float* initial, const Sequence& s, Range rows) {
  float* slot = slots + s.first();
  forVectors(rows.begin * s.H, rows.end * s.H,
             [&](int64_t i, auto lanes) { store(slot + i, load(initial + i, lanes), lanes); });
}

/** Rows of y [N,H] = 0. */
INLINE void clearRows(float* y, const Sequence& s, Range rows) {
  forVectors(rows.begin * s.H, rows.end * s.H, [&](int64_t i, auto lanes) { store(y + i, Floats{}, lanes); });
}

/** walk(rows) for this thread's rows of the batch, at most `limit` at a time. */
template <typename Walk>
INLINE void forRows(int64_t N, int64_t limit, const Team& team, Walk walk) {
  const Range mine = share(N, team);
  const int64_t blocks = ceilDiv(mine.end - mine.begin, limit);
  for (int64_t i = 0; i < blocks; i++) {
    const Range r = piece(mine.end - mine.begin, blocks, i);
    walk(Range{mine.begin + r.begin, mine.begin + r.end});
  }
}

}  // namespace UNROLLED
