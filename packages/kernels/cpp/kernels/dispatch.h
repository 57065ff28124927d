// All kernels of this build behind one switch, and the machine's own ceiling.
#pragma once

#include "attention.h"
#include "gemm.h"
#include "gru-before.h"
#include "gru-norm.h"
#include "gru.h"
#include "lstm-norm.h"
#include "lstm.h"
#include "map.h"
#include "memory.h"
#include "norm.h"
#include "optimizers.h"
#include "random.h"
#include "reduce.h"
#include "rnn.h"
#include "sample.h"
#include "softmax.h"
#include "top-k.h"

namespace UNROLLED {

/** One kernel call: `numbers` are its arguments in the order of the table, `base` is where device memory begins. */
inline void runKernel(int index, float* base, const double* numbers, const Team& team) {
  switch (static_cast<Kernel>(index)) {
    case Kernel::fill_: return fill(FillArgs::read(base, numbers), team);
    case Kernel::copy_: return copy(CopyArgs::read(base, numbers), team);
    case Kernel::map_: return map(MapArgs::read(base, numbers), team);
    case Kernel::reduce_: return reduce(ReduceArgs::read(base, numbers), team);
    case Kernel::pack_: return pack(PackArgs::read(base, numbers), team);
    case Kernel::multiply_: return multiply(MultiplyArgs::read(base, numbers), team);
    case Kernel::gemm_: return gemm(GemmArgs::read(base, numbers), team);
    case Kernel::softmax_: return softmax(SoftmaxArgs::read(base, numbers), team);
    case Kernel::softmaxGrad_: return softmaxGrad(SoftmaxGradArgs::read(base, numbers), team);
    case Kernel::crossEntropy_: return crossEntropy(CrossEntropyArgs::read(base, numbers), team);
    case Kernel::crossEntropyGrad_: return crossEntropyGrad(CrossEntropyGradArgs::read(base, numbers), team);
    case Kernel::gather_: return gather(GatherArgs::read(base, numbers), team);
    case Kernel::scatterAdd_: return scatterAdd(ScatterAddArgs::read(base, numbers), team);
    case Kernel::layerNorm_: return layerNorm(LayerNormArgs::read(base, numbers), team);
    case Kernel::layerNormGrad_: return layerNormGrad(LayerNormGradArgs::read(base, numbers), team);
    case Kernel::attend_: return attend(AttendArgs::read(base, numbers), team);
    case Kernel::attendGrad_: return attendGrad(AttendGradArgs::read(base, numbers), team);
    case Kernel::attendKeysGrad_: return attendKeysGrad(AttendKeysGradArgs::read(base, numbers), team);
    case Kernel::dropout_: return dropout(DropoutArgs::read(base, numbers), team);
    case Kernel::random_: return random(RandomArgs::read(base, numbers), team);
    case Kernel::argmax_: return argmax(ArgmaxArgs::read(base, numbers), team);
    case Kernel::topK_: return topK(TopKArgs::read(base, numbers), team);
    case Kernel::topKProduct_: return topKProduct(TopKProductArgs::read(base, numbers), team);
    case Kernel::toIds_: return toIds(ToIdsArgs::read(base, numbers), team);
    case Kernel::sample_: return sample(SampleArgs::read(base, numbers), team);
    case Kernel::rnn_: return rnn(RnnArgs::read(base, numbers), team);
    case Kernel::rnnGrad_: return rnnGrad(RnnGradArgs::read(base, numbers), team);
    case Kernel::lstm_: return lstm(LstmArgs::read(base, numbers), team);
    case Kernel::lstmGrad_: return lstmGrad(LstmGradArgs::read(base, numbers), team);
    case Kernel::gru_: return gru(GruArgs::read(base, numbers), team);
    case Kernel::gruGrad_: return gruGrad(GruGradArgs::read(base, numbers), team);
    case Kernel::gruBefore_: return gruBefore(GruBeforeArgs::read(base, numbers), team);
    case Kernel::gruBeforeGrad_: return gruBeforeGrad(GruBeforeGradArgs::read(base, numbers), team);
    case Kernel::rnnVariant_: return rnnVariant(RnnVariantArgs::read(base, numbers), team);
    case Kernel::rnnVariantGrad_: return rnnVariantGrad(RnnVariantGradArgs::read(base, numbers), team);
    case Kernel::lstmVariant_: return lstmVariant(LstmVariantArgs::read(base, numbers), team);
    case Kernel::lstmVariantGrad_: return lstmVariantGrad(LstmVariantGradArgs::read(base, numbers), team);
    case Kernel::gruVariant_: return gruVariant(GruVariantArgs::read(base, numbers), team);
    case Kernel::gruVariantGrad_: return gruVariantGrad(GruVariantGradArgs::read(base, numbers), team);
    case Kernel::gruBeforeVariant_: return gruBeforeVariant(GruBeforeVariantArgs::read(base, numbers), team);
    case Kernel::gruBeforeVariantGrad_: return gruBeforeVariantGrad(GruBeforeVariantGradArgs::read(base, numbers), team);
    case Kernel::lstmNorm_: return lstmNorm(LstmNormArgs::read(base, numbers), team);
    case Kernel::lstmNormGrad_: return lstmNormGrad(LstmNormGradArgs::read(base, numbers), team);
    case Kernel::gruNorm_: return gruNorm(GruNormArgs::read(base, numbers), team);
    case Kernel::gruNormGrad_: return gruNormGrad(GruNormGradArgs::read(base, numbers), team);
    case Kernel::sumSquares_: return sumSquares(SumSquaresArgs::read(base, numbers), team);
    case Kernel::assign_: return assign(AssignArgs::read(base, numbers), team);
    case Kernel::sgd_: return sgd(SgdArgs::read(base, numbers), team);
    case Kernel::adagrad_: return adagrad(AdagradArgs::read(base, numbers), team);
    case Kernel::rmsprop_: return rmsprop(RmspropArgs::read(base, numbers), team);
    case Kernel::adam_: return adam(AdamArgs::read(base, numbers), team);
  }
}

/**
 * The machine's ceiling: multiply-adds on registers alone, enough of them side by side to hide their latency.
 * Returns the floating-point operations done (two for each multiply-add); `result` keeps the work from being dropped.
 */
[[gnu::noinline]] inline double peak(int64_t iterations, float* result) {
  constexpr int chains = W == 4 ? 8 : 12;
  Floats sum[chains];
#pragma GCC unroll 16
  for (int i = 0; i < chains; i++) sum[i] = spread(static_cast<float>(i));
  Floats factor = spread(0.999f), term = spread(0.001f);
  for (int64_t k = 0; k < iterations; k++) {
#pragma GCC unroll 16
    for (int i = 0; i < chains; i++) sum[i] = fma(sum[i], factor, term);
  }
  Floats total{};
#pragma GCC unroll 16
  for (int i = 0; i < chains; i++) total += sum[i];
  store(result, total, Part{1});
  return 2.0 * W * chains * static_cast<double>(iterations);
}

}  // namespace UNROLLED
