// The instructions of `map` on vectors, and one loop over a block for each.
#pragma once

#include "../table.h"
#include "math.h"
#include "power.h"

namespace UNROLLED {

INLINE Floats oneWhere(Ints mask) { return mask ? spread(1.0f) : Floats{}; }

INLINE Floats floorOf(Floats x) {
  const Ints fractional = absolute(x) < 8388608.0f;  // 2^23: larger ones are integers
  const Floats some = fractional ? x : Floats{};
  Floats whole = __builtin_convertvector(__builtin_convertvector(some, Ints), Floats);
  whole = whole > some ? whole - 1.0f : whole;
  whole = (Floats)((Ints)whole | ((Ints)x & (int32_t)0x80000000));  // floor(-0) is -0
  return fractional ? whole : x;
}

INLINE Floats signOf(Floats x) { return x > 0.0f ? spread(1.0f) : x < 0.0f ? spread(-1.0f) : x; }

INLINE Floats powerOf(Floats x, Floats y) {
  alignas(64) float a[W], b[W];
  store(a, x);
  store(b, y);
  for (int i = 0; i < W; i++) a[i] = powerOf(a[i], b[i]);
  return load(a);
}

template <typename F>
INLINE void each(float* y, const float* a, int64_t n, F f) {
  for (int64_t i = 0; i < n; i += W) store(y + i, f(load(a + i)));
}

template <typename F>
INLINE void each(float* y, const float* a, const float* b, int64_t n, F f) {
  for (int64_t i = 0; i < n; i += W) store(y + i, f(load(a + i), load(b + i)));
}

/** y = op(a, b, c) over n elements, n a multiple of W. */
inline void execute(MapOpcode op, float* y, const float* a, const float* b, const float* c, int64_t n) {
  typedef Floats V;
  switch (op) {
    case MapOpcode::constant_: return;
    case MapOpcode::add_: return each(y, a, b, n, [](V x, V z) { return x + z; });
    case MapOpcode::sub_: return each(y, a, b, n, [](V x, V z) { return x - z; });
    case MapOpcode::mul_: return each(y, a, b, n, [](V x, V z) { return x * z; });
    case MapOpcode::div_: return each(y, a, b, n, [](V x, V z) { return x / z; });
    case MapOpcode::minimum_: return each(y, a, b, n, [](V x, V z) { return lesser(x, z); });
    case MapOpcode::maximum_: return each(y, a, b, n, [](V x, V z) { return greater(x, z); });
    case MapOpcode::power_: return each(y, a, b, n, [](V x, V z) { return powerOf(x, z); });
    case MapOpcode::negate_: return each(y, a, n, [](V x) { return -x; });
    case MapOpcode::absolute_: return each(y, a, n, [](V x) { return absolute(x); });
    case MapOpcode::exp_: return each(y, a, n, [](V x) { return exp(x); });
    case MapOpcode::log_: return each(y, a, n, [](V x) { return log(x); });
    case MapOpcode::sqrt_: return each(y, a, n, [](V x) { return squareRoot(x); });
    case MapOpcode::tanh_: return each(y, a, n, [](V x) { return tanh(x); });
    case MapOpcode::sigmoid_: return each(y, a, n, [](V x) { return sigmoid(x); });
    case MapOpcode::relu_: return each(y, a, n, [](V x) { return positive(x); });
    case MapOpcode::sign_: return each(y, a, n, [](V x) { return signOf(x); });
    case MapOpcode::floor_: return each(y, a, n, [](V x) { return floorOf(x); });
    case MapOpcode::softplus_: return each(y, a, n, [](V x) { return softplus(x); });
    case MapOpcode::equal_: return each(y, a, b, n, [](V x, V z) { return oneWhere(x == z); });
    case MapOpcode::less_: return each(y, a, b, n, [](V x, V z) { return oneWhere(x < z); });
    case MapOpcode::lessEqual_: return each(y, a, b, n, [](V x, V z) { return oneWhere(x <= z); });
    case MapOpcode::where_:
      for (int64_t i = 0; i < n; i += W) store(y + i, load(a + i) != 0.0f ? load(b + i) : load(c + i));
      return;
    case MapOpcode::finite_: return each(y, a, n, [](V x) { return oneWhere(x - x == 0.0f); });
  }
}

}  // namespace UNROLLED
