// x to the power y for single numbers, computed in double and rounded once; the special cases of JavaScript's Math.pow.
#pragma once

#include "vector.h"

namespace UNROLLED {

/** log of a positive finite double: 2 atanh((m - 1) / (m + 1)) + n ln 2 with sqrt(1/2) <= m < sqrt(2). */
INLINE double logOf(double x) {
  int64_t bits;
  __builtin_memcpy(&bits, &x, 8);
  const int64_t n = (bits - 0x3fe6a09e667f3bcd) >> 52;
  bits -= n << 52;
  double m;
  __builtin_memcpy(&m, &bits, 8);
  const double s = (m - 1) / (m + 1);
  const double s2 = s * s;
  double sum = 0;
  for (int i = 21; i >= 1; i -= 2) sum = sum * s2 + 1.0 / i;
  return 2 * s * sum + static_cast<double>(n) * 0.693147180559945309417;
}

INLINE double expOf(double x) {
  if (x > 700) x = 700;
  if (x < -700) x = -700;
  const double shifted = x * 1.44269504088896340736 + 6755399441055744.0;  // 1.5 * 2^52: rounds to an integer
  const double n = shifted - 6755399441055744.0;
  const double r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
  double sum = 1;
  for (int i = 14; i >= 1; i--) sum = sum * r / i + 1;
  const int64_t bits = (static_cast<int64_t>(n) + 1023) << 52;
  double scale;
  __builtin_memcpy(&scale, &bits, 8);
  return sum * scale;
}

INLINE bool isWhole(float y) {
  return __builtin_fabsf(y) >= 8388608.0f || static_cast<float>(static_cast<int32_t>(y)) == y;
}

INLINE bool isOdd(float y) { return __builtin_fabsf(y) < 16777216.0f && isWhole(y) && (static_cast<int32_t>(y) & 1); }

inline float powerOf(float x, float y) {
  constexpr float infinity = __builtin_inff();
  if (y == 0.0f) return 1.0f;
  if (x != x || y != y) return __builtin_nanf("");
  const float size = __builtin_fabsf(x);
  if (__builtin_fabsf(y) == infinity) {
    if (size == 1.0f) return __builtin_nanf("");
    return (size > 1.0f) == (y > 0.0f) ? infinity : 0.0f;
  }
  const bool negative = __builtin_signbit(x) && isOdd(y);
  if (size == 0.0f || size == infinity) {
    const float result = (size == 0.0f) == (y > 0.0f) ? 0.0f : infinity;
    return negative ? -result : result;
  }
  if (x < 0.0f && !isWhole(y)) return __builtin_nanf("");
  const float result = static_cast<float>(expOf(static_cast<double>(y) * logOf(static_cast<double>(size))));
  return negative ? -result : result;
}

}  // namespace UNROLLED
