// What an LSTM does with the units of one vector once the sums of their gates are known, and back: plain, and with
// options (peepholes, coupled gates, other activations).
#pragma once

#include "activations.h"

namespace UNROLLED {

/** Gates of a vector of units, or the gradients of what goes into them. */
struct LstmGates {
  Floats i, f, g, o;
};

struct LstmStates {
  Floats c, h;
};

/** c' = f c + i g, h' = o tanh(c'). */
struct PlainLstm {
  static constexpr int gates = 4;

  template <typename Lanes>
  INLINE LstmStates forward(const float* sum, Floats c, int64_t, Lanes, LstmGates& y) const {
    y.i = sigmoid(load(sum));
    y.f = sigmoid(load(sum + W));
    y.g = tanh(load(sum + 2 * W));
    y.o = sigmoid(load(sum + 3 * W));
    const Floats cNew = fma(y.f, c, y.i * y.g);
    return {cNew, y.o * tanh(cNew)};
  }

  /** From the gradients dh and dc of the states after the step; dc becomes that of the cell before it. */
  template <typename Lanes>
  INLINE LstmGates backward(const LstmGates& y, Floats cPrev, Floats c, Floats dh, Floats& dc, int64_t, Lanes) const {
    const Floats out = tanh(c);
    dc = fma(dh * y.o, Tanh::slope(out), dc);
    const LstmGates d{Sigmoid::back(dc * y.g, y.i), Sigmoid::back(dc * cPrev, y.f), Tanh::back(dc * y.i, y.g),
                      Sigmoid::back(dh * out, y.o)};
    dc *= y.f;
    return d;
  }
};

/** With peepholes p [3H] for i,f,o (coupled: [2H] for i,o), where they are. Coupled: gates i,g,o and f = 1 - i. */
template <bool coupled, typename Gate, typename Candidate, typename Output>
struct LstmVariant {
  static constexpr int gates = coupled ? 3 : 4;
  Gate gate;
  Candidate candidate;
  Output output;
  const float* p;
  int64_t H;
  bool previous;  // the output gate sees the old cell

  template <typename Lanes>
  INLINE Floats peephole(int index, int64_t unit, Lanes lanes) const {
    return p ? load(p + index * H + unit, lanes) : Floats{};
  }

  template <typename Lanes>
  INLINE LstmStates forward(const float* sum, Floats c, int64_t unit, Lanes lanes, LstmGates& y) const {
    y.i = gate.value(fma(peephole(0, unit, lanes), c, load(sum)));
    y.f = coupled ? 1.0f - y.i : gate.value(fma(peephole(1, unit, lanes), c, load(sum + W)));
    y.g = candidate.value(load(sum + (gates - 2) * W));
    const Floats cNew = fma(y.f, c, y.i * y.g);
    const Floats seen = previous ? c : cNew;
    y.o = gate.value(fma(peephole(gates - 2, unit, lanes), seen, load(sum + (gates - 1) * W)));
    return {cNew, y.o * output.value(cNew)};
  }

  template <typename Lanes>
  INLINE LstmGates backward(const LstmGates& y, Floats cPrev, Floats c, Floats dh, Floats& dc, int64_t unit,
                            Lanes lanes) const {
    const Floats out = output.value(c), pO = peephole(gates - 2, unit, lanes);
    LstmGates d;
    d.o = gate.back(dh * out, y.o);
    dc = fma(dh * y.o, output.slope(out), dc);
    if (!previous) dc = fma(pO, d.o, dc);
    d.i = gate.back(dc * (coupled ? y.g - cPrev : y.g), y.i);
    d.f = coupled ? Floats{} : gate.back(dc * cPrev, y.f);
    d.g = candidate.back(dc * y.i, y.g);
    dc = fma(peephole(0, unit, lanes), d.i, dc * y.f);
    if (!coupled) dc = fma(peephole(1, unit, lanes), d.f, dc);
    if (previous) dc = fma(pO, d.o, dc);
    return d;
  }
};

/** Gates of one row and vector, as they lie in a slab [.., gates*H]: coupled ones leave f out. */
template <int gates, typename Lanes>
INLINE LstmGates loadGates(const float* x, int64_t H, Lanes lanes) {
  LstmGates y;
  y.i = load(x, lanes);
  y.f = gates == 4 ? load(x + H, lanes) : 1.0f - y.i;
  y.g = load(x + (gates - 2) * H, lanes);
  y.o = load(x + (gates - 1) * H, lanes);
  return y;
}

template <int gates, typename Lanes>
INLINE void storeGates(float* x, int64_t H, const LstmGates& y, Lanes lanes) {
  store(x, y.i, lanes);
  if (gates == 4) store(x + H, y.f, lanes);
  store(x + (gates - 2) * H, y.g, lanes);
  store(x + (gates - 1) * H, y.o, lanes);
}

template <bool coupled, typename Args>
INLINE auto anyLstm(const Args& a) {
  const AnyActivation gate(a.gate, a.gateAlpha, a.gateBeta, a.clip);
  const AnyActivation candidate(a.candidate, a.candidateAlpha, a.candidateBeta, a.clip);
  const AnyActivation output(a.output, a.outputAlpha, a.outputBeta, a.clip);
  return LstmVariant<coupled, AnyActivation, AnyActivation, AnyActivation>{gate, candidate, output,
                                                                           a.p,  a.H,       a.previous != 0};
}

/** run(units) with the options of a call: compiled once for peepholes and the usual activations, once for any options. */
template <typename Args, typename Run>
INLINE void withLstm(const Args& a, Run run) {
  const bool usual = a.gate == static_cast<int64_t>(CellActivation::sigmoid_) && !(a.clip > 0) &&
                     a.candidate == static_cast<int64_t>(CellActivation::tanh_) &&
                     a.output == static_cast<int64_t>(CellActivation::tanh_);
  if (a.coupled) return run(anyLstm<true>(a));
  if (usual) return run(LstmVariant<false, Sigmoid, Tanh, Tanh>{{}, {}, {}, a.p, a.H, a.previous != 0});
  run(anyLstm<false>(a));
}

}  // namespace UNROLLED
