// GRU with layer normalisation, reset after the product (Ba 2016, supplement eq. 26-29): the recurrent products of r and z
// are normalised together, that of n by itself. T time, N batch, H hidden. One layer, one direction.
#pragma once

#include "recurrent-norm.h"

namespace UNROLLED {

/** One row of a step, from the product in `normal`, which becomes the normalised one. */
INLINE void gruNormRow(const GruNormArgs& a, int64_t row, const float* hPrev, float* h) {
  const int64_t H = a.H;
  const float epsilon = static_cast<float>(a.epsilon);
  const float* pre = a.pre + row * 3 * H;
  float* gates = a.gates + row * 3 * H;
  float* normal = a.normal + row * 3 * H;
  const Statistics both = statisticsOf(normal, 2 * H, epsilon), last = statisticsOf(normal + 2 * H, H, epsilon);
  auto sumOf = [&](int64_t j, const Statistics& s, auto lanes) {
    const Floats x = (load(normal + j, lanes) - s.mean) * s.rstd;
    store(normal + j, x, lanes);
    return fma(load(a.gain + j, lanes), x, load(a.bR + j, lanes));
  };
  forVectors(0, H, [&](int64_t j, auto lanes) {
    const Floats r = sigmoid(load(pre + j, lanes) + sumOf(j, both, lanes));
    const Floats z = sigmoid(load(pre + j + H, lanes) + sumOf(j + H, both, lanes));
    const Floats n = tanh(fma(r, sumOf(j + 2 * H, last, lanes), load(pre + j + 2 * H, lanes)));
    store(gates + j, r, lanes);
    store(gates + j + H, z, lanes);
    store(gates + j + 2 * H, n, lanes);
    store(h + j, fma(z, load(hPrev + j, lanes), (1.0f - z) * n), lanes);
  });
  a.rstd[2 * row] = both.rstd;
  a.rstd[2 * row + 1] = last.rstd;
}

inline void gruNorm(const GruNormArgs& a, const Team& team) {
  const Sequence s = sequenceOf(a);
  const int64_t H = s.H;
  auto step = [&](int64_t t, const Work& work) {
    const float* hPrev = a.h + s.before(t);
    float* h = a.h + s.after(t);
    productRows<3>(work, hPrev + work.rows.begin * H, a.r, a.normal + t * s.N * 3 * H, H);
    for (int64_t n = work.rows.begin; n < work.rows.end; n++) {
      const int64_t row = t * s.N + n;
      if (s.active(n, t)) {
        gruNormRow(a, row, hPrev + n * H, h + n * H);
        continue;
      }
      copyRows(h + n * H, 0, hPrev + n * H, 0, 1, H);
      clearRow(a.gates + row * 3 * H, 3 * H);
      clearRow(a.normal + row * 3 * H, 3 * H);
      a.rstd[2 * row] = a.rstd[2 * row + 1] = 0;
    }
  };
  forWholeRows(s.N, rowsThatFit<3>(H), team, [&](const Work& work) {
    startSlot(a.h, a.h0, s, work);
    for (int64_t i = 0; i < s.T; i++) step(s.step(i), work);
  });
}

/** One row of a step backwards, from dh of the slot after it; leaves in dh what passes the update gate. */
INLINE void gruNormGradRow(const GruNormGradArgs& a, int64_t row, const float* hPrev, float* dh) {
  const int64_t H = a.H;
  const float* gates = a.gates + row * 3 * H;
  const float* normal = a.normal + row * 3 * H;
  float* dpre = a.dpre + row * 3 * H;
  float* drec = a.drec + row * 3 * H;
  NormSums both, last;
  auto normalised = [&](int64_t j, Floats d, NormSums& sums, auto lanes) {
    const Floats v = d * load(a.gain + j, lanes);
    sums.add(v, load(normal + j, lanes));
    store(drec + j, v, lanes);
  };
  forVectors(0, H, [&](int64_t j, auto lanes) {
    const Floats r = load(gates + j, lanes), z = load(gates + j + H, lanes), n = load(gates + j + 2 * H, lanes);
    const Floats d = load(dh + j, lanes);
    const Floats q = fma(load(a.gain + j + 2 * H, lanes), load(normal + j + 2 * H, lanes),
                         load(a.bR + j + 2 * H, lanes));
    const Floats dn = d * (1.0f - z) * (1.0f - n * n);
    const Floats dz = d * (load(hPrev + j, lanes) - n) * z * (1.0f - z);
    const Floats dr = dn * q * r * (1.0f - r);
    store(dpre + j, dr, lanes);
    store(dpre + j + H, dz, lanes);
    store(dpre + j + 2 * H, dn, lanes);
    normalised(j, dr, both, lanes);
    normalised(j + H, dz, both, lanes);
    normalised(j + 2 * H, dn * r, last, lanes);
    store(dh + j, d * z, lanes);
  });
  both = both.means(2 * H);
  last = last.means(H);
  auto finish = [&](int64_t begin, int64_t end, const NormSums& means, float rstd) {
    forVectors(begin, end, [&](int64_t j, auto lanes) {
      store(drec + j, means.back(load(drec + j, lanes), load(normal + j, lanes), rstd), lanes);
    });
  };
  finish(0, 2 * H, both, a.rstd[2 * row]);
  finish(2 * H, 3 * H, last, a.rstd[2 * row + 1]);
}

inline void gruNormGrad(const GruNormGradArgs& a, const Team& team) {
  const Sequence s = sequenceOf(a);
  const int64_t H = s.H;
  auto step = [&](int64_t i, const Work& work) {
    const int64_t t = s.step(i);
    const float* next = i + 1 < s.T ? a.drec + s.step(i + 1) * s.N * 3 * H : nullptr;
    carryRows<3>(work, a.dh + s.after(t), a.dh0, next, a.rT, H);
    for (int64_t n = work.rows.begin; n < work.rows.end; n++) {
      const int64_t row = t * s.N + n;
      if (s.active(n, t)) {
        gruNormGradRow(a, row, a.h + s.before(t) + n * H, a.dh0 + n * H);
        continue;
      }
      clearRow(a.dpre + row * 3 * H, 3 * H);
      clearRow(a.drec + row * 3 * H, 3 * H);
    }
  };
  forWholeRows(s.N, rowsThatFit<plainVectors>(3 * H), team, [&](const Work& work) {
    clearState(a.dh0, s, work);
    for (int64_t i = s.T - 1; i >= 0; i--) step(i, work);
    const float* next = s.T > 0 ? a.drec + s.step(0) * s.N * 3 * H : nullptr;
    carryRows<3>(work, a.dh + s.first(), a.dh0, next, a.rT, H);
  });
}

}  // namespace UNROLLED
