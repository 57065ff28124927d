// The k likeliest of each row and their log-probabilities: of scores that are there, or of a product whose scores are looked at while
// they are in the nearest cache and never stored. R or M rows of n or N scores. Both go through a row panel by panel, so that they
// give the same bits.
#pragma once

#include "multiply.h"
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

/** What is known of the scores of a row that have been seen: the k largest, best first, and the sum of exp(x - maximum). */
struct Likeliest {
  float* scores;
  int32_t* ids;
  int64_t k;
  float least;    // what a score must exceed to be among the k
  float maximum;  // NaN left out
  Floats sum;     // NaN where any score is

  INLINE void begin(float* values, int32_t* places, int64_t count) {
    *this = {values, places, count, -__builtin_inff(), -__builtin_inff(), Floats{}};
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

  /** The maximum is at least this from now on; what was summed is measured by it. */
  INLINE void raise(float to) {
    if (!(to > maximum)) return;
    sum *= expNegative(spread(maximum - to));
    maximum = to;
  }

  /** `count` of the scores x [VECTORS*W], of which the first has the given id. */
  template <int VECTORS>
  INLINE void see(const float* x, int64_t count, int64_t id) {
    Floats v[VECTORS], top = spread(-__builtin_inff());
#pragma GCC unroll 4
    for (int j = 0; j < VECTORS; j++) {
      const int64_t left = count - j * W;
      v[j] = left >= W ? load(x + j * W) : someOf(x + j * W, left);
      top = v[j] > top ? v[j] : top;
    }
    if (anyLane(top > spread(maximum))) raise(greatestLane(top));
    const float shift = maximum == -__builtin_inff() ? 0.0f : maximum;
#pragma GCC unroll 4
    for (int j = 0; j < VECTORS; j++) sum += expNegative(v[j] - shift);
    if (!anyLane(top > spread(least))) return;
    for (int j = 0; j < VECTORS; j++) {
      if (!anyLane(v[j] > spread(least))) continue;
      for (int64_t i = j * W; i < (count < j * W + W ? count : j * W + W); i++) add(x[i], id + i);
    }
  }

  /** Scores become log-probabilities. */
  INLINE float finish() {
    const float logSum = logOne(sumOfLanes(sum));
    for (int64_t i = 0; i < k && ids[i] >= 0; i++) scores[i] = (scores[i] - maximum) - logSum;
    return logSum;
  }

 private:
  /** The first of x, and minus infinity in the other lanes; none are read. */
  INLINE static Floats someOf(const float* x, int64_t count) {
    alignas(64) float lanes[W];
    for (int64_t i = 0; i < W; i++) lanes[i] = i < count ? x[i] : -__builtin_inff();
    return load(lanes);
  }
};

inline void topK(const TopKArgs& a, const Team& team) {
  const Range mine = share(a.R, team);
  for (int64_t r = mine.begin; r < mine.end; r++) {
    const float* x = a.x + r * a.n;
    Likeliest found;
    found.begin(a.values + r * a.k, a.ids + r * a.k, a.k);
    for (int64_t i = 0; i < a.n; i += plainPitch) found.see<plainVectors>(x + i, least(plainPitch, a.n - i), i);
    const float logSum = found.finish();
    const int64_t id = a.asked[r];
    a.logAsked[r] = id >= 0 && id < a.n ? (x[id] - found.maximum) - logSum : 0.0f;
  }
}

/** Terms that a block of rows has at hand at a time, and the rows of a block: their tiles take 192 KiB at most. */
constexpr int64_t likelyTerms = 2048, likelyRows = 192, likelyWords = likelyTerms * 24;

struct LikelyScratch {
  Likeliest* found;  // [likelyRows]
  float* scores;     // [likelyRows, plainPitch]
  float* tiles;
};

static_assert(likelyRows * (plainPitch + sizeof(Likeliest) / 4) +
                  ceilDiv(likelyRows, tileRows(plainVectors)) * 16 + 2 * likelyWords * gatheredPitch(plainVectors) /
                      tileRows(plainVectors) + likelyTerms * gatheredPitch(plainVectors) <=
              scratchWords);

INLINE LikelyScratch likelyScratch(const Team& team) {
  float* scores = team.scratch + likelyRows * (sizeof(Likeliest) / sizeof(float));
  return {reinterpret_cast<Likeliest*>(team.scratch), scores, scores + likelyRows * plainPitch};
}

/** Scores [rows, plainPitch] of one panel. */
template <typename M>
INLINE void scorePanel(const TopKProductArgs& m, Range rows, int64_t panel, const LikelyScratch& scratch) {
  const int64_t column = panel * plainPitch, count = least(plainPitch, m.N - column), depth = ceilDiv(m.K, M::terms);
  alignas(64) float bias[plainPitch] = {};
  if (m.bias) __builtin_memcpy(bias, m.bias + column, count * sizeof(float));
  for (int64_t k0 = 0; k0 < m.K || k0 == 0; k0 += likelyTerms) {
    const RowTiles<plainVectors, M> a{rows.end - rows.begin, least(likelyTerms, m.K - k0), scratch.tiles};
    if (panel == 0 || m.K > likelyTerms) a.gatherRows(m.a + rows.begin * m.K + k0, m.K);
    for (int64_t w = 0; w < a.depth || w == 0; w += blockDepth) {
      const int64_t words = least(blockDepth, a.depth - w);
      const float* p = m.p + (panel * depth + k0 / M::terms + w) * plainPitch;
      const bool first = k0 == 0 && w == 0;
      const Corner c{first ? bias : scratch.scores, first ? 0 : plainPitch, scratch.scores, plainPitch};
      a.multiply(w, words, p, p + depth * plainPitch, c, count);
    }
  }
}

template <typename M>
INLINE void topKProductAs(const TopKProductArgs& m, const Team& team) {
  const Range mine = share(m.M, team);
  const LikelyScratch scratch = likelyScratch(team);
  const int64_t height = most(24, least(likelyRows, likelyWords / most(1, least(m.K, likelyTerms))));
  const int64_t blocks = ceilDiv(mine.end - mine.begin, height), panels = ceilDiv(m.N, plainPitch);
  for (int64_t block = 0; block < blocks; block++) {
    const Range part = piece(mine.end - mine.begin, blocks, block);
    const Range rows{mine.begin + part.begin, mine.begin + part.end};
    for (int64_t r = rows.begin; r < rows.end; r++) {
      scratch.found[r - rows.begin].begin(m.values + r * m.k, m.ids + r * m.k, m.k);
      m.logAsked[r] = 0;
    }
    for (int64_t panel = 0; panel < panels; panel++) {
      scorePanel<M>(m, rows, panel, scratch);
      const int64_t column = panel * plainPitch, count = least(plainPitch, m.N - column);
      for (int64_t r = rows.begin; r < rows.end; r++) {
        const float* x = scratch.scores + (r - rows.begin) * plainPitch;
        scratch.found[r - rows.begin].template see<plainVectors>(x, count, column);
        const int64_t asked = m.asked[r] - column;
        if (asked >= 0 && asked < count) m.logAsked[r] = x[asked];
      }
    }
    for (int64_t r = rows.begin; r < rows.end; r++) {
      Likeliest& found = scratch.found[r - rows.begin];
      const float logSum = found.finish();
      const int64_t id = m.asked[r];
      if (id >= 0 && id < m.N) m.logAsked[r] = (m.logAsked[r] - found.maximum) - logSum;
    }
  }
}

inline void topKProduct(const TopKProductArgs& m, const Team& team) {
  withProducts(team, [&](auto how) { topKProductAs<decltype(how)>(m, team); });
}

}  // namespace UNROLLED
