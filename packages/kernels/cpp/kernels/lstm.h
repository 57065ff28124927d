// LSTM over a whole sequence, gates i,f,g,o (Hochreiter & Schmidhuber 1997; forget gate: Gers 2000).
// T time, N batch, H hidden. One layer, one direction.
#pragma once

#include "recurrent.h"

namespace UNROLLED {

/** One step of the given rows: gates = act(pre + h R), c' = f c + i g, h' = o tanh(c'). */
INLINE void lstmStep(const LstmArgs& a, const Sequence& s, int64_t t, const Work& work) {
  const int64_t H = s.H;
  const Range rows = work.rows;
  const float* hPrev = slotBefore(a.h, a.h0, s, t);  // [N,H]
  const float* cPrev = slotBefore(a.c, a.c0, s, t);
  float* h = a.h + s.after(t);
  float* c = a.c + s.after(t);
  const float* pre = a.pre + t * s.N * 4 * H;  // [N,4H]
  float* gates = a.gates + t * s.N * 4 * H;
  auto start = [&](const Tile& tile) {
    forLanes(tile.units, [&](auto lanes) {
      for (int64_t n = rows.begin; n < rows.end; n++)
        for (int64_t g = 0; g < 4; g++)
          store(tile.c + ((n - rows.begin) * 4 + g) * W, load(pre + (n * 4 + g) * H + tile.unit, lanes));
    });
    fetchNext(pre, 4, tile, s);
    fetchThis(cPrev, 1, tile, s);
  };
  auto finish = [&](const Tile& tile) {
    forLanes(tile.units, [&](auto lanes) {
      for (int64_t n = rows.begin; n < rows.end; n++) {
        const float* sum = tile.c + (n - rows.begin) * 4 * W;
        const int64_t state = n * H + tile.unit;
        float* gate = gates + n * 4 * H + tile.unit;
        Floats i{}, f{}, g{}, o{};
        Floats cNew = load(cPrev + state, lanes), hNew = load(hPrev + state, lanes);
        if (s.active(n, t)) {
          i = sigmoid(load(sum));
          f = sigmoid(load(sum + W));
          g = tanh(load(sum + 2 * W));
          o = sigmoid(load(sum + 3 * W));
          cNew = fma(f, cNew, i * g);
          hNew = o * tanh(cNew);
        }
        store(gate, i, lanes);
        store(gate + H, f, lanes);
        store(gate + 2 * H, g, lanes);
        store(gate + 3 * H, o, lanes);
        store(c + state, cNew, lanes);
        store(h + state, hNew, lanes);
      }
    });
  };
  forPanels<4>(work, H, hPrev + rows.begin * H, H, a.r, H, W, start, finish);
}

inline void lstm(const LstmArgs& a, const Team& team) {
  const Sequence s = sequenceOf(a);
  forRows(s.N, rowsThatFit<4>(s.H), 4 * s.H * s.H, team, [&](const Work& work) {
    startSlot(a.h, a.h0, s, work);
    startSlot(a.c, a.c0, s, work);
    for (int64_t i = 0; i < s.T; i++) {
      if (i > 0) work.meet();
      lstmStep(a, s, s.step(i), work);
    }
  });
}

/**
 * The gradient of the slot after step t is dh + what the walk carries + dpre of the step after it times R^T. Between
 * steps, dh0 carries it past rows that the later step left alone, and dc0 carries the cell's.
 */
INLINE void lstmGradStep(const LstmGradArgs& a, const Sequence& s, int64_t i, const Work& work) {
  const int64_t H = s.H, t = s.step(i);
  const float* next = i + 1 < s.T ? a.dpre + s.step(i + 1) * s.N * 4 * H : nullptr;  // [N,4H]
  const float* cPrev = a.c + s.before(t);  // [N,H]
  const float* c = a.c + s.after(t);
  const float* dh = a.dh + s.after(t);
  const float* dc = a.dc ? a.dc + s.after(t) : nullptr;
  const float* gates = a.gates + t * s.N * 4 * H;  // [N,4H]
  float* dpre = a.dpre + t * s.N * 4 * H;
  auto start = [&](const Tile& tile) {
    forTile(tile, [&](float* sum, int64_t n, int64_t unit, auto lanes) {
      store(sum, load(dh + n * H + unit, lanes) + load(a.dh0 + n * H + unit, lanes));
    });
    fetchThis(gates, 4, tile, s);
    fetchThis(c, 1, tile, s);
    fetchThis(cPrev, 1, tile, s);
  };
  auto finish = [&](const Tile& tile) {
    forTile(tile, [&](const float* sum, int64_t n, int64_t unit, auto lanes) {
      const int64_t state = n * H + unit, gate = n * 4 * H + unit;
      const Floats dhNew = load(sum);
      Floats dcNew = load(a.dc0 + state, lanes);
      if (dc) dcNew += load(dc + state, lanes);
      Floats di{}, df{}, dg{}, dO{}, carried = dhNew;
      if (s.active(n, t)) {
        const Floats i = load(gates + gate, lanes), f = load(gates + gate + H, lanes);
        const Floats g = load(gates + gate + 2 * H, lanes), o = load(gates + gate + 3 * H, lanes);
        const Floats y = tanh(load(c + state, lanes));
        dcNew = fma(dhNew * o, 1.0f - y * y, dcNew);
        di = dcNew * g * i * (1.0f - i);
        df = dcNew * load(cPrev + state, lanes) * f * (1.0f - f);
        dg = dcNew * i * (1.0f - g * g);
        dO = dhNew * y * o * (1.0f - o);
        dcNew *= f;
        carried = Floats{};
      }
      store(dpre + gate, di, lanes);
      store(dpre + gate + H, df, lanes);
      store(dpre + gate + 2 * H, dg, lanes);
      store(dpre + gate + 3 * H, dO, lanes);
      store(a.dc0 + state, dcNew, lanes);
      store(a.dh0 + state, carried, lanes);
    });
  };
  forPanels<plainVectors>(work, next ? 4 * H : 0, next ? next + work.rows.begin * 4 * H : nullptr, 4 * H, a.rT, H,
                          plainPitch, start, finish);
}

/** The first slot: dh0 = dh + carried + dpre of the first step times R^T; dc0 likewise, without a product. */
INLINE void lstmGradFirst(const LstmGradArgs& a, const Sequence& s, const Work& work) {
  const int64_t H = s.H;
  const float* dh = a.dh + s.first();
  const float* dc = a.dc ? a.dc + s.first() : nullptr;
  const float* next = s.T > 0 ? a.dpre + (s.step(0) * s.N + work.rows.begin) * 4 * H : nullptr;
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
  forPanels<plainVectors>(work, next ? 4 * H : 0, next, 4 * H, a.rT, H, plainPitch, start, finish);
}

inline void lstmGrad(const LstmGradArgs& a, const Team& team) {
  const Sequence s = sequenceOf(a);
  forRows(s.N, rowsThatFit<plainVectors>(4 * s.H), 4 * s.H * s.H, team, [&](const Work& work) {
    clearState(a.dh0, s, work);
    clearState(a.dc0, s, work);
    for (int64_t i = s.T - 1; i >= 0; i--) {
      lstmGradStep(a, s, i, work);
      work.meet();
    }
    lstmGradFirst(a, s, work);
  });
}

}  // namespace UNROLLED
