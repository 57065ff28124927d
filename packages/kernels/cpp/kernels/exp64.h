// exp in float64 for numbers that are not positive, W / 2 at a time: within 1 ulp, 0 below exp(-708).
// Argument reduction by powers of two (Cody & Waite 1980), Taylor's series.
#pragma once

#include "vector.h"

namespace UNROLLED {

typedef double Doubles __attribute__((vector_size(4 * W)));
typedef int64_t Longs __attribute__((vector_size(4 * W)));
typedef uint64_t LongWords __attribute__((vector_size(4 * W)));
typedef float HalfFloats __attribute__((vector_size(2 * W)));

constexpr int doubleLanes = W / 2;

INLINE Doubles spread(double s) { return s - Doubles{}; }

/** exp(x) for -708 <= x <= 0; 0 for smaller x and NaN. */
INLINE Doubles expNegative(Doubles x) {
  constexpr double shift = 0x1.8p52;  // adding it leaves the nearest integer in the low bits
  const Longs counts = x >= spread(-708.0);
  const Doubles y = counts ? x : Doubles{};
  const Doubles shifted = y * 1.44269504088896340736 + shift;
  const Doubles n = shifted - shift;
  const Doubles r = (y - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  Doubles q = spread(1.0 / 6227020800.0);
  q = q * r + 1.0 / 479001600.0;
  q = q * r + 1.0 / 39916800.0;
  q = q * r + 1.0 / 3628800.0;
  q = q * r + 1.0 / 362880.0;
  q = q * r + 1.0 / 40320.0;
  q = q * r + 1.0 / 5040.0;
  q = q * r + 1.0 / 720.0;
  q = q * r + 1.0 / 120.0;
  q = q * r + 1.0 / 24.0;
  q = q * r + 1.0 / 6.0;
  q = q * r + 0.5;
  const Doubles p = (q * r * r + r) + 1.0;
  const Doubles power = (Doubles)(((LongWords)shifted << 52) + (uint64_t{1023} << 52));
  return counts ? p * power : Doubles{};
}

/** w[i] = exp((x[i] - top) / temperature), 1 where x[i] is the top itself (it may be infinite). w has room for whole vectors. */
INLINE void expScores(double* w, const float* x, int64_t count, double top, double temperature) {
  for (int64_t i = 0; i < count; i += doubleLanes) {
    HalfFloats scores{};
    if (i + doubleLanes <= count) {
      __builtin_memcpy(&scores, x + i, sizeof scores);
    } else {
      for (int64_t j = 0; i + j < count; j++) scores[j] = x[i + j];
    }
    const Doubles score = __builtin_convertvector(scores, Doubles);
    const Doubles exponent = score == spread(top) ? Doubles{} : (score - top) / temperature;
    const Doubles weight = expNegative(exponent);
    __builtin_memcpy(w + i, &weight, sizeof weight);
  }
}

}  // namespace UNROLLED
