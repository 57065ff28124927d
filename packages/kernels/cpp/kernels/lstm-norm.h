// LSTM with layer normalisation (Ba 2016, supplement eq. 20-22): the recurrent product is normalised over all gates i,f,g,o
// together, and the cell on its way out. T time, N batch, H hidden. One layer, one direction.
#pragma once

#include "recurrent-norm.h"

namespace UNROLLED {

/** One row of a step, from the product in `normal`, which becomes the normalised one. */
INLINE void lstmNormRow(const LstmNormArgs& a, int64_t row, const float* cPrev, float* c, float* h) {
  const int64_t H = a.H;
  const float epsilon = static_cast<float>(a.epsilon);
  const float* pre = a.pre + row * 4 * H;
  float* gates = a.gates + row * 4 * H;
  float* normal = a.normal + row * 4 * H;
  float* cell = a.cell + row * H;
  const Statistics s = statisticsOf(normal, 4 * H, epsilon);
  auto sumOf = [&](int64_t j, auto lanes) {
    const Floats x = (load(normal + j, lanes) - s.mean) * s.rstd;
    store(normal + j, x, lanes);
    return fma(load(a.gain + j, lanes), x, load(pre + j, lanes));
  };
  forVectors(0, H, [&](int64_t j, auto lanes) {
    const Floats i = sigmoid(sumOf(j, lanes)), f = sigmoid(sumOf(j + H, lanes));
    const Floats g = tanh(sumOf(j + 2 * H, lanes)), o = sigmoid(sumOf(j + 3 * H, lanes));
    store(gates + j, i, lanes);
    store(gates + j + H, f, lanes);
    store(gates + j + 2 * H, g, lanes);
    store(gates + j + 3 * H, o, lanes);
    store(c + j, fma(f, load(cPrev + j, lanes), i * g), lanes);
  });
  const Statistics out = statisticsOf(c, H, epsilon);
  forVectors(0, H, [&](int64_t j, auto lanes) {
    const Floats x = (load(c + j, lanes) - out.mean) * out.rstd;
    store(cell + j, x, lanes);
    const Floats y = tanh(fma(load(a.cellGain + j, lanes), x, load(a.cellBias + j, lanes)));
    store(h + j, load(gates + j + 3 * H, lanes) * y, lanes);
  });
  a.rstd[2 * row] = s.rstd;
  a.rstd[2 * row + 1] = out.rstd;
}

INLINE void lstmNormStep(const LstmNormArgs& a, const Sequence& s, int64_t t, const Work& work) {
  const int64_t H = s.H;
  const float* hPrev = a.h + s.before(t);
  const float* cPrev = a.c + s.before(t);
  float* h = a.h + s.after(t);
  float* c = a.c + s.after(t);
  productRows<4>(work, hPrev + work.rows.begin * H, a.r, a.normal + t * s.N * 4 * H, H);
  for (int64_t n = work.rows.begin; n < work.rows.end; n++) {
    const int64_t row = t * s.N + n;
    if (s.active(n, t)) {
      lstmNormRow(a, row, cPrev + n * H, c + n * H, h + n * H);
      continue;
    }
    copyRows(h + n * H, 0, hPrev + n * H, 0, 1, H);
    copyRows(c + n * H, 0, cPrev + n * H, 0, 1, H);
    clearRow(a.gates + row * 4 * H, 4 * H);
    clearRow(a.normal + row * 4 * H, 4 * H);
    clearRow(a.cell + row * H, H);
    a.rstd[2 * row] = a.rstd[2 * row + 1] = 0;
  }
}

inline void lstmNorm(const LstmNormArgs& a, const Team& team) {
  const Sequence s = sequenceOf(a);
  forWholeRows(s.N, rowsThatFit<4>(s.H), team, [&](const Work& work) {
    startSlot(a.h, a.h0, s, work);
    startSlot(a.c, a.c0, s, work);
    for (int64_t i = 0; i < s.T; i++) lstmNormStep(a, s, s.step(i), work);
  });
}

/** One row of a step backwards, from dh and dc of the slot after it; leaves in dc that of the slot before it. */
INLINE void lstmNormGradRow(const LstmNormGradArgs& a, int64_t row, const float* cPrev, const float* dh,
                            const float* dcMore, float* dc) {
  const int64_t H = a.H;
  const float* gates = a.gates + row * 4 * H;
  const float* normal = a.normal + row * 4 * H;
  const float* cell = a.cell + row * H;
  float* dpre = a.dpre + row * 4 * H;
  float* drec = a.drec + row * 4 * H;
  float* dcell = a.dcell + row * H;
  NormSums out, in;
  forVectors(0, H, [&](int64_t j, auto lanes) {
    const Floats o = load(gates + j + 3 * H, lanes), gain = load(a.cellGain + j, lanes), x = load(cell + j, lanes);
    const Floats y = tanh(fma(gain, x, load(a.cellBias + j, lanes)));
    const Floats dy = load(dh + j, lanes) * o * (1.0f - y * y);
    store(dcell + j, dy, lanes);
    store(dpre + j + 3 * H, load(dh + j, lanes) * y * o * (1.0f - o), lanes);
    out.add(dy * gain, x);
  });
  out = out.means(H);
  auto normalised = [&](int64_t j, Floats d, auto lanes) {
    const Floats v = d * load(a.gain + j, lanes);
    in.add(v, load(normal + j, lanes));
    store(dpre + j, d, lanes);
    store(drec + j, v, lanes);
  };
  forVectors(0, H, [&](int64_t j, auto lanes) {
    const Floats i = load(gates + j, lanes), f = load(gates + j + H, lanes), g = load(gates + j + 2 * H, lanes);
    const Floats v = load(dcell + j, lanes) * load(a.cellGain + j, lanes);
    Floats dcNew = load(dc + j, lanes);
    if (dcMore) dcNew += load(dcMore + j, lanes);
    dcNew += out.back(v, load(cell + j, lanes), a.rstd[2 * row + 1]);
    normalised(j, dcNew * g * i * (1.0f - i), lanes);
    normalised(j + H, dcNew * load(cPrev + j, lanes) * f * (1.0f - f), lanes);
    normalised(j + 2 * H, dcNew * i * (1.0f - g * g), lanes);
    normalised(j + 3 * H, load(dpre + j + 3 * H, lanes), lanes);
    store(dc + j, dcNew * f, lanes);
  });
  in = in.means(4 * H);
  forVectors(0, 4 * H, [&](int64_t j, auto lanes) {
    store(drec + j, in.back(load(drec + j, lanes), load(normal + j, lanes), a.rstd[2 * row]), lanes);
  });
}

INLINE void lstmNormGradStep(const LstmNormGradArgs& a, const Sequence& s, int64_t i, const Work& work) {
  const int64_t H = s.H, t = s.step(i);
  const float* next = i + 1 < s.T ? a.drec + s.step(i + 1) * s.N * 4 * H : nullptr;
  const float* dc = a.dc ? a.dc + s.after(t) : nullptr;
  carryRows<4>(work, a.dh + s.after(t), a.dh0, next, a.rT, H);
  for (int64_t n = work.rows.begin; n < work.rows.end; n++) {
    const int64_t row = t * s.N + n;
    const float* dcMore = dc ? dc + n * H : nullptr;
    float* dcRow = a.dc0 + n * H;
    if (s.active(n, t)) {
      lstmNormGradRow(a, row, a.c + s.before(t) + n * H, a.dh0 + n * H, dcMore, dcRow);
      clearRow(a.dh0 + n * H, H);
      continue;
    }
    clearRow(a.dpre + row * 4 * H, 4 * H);
    clearRow(a.drec + row * 4 * H, 4 * H);
    clearRow(a.dcell + row * H, H);
    if (dcMore)
      forVectors(0, H, [&](int64_t j, auto lanes) {
        store(dcRow + j, load(dcRow + j, lanes) + load(dcMore + j, lanes), lanes);
      });
  }
}

inline void lstmNormGrad(const LstmNormGradArgs& a, const Team& team) {
  const Sequence s = sequenceOf(a);
  forWholeRows(s.N, rowsThatFit<plainVectors>(4 * s.H), team, [&](const Work& work) {
    clearState(a.dh0, s, work);
    clearState(a.dc0, s, work);
    for (int64_t i = s.T - 1; i >= 0; i--) lstmNormGradStep(a, s, i, work);
    const float* next = s.T > 0 ? a.drec + s.step(0) * s.N * 4 * s.H : nullptr;
    carryRows<4>(work, a.dh + s.first(), a.dh0, next, a.rT, s.H);
    if (!a.dc) return;
    const float* dc = a.dc + s.first();
    forState(s, work, plainPitch, [&](int64_t j, auto lanes) {
      store(a.dc0 + j, load(a.dc0 + j, lanes) + load(dc + j, lanes), lanes);
    });
  });
}

}  // namespace UNROLLED
