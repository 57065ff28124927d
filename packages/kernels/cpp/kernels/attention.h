// Additive attention (Bahdanau 2015): energy' tanh(keys + asked), softmax over the places, the mean of their values. The tanh
// are made where they are used and made again on the way back: to keep them would be K S A words for each row.
// N batch, K queries of a row, S places, A units, C width of a place. Threads split the rows; no row is in two hands.
#pragma once

#include "softmax.h"

namespace UNROLLED {

/** How many of the S places row n has. */
INLINE int64_t placesOf(const int32_t* lengths, int64_t n, int64_t S) {
  return lengths ? most(0, least(lengths[n], S)) : S;
}

/** energy' tanh(key + asked). */
INLINE float scoreOf(const float* key, const float* asked, const float* energy, int64_t A) {
  Floats sum{};
  forVectors(0, A, [&](int64_t i, auto lanes) {
    sum = fma(load(energy + i, lanes), tanh(load(key + i, lanes) + load(asked + i, lanes)), sum);
  });
  return sumOfLanes(sum);
}

/** Softmax of x [n], in place. */
INLINE void softmaxRow(float* x, int64_t n) {
  const RowSum row = sumExp(x, n);
  const float scale = 1.0f / row.sum;
  forVectors(0, n, [&](int64_t i, auto lanes) {
    store(x + i, exp(load(x + i, lanes) - row.maximum) * scale, lanes);
  });
}

/** y [VECTORS*W] = the sum over n rows of x, C words apart, each times its weight. */
template <int VECTORS, typename Lanes>
INLINE void weigh(float* y, const float* weights, const float* x, int64_t n, int64_t C, Lanes lanes) {
  Floats sum[VECTORS] = {};
  for (int64_t s = 0; s < n; s++) {
    const Floats w = spread(weights[s]);
#pragma GCC unroll 8
    for (int v = 0; v < VECTORS; v++) sum[v] = fma(w, load(x + s * C + v * W, lanes), sum[v]);
  }
#pragma GCC unroll 8
  for (int v = 0; v < VECTORS; v++) store(y + v * W, sum[v], lanes);
}

/** Queries back to which one looks for its like. */
constexpr int64_t likeRows = 8;

/** A query from `first` on that asks the same as query r, or r: hypotheses that go on from one have one state. */
INLINE int64_t likeOf(const AttendArgs& a, int64_t first, int64_t r) {
  for (int64_t i = most(first, r - likeRows); i < r; i++)
    if (__builtin_memcmp(a.asked + i * a.A, a.asked + r * a.A, a.A * sizeof(float)) == 0) return i;
  return r;
}

inline void attend(const AttendArgs& a, const Team& team) {
  const int64_t S = a.S, A = a.A, C = a.C;
  const Range mine = share(a.N * a.K, team);
  for (int64_t r = mine.begin; r < mine.end; r++) {
    const int64_t n = r / a.K, there = placesOf(a.lengths, n, S), like = likeOf(a, most(mine.begin, n * a.K), r);
    float* weights = a.weights + r * S;
    if (like < r) {
      __builtin_memcpy(weights, a.weights + like * S, S * sizeof(float));
      __builtin_memcpy(a.context + r * C, a.context + like * C, C * sizeof(float));
      continue;
    }
    for (int64_t s = 0; s < there; s++)
      weights[s] = scoreOf(a.keys + (n * S + s) * A, a.asked + r * A, a.energy, A);
    if (there > 0) softmaxRow(weights, there);
    const float rest = there > 0 ? 0.0f : 1.0f / static_cast<float>(S);
    for (int64_t s = there; s < S; s++) weights[s] = rest;
    const int64_t seen = there > 0 ? there : S;
    const float* values = a.values + n * S * C;
    float* context = a.context + r * C;
    int64_t c = 0;
    for (; c + 8 * W <= C; c += 8 * W) weigh<8>(context + c, weights, values + c, seen, C, Full{});
    forVectors(c, C, [&](int64_t j, auto lanes) { weigh<1>(context + j, weights, values + j, seen, C, lanes); });
  }
}

INLINE float dot(const float* x, const float* y, int64_t n) {
  Floats sum{};
  forVectors(0, n, [&](int64_t i, auto lanes) { sum = fma(load(x + i, lanes), load(y + i, lanes), sum); });
  return sumOfLanes(sum);
}

inline void attendGrad(const AttendGradArgs& a, const Team& team) {
  const int64_t S = a.S, A = a.A, C = a.C;
  const Range mine = share(a.N * a.K, team);
  for (int64_t r = mine.begin; r < mine.end; r++) {
    const int64_t n = r / a.K, there = placesOf(a.lengths, n, S);
    const float* weights = a.weights + r * S;
    float* d = a.dscores + r * S;
    float mean = 0;
    for (int64_t s = 0; s < there; s++) {
      d[s] = dot(a.values + (n * S + s) * C, a.dcontext + r * C, C) + (a.dweights ? a.dweights[r * S + s] : 0.0f);
      mean += d[s] * weights[s];
    }
    for (int64_t s = 0; s < there; s++) d[s] = weights[s] * (d[s] - mean);
    for (int64_t s = there; s < S; s++) d[s] = 0;
    forVectors(0, A, [&](int64_t i, auto lanes) {
      const Floats asked = load(a.asked + r * A + i, lanes);
      Floats sum{};
      for (int64_t s = 0; s < there; s++) {
        const Floats y = tanh(load(a.keys + (n * S + s) * A + i, lanes) + asked);
        sum = fma(spread(d[s]), 1.0f - y * y, sum);
      }
      store(a.dasked + r * A + i, load(a.energy + i, lanes) * sum, lanes);
    });
  }
}

/** Queries whose units a thread has at hand at a time. */
constexpr int64_t askedRows = 1024;

/** dkeys and denergy of row n, W units from `unit` on. */
template <typename Lanes>
INLINE void keysGradUnits(const AttendKeysGradArgs& a, int64_t n, int64_t unit, float* asked, Lanes lanes) {
  const int64_t S = a.S, A = a.A, there = placesOf(a.lengths, n, S);
  const Floats energy = load(a.energy + unit, lanes);
  Floats total{};
  for (int64_t k0 = 0; k0 < a.K || k0 == 0; k0 += askedRows) {
    const int64_t count = least(askedRows, a.K - k0);
    for (int64_t k = 0; k < count; k++) store(asked + k * W, load(a.asked + ((k0 + k) * a.N + n) * A + unit, lanes));
    for (int64_t s = 0; s < S; s++) {
      float* dkey = a.dkeys + (n * S + s) * A + unit;
      const float* dscore = a.dscores + (k0 * a.N + n) * S + s;
      Floats sum{};
      if (s < there) {
        const Floats key = load(a.keys + (n * S + s) * A + unit, lanes);
        for (int64_t k = 0; k < count; k++) {
          const Floats d = spread(dscore[k * a.N * S]);
          const Floats y = tanh(key + load(asked + k * W));
          sum = fma(d, 1.0f - y * y, sum);
          total = fma(d, y, total);
        }
      }
      store(dkey, fma(energy, sum, k0 > 0 ? load(dkey, lanes) : Floats{}), lanes);
    }
  }
  store(a.denergy + n * A + unit, total, lanes);
}

inline void attendKeysGrad(const AttendKeysGradArgs& a, const Team& team) {
  const Range mine = share(a.N, team);
  for (int64_t n = mine.begin; n < mine.end; n++)
    forVectors(0, a.A, [&](int64_t unit, auto lanes) { keysGradUnits(a, n, unit, team.scratch, lanes); });
}

}  // namespace UNROLLED
