// What the recurrent layers with layer normalisation share (Ba 2016): statistics of a row, and a product whose rows must be
// whole before any gate is known. T time, N batch, H hidden. Threads split the batch alone: a row is never in two hands.
#pragma once

#include "recurrent.h"
#include "reduce.h"

namespace UNROLLED {

/** Mean and 1 / standard deviation of x [n], population variance. */
struct Statistics {
  float mean, rstd;
};

INLINE Statistics statisticsOf(const float* x, int64_t n, float epsilon) {
  const float size = static_cast<float>(n);
  const float mean = reduceRun<Sum>(x, n) / size;
  Floats squares{};
  forVectors(0, n, [&](int64_t i, auto lanes) {
    const Floats d = neutral(load(x + i, lanes) - mean, 0.0f, lanes);
    squares = fma(d, d, squares);
  });
  return {mean, 1.0f / __builtin_sqrtf(sumOfLanes(squares) / size + epsilon)};
}

/** Sums over a row, for the gradient of its normalisation: of v = gain dy, and of v times the normalised x. */
struct NormSums {
  Floats v{}, product{};

  INLINE void add(Floats x, Floats normal) {
    v += x;
    product = fma(x, normal, product);
  }

  /** The two means over n numbers. */
  INLINE NormSums means(int64_t n) const {
    const float scale = 1.0f / static_cast<float>(n);
    return {spread(sumOfLanes(v) * scale), spread(sumOfLanes(product) * scale)};
  }

  /** dx, where this holds the means. */
  INLINE Floats back(Floats x, Floats normal, float rstd) const { return rstd * (x - v - normal * product); }
};

/** y [rows, G*H] = a [rows, H] times the packed matrix of G gates. */
template <int G>
INLINE void productRows(const Work& work, const float* a, const float* p, float* y, int64_t H) {
  auto start = [&](const Tile& tile) {
    for (int64_t i = 0; i < (tile.rows.end - tile.rows.begin) * G; i++) store(tile.c + i * W, Floats{});
  };
  auto finish = [&](const Tile& tile) {
    forLanes(tile.units, [&](auto lanes) {
      for (int64_t n = tile.rows.begin; n < tile.rows.end; n++)
        for (int64_t g = 0; g < G; g++)
          store(y + (n * G + g) * H + tile.unit, load(tile.c + ((n - tile.rows.begin) * G + g) * W), lanes);
    });
  };
  forPanels<G>(work, H, a, H, p, H, W, start, finish);
}

/** dh0 = dh + dh0 + next [N, G*H] times R^T, for the rows of `work`; `next` may be absent. */
template <int G>
INLINE void carryRows(const Work& work, const float* dh, float* dh0, const float* next, const float* rT, int64_t H) {
  auto start = [&](const Tile& tile) {
    forTile(tile, [&](float* sum, int64_t n, int64_t unit, auto lanes) {
      store(sum, load(dh + n * H + unit, lanes) + load(dh0 + n * H + unit, lanes));
    });
  };
  auto finish = [&](const Tile& tile) {
    forTile(tile, [&](const float* sum, int64_t n, int64_t unit, auto lanes) {
      store(dh0 + n * H + unit, load(sum), lanes);
    });
  };
  const float* a = next ? next + work.rows.begin * G * H : nullptr;
  forPanels<plainVectors>(work, next ? G * H : 0, a, G * H, rT, H, plainPitch, start, finish);
}

/** walk(work) for this thread's rows of the batch, at most `limit` at a time, each row whole. */
template <typename Walk>
INLINE void forWholeRows(int64_t N, int64_t limit, const Team& team, Walk walk) {
  const Range mine = share(N, team);
  const int64_t blocks = ceilDiv(mine.end - mine.begin, limit);
  for (int64_t i = 0; i < blocks; i++) {
    const Range r = piece(mine.end - mine.begin, blocks, i);
    walk(Work{{mine.begin + r.begin, mine.begin + r.end}, 1, 0, team});
  }
}

INLINE void clearRow(float* y, int64_t n) {
  forVectors(0, n, [&](int64_t i, auto lanes) { store(y + i, Floats{}, lanes); });
}

}  // namespace UNROLLED
