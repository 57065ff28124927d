// GRU with the reset gate applied after the product, gates r,z,n (Cho 2014; this variant: cuDNN, PyTorch):
// q = h R_n + bR_n, n = tanh(pre_n + r q), h' = (1-z) n + z h. T time, N batch, H hidden. One layer, one direction.
#pragma once

#include "activations.h"
#include "recurrent.h"

namespace UNROLLED {

template <typename Gate, typename Candidate>
struct GruActivations {
  Gate gate;
  Candidate candidate;
};

using PlainGru = GruActivations<Sigmoid, Tanh>;

/** What the options of a call name. */
template <typename Args>
INLINE GruActivations<AnyActivation, AnyActivation> anyGru(const Args& a) {
  return {{a.gate, a.gateAlpha, a.gateBeta, a.clip}, {a.candidate, a.candidateAlpha, a.candidateBeta, a.clip}};
}

template <typename Acts, typename Args>
INLINE void gruStep(const Acts& acts, const Args& a, const Sequence& s, int64_t t, const Work& work) {
  const int64_t H = s.H;
  const Range rows = work.rows;
  const float* hPrev = slotBefore(a.h, a.h0, s, t);  // [N,H]
  float* h = a.h + s.after(t);
  float* q = a.q + t * s.N * H;
  const float* pre = a.pre + t * s.N * 3 * H;  // [N,3H]
  float* gates = a.gates + t * s.N * 3 * H;
  auto start = [&](const Tile& tile) {
    forLanes(tile.units, [&](auto lanes) {
      const float* b = a.bR + tile.unit;  // [3H]
      for (int64_t n = rows.begin; n < rows.end; n++) {
        float* sum = tile.c + (n - rows.begin) * 3 * W;
        const float* x = pre + n * 3 * H + tile.unit;
        store(sum, load(x, lanes) + load(b, lanes));
        store(sum + W, load(x + H, lanes) + load(b + H, lanes));
        store(sum + 2 * W, load(b + 2 * H, lanes));
      }
    });
    fetchNext(pre, 3, tile, s);
  };
  auto finish = [&](const Tile& tile) {
    forLanes(tile.units, [&](auto lanes) {
      for (int64_t n = rows.begin; n < rows.end; n++) {
        const float* sum = tile.c + (n - rows.begin) * 3 * W;
        const int64_t state = n * H + tile.unit, gate = n * 3 * H + tile.unit;
        Floats r{}, z{}, candidate{}, product{}, hNew = load(hPrev + state, lanes);
        if (s.active(n, t)) {
          product = load(sum + 2 * W);
          r = acts.gate.value(load(sum));
          z = acts.gate.value(load(sum + W));
          candidate = acts.candidate.value(fma(r, product, load(pre + gate + 2 * H, lanes)));
          hNew = fma(z, hNew, (1.0f - z) * candidate);
        }
        store(gates + gate, r, lanes);
        store(gates + gate + H, z, lanes);
        store(gates + gate + 2 * H, candidate, lanes);
        store(q + state, product, lanes);
        store(h + state, hNew, lanes);
      }
    });
  };
  forPanels<3>(work, H, hPrev + rows.begin * H, H, a.r, H, W, start, finish, inTurn(t));
}

template <typename Acts, typename Args>
INLINE void gruForward(const Acts& acts, const Args& a, const Team& team) {
  const Sequence s = sequenceOf(a);
  forRows(s.N, rowsThatFit<3>(s.H), 3 * s.H * s.H, team, [&](const Work& work) {
    startSlot(a.h, a.h0, s, work);
    for (int64_t i = 0; i < s.T; i++) {
      if (i > 0) work.meet();
      gruStep(acts, a, s, s.step(i), work);
    }
  });
}

/** Step i of the walk backwards; i = -1 is the first slot. dh0 carries z dh, or dh past a row's length. */
template <typename Acts, typename Args>
INLINE void gruGradStep(const Acts& acts, const Args& a, const Sequence& s, int64_t i, const Work& work) {
  const int64_t H = s.H, t = i < 0 ? 0 : s.step(i);
  const float* dh = a.dh + (i < 0 ? s.first() : s.after(t));  // [N,H]
  const float* next = i + 1 < s.T ? a.drec + (s.step(i + 1) * s.N + work.rows.begin) * 3 * H : nullptr;  // [N,3H]
  const float* hPrev = a.h + s.before(t);
  const float* gates = a.gates + t * s.N * 3 * H;
  float* dpre = a.dpre + t * s.N * 3 * H;
  float* drec = a.drec + t * s.N * 3 * H;
  auto start = [&](const Tile& tile) {
    forTile(tile, [&](float* sum, int64_t n, int64_t unit, auto lanes) {
      store(sum, load(dh + n * H + unit, lanes) + load(a.dh0 + n * H + unit, lanes));
    });
    fetchThis(gates, 3, tile, s);
    fetchThis(hPrev, 1, tile, s);
    fetchThis(a.q + t * s.N * H, 1, tile, s);
  };
  auto finish = [&](const Tile& tile) {
    forTile(tile, [&](const float* sum, int64_t n, int64_t unit, auto lanes) {
      const int64_t state = n * H + unit, gate = n * 3 * H + unit;
      const Floats dhNew = load(sum);
      if (i < 0) return store(a.dh0 + state, dhNew, lanes);
      Floats dr{}, dz{}, dn{}, dq{}, carried = dhNew;
      if (s.active(n, t)) {
        const Floats r = load(gates + gate, lanes), z = load(gates + gate + H, lanes);
        const Floats candidate = load(gates + gate + 2 * H, lanes);
        dn = acts.candidate.back(dhNew * (1.0f - z), candidate);
        dz = acts.gate.back(dhNew * (load(hPrev + state, lanes) - candidate), z);
        dr = acts.gate.back(dn * load(a.q + t * s.N * H + state, lanes), r);
        dq = dn * r;
        carried = dhNew * z;
      }
      store(dpre + gate, dr, lanes);
      store(dpre + gate + H, dz, lanes);
      store(dpre + gate + 2 * H, dn, lanes);
      store(drec + gate, dr, lanes);
      store(drec + gate + H, dz, lanes);
      store(drec + gate + 2 * H, dq, lanes);
      store(a.dh0 + state, carried, lanes);
    });
  };
  forPanels<plainVectors>(work, next ? 3 * H : 0, next, 3 * H, a.rT, H, plainPitch, start, finish);
}

template <typename Acts, typename Args>
INLINE void gruBackward(const Acts& acts, const Args& a, const Team& team) {
  const Sequence s = sequenceOf(a);
  forRows(s.N, rowsThatFit<plainVectors>(3 * s.H), 3 * s.H * s.H, team, [&](const Work& work) {
    clearState(a.dh0, s, work);
    for (int64_t i = s.T - 1; i >= -1; i--) {
      gruGradStep(acts, a, s, i, work);
      if (i >= 0) work.meet();
    }
  });
}

inline void gru(const GruArgs& a, const Team& team) { gruForward(PlainGru{}, a, team); }

inline void gruVariant(const GruVariantArgs& a, const Team& team) { gruForward(anyGru(a), a, team); }

inline void gruGrad(const GruGradArgs& a, const Team& team) { gruBackward(PlainGru{}, a, team); }

inline void gruVariantGrad(const GruVariantGradArgs& a, const Team& team) { gruBackward(anyGru(a), a, team); }

}  // namespace UNROLLED
