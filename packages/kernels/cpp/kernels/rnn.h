// The simple recurrent network h' = f(pre + h R) over a whole sequence (Elman 1990), with its backward pass.
// T time, N batch, H hidden. One layer, one direction.
#pragma once

#include "activations.h"
#include "recurrent.h"

namespace UNROLLED {

/** run(f) with the activation that a number names. */
template <typename Run>
INLINE void withActivation(int64_t activation, Run run) {
  switch (static_cast<RnnActivation>(activation)) {
    case RnnActivation::tanh_: return run(Tanh{});
    case RnnActivation::relu_: return run(Relu{});
    case RnnActivation::sigmoid_: return run(Sigmoid{});
    case RnnActivation::linear_: return run(Linear{});
  }
}

template <typename Act, typename Args>
INLINE void rnnStep(const Act& act, const Args& a, const Sequence& s, int64_t t, const Work& work) {
  const int64_t H = s.H;
  const float* hPrev = slotBefore(a.h, a.h0, s, t);  // [N,H]
  float* h = a.h + s.after(t);
  const float* pre = a.pre + t * s.N * H;
  auto start = [&](const Tile& tile) {
    forTile(tile, [&](float* sum, int64_t n, int64_t unit, auto lanes) {
      store(sum, load(pre + n * H + unit, lanes));
    });
    fetchNext(pre, 1, tile, s);
  };
  auto finish = [&](const Tile& tile) {
    forTile(tile, [&](const float* sum, int64_t n, int64_t unit, auto lanes) {
      const int64_t state = n * H + unit;
      store(h + state, s.active(n, t) ? act.value(load(sum)) : load(hPrev + state, lanes), lanes);
    });
  };
  forPanels<plainVectors>(work, H, hPrev + work.rows.begin * H, H, a.r, H, plainPitch, start, finish, inTurn(t));
}

template <typename Act, typename Args>
INLINE void rnnForward(const Act& act, const Args& a, const Team& team) {
  const Sequence s = sequenceOf(a);
  forRows(s.N, rowsThatFit<plainVectors>(s.H), s.H * s.H, team, [&](const Work& work) {
    startSlot(a.h, a.h0, s, work);
    for (int64_t i = 0; i < s.T; i++) {
      if (i > 0) work.meet();
      rnnStep(act, a, s, s.step(i), work);
    }
  });
}

inline void rnn(const RnnArgs& a, const Team& team) {
  withActivation(a.activation, [&](auto act) { rnnForward(act, a, team); });
}

inline void rnnVariant(const RnnVariantArgs& a, const Team& team) {
  rnnForward(AnyActivation(a.candidate, a.candidateAlpha, a.candidateBeta, a.clip), a, team);
}

/** Step i of the walk backwards; i = -1 is the first slot, whose gradient ends in dh0. See lstmGradStep. */
template <typename Act, typename Args>
INLINE void rnnGradStep(const Act& act, const Args& a, const Sequence& s, int64_t i, const Work& work) {
  const int64_t H = s.H, t = i < 0 ? 0 : s.step(i);
  const int64_t slot = i < 0 ? s.first() : s.after(t);
  const float* next = i + 1 < s.T ? a.dpre + (s.step(i + 1) * s.N + work.rows.begin) * H : nullptr;  // [N,H]
  auto start = [&](const Tile& tile) {
    forTile(tile, [&](float* sum, int64_t n, int64_t unit, auto lanes) {
      store(sum, load(a.dh + slot + n * H + unit, lanes) + load(a.dh0 + n * H + unit, lanes));
    });
    fetchThis(a.h + slot, 1, tile, s);
  };
  auto finish = [&](const Tile& tile) {
    forTile(tile, [&](const float* sum, int64_t n, int64_t unit, auto lanes) {
      const int64_t state = n * H + unit;
      const Floats dhNew = load(sum);
      const bool active = i >= 0 && s.active(n, t);
      store(a.dh0 + state, active ? Floats{} : dhNew, lanes);
      if (i < 0) return;
      const Floats dpre = active ? dhNew * act.slope(load(a.h + slot + state, lanes)) : Floats{};
      store(a.dpre + t * s.N * H + state, dpre, lanes);
    });
  };
  forPanels<plainVectors>(work, next ? H : 0, next, H, a.rT, H, plainPitch, start, finish, inTurn(i));
}

template <typename Act, typename Args>
INLINE void rnnBackward(const Act& act, const Args& a, const Team& team) {
  const Sequence s = sequenceOf(a);
  forRows(s.N, rowsThatFit<plainVectors>(s.H), s.H * s.H, team, [&](const Work& work) {
    clearState(a.dh0, s, work);
    for (int64_t i = s.T - 1; i >= -1; i--) {
      rnnGradStep(act, a, s, i, work);
      if (i >= 0) work.meet();
    }
  });
}

inline void rnnGrad(const RnnGradArgs& a, const Team& team) {
  withActivation(a.activation, [&](auto act) { rnnBackward(act, a, team); });
}

inline void rnnVariantGrad(const RnnVariantGradArgs& a, const Team& team) {
  rnnBackward(AnyActivation(a.candidate, a.candidateAlpha, a.candidateBeta, a.clip), a, team);
}

}  // namespace UNROLLED
