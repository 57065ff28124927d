// What the recurrent layers share: the walk over steps and slots, and the product of states with the packed recurrent
// matrix, panel by panel, with the gates computed while a panel's tile is in the first-level cache.
// T time, N batch, H hidden. Threads split N and keep their rows through the whole sequence: rows never meet. Where
// rows are too few they split H: each keeps its panels of the matrix in its own cache, and all meet at every step.
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

/** What a thread computes: rows of the batch, and of every product its part of the panels. */
struct Work {
  Range rows;
  int64_t parts, part;  // 1 and 0 where the threads split the batch
  const Team& team;

  INLINE Range panels(int64_t count) const { return piece(count, parts, part); }

  /** This thread's units of H, in panels of the given width. */
  INLINE Range units(int64_t H, int64_t panelUnits) const {
    const Range mine = panels(ceilDiv(H, panelUnits));
    return {least(mine.begin * panelUnits, H), least(mine.end * panelUnits, H)};
  }

  /** To be called between what writes a slot and what reads all of it. */
  INLINE void meet() const {
    if (parts > 1) team.barrier();
  }
};

/** One panel of the product: columns of `vectors` vectors from `unit` on, rows from `row` on. */
struct Tile {
  float* c;  // [rows, NV*W]
  int64_t unit, units;
  Range rows;
};

// These are not inlined: they are large, and every recurrent kernel has several copies of what calls them.

/** The tiles of rows a [height, K], for `addPanel`. */
template <int NV>
[[gnu::noinline]] void gatherTiles(const Team& team, int64_t height, int64_t K, float* words, const float* a,
                                   int64_t aRow) {
  withProducts(team, [&](auto how) { RowTiles<NV, decltype(how)>{height, K, words}.gatherRows(a, aRow); });
}

/** c [height, NV*W] += the gathered rows times one panel, of which `columns` count. */
template <int NV>
[[gnu::noinline]] void addPanel(const Team& team, int64_t height, int64_t K, float* words, const float* panel,
                                float* c, int64_t columns) {
  constexpr int64_t pitch = NV * W;
  withProducts(team, [&](auto how) {
    const RowTiles<NV, decltype(how)> tiles{height, K, words};
    for (int64_t k0 = 0; k0 < tiles.depth; k0 += blockDepth) {
      const float* block = panel + k0 * pitch;
      const int64_t count = least(blockDepth, tiles.depth - k0);
      tiles.multiply(k0, count, block, block + count * pitch, {c, pitch, c, pitch}, columns);
    }
  });
}

/** c [columns] += one row a [K] times the panels of a side; `room` for the words of the row, `ahead` as in `sideOf`. */
template <int NV>
[[gnu::noinline]] void addSide(const Team& team, int64_t columns, int64_t K, const float* a, float* room,
                               const float* p, const float* ahead, float* c) {
  withProducts(team, [&](auto how) {
    typedef decltype(how) M;
    const int64_t depth = ceilDiv(K, M::terms);
    multiplySide<M, NV>(columns, depth, M::row(room, a, K), p, depth * NV * W, ahead, c, c);
  });
}

/**
 * How a single row walks its panels. Steps that go forth and back in turn begin with the panels that the step before left
 * in the nearest cache, which has time meanwhile to fetch from the next ones; it pays for small matrices, and engines of
 * WebAssembly do better without.
 */
enum class Order { onward, forth, back };

INLINE Order inTurn(int64_t t) { return W == 4 ? Order::onward : t % 2 != 0 ? Order::back : Order::forth; }

/** Words of panels that the nearest cache, of 32 KiB, keeps while others pass. */
constexpr int64_t nearWords = 7 << 10;

/** Sides of so many panels and vectors: as wide as they can be, but in turn no wider than what the nearest cache keeps. */
template <int NV>
INLINE int64_t sidesOf(int64_t panels, int64_t vectors, int64_t depth, Order order) {
  const int64_t near = nearWords / (most(depth, 1) * W);
  const bool small = order != Order::onward && near >= NV;
  return most(ceilDiv(panels, sidePanels(NV)), small ? least(panels, ceilDiv(vectors, near)) : 0);
}

/**
 * For every panel of a packed matrix that is this thread's: start(tile) fills the tile [rows, NV*W], K terms
 * a [rows, K] p are added, finish(tile) takes it. A panel holds `panelUnits` of the units. A single row takes several
 * panels at once, in the given order.
 */
