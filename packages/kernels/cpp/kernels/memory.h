// Kernels that move numbers: fill, strided copy, rows by id (gather, scatterAdd), guarded assignment.
// R rows, D columns, V rows of a table.
#pragma once

#include "../table.h"
#include "vector.h"

namespace UNROLLED {

inline void fill(const FillArgs& a, const Team& team) {
  const Range mine = shareWords(a.n, team);
  const Floats value = spread(static_cast<float>(a.value));
  forVectors(mine.begin, mine.end, [&](int64_t i, auto lanes) { store(a.y + i, value, lanes); });
}

/** A strided copy of up to four dimensions. Bits are moved as integers: floats and ids alike. */
struct Block {
  int64_t d[4], ys[4], xs[4];
};

/** The same copy in as few dimensions as possible, outer ones 1. */
inline Block coalesce(const CopyArgs& a) {
  const int64_t d[4] = {a.d0, a.d1, a.d2, a.d3};
  const int64_t ys[4] = {a.ys0, a.ys1, a.ys2, a.ys3}, xs[4] = {a.xs0, a.xs1, a.xs2, a.xs3};
  Block b = {{1, 1, 1, 1}, {0, 0, 0, 1}, {0, 0, 0, 1}};
  int inner = 4;  // the innermost dimension kept so far
  for (int i = 3; i >= 0; i--) {
    if (d[i] == 1) continue;
    if (inner < 4 && ys[i] == b.ys[inner] * b.d[inner] && xs[i] == b.xs[inner] * b.d[inner]) {
      b.d[inner] *= d[i];
      continue;
    }
    inner--;
    b.d[inner] = d[i];
    b.ys[inner] = ys[i];
    b.xs[inner] = xs[i];
  }
  return b;
}

INLINE void copyRun(int32_t* y, int64_t ys, const int32_t* x, int64_t xs, int64_t n) {
  if (ys == 1 && xs == 1) {
    for (int64_t i = 0; i < n; i++) y[i] = x[i];
  } else {
    for (int64_t i = 0; i < n; i++) y[i * ys] = x[i * xs];
  }
}

/** Elements of the innermost dimension that one thread copies at a time, and rows of a transposing copy. */
constexpr int64_t copyRunWords = 4096, copyBlock = 16;

INLINE void swapDimensions(Block& b, int i, int j) {
  int64_t* lists[] = {b.d, b.ys, b.xs};
  for (int64_t* v : lists) {
    const int64_t kept = v[i];
    v[i] = v[j];
    v[j] = kept;
  }
}

/** One run of words cut into d2 rows of d3, of which each thread copies its own. */
INLINE void copyRows(const CopyArgs& a, const Team& team) {
  const Range mine = share(a.d2, team);
  copyRun(reinterpret_cast<int32_t*>(a.y) + mine.begin * a.d3, 1, reinterpret_cast<const int32_t*>(a.x) + mine.begin * a.d3,
          1, (mine.end - mine.begin) * a.d3);
}

inline void copy(const CopyArgs& a, const Team& team) {
  if (team.rows) return copyRows(a, team);
  Block b = coalesce(a);
  if (b.d[0] * b.d[1] * b.d[2] * b.d[3] == 0) return;
  if (b.xs[3] != 1)  // a dimension along which x is dense comes next to the innermost: read and written in squares
    for (int i = 0; i < 2; i++)
      if (b.d[i] > 1 && b.xs[i] == 1) swapDimensions(b, i, 2);
  const bool squares = b.xs[3] != 1 && b.d[2] > 1 && b.xs[2] == 1;
  const int64_t height = squares ? copyBlock : 1, width = squares ? copyBlock : copyRunWords;
  const int64_t rows = ceilDiv(b.d[2], height), runs = ceilDiv(b.d[3], copyRunWords);
  const Range mine = share(b.d[0] * b.d[1] * rows * runs, team);
  for (int64_t i = mine.begin; i < mine.end; i++) {
    const int64_t end = least((i % runs + 1) * copyRunWords, b.d[3]);
    const int64_t i2 = i / runs % rows * height, i1 = i / runs / rows % b.d[1], i0 = i / runs / rows / b.d[1];
    for (int64_t i3 = i % runs * copyRunWords; i3 < end; i3 += width)
      for (int64_t r = i2; r < least(i2 + height, b.d[2]); r++) {
        const int64_t y = i0 * b.ys[0] + i1 * b.ys[1] + r * b.ys[2] + i3 * b.ys[3];
        const int64_t x = i0 * b.xs[0] + i1 * b.xs[1] + r * b.xs[2] + i3 * b.xs[3];
        copyRun(reinterpret_cast<int32_t*>(a.y) + y, b.ys[3], reinterpret_cast<const int32_t*>(a.x) + x, b.xs[3],
                least(width, end - i3));
      }
  }
}

inline void gather(const GatherArgs& a, const Team& team) {
  const Range mine = share(a.R, team);
  for (int64_t r = mine.begin; r < mine.end; r++) {
    const int64_t id = a.ids[r];
    const bool known = id >= 0 && id < a.V;
    const float* row = a.table + id * a.D;
    forVectors(0, a.D, [&](int64_t j, auto lanes) {
      store(a.y + r * a.D + j, known ? load(row + j, lanes) : Floats{}, lanes);
    });
  }
}

/** Threads split the columns, so that every row of the table is added in the order of R. */
inline void scatterAdd(const ScatterAddArgs& a, const Team& team) {
  const Range columns = shareWords(a.D, team);
  for (int64_t v = 0; v < a.V; v++)
    forVectors(columns.begin, columns.end,
               [&](int64_t j, auto lanes) { store(a.table + v * a.D + j, Floats{}, lanes); });
  for (int64_t r = 0; r < a.R; r++) {
    const int64_t id = a.ids[r];
    if (id < 0 || id >= a.V) continue;
    float* row = a.table + id * a.D;
    forVectors(columns.begin, columns.end, [&](int64_t j, auto lanes) {
      store(row + j, load(row + j, lanes) + load(a.x + r * a.D + j, lanes), lanes);
    });
  }
}

/** Whether an update may be written: no guard, or a finite one. */
INLINE bool allowed(const float* guard) { return guard == nullptr || *guard - *guard == 0.0f; }

inline void assign(const AssignArgs& a, const Team& team) {
  if (!allowed(a.guard)) return;
  const Range mine = shareWords(a.n, team);
  copyRun(reinterpret_cast<int32_t*>(a.y) + mine.begin, 1, reinterpret_cast<const int32_t*>(a.x) + mine.begin, 1,
          mine.end - mine.begin);
}

/** A number of a row and where it stands. */
struct Placed {
  float value;
  int64_t place;  // -1: none
};

/** The greatest of the whole vectors of x [n] above -infinity, the first of equals; each lane keeps its own first. */
INLINE Placed greatestPlaced(const float* x, int64_t n) {
  Floats best = spread(-__builtin_inff());
  Ints places = spread(-1), here = spread(0);
  for (int i = 0; i < W; i++) here[i] = i;
  for (int64_t i = 0; i + W <= n; i += W, here += W) {
    const Floats v = load(x + i);
    const Ints better = v > best;
    best = better ? v : best;
    places = better ? here : places;
  }
  Placed most{-__builtin_inff(), -1};
  for (int i = 0; i < W; i++) {
    const bool first = most.place < 0 || places[i] < most.place;
    if (places[i] >= 0 && (best[i] > most.value || (best[i] == most.value && first))) most = {best[i], places[i]};
  }
  return most;
}

/** The first of the largest; NaN never wins. */
inline void argmax(const ArgmaxArgs& a, const Team& team) {
  const Range mine = share(a.R, team);
  for (int64_t r = mine.begin; r < mine.end; r++) {
    const float* x = a.x + r * a.n;
    Placed most = greatestPlaced(x, a.n);
    for (int64_t i = a.n / W * W; i < a.n; i++)
      if (x[i] > most.value) most = {x[i], i};
    if (most.place < 0)
      for (int64_t i = a.n - 1; i >= 0; i--)  // nothing above -infinity
        if (x[i] == x[i]) most.place = i;
    a.y[r] = static_cast<int32_t>(most.place < 0 ? 0 : most.place);
  }
}

inline void toIds(const ToIdsArgs& a, const Team& team) {
  const Range mine = share(a.n, team);
  for (int64_t i = mine.begin; i < mine.end; i++) {
    const float x = a.x[i];
    // 2^31 is a float; the largest below it is an i32.
    a.y[i] = x >= 0 && x < 2147483648.0f ? static_cast<int32_t>(x) : -1;
  }
}

}  // namespace UNROLLED
