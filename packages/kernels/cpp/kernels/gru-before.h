// GRU with the reset gate applied before the product (Cho 2014): n = tanh(pre_n + (r h) R_n), h' = (1-z) n + z h.
// Each step is two products: all of r must be known before n. T time, N batch, H hidden. One layer, one direction.
#pragma once

#include "gru.h"

namespace UNROLLED {

/** r, z = sigmoid(pre + h R_rz) and r h. Rows past their length get zeros. */
template <typename Acts, typename Args>
INLINE void resetStep(const Acts& acts, const Args& a, const Sequence& s, int64_t t, const Work& work) {
  const int64_t H = s.H;
  const Range rows = work.rows;
  const float* hPrev = slotBefore(a.h, a.h0, s, t);  // [N,H]
  const float* pre = a.pre + t * s.N * 3 * H;        // [N,3H]
  float* gates = a.gates + t * s.N * 3 * H;
  float* rh = a.rh + t * s.N * H;
  auto start = [&](const Tile& tile) {
    forLanes(tile.units, [&](auto lanes) {
      for (int64_t n = rows.begin; n < rows.end; n++)
        for (int64_t g = 0; g < 2; g++)
          store(tile.c + ((n - rows.begin) * 2 + g) * W, load(pre + (n * 3 + g) * H + tile.unit, lanes));
    });
  };
  auto finish = [&](const Tile& tile) {
    forLanes(tile.units, [&](auto lanes) {
      for (int64_t n = rows.begin; n < rows.end; n++) {
        const float* sum = tile.c + (n - rows.begin) * 2 * W;
        const int64_t state = n * H + tile.unit, gate = n * 3 * H + tile.unit;
        const bool active = s.active(n, t);
        const Floats r = active ? acts.gate.value(load(sum)) : Floats{};
        const Floats z = active ? acts.gate.value(load(sum + W)) : Floats{};
        store(gates + gate, r, lanes);
        store(gates + gate + H, z, lanes);
        store(rh + state, active ? r * load(hPrev + state, lanes) : Floats{}, lanes);
      }
    });
  };
  forPanels<2>(work, H, hPrev + rows.begin * H, H, a.rz, H, W, start, finish);
}

/** n = tanh(pre_n + rh R_n), h' = (1-z) n + z h. */
template <typename Acts, typename Args>
INLINE void candidateStep(const Acts& acts, const Args& a, const Sequence& s, int64_t t, const Work& work) {
  const int64_t H = s.H;
  const float* hPrev = slotBefore(a.h, a.h0, s, t);
  float* h = a.h + s.after(t);
  const float* pre = a.pre + t * s.N * 3 * H;
  float* gates = a.gates + t * s.N * 3 * H;
  const float* rh = a.rh + (t * s.N + work.rows.begin) * H;
  auto start = [&](const Tile& tile) {
    forTile(tile, [&](float* sum, int64_t n, int64_t unit, auto lanes) {
      store(sum, load(pre + (n * 3 + 2) * H + unit, lanes));
    });
  };
  auto finish = [&](const Tile& tile) {
    forTile(tile, [&](const float* sum, int64_t n, int64_t unit, auto lanes) {
      const int64_t state = n * H + unit, gate = n * 3 * H + unit;
      Floats candidate{}, hNew = load(hPrev + state, lanes);
      if (s.active(n, t)) {
        const Floats z = load(gates + gate + H, lanes);
        candidate = acts.candidate.value(load(sum));
        hNew = fma(z, hNew, (1.0f - z) * candidate);
      }
      store(gates + gate + 2 * H, candidate, lanes);
      store(h + state, hNew, lanes);
    });
  };
  forPanels<plainVectors>(work, H, rh, H, a.rn, H, plainPitch, start, finish);
}

template <typename Acts, typename Args>
INLINE void gruBeforeForward(const Acts& acts, const Args& a, const Team& team) {
  const Sequence s = sequenceOf(a);
  const int64_t limit = least(rowsThatFit<2>(s.H), rowsThatFit<plainVectors>(s.H));
  forRows(s.N, limit, 3 * s.H * s.H, team, [&](const Work& work) {
    startSlot(a.h, a.h0, s, work);
    for (int64_t i = 0; i < s.T; i++) {
      if (i > 0) work.meet();
      resetStep(acts, a, s, s.step(i), work);
      work.meet();
      candidateStep(acts, a, s, s.step(i), work);
    }
  });
}

/** dpre_z and dpre_n of step i, and the part of dh that does not pass the reset gate; i = -1 is the first slot. */
template <typename Acts, typename Args>
INLINE void candidateGradStep(const Acts& acts, const Args& a, const Sequence& s, int64_t i, const Work& work) {
  const int64_t H = s.H, t = i < 0 ? 0 : s.step(i);
  const float* dh = a.dh + (i < 0 ? s.first() : s.after(t));                                        // [N,H]
  const float* next = i + 1 < s.T ? a.dpre + (s.step(i + 1) * s.N + work.rows.begin) * 3 * H : nullptr;  // [N,3H]
  const float* hPrev = a.h + s.before(t);
  const float* gates = a.gates + t * s.N * 3 * H;
  float* dpre = a.dpre + t * s.N * 3 * H;
  auto start = [&](const Tile& tile) {
    forTile(tile, [&](float* sum, int64_t n, int64_t unit, auto lanes) {
      store(sum, load(dh + n * H + unit, lanes) + load(a.dh0 + n * H + unit, lanes));
    });
    fetchThis(gates, 3, tile, s);
    fetchThis(hPrev, 1, tile, s);
  };
  auto finish = [&](const Tile& tile) {
    forTile(tile, [&](const float* sum, int64_t n, int64_t unit, auto lanes) {
      const int64_t state = n * H + unit, gate = n * 3 * H + unit;
      const Floats dhNew = load(sum);
      if (i < 0) return store(a.dh0 + state, dhNew, lanes);
      Floats dz{}, dn{}, carried = dhNew;
      if (s.active(n, t)) {
        const Floats z = load(gates + gate + H, lanes), candidate = load(gates + gate + 2 * H, lanes);
        dn = acts.candidate.back(dhNew * (1.0f - z), candidate);
        dz = acts.gate.back(dhNew * (load(hPrev + state, lanes) - candidate), z);
        carried = dhNew * z;
      }
      store(dpre + gate + H, dz, lanes);
      store(dpre + gate + 2 * H, dn, lanes);
      store(a.dh0 + state, carried, lanes);
    });
  };
  forPanels<plainVectors>(work, next ? 2 * H : 0, next, 3 * H, a.rzT, H, plainPitch, start, finish);
}

/** d(r h) = dpre_n R_n^T, which gives dpre_r and the rest of the gradient that dh0 carries. */
template <typename Acts, typename Args>
INLINE void resetGradStep(const Acts& acts, const Args& a, const Sequence& s, int64_t t, const Work& work) {
  const int64_t H = s.H;
  const float* hPrev = a.h + s.before(t);  // [N,H]
  const float* gates = a.gates + t * s.N * 3 * H;
  float* dpre = a.dpre + t * s.N * 3 * H;
  auto start = [&](const Tile& tile) {
    forTile(tile, [&](float* sum, int64_t, int64_t, auto) { store(sum, Floats{}); });
  };
  auto finish = [&](const Tile& tile) {
    forTile(tile, [&](const float* sum, int64_t n, int64_t unit, auto lanes) {
      const int64_t state = n * H + unit, gate = n * 3 * H + unit;
      Floats dr{};
      if (s.active(n, t)) {
        const Floats drh = load(sum), r = load(gates + gate, lanes);
        dr = acts.gate.back(drh * load(hPrev + state, lanes), r);
        store(a.dh0 + state, fma(drh, r, load(a.dh0 + state, lanes)), lanes);
      }
      store(dpre + gate, dr, lanes);
    });
  };
  const float* dn = dpre + (work.rows.begin * 3 + 2) * H;
  forPanels<plainVectors>(work, H, dn, 3 * H, a.rnT, H, plainPitch, start, finish);
}

template <typename Acts, typename Args>
INLINE void gruBeforeBackward(const Acts& acts, const Args& a, const Team& team) {
  const Sequence s = sequenceOf(a);
  forRows(s.N, rowsThatFit<plainVectors>(2 * s.H), 3 * s.H * s.H, team, [&](const Work& work) {
    clearState(a.dh0, s, work);
    for (int64_t i = s.T - 1; i >= -1; i--) {
      candidateGradStep(acts, a, s, i, work);
      if (i < 0) break;
      work.meet();
      resetGradStep(acts, a, s, s.step(i), work);
      work.meet();
    }
  });
}

inline void gruBefore(const GruBeforeArgs& a, const Team& team) { gruBeforeForward(PlainGru{}, a, team); }

inline void gruBeforeVariant(const GruBeforeVariantArgs& a, const Team& team) { gruBeforeForward(anyGru(a), a, team); }

inline void gruBeforeGrad(const GruBeforeGradArgs& a, const Team& team) { gruBeforeBackward(PlainGru{}, a, team); }

inline void gruBeforeVariantGrad(const GruBeforeVariantGradArgs& a, const Team& team) { gruBeforeBackward(anyGru(a), a, team); }

}  // namespace UNROLLED