template <int NV, typename Start, typename Finish>
INLINE void forPanels(const Work& work, int64_t K, const float* a, int64_t aRow, const float* p, int64_t units,
                      int64_t panelUnits, Start start, Finish finish, Order order = Order::onward) {
  constexpr int64_t pitch = NV * W;
  const Range rows = work.rows, mine = work.panels(ceilDiv(units, panelUnits));
  float* scratch = work.team.scratch;
  const int64_t height = rows.end - rows.begin, depth = wordsOf(work.team, K);
  auto tileAt = [&](int64_t panel, float* c) {
    return Tile{c, panel * panelUnits, least(panelUnits, units - panel * panelUnits), rows};
  };
  auto columnsOf = [&](int64_t panel) { return panelUnits == W ? pitch : least(pitch, units - panel * panelUnits); };
  if (height == 1) {
    const int64_t panels = mine.end - mine.begin;
    const int64_t vectors = (panels - 1) * NV + ceilDiv(columnsOf(mine.end - 1), W);
    forSides(mine, sidesOf<NV>(panels, vectors, depth, order), order == Order::back, [&](Range side, Range next) {
      for (int64_t i = side.begin; i < side.end; i++) start(tileAt(i, scratch + (i - side.begin) * pitch));
      const int64_t columns = (side.end - 1 - side.begin) * pitch + columnsOf(side.end - 1);
      addSide<NV>(work.team, columns, K, a, scratch + tileWords, p + side.begin * depth * pitch,
                  p + (order == Order::onward ? side : next).begin * depth * pitch, scratch);
      for (int64_t i = side.begin; i < side.end; i++) finish(tileAt(i, scratch + (i - side.begin) * pitch));
    });
    return;
  }
  float* words = scratch + tileWords;
  gatherTiles<NV>(work.team, height, K, words, a, aRow);
  for (int64_t panel = mine.begin; panel < mine.end; panel++) {
    const Tile tile = tileAt(panel, scratch);
    start(tile);
    addPanel<NV>(work.team, height, K, words, p + panel * depth * pitch, scratch, columnsOf(panel));
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

/** A state [N,H] of which a thread's rows and units go to their first slot, or are set to zero. */
template <typename F>
INLINE void forState(const Sequence& s, const Work& work, int64_t panelUnits, F f) {
  const Range units = work.units(s.H, panelUnits);
  for (int64_t n = work.rows.begin; n < work.rows.end; n++)
    forVectors(n * s.H + units.begin, n * s.H + units.end, f);
}

/** Copies the initial state [N,H] to its first slot. The first step reads the state itself: see `slotBefore`. */
INLINE void startSlot(float* slots, const float* initial, const Sequence& s, const Work& work) {
  float* slot = slots + s.first();
  forState(s, work, W, [&](int64_t i, auto lanes) { store(slot + i, load(initial + i, lanes), lanes); });
}

/** The state [N,H] that step t reads: before the first step no thread has waited for what others put into the slot. */
INLINE const float* slotBefore(const float* slots, const float* initial, const Sequence& s, int64_t t) {
  return t == s.step(0) ? initial : slots + s.before(t);
}

/** y [N,H] = 0, for this thread's units of plain panels. */
INLINE void clearState(float* y, const Sequence& s, const Work& work) {
  forState(s, work, plainPitch, [&](int64_t i, auto lanes) { store(y + i, Floats{}, lanes); });
}

/** Rows so few that splitting them among threads wastes what the threads' caches could hold together. */
constexpr int64_t fewRows = 4;
/** Words of a recurrent matrix from which on few rows split it, though there is a row for every thread. */
constexpr int64_t muchWeight = 1 << 16;

/**
 * walk(work) for this thread's rows of the batch, at most `limit` at a time. `weight`: words of the recurrent matrix.
 * Threads split the panels of the matrix where rows are fewer than threads, or few and the matrix large.
 */
template <typename Walk>
INLINE void forRows(int64_t N, int64_t limit, int64_t weight, const Team& team, Walk walk) {
  const bool byPanels = team.size > 1 && (N < team.size || (N <= fewRows && weight >= muchWeight));
  const Range mine = byPanels ? Range{0, N} : share(N, team);
  const int64_t blocks = ceilDiv(mine.end - mine.begin, limit);
  for (int64_t i = 0; i < blocks; i++) {
    const Range r = piece(mine.end - mine.begin, blocks, i);
    const Range rows{mine.begin + r.begin, mine.begin + r.end};
    walk(byPanels ? Work{rows, team.size, team.rank, team} : Work{rows, 1, 0, team});
  }
}

}  // namespace UNROLLED
