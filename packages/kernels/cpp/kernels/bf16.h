// How a product reads its numbers. Float32: a word is one term. Bfloat16 (AVX-512 with its BF16 extension): a word is a pair
// of terms, k in its low and k + 1 in its high half, rounded to nearest even; pairs are added up in float32.
// The instructions are written out: this build also runs on processors that lack them, where no program asks for them.
#pragma once

#include "transpose.h"

#if W == 16 && defined(__AVX512BW__)
#define UNROLLED_BF16 1
#endif

namespace UNROLLED {

struct Float32 {
  static constexpr int64_t terms = 1;

  INLINE static Floats add(Floats a, Floats b, Floats sum) { return fma(a, b, sum); }

  /** y [K, yRow] = rows of x, k by k. */
  INLINE static void gatherRows(float* y, int64_t yRow, const float* x, int64_t xRow, int64_t rows, int64_t K) {
    transpose(y, yRow, x, xRow, rows, K, yRow);
  }

  /** The words of one row; `room` is there for those that must be made. */
  INLINE static const float* row(float*, const float* x, int64_t) { return x; }
};

#ifdef UNROLLED_BF16

struct Bfloat16 {
  static constexpr int64_t terms = 2;

  INLINE static Floats add(Floats a, Floats b, Floats sum) {
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
  }

  /** Sixteen words of the 32 terms in `low` and `high`. */
  INLINE static Floats along(Floats low, Floats high) {
    Floats words;
    asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(words) : "v"(low), "v"(high));
    return words;
  }

  /** Sixteen words, each of a term of `even` and the one of `odd` at the same place. */
  INLINE static Floats across(Floats even, Floats odd) {
    const __m512i places = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                            21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return (Floats)_mm512_permutexvar_epi16(places, (__m512i)along(even, odd));
  }

  /** y [ceil(K / 2)] = the words of a row x [K]. */
  INLINE static const float* row(float* y, const float* x, int64_t K) {
    int64_t k = 0;
    for (; k + 2 * W <= K; k += 2 * W) store(y + k / 2, along(load(x + k), load(x + k + W)));
    if (k < K) {
      const Floats low = load(x + k, Part{least(W, K - k)}), high = load(x + k + W, Part{most(0, K - k - W)});
      store(y + k / 2, along(low, high), Part{(K - k + 1) / 2});
    }
    return y;
  }

  INLINE static void gatherRows(float* y, int64_t yRow, const float* x, int64_t xRow, int64_t rows, int64_t K) {
    constexpr int64_t depth = 32, height = 16;  // words and rows that are turned at a time
    alignas(64) float words[height * depth];
    for (int64_t i = 0; i < rows; i += height)
      for (int64_t k = 0; k < K; k += 2 * depth) {
        const int64_t count = least(2 * depth, K - k), some = least(height, rows - i);
        for (int64_t j = 0; j < some; j++) row(words + j * depth, x + (i + j) * xRow + k, count);
        transpose(y + k / 2 * yRow + i, yRow, words, depth, some, (count + 1) / 2, yRow - i);
      }
  }
};

#endif

/** run(how this program multiplies). */
template <typename Run>
INLINE void withProducts(const Team& team, Run run) {
#ifdef UNROLLED_BF16
  if (team.half) return run(Bfloat16{});
#endif
  run(Float32{});
}

/** Words that K terms take in this program. */
INLINE int64_t wordsOf(const Team& team, int64_t K) {
  int64_t words = 0;
  withProducts(team, [&](auto how) { words = ceilDiv(K, decltype(how)::terms); });
  return words;
}

}  // namespace UNROLLED
