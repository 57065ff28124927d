// Softmax, log-softmax and cross-entropy by rows; the maximum of a row is subtracted before any exponential.
// R rows, V vocabulary.
#pragma once

#include "math.h"
#include "reduce.h"

namespace UNROLLED {

/** log of one number, by the vector code. */
INLINE float logOne(float x) { return log(spread(x))[0]; }

/** The maximum of a row and the sum of exp(x - maximum); log sum exp = maximum + log(sum). */
struct RowSum {
  float maximum, sum;
};

INLINE float sumExp(const float* x, int64_t n, float maximum) {
  return reduceRun<Sum>(x, n, [=](Floats v) { return exp(v - maximum); });
}

INLINE RowSum sumExp(const float* x, int64_t n) {
  const float maximum = reduceRun<Greatest>(x, n);
  return {maximum, sumExp(x, n, maximum)};
}

inline void softmax(const SoftmaxArgs& a, const Team& team) {
  const Range mine = share(a.R, team);
  for (int64_t r = mine.begin; r < mine.end; r++) {
    const float* x = a.x + r * a.n;
    float* y = a.y + r * a.n;
    const RowSum row = sumExp(x, a.n);
    const float logSum = logOne(row.sum), scale = 1.0f / row.sum;
    forVectors(0, a.n, [&](int64_t i, auto lanes) {
      const Floats shifted = load(x + i, lanes) - row.maximum;
      store(y + i, a.log ? shifted - logSum : exp(shifted) * scale, lanes);
    });
  }
}

inline void softmaxGrad(const SoftmaxGradArgs& a, const Team& team) {
  const Range mine = share(a.R, team);
  for (int64_t r = mine.begin; r < mine.end; r++) {
    const float* y = a.y + r * a.n;
    const float* dy = a.dy + r * a.n;
    float* dx = a.dx + r * a.n;
    float sum;
    if (a.log) {
      sum = reduceRun<Sum>(dy, a.n);
    } else {
      Floats total{};
      forVectors(0, a.n, [&](int64_t i, auto lanes) { total = fma(load(dy + i, lanes), load(y + i, lanes), total); });
      sum = sumOfLanes(total);
    }
    forVectors(0, a.n, [&](int64_t i, auto lanes) {
      const Floats yi = load(y + i, lanes), dyi = load(dy + i, lanes);
      store(dx + i, a.log ? dyi - exp(yi) * sum : yi * (dyi - sum), lanes);
    });
  }
}

INLINE bool counts(int64_t target, int64_t V, int64_t ignore) { return target != ignore && target >= 0 && target < V; }

/** Rows whose steps take turns, so that they need not wait for one another: as many as the nearest cache holds. */
constexpr int64_t sideRows = 16;
constexpr int64_t sideWords = 4096;

inline void crossEntropy(const CrossEntropyArgs& a, const Team& team) {
  const Range mine = share(a.R, team);
  const int64_t rows = most(1, least(sideRows, sideWords / most(1, a.V)));
  float maxima[sideRows], sums[sideRows];
  for (int64_t begin = mine.begin; begin < mine.end; begin += rows) {
    const int64_t count = least(rows, mine.end - begin);
    const float* x = a.logits + begin * a.V;
    for (int64_t i = 0; i < count; i++) maxima[i] = reduceRun<Greatest>(x + i * a.V, a.V);
    for (int64_t i = 0; i < count; i++) sums[i] = sumExp(x + i * a.V, a.V, maxima[i]);
    forVectors(0, count, [&](int64_t i, auto lanes) { store(sums + i, log(load(sums + i, lanes)), lanes); });
    for (int64_t i = 0; i < count; i++) {
      const int64_t r = begin + i, target = a.targets[r];
      const bool counted = counts(target, a.V, a.ignore);
      a.lse[r] = maxima[i] + sums[i];
      a.loss[r] = counted ? (maxima[i] - x[i * a.V + target]) + sums[i] : 0.0f;
      a.weight[r] = counted ? 1.0f : 0.0f;
    }
  }
}

inline void crossEntropyGrad(const CrossEntropyGradArgs& a, const Team& team) {
  const Range mine = share(a.R, team);
  for (int64_t r = mine.begin; r < mine.end; r++) {
    const float* logits = a.logits + r * a.V;
    float* dlogits = a.dlogits + r * a.V;
    const bool counted = counts(a.targets[r], a.V, a.ignore);
    const float dloss = counted ? a.dloss[r] : 0.0f, lse = a.lse[r];
    forVectors(0, a.V, [&](int64_t i, auto lanes) {
      store(dlogits + i, counted ? exp(load(logits + i, lanes) - lse) * dloss : Floats{}, lanes);
    });
    if (counted) dlogits[a.targets[r]] -= dloss;
  }
}

}  // namespace UNROLLED
