// LSTM over a whole sequence, gates i,f,g,o (Hochreiter & Schmidhuber 1997; forget gate: Gers 2000).
// T time, N batch, H hidden. One layer, one direction.
#pragma once

#include "lstm-units.h"
#include "recurrent.h"

namespace UNROLLED {

/** One step of the given rows: gates = act(pre + h R), c' = f c + i g, h' = o tanh(c'). */
template <typename Units, typename Args>
INLINE void lstmStep(const Units& units, const Args& a, const Sequence& s, int64_t t, const Work& work) {
  constexpr int G = Units::gates;
  const int64_t H = s.H;
  const Range rows = work.rows;
  const float* hPrev = slotBefore(a.h, a.h0, s, t);  // [N,H]
  const float* cPrev = slotBefore(a.c, a.c0, s, t);
  float* h = a.h + s.after(t);
  float* c = a.c + s.after(t);
  const float* pre = a.pre + t * s.N * G * H;  // [N,G*H]
  float* gates = a.gates + t * s.N * G * H;
  auto start = [&](const Tile& tile) {
    forLanes(tile.units, [&](auto lanes) {
      for (int64_t n = rows.begin; n < rows.end; n++)
        for (int64_t g = 0; g < G; g++)
          store(tile.c + ((n - rows.begin) * G + g) * W, load(pre + (n * G + g) * H + tile.unit, lanes));
    });
    fetchNext(pre, G, tile, s);
    fetchThis(cPrev, 1, tile, s);
  };
  auto finish = [&](const Tile& tile) {
    forLanes(tile.units, [&](auto lanes) {
      for (int64_t n = rows.begin; n < rows.end; n++) {
        const float* sum = tile.c + (n - rows.begin) * G * W;
        const int64_t state = n * H + tile.unit;
        LstmGates y{};
        LstmStates next{load(cPrev + state, lanes), load(hPrev + state, lanes)};
        if (s.active(n, t)) next = units.forward(sum, next.c, tile.unit, lanes, y);
        storeGates<G>(gates + n * G * H + tile.unit, H, y, lanes);
        store(c + state, next.c, lanes);
        store(h + state, next.h, lanes);
      }
    });
  };
  forPanels<G>(work, H, hPrev + rows.begin * H, H, a.r, H, W, start, finish, inTurn(t));
}

template <typename Units, typename Args>
INLINE void lstmForward(const Units& units, const Args& a, const Team& team) {
  constexpr int G = Units::gates;
  const Sequence s = sequenceOf(a);
  forRows(s.N, rowsThatFit<G>(s.H), G * s.H * s.H, team, [&](const Work& work) {
    startSlot(a.h, a.h0, s, work);
    startSlot(a.c, a.c0, s, work);
    for (int64_t i = 0; i < s.T; i++) {
      if (i > 0) work.meet();
      lstmStep(units, a, s, s.step(i), work);
    }
  });
}

inline void lstm(const LstmArgs& a, const Team& team) { lstmForward(PlainLstm{}, a, team); }

inline void lstmVariant(const LstmVariantArgs& a, const Team& team) {
  withLstm(a, [&](const auto& units) { lstmForward(units, a, team); });
}

/**
 * The gradient of the slot after step t is dh + what the walk carries + dpre of the step after it times R^T. Between
 * steps, dh0 carries it past rows that the later step left alone, and dc0 carries the cell's.
 */
template <typename Units, typename Args>
INLINE void lstmGradStep(const Units& units, const Args& a, const Sequence& s, int64_t i, const Work& work) {
  constexpr int G = Units::gates;
  const int64_t H = s.H, t = s.step(i);
  const float* next = i + 1 < s.T ? a.dpre + s.step(i + 1) * s.N * G * H : nullptr;  // [N,G*H]
  const float* cPrev = a.c + s.before(t);  // [N,H]
  const float* c = a.c + s.after(t);
  const float* dh = a.dh + s.after(t);
  const float* dc = a.dc ? a.dc + s.after(t) : nullptr;
  const float* gates = a.gates + t * s.N * G * H;  // [N,G*H]
  float* dpre = a.dpre + t * s.N * G * H;
  auto start = [&](const Tile& tile) {
    forTile(tile, [&](float* sum, int64_t n, int64_t unit, auto lanes) {
      store(sum, load(dh + n * H + unit, lanes) + load(a.dh0 + n * H + unit, lanes));
    });
    fetchThis(gates, G, tile, s);
    fetchThis(c, 1, tile, s);
    fetchThis(cPrev, 1, tile, s);
  };
  auto finish = [&](const Tile& tile) {
    forTile(tile, [&](const float* sum, int64_t n, int64_t unit, auto lanes) {
      const int64_t state = n * H + unit, gate = n * G * H + unit;
      const Floats dhNew = load(sum);
      Floats dcNew = load(a.dc0 + state, lanes);
      if (dc) dcNew += load(dc + state, lanes);
      LstmGates d{};
      Floats carried = dhNew;
      if (s.active(n, t)) {
        const LstmGates y = loadGates<G>(gates + gate, H, lanes);
        d = units.backward(y, load(cPrev + state, lanes), load(c + state, lanes), dhNew, dcNew, unit, lanes);
        carried = Floats{};
      }
      storeGates<G>(dpre + gate, H, d, lanes);
      store(a.dc0 + state, dcNew, lanes);
      store(a.dh0 + state, carried, lanes);
    });
  };
  forPanels<plainVectors>(work, next ? G * H : 0, next ? next + work.rows.begin * G * H : nullptr, G * H, a.rT, H,
                          plainPitch, start, finish);
}

/** The first slot: dh0 = dh + carried + dpre of the first step times R^T; dc0 likewise, without a product. */
template <int G, typename Args>
INLINE void lstmGradFirst(const Args& a, const Sequence& s, const Work& work) {
  const int64_t H = s.H;
  const float* dh = a.dh + s.first();
  const float* dc = a.dc ? a.dc + s.first() : nullptr;
  const float* next = s.T > 0 ? a.dpre + (s.step(0) * s.N + work.rows.begin) * G * H : nullptr;
  auto start = [&](const Tile& tile) {
    forTile(tile, [&](float* sum, int64_t n, int64_t unit, auto lanes) {
      store(sum, load(dh + n * H + unit, lanes) + load(a.dh0 + n * H + unit, lanes));
    });
  };
  auto finish = [&](const Tile& tile) {
    forTile(tile, [&](const float* sum, int64_t n, int64_t unit, auto lanes) {
      const int64_t state = n * H + unit;
      store(a.dh0 + state, load(sum), lanes);
      if (dc) store(a.dc0 + state, load(a.dc0 + state, lanes) + load(dc + state, lanes), lanes);
    });
  };
  forPanels<plainVectors>(work, next ? G * H : 0, next, G * H, a.rT, H, plainPitch, start, finish);
}

template <typename Units, typename Args>
INLINE void lstmBackward(const Units& units, const Args& a, const Team& team) {
  constexpr int G = Units::gates;
  const Sequence s = sequenceOf(a);
  forRows(s.N, rowsThatFit<plainVectors>(G * s.H), G * s.H * s.H, team, [&](const Work& work) {
    clearState(a.dh0, s, work);
    clearState(a.dc0, s, work);
    for (int64_t i = s.T - 1; i >= 0; i--) {
      lstmGradStep(units, a, s, i, work);
      work.meet();
    }
    lstmGradFirst<G>(a, s, work);
  });
}

inline void lstmGrad(const LstmGradArgs& a, const Team& team) { lstmBackward(PlainLstm{}, a, team); }

inline void lstmVariantGrad(const LstmVariantGradArgs& a, const Team& team) {
  withLstm(a, [&](const auto& units) { lstmBackward(units, a, team); });
}

}  // namespace UNROLLED
