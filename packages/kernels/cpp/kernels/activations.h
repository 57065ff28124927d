// Activations of gates, candidates and outputs of recurrent layers. The slope is taken from the value y that was kept,
// never from what it came from.
#pragma once

#include "../table.h"
#include "math.h"

namespace UNROLLED {

struct Tanh {
  INLINE static Floats value(Floats x) { return tanh(x); }
  INLINE static Floats slope(Floats y) { return 1.0f - y * y; }
  /** d times the slope. */
  INLINE static Floats back(Floats d, Floats y) { return d * (1.0f - y * y); }
};

struct Relu {
  INLINE static Floats value(Floats x) { return positive(x); }
  INLINE static Floats slope(Floats y) { return y > 0.0f ? spread(1.0f) : Floats{}; }
};

struct Sigmoid {
  INLINE static Floats value(Floats x) { return sigmoid(x); }
  INLINE static Floats slope(Floats y) { return y * (1.0f - y); }
  INLINE static Floats back(Floats d, Floats y) { return d * y * (1.0f - y); }
};

struct Linear {
  INLINE static Floats value(Floats x) { return x; }
  INLINE static Floats slope(Floats) { return spread(1.0f); }
};

/**
 * Any activation, with its parameters, of x clipped to [-clip, clip]; clip 0 clips nothing. Where the clip holds x the
 * value is one of the two at the ends, and the slope is 0.
 */
struct AnyActivation {
  CellActivation kind;
  float alpha, beta, clip, low, high;

  AnyActivation(int64_t kind, double alpha, double beta, double clip)
      : kind(static_cast<CellActivation>(kind)),
        alpha(static_cast<float>(alpha)),
        beta(static_cast<float>(beta)),
        clip(clip > 0 ? static_cast<float>(clip) : constants::infinity),
        low(-constants::infinity),
        high(constants::infinity) {
    if (!(clip > 0)) return;
    low = value(spread(-this->clip))[0];
    high = value(spread(this->clip))[0];
  }

  [[gnu::noinline]] Floats value(Floats x) const { return plain(atMost(atLeast(x, -clip), clip)); }

  [[gnu::noinline]] Floats slope(Floats y) const { return (y >= high) | (y <= low) ? Floats{} : plainSlope(y); }

  INLINE Floats back(Floats d, Floats y) const { return d * slope(y); }

 private:
  INLINE Floats plain(Floats x) const {
    switch (kind) {
      case CellActivation::tanh_: return tanh(x);
      case CellActivation::relu_: return positive(x);
      case CellActivation::sigmoid_: return sigmoid(x);
      case CellActivation::linear_: return x;
      case CellActivation::hardSigmoid_: return atLeast(atMost(fma(x, spread(alpha), spread(beta)), 1.0f), 0.0f);
      case CellActivation::leakyRelu_: return x < 0.0f ? x * alpha : x;
      case CellActivation::scaledTanh_: return tanh(x * beta) * alpha;
    }
    __builtin_unreachable();
  }

  INLINE Floats plainSlope(Floats y) const {
    switch (kind) {
      case CellActivation::tanh_: return Tanh::slope(y);
      case CellActivation::relu_: return Relu::slope(y);
      case CellActivation::sigmoid_: return Sigmoid::slope(y);
      case CellActivation::linear_: return spread(1.0f);
      case CellActivation::hardSigmoid_: return (y > 0.0f) & (y < 1.0f) ? spread(alpha) : Floats{};
      case CellActivation::leakyRelu_: return y > 0.0f ? spread(1.0f) : spread(alpha);
      case CellActivation::scaledTanh_: return beta * (alpha - y * y / alpha);
    }
    __builtin_unreachable();
  }
};

}  // namespace UNROLLED
