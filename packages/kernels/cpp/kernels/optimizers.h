// Updates of weights, one pass over memory each. The gradient is scale clamp(g) + decay w. A guard that is not finite leaves
// everything as it was.
#pragma once

#include "memory.h"

namespace UNROLLED {

INLINE float scaleOf(const float* scale) { return scale ? *scale : 1.0f; }

/** Vectors of the gradient, each element within +-limit; NaN stays. */
struct Clipped {
  const float* g;
  float limit;
  template <typename Lanes>
  INLINE Floats operator()(int64_t i, Lanes lanes) const {
    return atLeast(atMost(load(g + i, lanes), limit), -limit);
  }
};

/** The same without a limit. */
struct Plain {
  const float* g;
  template <typename Lanes>
  INLINE Floats operator()(int64_t i, Lanes lanes) const {
    return load(g + i, lanes);
  }
};

/** f(gradient, i, lanes) for this thread's share of the weights, if the guard allows; gradient(i, lanes) is clipped. */
template <typename Args, typename F>
INLINE void update(const Args& a, const Team& team, F f) {
  if (!allowed(a.guard)) return;
  const Range mine = shareWords(a.n, team);
  const auto run = [&](auto gradient) INLINED {
    forVectors(mine.begin, mine.end, [&](int64_t i, auto lanes) INLINED { f(gradient, i, lanes); });
  };
  a.limit > 0 ? run(Clipped{a.g, static_cast<float>(a.limit)}) : run(Plain{a.g});
}

inline void sgd(const SgdArgs& a, const Team& team) {
  const float rate = *a.rate, scale = scaleOf(a.scale);
  const float momentum = static_cast<float>(a.momentum), decay = static_cast<float>(a.decay);
  update(a, team, [&](auto gradient, int64_t i, auto lanes) INLINED {
    const Floats w = load(a.w + i, lanes);
    const Floats g = gradient(i, lanes) * scale + w * decay;
    Floats v = g;
    if (a.v) {
      v = load(a.v + i, lanes) * momentum + g;
      store(a.v + i, v, lanes);
    }
    const Floats step = a.nesterov ? g + v * momentum : v;
    store(a.w + i, w - step * rate, lanes);
  });
}

/**
 * The root of x within 0.8 ulp: one step of Newton's from the processor's estimate of 14 bits. Divisions and roots share a
 * unit of the processor, and a root rounded to nearest would be half of an update. 0, infinity and NaN stay.
 */
INLINE Floats nearRoot(Floats x) {
#if W == 16 && defined(__AVX512DQ__)
  const Floats estimate = (Floats)_mm512_rsqrt14_ps((__m512)x);
  const Floats root = x * estimate, half = estimate * 0.5f;
  const Floats better = fma(root, fmaFrom(spread(0.5f), half, root), root);
  constexpr int zeros = 0x06, infinite = 0x08;
  return (Floats)_mm512_mask_mov_ps((__m512)better, _mm512_fpclass_ps_mask((__m512)x, zeros | infinite), (__m512)x);
#else
  return squareRoot(x);
#endif
}

/** Duchi 2011. */
inline void adagrad(const AdagradArgs& a, const Team& team) {
  const float rate = *a.rate, scale = scaleOf(a.scale);
  const float epsilon = static_cast<float>(a.epsilon), decay = static_cast<float>(a.decay);
  update(a, team, [&](auto gradient, int64_t i, auto lanes) INLINED {
    const Floats w = load(a.w + i, lanes);
    const Floats g = gradient(i, lanes) * scale + w * decay;
    const Floats s = load(a.s + i, lanes) + g * g;
    store(a.s + i, s, lanes);
    store(a.w + i, w - g * rate / (nearRoot(s) + epsilon), lanes);
  });
}

/** Hinton's lecture 6e. */
inline void rmsprop(const RmspropArgs& a, const Team& team) {
  const float rate = *a.rate, scale = scaleOf(a.scale);
  const float alpha = static_cast<float>(a.alpha), rest = static_cast<float>(1.0 - a.alpha);
  const float epsilon = static_cast<float>(a.epsilon), decay = static_cast<float>(a.decay);
  update(a, team, [&](auto gradient, int64_t i, auto lanes) INLINED {
    const Floats w = load(a.w + i, lanes);
    const Floats g = gradient(i, lanes) * scale + w * decay;
    const Floats s = load(a.s + i, lanes) * alpha + g * g * rest;
    store(a.s + i, s, lanes);
    store(a.w + i, w - g * rate / (nearRoot(s) + epsilon), lanes);
  });
}

/** Kingma 2015; decoupled decay: Loshchilov 2019. */
inline void adam(const AdamArgs& a, const Team& team) {
  const float rate = a.rate[0], meanScale = a.rate[1], squareScale = a.rate[2], scale = scaleOf(a.scale);
  const float beta1 = static_cast<float>(a.beta1), rest1 = static_cast<float>(1.0 - a.beta1);
  const float beta2 = static_cast<float>(a.beta2), rest2 = static_cast<float>(1.0 - a.beta2);
  const float epsilon = static_cast<float>(a.epsilon), decay = static_cast<float>(a.decay);
  const float coupled = a.decoupled ? 0.0f : decay, shrink = a.decoupled ? rate * decay : 0.0f;
  update(a, team, [&](auto gradient, int64_t i, auto lanes) INLINED {
    const Floats w = load(a.w + i, lanes);
    const Floats g = gradient(i, lanes) * scale + w * coupled;
    const Floats m = load(a.m + i, lanes) * beta1 + g * rest1;
    const Floats v = load(a.v + i, lanes) * beta2 + g * g * rest2;
    store(a.m + i, m, lanes);
    store(a.v + i, v, lanes);
    const Floats step = m * meanScale * rate / (squareRoot(v * squareScale) + epsilon);
    store(a.w + i, w - w * shrink - step, lanes);
  });
}

}  // namespace UNROLLED
