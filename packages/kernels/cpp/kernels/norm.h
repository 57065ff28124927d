// Layer normalisation (Ba 2016) by rows of n, population variance.
#pragma once

#include "reduce.h"

namespace UNROLLED {

inline void layerNorm(const LayerNormArgs& a, const Team& team) {
  const Range mine = share(a.R, team);
  const float size = static_cast<float>(a.n);
  for (int64_t r = mine.begin; r < mine.end; r++) {
    const float* x = a.x + r * a.n;
    const float mean = reduceRun<Sum>(x, a.n) / size;
    Floats squares{};
    forVectors(0, a.n, [&](int64_t i, auto lanes) {
      const Floats d = neutral(load(x + i, lanes) - mean, 0.0f, lanes);
      squares = fma(d, d, squares);
    });
    const float rstd = 1.0f / __builtin_sqrtf(sumOfLanes(squares) / size + static_cast<float>(a.epsilon));
    forVectors(0, a.n, [&](int64_t i, auto lanes) {
      const Floats normal = (load(x + i, lanes) - mean) * rstd;
      store(a.y + r * a.n + i, fma(load(a.gain + i, lanes), normal, load(a.bias + i, lanes)), lanes);
    });
    a.mean[r] = mean;
    a.rstd[r] = rstd;
  }
}

/** dgain and dbias of up to W columns: sums over all rows. */
template <typename Lanes>
INLINE void layerNormColumns(const LayerNormGradArgs& a, int64_t column, Lanes lanes) {
  Floats dgain{}, dbias{};
  for (int64_t r = 0; r < a.R;) {
    Floats gainPart{}, biasPart{};
    for (const int64_t end = least(r + sumBlock, a.R); r < end; r++) {
      const Floats dy = load(a.dy + r * a.n + column, lanes);
      gainPart = fma(dy, (load(a.x + r * a.n + column, lanes) - a.mean[r]) * a.rstd[r], gainPart);
      biasPart += dy;
    }
    dgain += gainPart;
    dbias += biasPart;
  }
  store(a.dgain + column, dgain, lanes);
  store(a.dbias + column, dbias, lanes);
}

/** The columns first: dx may lie on dy. */
inline void layerNormGrad(const LayerNormGradArgs& a, const Team& team) {
  const Range columns = share(ceilDiv(a.n, W), team);
  for (int64_t j = columns.begin; j < columns.end; j++)
    forLanes(a.n - j * W, [&](auto lanes) { layerNormColumns(a, j * W, lanes); });
  team.barrier();
  const Range mine = share(a.R, team);
  const float scale = 1.0f / static_cast<float>(a.n);
  for (int64_t r = mine.begin; r < mine.end; r++) {
    const float* x = a.x + r * a.n;
    const float* dy = a.dy + r * a.n;
    const float mean = a.mean[r], rstd = a.rstd[r];
    Floats sum{}, product{};
    forVectors(0, a.n, [&](int64_t i, auto lanes) {
      const Floats u = load(a.gain + i, lanes) * load(dy + i, lanes);
      sum += u;
      product = fma(u, (load(x + i, lanes) - mean) * rstd, product);
    });
    const float meanU = sumOfLanes(sum) * scale, meanProduct = sumOfLanes(product) * scale;
    forVectors(0, a.n, [&](int64_t i, auto lanes) {
      const Floats u = load(a.gain + i, lanes) * load(dy + i, lanes);
      const Floats normal = (load(x + i, lanes) - mean) * rstd;
      store(a.dx + r * a.n + i, rstd * (u - meanU - normal * meanProduct), lanes);
    });
  }
}

}  // namespace UNROLLED
