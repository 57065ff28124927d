// The k likeliest of each row and their log-probabilities. R rows of n scores.
#pragma once

#include "../table.h"
#include "softmax.h"

namespace UNROLLED {

/** Whether any lane is set (all bits, as comparisons give). */
INLINE bool anyLane(Ints mask) {
#if W == 16 && defined(__AVX512F__)
  return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#elif W == 8 && defined(__AVX2__)
  return _mm256_movemask_epi8((__m256i)mask) != 0;
#else
  int64_t words[W / 2];
  __builtin_memcpy(words, &mask, sizeof mask);
  int64_t all = 0;
  for (int i = 0; i < W / 2; i++) all |= words[i];
  return all != 0;
#endif
}

/** The largest that have been seen: scores best first, and where they lie. */
struct Largest {
  float* scores;
  int32_t* ids;
  int64_t k;
  float least = -__builtin_inff();  // what a score must exceed to be among them

  INLINE void clear() {
    for (int64_t i = 0; i < k; i++) {
      scores[i] = -__builtin_inff();
      ids[i] = -1;
    }
  }

  inline void add(float score, int64_t id) {
    if (k == 0 || !(score > least)) return;
    int64_t i = k - 1;
    for (; i > 0 && scores[i - 1] < score; i--) {
      scores[i] = scores[i - 1];
      ids[i] = ids[i - 1];
    }
    scores[i] = score;
    ids[i] = static_cast<int32_t>(id);
    least = scores[k - 1];
  }
};

/** Four vectors at a time are compared with the least that counts; only where one exceeds it are they looked at. */
inline void findLargest(Largest& found, const float* x, int64_t n) {
  constexpr int64_t step = 4 * W;
  int64_t i = 0;
  for (; i + step <= n; i += step) {
    const Floats least = spread(found.least);
    const Ints above =
        (load(x + i) > least) | (load(x + i + W) > least) | (load(x + i + 2 * W) > least) | (load(x + i + 3 * W) > least);
    if (!anyLane(above)) continue;
    for (int64_t j = i; j < i + step; j++) found.add(x[j], j);
  }
  for (; i < n; i++) found.add(x[i], i);
}

inline void topK(const TopKArgs& a, const Team& team) {
  const Range mine = share(a.R, team);
  for (int64_t r = mine.begin; r < mine.end; r++) {
    const float* x = a.x + r * a.n;
    float* values = a.values + r * a.k;
    int32_t* ids = a.ids + r * a.k;
    Largest found{values, ids, a.k};
    found.clear();
    findLargest(found, x, a.n);
    // The best is the maximum, or the sum has a NaN in it whatever is subtracted.
    const float maximum = a.k > 0 ? values[0] : reduceRun<Greatest>(x, a.n);
    const float logSum = logOne(reduceRun<Sum>(x, a.n, [=](Floats v) { return exp(v - maximum); }));
    for (int64_t i = 0; i < a.k && ids[i] >= 0; i++) values[i] = (values[i] - maximum) - logSum;
    const int64_t id = a.asked[r];
    a.logAsked[r] = id >= 0 && id < a.n ? (x[id] - maximum) - logSum : 0.0f;
  }
}

}  // namespace UNROLLED
