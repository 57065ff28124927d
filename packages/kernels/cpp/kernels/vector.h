// Vectors of W floats and how kernels walk over memory with them. Elements that do not fill a vector are computed by
// the same vector code on a padded temporary, so that a value never depends on where it lies.
#pragma once

#include <stdint.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "../build.h"
#include "../team.h"

namespace UNROLLED {

typedef float Floats __attribute__((vector_size(4 * W)));
typedef int32_t Ints __attribute__((vector_size(4 * W)));
typedef uint32_t Words __attribute__((vector_size(4 * W)));

/** How many lanes of a vector hold elements: all of them, or the first `count`. */
struct Full {};
struct Part {
  int64_t count;
};

/** All lanes = s. Written so that compilers emit one broadcast. */
INLINE Floats spread(float s) { return s - Floats{}; }
INLINE Ints spread(int32_t s) { return s - Ints{}; }
INLINE Words spread(uint32_t s) { return s - Words{}; }

INLINE Floats load(const float* p, Full = {}) {
  Floats v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

/** Lanes past the count are 0. Nothing past it is read or written. */
INLINE Floats load(const float* p, Part part);
INLINE void store(float* p, Floats v, Part part);
INLINE void store(float* p, Floats v, Full = {}) { __builtin_memcpy(p, &v, sizeof v); }

#if W == 16 && defined(__AVX512F__)
INLINE Floats load(const float* p, Part part) {
  return (Floats)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << part.count) - 1), p);
}

INLINE void store(float* p, Floats v, Part part) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << part.count) - 1), (__m512)v);
}
#elif W == 8 && defined(__AVX2__)
INLINE __m256i maskOf(Part part) {
  const Ints lane = {0, 1, 2, 3, 4, 5, 6, 7};
  return (__m256i)(lane < spread(static_cast<int32_t>(part.count)));
}

INLINE Floats load(const float* p, Part part) { return (Floats)_mm256_maskload_ps(p, maskOf(part)); }
INLINE void store(float* p, Floats v, Part part) { _mm256_maskstore_ps(p, maskOf(part), (__m256)v); }
#else
INLINE Floats load(const float* p, Part part) {
  alignas(64) float lanes[W] = {};
  for (int64_t i = 0; i < part.count; i++) lanes[i] = p[i];
  return load(lanes);
}

INLINE void store(float* p, Floats v, Part part) {
  alignas(64) float lanes[W];
  store(lanes, v);
  for (int64_t i = 0; i < part.count; i++) p[i] = lanes[i];
}
#endif

/** Asks for words that will be wanted soon. */
INLINE void fetch(const float* p, int64_t words) {
  for (int64_t i = 0; i < words; i += 16) __builtin_prefetch(p + i);
}

/** The same for words that will be written. */
INLINE void fetchToWrite(float* p, int64_t words) {
  for (int64_t i = 0; i < words; i += 16) __builtin_prefetch(p + i, 1);
}

/** a b + c, rounded once where the machine can. */
INLINE Floats fma(Floats a, Floats b, Floats c) {
#if defined(__wasm_relaxed_simd__)
  return __builtin_wasm_relaxed_madd_f32x4(a, b, c);
#else
  return a * b + c;
#endif
}

/** c - a b, likewise. */
INLINE Floats fmaFrom(Floats c, Floats a, Floats b) {
#if defined(__wasm_relaxed_simd__)
  return __builtin_wasm_relaxed_nmadd_f32x4(a, b, c);
#else
  return c - a * b;
#endif
}

/** The lesser and the greater; NaN if either is NaN. */
INLINE Floats lesser(Floats a, Floats b) { return (a < b) | (a != a) ? a : b; }
INLINE Floats greater(Floats a, Floats b) { return (a > b) | (a != a) ? a : b; }

