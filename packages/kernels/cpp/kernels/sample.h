// Choosing the next id of each sequence from its scores, in float64: temperature, the k heaviest, the share p of them.
// R sequences, n scores, K rows of text. The rule is device/choose.ts.
#pragma once

#include "../table.h"
#include "exp64.h"
#include "vector.h"

namespace UNROLLED {

/** Scores that are weighed at a time. */
constexpr int64_t weighBlock = 256;

/** An unsigned number that orders as the score does; NaN below all, both zeros alike. */
INLINE uint32_t orderOf(float score) {
  const float x = score + 0.0f;
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  if (x != x) return 0;
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

/** Scores of one sequence, how they are weighed and which stay: those above `least` and the first `ties` that equal it. */
struct Choice {
  const float* x;
  int64_t n, banned;
  double temperature, top;
  uint32_t least = 0;
  int64_t ties = 0;
  bool cut = false;  // whether `least` counts at all

  /** f(id, weight) for every id in order, until f says true. */
  template <typename F>
  INLINE void each(F f) const {
    alignas(64) double w[weighBlock];
    int64_t left = ties;
    for (int64_t begin = 0; begin < n; begin += weighBlock) {
      const int64_t count = least64(n - begin);
      expScores(w, x + begin, count, top, temperature);
      for (int64_t i = 0; i < count; i++) {
        const int64_t id = begin + i;
        if (id == banned || (cut && isCut(id, left))) w[i] = 0;
        if (f(id, w[i])) return;
      }
    }
  }

  INLINE static int64_t least64(int64_t left) { return left < weighBlock ? left : weighBlock; }

  INLINE bool isCut(int64_t id, int64_t& left) const {
    const uint32_t order = orderOf(x[id]);
    return order < least || (order == least && left-- <= 0);
  }
};

/** The largest score; NaN only where there is nothing else, -1 where every id is banned. */
INLINE int64_t largestOf(const float* x, int64_t n, int64_t banned) {
  int64_t best = -1;
  for (int64_t id = 0; id < n; id++)
    if (id != banned && (best < 0 || orderOf(x[id]) > orderOf(x[best]))) best = id;
  return best;
}

/**
 * Cuts the choice: going down from the largest score, ids stay while the mass of those before them is below the limit.
 * Finds the least score that stays digit by digit (radix 256), and how many that equal it stay.
 */
template <typename Mass>
inline void cutBelow(Choice& choice, double limit, Mass mass) {
  uint32_t prefix = 0;
  double held = 0, one = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    double digits[256] = {};
    choice.each([&](int64_t id, double w) {
      const uint32_t order = orderOf(choice.x[id]);
      const bool inside = shift == 24 || order >> (shift + 8) == prefix >> (shift + 8);
      if (inside && w > 0) digits[order >> shift & 255] += mass(w);
      return false;
    });
    int digit = 255;
    while (digit >= 0 && held + digits[digit] < limit) held += digits[digit--];
    if (digit < 0) return;  // all together stay below the limit
    prefix |= static_cast<uint32_t>(digit) << shift;
  }
  choice.each([&](int64_t id, double w) {
    const bool found = w > 0 && orderOf(choice.x[id]) == prefix;
    if (found) one = mass(w);
    return found;
  });
  int64_t ties = 0;
  for (; ties < choice.n && held < limit; ties++) held += one;
  choice.least = prefix;
  choice.ties = ties;
  choice.cut = true;
}

INLINE double sumOf(const Choice& choice) {
  double sum = 0;
  choice.each([&](int64_t, double w) {
    sum += w;
    return false;
  });
  return sum;
}

/** The id that the draw u in [0,1) falls on. options = [temperature, k, p]. */
inline int64_t chooseId(const float* x, int64_t n, int64_t banned, const float* options, double u) {
  const int64_t best = largestOf(x, n, banned);
  if (best < 0 || options[0] == 0) return best;
  Choice choice{x, n, banned, options[0], x[best]};
  const double k = __builtin_floor(options[1]), p = options[2];
  if (k >= 1 && k < static_cast<double>(n)) cutBelow(choice, k, [](double) { return 1.0; });
  double total = sumOf(choice);
  if (p < 1) {
    cutBelow(choice, p * total, [](double w) { return w; });
    total = sumOf(choice);
  }
  double left = u * total;
  int64_t chosen = best, last = best;
  bool found = false;
  choice.each([&](int64_t id, double w) {
    if (w == 0) return false;
    last = id;
    left -= w;
    if (left >= 0) return false;
    chosen = id;
    return found = true;
  });
  return found ? chosen : last;
}

/** log softmax(x)[id]. */
INLINE float logProbability(const float* x, int64_t n, int64_t id) {
  float top = -__builtin_inff();
  bool isNumber = true;
  for (int64_t i = 0; i < n; i++) {
    top = x[i] > top ? x[i] : top;
    isNumber &= x[i] == x[i];
  }
  if (!isNumber || top - top != 0) return __builtin_nanf("");
  const double sum = sumOf(Choice{x, n, -1, 1.0, top});
  return static_cast<float>(static_cast<double>(x[id]) - top - __builtin_log(sum));
}

inline void sample(const SampleArgs& a, const Team& team) {
  const float place = *a.place;
  const bool inside = place >= 0 && place < static_cast<float>(a.K) && place == __builtin_floorf(place);
  const Range mine = inside ? share(a.R, team) : Range{0, 0};
  for (int64_t r = mine.begin; r < mine.end; r++) {
    const int64_t at = static_cast<int64_t>(place) * a.R + r;
    const float* x = a.x + r * a.n;
    const bool given = a.text[at] >= 0;
    if (!given) {
      const double u = static_cast<double>(static_cast<uint32_t>(a.draws[at])) * 0x1p-32;
      a.text[at] = static_cast<int32_t>(chooseId(x, a.n, a.banned, a.options, u));
    }
    a.logp[at] = given || a.text[at] < 0 ? 0.0f : logProbability(x, a.n, a.text[at]);
    a.next[r] = a.text[at];
  }
  team.barrier();  // all have read the place
  if (team.rank == 0 && inside) *a.place = place + 1;
}

}  // namespace UNROLLED
