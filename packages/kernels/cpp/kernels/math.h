// Elementary functions on vectors of floats, at most 2 ulp from the truth. Infinities, signed zeros, NaN and denormals
// give what C's functions give. Method: argument reduction by powers of two (Cody & Waite 1980), short polynomials.
#pragma once

#include "vector.h"

namespace UNROLLED {

namespace constants {
constexpr float infinity = __builtin_inff();
constexpr float nan = __builtin_nanf("");
constexpr float log2e = 1.44269504088896341f;
constexpr float ln2High = 0.693359375f;  // 9 bits: a small integer times it is exact
constexpr float ln2Low = -2.12194440054690583e-4f;
constexpr float roundingShift = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
}  // namespace constants

/** x = n ln 2 + r with |r| <= ln 2 / 2; expm1(r) = r + r^2 q(r). The low bits of `shifted` are the integer n. */
struct Reduced {
  Words shifted;
  Floats n, r, q;

  /** 2^(n + more), which must be a normal number. */
  INLINE Floats power(uint32_t more = 0) const { return (Floats)((shifted << 23) + ((127 + more) << 23)); }

  INLINE Floats expm1() const { return fma(r * r, q, r); }
};

INLINE Reduced reduceExp(Floats x) {
  using namespace constants;
  const Floats shifted = fma(x, spread(log2e), spread(roundingShift));
  const Floats n = shifted - roundingShift;
  Floats r = fma(n, spread(-ln2High), x);
  r = fma(n, spread(-ln2Low), r);
  Floats q = spread(1.9875691500e-4f);
  q = fma(q, r, spread(1.3981999507e-3f));
  q = fma(q, r, spread(8.3334519073e-3f));
  q = fma(q, r, spread(4.1665795894e-2f));
  q = fma(q, r, spread(1.6666665459e-1f));
  q = fma(q, r, spread(5.0000001201e-1f));
  return {(Words)shifted, n, r, q};
}

INLINE Floats exp(Floats x) {
  const Reduced e = reduceExp(atLeast(atMost(x, 89.0f), -104.0f));
  const Floats sum = e.r + 1.0f;
  const Floats p = sum + fma(e.r * e.r, e.q, e.r - (sum - 1.0f));
#if W == 16 && defined(__AVX512F__)
  return (Floats)_mm512_scalef_ps((__m512)p, (__m512)e.n);
#else
  const Ints n = (Ints)(e.shifted - (Words)spread(constants::roundingShift));
  const Ints half = n >> 1;  // two factors, so that the result can overflow and be denormal
  return p * (Floats)((half + 127) << 23) * (Floats)((n - half + 127) << 23);
#endif
}

/** exp(x) for x <= 0, within 1 ulp. */
INLINE Floats expNegative(Floats x) {
  const Reduced e = reduceExp(atLeast(x, -104.0f));
  const Floats p = e.expm1() + 1.0f;
#if W == 16 && defined(__AVX512F__)
  return (Floats)_mm512_scalef_ps((__m512)p, (__m512)e.n);
#else
  return p * e.power(64) * 0x1p-64f;  // the second factor makes denormals
#endif
}

/** 1 / (1 + exp(-x)), from e = exp(-|x|) so that neither end loses digits; e / (1 + e) as e - e (e / (1 + e)). */
INLINE Floats sigmoid(Floats x) {
  const Floats e = expNegative(minusAbsolute(x));
  const Floats quotient = (x < 0.0f ? e : spread(1.0f)) / (e + 1.0f);
  return x < 0.0f ? fmaFrom(e, e, quotient) : quotient;
}

/** y = m / (m + 2), m = expm1(2|x|), and the sign of x. For small m, m/2 (1 - y) forgives the rounding of m + 2. */
INLINE Floats tanh(Floats x) {
  const Floats a = atMost(absolute(x), 10.0f);
  const Reduced e = reduceExp(a + a);
  const Floats power = e.power();
  const Floats m = fma(e.expm1(), power, power - 1.0f);
  const Floats quotient = m / (m + 2.0f);
  const Floats y = m < 1.0f ? fma(m * -0.5f, quotient, m * 0.5f) : quotient;
  return (Floats)((Ints)y | ((Ints)x & (int32_t)0x80000000));
}

/** Natural logarithm. */
INLINE Floats log(Floats x) {
  using namespace constants;
  const Ints small = x < 1.17549435e-38f;
  const Floats scaled = small ? x * 8388608.0f : x;
  // scaled = 2^n m, sqrt(1/2) <= m < sqrt(2); unsigned, as negative x wraps around
  const Words offset = (Words)scaled - (Words)spread(0.70710678f);
  const Ints n = (Ints)offset >> 23;
  const Floats m = (Floats)((Words)scaled - ((Words)n << 23));
  const Floats r = m - 1.0f;
  const Floats r2 = r * r;
  Floats q = spread(7.0376836292e-2f);
  q = fma(q, r, spread(-1.1514610310e-1f));
  q = fma(q, r, spread(1.1676998740e-1f));
  q = fma(q, r, spread(-1.2420140846e-1f));
  q = fma(q, r, spread(1.4249322787e-1f));
  q = fma(q, r, spread(-1.6668057665e-1f));
  q = fma(q, r, spread(2.0000714765e-1f));
  q = fma(q, r, spread(-2.4999993993e-1f));
  q = fma(q, r, spread(3.3333331174e-1f));
  const Floats exponent = __builtin_convertvector(small ? n - 23 : n, Floats);
  Floats y = fma(exponent, spread(ln2Low), q * r * r2);
  y = fma(r2, spread(-0.5f), y);
  y = fma(exponent, spread(ln2High), r + y);
  y = x == infinity ? x : y;
  y = x == 0.0f ? spread(-infinity) : y;
  return x >= 0.0f ? y : spread(nan);  // negative or NaN
}

/** log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)). */
INLINE Floats softplus(Floats x) {
  const Floats e = exp(-absolute(x));
  const Floats u = e + 1.0f;
  const Floats log1p = log(u) + (e - (u - 1.0f)) / u;  // the second term is what rounding took from u
  return positive(x) + log1p;
}

/** Sine and cosine of 2 pi x for 0 <= x <= 1. */
struct Circle {
  Floats sine, cosine;
};

INLINE Circle circle(Floats x) {
  using namespace constants;
  const Floats shifted = x * 4.0f + roundingShift;
  const Ints quarter = (Ints)shifted - (Ints)spread(roundingShift);
  const Floats a = (x - (shifted - roundingShift) * 0.25f) * 6.28318530717958648f;  // |a| <= pi / 4
  const Floats a2 = a * a;
  Floats s = spread(-1.9515295891e-4f);
  s = fma(s, a2, spread(8.3321608736e-3f));
  s = fma(s, a2, spread(-1.6666654611e-1f));
  s = fma(s * a2, a, a);
  Floats c = spread(2.443315711809948e-5f);
  c = fma(c, a2, spread(-1.388731625493765e-3f));
  c = fma(c, a2, spread(4.166664568298827e-2f));
  c = fma(c * a2, a2, fma(a2, spread(-0.5f), spread(1.0f)));
  const Ints swapped = (quarter & 1) != 0;
  const Floats sine = swapped ? c : s;
  const Floats cosine = swapped ? s : c;
  const Ints sineSign = (quarter & 2) << 30;
  const Ints cosineSign = ((quarter + 1) & 2) << 30;
  return {(Floats)((Ints)sine ^ sineSign), (Floats)((Ints)cosine ^ cosineSign)};
}

}  // namespace UNROLLED
