// Sums and maxima. The order of additions depends on shapes alone: sums run in blocks of at most 128 terms whose sums
// are added in order, and a sum that threads share is cut into a fixed number of pieces.
#pragma once

#include "../table.h"
#include "vector.h"

namespace UNROLLED {

constexpr int64_t sumBlock = 128;
constexpr int64_t sumPieces = 64;

struct Sum {
  static constexpr float start = 0.0f;
  INLINE static Floats join(Floats a, Floats b) { return a + b; }
  INLINE static float lanes(Floats v) { return sumOfLanes(v); }
};

struct Greatest {
  static constexpr float start = -__builtin_inff();
  INLINE static Floats join(Floats a, Floats b) { return greater(a, b); }
  INLINE static float lanes(Floats v) { return greatestLane(v); }
};

struct Same {
  INLINE Floats operator()(Floats x) const { return x; }
};

/** Lanes past the part, which `load` left 0, become the neutral element. */
INLINE Floats neutral(Floats v, float, Full) { return v; }
INLINE Floats neutral(Floats v, float start, Part part) {
  Ints lane;
  for (int i = 0; i < W; i++) lane[i] = i;
  return lane < spread(static_cast<int32_t>(part.count)) ? v : spread(start);
}

/** Joins f(x[i]) for i in [0, n): four vectors side by side, in blocks of `sumBlock` each. */
template <typename Join, typename F = Same>
INLINE float reduceRun(const float* x, int64_t n, F f = {}) {
  constexpr int64_t step = 4 * W;
  Floats total = spread(Join::start);
  int64_t i = 0;
  while (i + step <= n) {
    const int64_t end = least(i + sumBlock * step, n - n % step);
    Floats part[4] = {total, spread(Join::start), spread(Join::start), spread(Join::start)};
    for (; i < end; i += step)
#pragma GCC unroll 4
      for (int v = 0; v < 4; v++) part[v] = Join::join(part[v], f(load(x + i + v * W)));
    total = Join::join(Join::join(part[0], part[1]), Join::join(part[2], part[3]));
  }
  forVectors(i, n, [&](int64_t j, auto lanes) {
    total = Join::join(total, neutral(f(load(x + j, lanes)), Join::start, lanes));
  });
  return Join::lanes(total);
}

/** y [VECTORS*W] = scale * join over n rows of x, `stride` apart. With Part lanes VECTORS is 1. */
template <typename Join, int VECTORS, typename Lanes>
INLINE void reduceColumns(float* y, const float* x, int64_t n, int64_t stride, float scale, Lanes lanes) {
  Floats total[VECTORS];
  for (int v = 0; v < VECTORS; v++) total[v] = spread(Join::start);
  for (int64_t i = 0; i < n;) {
    Floats part[VECTORS];
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++) part[v] = spread(Join::start);
    for (const int64_t end = least(i + sumBlock, n); i < end; i++)
#pragma GCC unroll 8
      for (int v = 0; v < VECTORS; v++) part[v] = Join::join(part[v], load(x + i * stride + v * W, lanes));
    for (int v = 0; v < VECTORS; v++) total[v] = Join::join(total[v], part[v]);
  }
  for (int v = 0; v < VECTORS; v++) store(y + v * W, total[v] * scale, lanes);
}

/** Columns [begin, end) of y = join over n rows of x. */
template <typename Join>
inline void reduceStrip(float* y, const float* x, int64_t n, int64_t stride, Range columns, float scale) {
  constexpr int vectors = 8;
  int64_t j = columns.begin;
  for (; j + vectors * W <= columns.end; j += vectors * W)
    reduceColumns<Join, vectors>(y + j, x + j, n, stride, scale, Full{});
  forVectors(j, columns.end,
             [&](int64_t i, auto lanes) { reduceColumns<Join, 1>(y + i, x + i, n, stride, scale, lanes); });
}

/** One long run, cut into pieces for the threads. */
template <typename Join, typename F = Same>
INLINE void reduceShared(float* y, const float* x, int64_t n, float scale, const Team& team, F f = {}) {
  const int64_t pieces = n < 4096 ? 1 : sumPieces;
  const Range mine = share(pieces, team);
  for (int64_t i = mine.begin; i < mine.end; i++) {
    const Range r = piece(n, pieces, i);
    team.shared[i] = reduceRun<Join>(x + r.begin, r.end - r.begin, f);
  }
  team.barrier();
  if (team.rank == 0) *y = scale * reduceRun<Join>(team.shared, pieces);
  team.barrier();  // the shared words are free again
}

template <typename Join>
inline void reduceBy(const ReduceArgs& a, const Team& team) {
  const float scale = static_cast<float>(a.scale);
  if (a.inner == 1 && a.outer == 1) return reduceShared<Join>(a.y, a.x, a.n, scale, team);
  if (a.inner == 1) {
    const Range mine = share(a.outer, team);
    for (int64_t i = mine.begin; i < mine.end; i++) a.y[i] = scale * reduceRun<Join>(a.x + i * a.n, a.n);
    return;
  }
  if (a.outer < team.size) {
    const Range columns = shareWords(a.inner, team);
    for (int64_t i = 0; i < a.outer; i++)
      reduceStrip<Join>(a.y + i * a.inner, a.x + i * a.n * a.inner, a.n, a.inner, columns, scale);
    return;
  }
  const Range mine = share(a.outer, team);
  for (int64_t i = mine.begin; i < mine.end; i++)
    reduceStrip<Join>(a.y + i * a.inner, a.x + i * a.n * a.inner, a.n, a.inner, {0, a.inner}, scale);
}

inline void reduce(const ReduceArgs& a, const Team& team) {
  if (a.outer == 0 || a.inner == 0) return;
  a.kind == 0 ? reduceBy<Sum>(a, team) : reduceBy<Greatest>(a, team);
}

inline void sumSquares(const SumSquaresArgs& a, const Team& team) {
  reduceShared<Sum>(a.y, a.x, a.n, 1.0f, team, [](Floats x) { return x * x; });
}

}  // namespace UNROLLED