/** The lesser and the greater of x and a bound; NaN stays NaN. One instruction where it is known to do that. */
INLINE Floats atMost(Floats x, float bound) {
#if W == 16 && defined(__AVX512F__)
  return (Floats)_mm512_min_ps((__m512)spread(bound), (__m512)x);
#elif W == 8 && defined(__AVX2__)
  return (Floats)_mm256_min_ps((__m256)spread(bound), (__m256)x);
#elif defined(__wasm_simd128__)
  return __builtin_wasm_pmin_f32x4(x, spread(bound));
#else
  return x > bound ? spread(bound) : x;
#endif
}

INLINE Floats atLeast(Floats x, float bound) {
#if W == 16 && defined(__AVX512F__)
  return (Floats)_mm512_max_ps((__m512)spread(bound), (__m512)x);
#elif W == 8 && defined(__AVX2__)
  return (Floats)_mm256_max_ps((__m256)spread(bound), (__m256)x);
#elif defined(__wasm_simd128__)
  return __builtin_wasm_pmax_f32x4(x, spread(bound));
#else
  return x < bound ? spread(bound) : x;
#endif
}

INLINE Floats absolute(Floats a) { return (Floats)((Ints)a & 0x7fffffff); }
INLINE Floats minusAbsolute(Floats a) { return (Floats)((Words)a | 0x80000000u); }
INLINE Floats squareRoot(Floats a) {
  for (int i = 0; i < W; i++) a[i] = __builtin_sqrtf(a[i]);
  return a;
}

/** max(x, 0), NaN kept. */
INLINE Floats positive(Floats x) { return (Floats)((Ints)x & ~(x < 0.0f)); }

typedef float Four __attribute__((vector_size(16)));

/** All lanes joined, halves with halves: one order for each W. */
template <typename Join>
INLINE float foldLanes(Floats v, Join join) {
  Four q[W / 4];
  __builtin_memcpy(q, &v, sizeof v);
#pragma GCC unroll 4
  for (int half = W / 8; half > 0; half /= 2)
#pragma GCC unroll 4
    for (int i = 0; i < half; i++) q[i] = join(q[i], q[i + half]);
  const Four swapped = join(q[0], Four{q[0][2], q[0][3], q[0][0], q[0][1]});
  return join(swapped, Four{swapped[1], swapped[0], swapped[3], swapped[2]})[0];
}

INLINE float sumOfLanes(Floats v) {
  return foldLanes(v, [](Four a, Four b) { return a + b; });
}

/** The largest lane; NaN if any is NaN. */
INLINE float greatestLane(Floats v) {
  return foldLanes(v, [](Four a, Four b) { return (a > b) | (a != a) ? a : b; });
}

/** f(i, Full) for every whole vector of [begin, end), then f(i, Part) for the rest. */
template <typename F>
INLINE void forVectors(int64_t begin, int64_t end, F f) {
  int64_t i = begin;
  for (; i + W <= end; i += W) f(i, Full{});
  if (i < end) f(i, Part{end - i});
}

/** f(Full) if `count` elements fill a vector, else f(Part). */
template <typename F>
INLINE void forLanes(int64_t count, F f) {
  if (count >= W) {
    f(Full{});
  } else {
    f(Part{count});
  }
}

struct Range {
  int64_t begin, end;
};

INLINE constexpr int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE constexpr int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
INLINE constexpr int64_t roundUp(int64_t n, int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }
INLINE constexpr int64_t ceilDiv(int64_t n, int64_t d) { return (n + d - 1) / d; }

/** Part `index` of [0, n) cut into `parts` pieces whose sizes differ by at most one. */
INLINE Range piece(int64_t n, int64_t parts, int64_t index) { return {n * index / parts, n * (index + 1) / parts}; }

/** This thread's share of n rows. */
INLINE Range share(int64_t n, const Team& team) { return piece(n, team.size, team.rank); }

/** This thread's share of n words, cut between cache lines. */
INLINE Range shareWords(int64_t n, const Team& team) {
  const Range lines = share(ceilDiv(n, 16), team);
  return {least(lines.begin * 16, n), least(lines.end * 16, n)};
}

}  // namespace UNROLLED
