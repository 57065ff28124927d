// The kernel table in C++. Generated from packages/unrolled/src/device/kernels.ts by scripts/make-table.mjs: do not edit.
// Names end in _ where they could be C++ words. Absent buffers are nullptr.
#pragma once

#include <stdint.h>

#include "build.h"

namespace UNROLLED {

constexpr int kernelCount = 51;
constexpr int mapInputs = 12;
constexpr int mapOutputs = 8;
constexpr int mapInstructions = 48;

enum class Kernel : int {
  fill_,
  copy_,
  map_,
  reduce_,
  pack_,
  multiply_,
  gemm_,
  softmax_,
  softmaxGrad_,
  crossEntropy_,
  crossEntropyGrad_,
  gather_,
  scatterAdd_,
  layerNorm_,
  layerNormGrad_,
  dropout_,
  random_,
  argmax_,
  topK_,
  topKProduct_,
  toIds_,
  sample_,
  rnn_,
  rnnGrad_,
  lstm_,
  lstmGrad_,
  gru_,
  gruGrad_,
  gruBefore_,
  gruBeforeGrad_,
  rnnVariant_,
  rnnVariantGrad_,
  lstmVariant_,
  lstmVariantGrad_,
  gruVariant_,
  gruVariantGrad_,
  gruBeforeVariant_,
  gruBeforeVariantGrad_,
  lstmNorm_,
  lstmNormGrad_,
  gruNorm_,
  gruNormGrad_,
  sumSquares_,
  assign_,
  sgd_,
  adagrad_,
  rmsprop_,
  adam_,
  attend_,
  attendGrad_,
  attendKeysGrad_,
};

enum class MapOpcode : int {
  constant_,
  add_,
  sub_,
  mul_,
  div_,
  minimum_,
  maximum_,
  power_,
  negate_,
  absolute_,
  exp_,
  log_,
  sqrt_,
  tanh_,
  sigmoid_,
  relu_,
  sign_,
  floor_,
  softplus_,
  equal_,
  less_,
  lessEqual_,
  where_,
  finite_,
};

enum class RnnActivation : int {
  tanh_,
  relu_,
  sigmoid_,
  linear_,
};

enum class CellActivation : int {
  tanh_,
  relu_,
  sigmoid_,
  linear_,
  hardSigmoid_,
  leakyRelu_,
  scaledTanh_,
};

/** One letter per argument of a kernel: b buffer, n number; + where further numbers may follow. */
constexpr const char* kernelShapes[kernelCount] = {
    "bnn",  // fill
    "bbnnnnnnnnnnnn",  // copy
    "bbbbbbbbbbbbbbbbbbbbnnnnnnn+",  // map
    "bbnnnnn",  // reduce
    "bbnnnnn",  // pack
    "bbbbnnnnnn",  // multiply
    "bbbnnnnnnnnnnnnn",  // gemm
    "bbnnn",  // softmax
    "bbbnnn",  // softmaxGrad
    "bbbbbnnn",  // crossEntropy
    "bbbbbnnn",  // crossEntropyGrad
    "bbbnnn",  // gather
    "bbbnnn",  // scatterAdd
    "bbbbbbnnn",  // layerNorm
    "bbbbbbbbnn",  // layerNormGrad
    "bbbnnn",  // dropout
    "bbnnn",  // random
    "bbnn",  // argmax
    "bbbbbnnn",  // topK
    "bbbbbbbnnnn",  // topKProduct
    "bbn",  // toIds
    "bbbbbbbnnnn",  // sample
    "bbbbbnnnnn",  // rnn
    "bbbbbbnnnnn",  // rnnGrad
    "bbbbbbbbnnnn",  // lstm
    "bbbbbbbbbnnnn",  // lstmGrad
    "bbbbbbbbnnnn",  // gru
    "bbbbbbbbbnnnn",  // gruGrad
    "bbbbbbbbnnnn",  // gruBefore
    "bbbbbbbbnnnn",  // gruBeforeGrad
    "bbbbbnnnnnnnn",  // rnnVariant
    "bbbbbbnnnnnnnn",  // rnnVariantGrad
    "bbbbbbbbnnnnbnnnnnnnnnnnn",  // lstmVariant
    "bbbbbbbbbnnnnbnnnnnnnnnnnn",  // lstmVariantGrad
    "bbbbbbbbnnnnnnnnnnn",  // gruVariant
    "bbbbbbbbbnnnnnnnnnnn",  // gruVariantGrad
    "bbbbbbbbnnnnnnnnnnn",  // gruBeforeVariant
    "bbbbbbbbnnnnnnnnnnn",  // gruBeforeVariantGrad
    "bbbbbbbbbbbbbbnnnnn",  // lstmNorm
    "bbbbbbbbbbbbbbbbbnnnn",  // lstmNormGrad
    "bbbbbbbbbbnnnnn",  // gruNorm
    "bbbbbbbbbbbbnnnn",  // gruNormGrad
    "bbn",  // sumSquares
    "bbbn",  // assign
    "bbbbbbnnnnn",  // sgd
    "bbbbbbnnnn",  // adagrad
    "bbbbbbnnnnn",  // rmsprop
    "bbbbbbbnnnnnnn",  // adam
    "bbbbbbbnnnnn",  // attend
    "bbbbbbbbbbnnnnn",  // attendGrad
    "bbbbbbbnnnn",  // attendKeysGrad
};

/** A buffer is two numbers: offset and length in words. 0, 0 is an absent one. */
template <typename T>
inline T* at(float* base, const double* numbers) {
  if (numbers[0] == 0 && numbers[1] == 0) return nullptr;
  return reinterpret_cast<T*>(base + static_cast<int64_t>(numbers[0]));
}

struct FillArgs {
  float* y;
  int64_t n;
  double value;

  static FillArgs read(float* base, const double* numbers) {
    FillArgs a;
    a.y = at<float>(base, numbers + 0);
    a.n = static_cast<int64_t>(numbers[2]);
    a.value = numbers[3];
    return a;
  }
};

struct CopyArgs {
  float* y;
  const float* x;
  int64_t d0;
  int64_t d1;
  int64_t d2;
  int64_t d3;
  int64_t ys0;
  int64_t ys1;
  int64_t ys2;
  int64_t ys3;
  int64_t xs0;
  int64_t xs1;
  int64_t xs2;
  int64_t xs3;

  static CopyArgs read(float* base, const double* numbers) {
    CopyArgs a;
    a.y = at<float>(base, numbers + 0);
    a.x = at<float>(base, numbers + 2);
    a.d0 = static_cast<int64_t>(numbers[4]);
    a.d1 = static_cast<int64_t>(numbers[5]);
    a.d2 = static_cast<int64_t>(numbers[6]);
    a.d3 = static_cast<int64_t>(numbers[7]);
    a.ys0 = static_cast<int64_t>(numbers[8]);
    a.ys1 = static_cast<int64_t>(numbers[9]);
    a.ys2 = static_cast<int64_t>(numbers[10]);
    a.ys3 = static_cast<int64_t>(numbers[11]);
    a.xs0 = static_cast<int64_t>(numbers[12]);
    a.xs1 = static_cast<int64_t>(numbers[13]);
    a.xs2 = static_cast<int64_t>(numbers[14]);
    a.xs3 = static_cast<int64_t>(numbers[15]);
    return a;
  }
};

struct MapArgs {
  float* y0;
  float* y1;
  float* y2;
  float* y3;
  float* y4;
  float* y5;
  float* y6;
  float* y7;
  const float* x0;
  const float* x1;
  const float* x2;
  const float* x3;
  const float* x4;
  const float* x5;
  const float* x6;
  const float* x7;
  const float* x8;
  const float* x9;
  const float* x10;
  const float* x11;
  int64_t d0;
  int64_t d1;
  int64_t d2;
  int64_t d3;
  int64_t inputs;
  int64_t outputs;
  int64_t instructions;
  const double* tail;

  static MapArgs read(float* base, const double* numbers) {
    MapArgs a;
    a.y0 = at<float>(base, numbers + 0);
    a.y1 = at<float>(base, numbers + 2);
    a.y2 = at<float>(base, numbers + 4);
    a.y3 = at<float>(base, numbers + 6);
    a.y4 = at<float>(base, numbers + 8);
    a.y5 = at<float>(base, numbers + 10);
    a.y6 = at<float>(base, numbers + 12);
    a.y7 = at<float>(base, numbers + 14);
    a.x0 = at<float>(base, numbers + 16);
    a.x1 = at<float>(base, numbers + 18);
    a.x2 = at<float>(base, numbers + 20);
    a.x3 = at<float>(base, numbers + 22);
    a.x4 = at<float>(base, numbers + 24);
    a.x5 = at<float>(base, numbers + 26);
    a.x6 = at<float>(base, numbers + 28);
    a.x7 = at<float>(base, numbers + 30);
    a.x8 = at<float>(base, numbers + 32);
    a.x9 = at<float>(base, numbers + 34);
    a.x10 = at<float>(base, numbers + 36);
    a.x11 = at<float>(base, numbers + 38);
    a.d0 = static_cast<int64_t>(numbers[40]);
    a.d1 = static_cast<int64_t>(numbers[41]);
    a.d2 = static_cast<int64_t>(numbers[42]);
    a.d3 = static_cast<int64_t>(numbers[43]);
    a.inputs = static_cast<int64_t>(numbers[44]);
    a.outputs = static_cast<int64_t>(numbers[45]);
    a.instructions = static_cast<int64_t>(numbers[46]);
    a.tail = numbers + 47;
    return a;
  }
};

struct ReduceArgs {
  float* y;
  const float* x;
  int64_t outer;
  int64_t n;
  int64_t inner;
  int64_t kind;
  double scale;

  static ReduceArgs read(float* base, const double* numbers) {
    ReduceArgs a;
    a.y = at<float>(base, numbers + 0);
    a.x = at<float>(base, numbers + 2);
    a.outer = static_cast<int64_t>(numbers[4]);
    a.n = static_cast<int64_t>(numbers[5]);
    a.inner = static_cast<int64_t>(numbers[6]);
    a.kind = static_cast<int64_t>(numbers[7]);
    a.scale = numbers[8];
    return a;
  }
};

struct PackArgs {
  float* y;
  const float* x;
  int64_t K;
  int64_t N;
  int64_t kStride;
  int64_t nStride;
  int64_t groups;

  static PackArgs read(float* base, const double* numbers) {
    PackArgs a;
    a.y = at<float>(base, numbers + 0);
    a.x = at<float>(base, numbers + 2);
    a.K = static_cast<int64_t>(numbers[4]);
    a.N = static_cast<int64_t>(numbers[5]);
    a.kStride = static_cast<int64_t>(numbers[6]);
    a.nStride = static_cast<int64_t>(numbers[7]);
    a.groups = static_cast<int64_t>(numbers[8]);
    return a;
  }
};

struct MultiplyArgs {
  float* c;
  const float* a;
  const float* p;
  const float* bias;
  int64_t M;
  int64_t N;
  int64_t K;
  int64_t aRow;
  int64_t cRow;
  int64_t accumulate;

  static MultiplyArgs read(float* base, const double* numbers) {
    MultiplyArgs a;
    a.c = at<float>(base, numbers + 0);
    a.a = at<float>(base, numbers + 2);
    a.p = at<float>(base, numbers + 4);
    a.bias = at<float>(base, numbers + 6);
    a.M = static_cast<int64_t>(numbers[8]);
    a.N = static_cast<int64_t>(numbers[9]);
    a.K = static_cast<int64_t>(numbers[10]);
    a.aRow = static_cast<int64_t>(numbers[11]);
    a.cRow = static_cast<int64_t>(numbers[12]);
    a.accumulate = static_cast<int64_t>(numbers[13]);
    return a;
  }
};

struct GemmArgs {
  float* c;
  const float* a;
  const float* b;
  int64_t batch;
  int64_t M;
  int64_t N;
  int64_t K;
  int64_t aBatch;
  int64_t aRow;
  int64_t aCol;
  int64_t bBatch;
  int64_t bRow;
  int64_t bCol;
  int64_t cBatch;
  int64_t cRow;
  int64_t accumulate;

  static GemmArgs read(float* base, const double* numbers) {
    GemmArgs a;
    a.c = at<float>(base, numbers + 0);
    a.a = at<float>(base, numbers + 2);
    a.b = at<float>(base, numbers + 4);
    a.batch = static_cast<int64_t>(numbers[6]);
    a.M = static_cast<int64_t>(numbers[7]);
    a.N = static_cast<int64_t>(numbers[8]);
    a.K = static_cast<int64_t>(numbers[9]);
    a.aBatch = static_cast<int64_t>(numbers[10]);
    a.aRow = static_cast<int64_t>(numbers[11]);
    a.aCol = static_cast<int64_t>(numbers[12]);
    a.bBatch = static_cast<int64_t>(numbers[13]);
    a.bRow = static_cast<int64_t>(numbers[14]);
    a.bCol = static_cast<int64_t>(numbers[15]);
    a.cBatch = static_cast<int64_t>(numbers[16]);
    a.cRow = static_cast<int64_t>(numbers[17]);
    a.accumulate = static_cast<int64_t>(numbers[18]);
    return a;
  }
};

struct SoftmaxArgs {
  float* y;
  const float* x;
  int64_t R;
  int64_t n;
  int64_t log;

  static SoftmaxArgs read(float* base, const double* numbers) {
    SoftmaxArgs a;
    a.y = at<float>(base, numbers + 0);
    a.x = at<float>(base, numbers + 2);
    a.R = static_cast<int64_t>(numbers[4]);
    a.n = static_cast<int64_t>(numbers[5]);
    a.log = static_cast<int64_t>(numbers[6]);
    return a;
  }
};

struct SoftmaxGradArgs {
  float* dx;
  const float* dy;
  const float* y;
  int64_t R;
  int64_t n;
  int64_t log;

  static SoftmaxGradArgs read(float* base, const double* numbers) {
    SoftmaxGradArgs a;
    a.dx = at<float>(base, numbers + 0);
    a.dy = at<float>(base, numbers + 2);
    a.y = at<float>(base, numbers + 4);
    a.R = static_cast<int64_t>(numbers[6]);
    a.n = static_cast<int64_t>(numbers[7]);
    a.log = static_cast<int64_t>(numbers[8]);
    return a;
  }
};

struct CrossEntropyArgs {
  float* loss;
  float* lse;
  float* weight;
  const float* logits;
  const int32_t* targets;
  int64_t R;
  int64_t V;
  int64_t ignore;

  static CrossEntropyArgs read(float* base, const double* numbers) {
    CrossEntropyArgs a;
    a.loss = at<float>(base, numbers + 0);
    a.lse = at<float>(base, numbers + 2);
    a.weight = at<float>(base, numbers + 4);
    a.logits = at<float>(base, numbers + 6);
    a.targets = at<int32_t>(base, numbers + 8);
    a.R = static_cast<int64_t>(numbers[10]);
    a.V = static_cast<int64_t>(numbers[11]);
    a.ignore = static_cast<int64_t>(numbers[12]);
    return a;
  }
};

struct CrossEntropyGradArgs {
  float* dlogits;
  const float* logits;
  const float* lse;
  const int32_t* targets;
  const float* dloss;
  int64_t R;
  int64_t V;
  int64_t ignore;

  static CrossEntropyGradArgs read(float* base, const double* numbers) {
    CrossEntropyGradArgs a;
    a.dlogits = at<float>(base, numbers + 0);
    a.logits = at<float>(base, numbers + 2);
    a.lse = at<float>(base, numbers + 4);
    a.targets = at<int32_t>(base, numbers + 6);
    a.dloss = at<float>(base, numbers + 8);
    a.R = static_cast<int64_t>(numbers[10]);
    a.V = static_cast<int64_t>(numbers[11]);
    a.ignore = static_cast<int64_t>(numbers[12]);
    return a;
  }
};

struct GatherArgs {
  float* y;
  const float* table;
  const int32_t* ids;
  int64_t R;
  int64_t D;
  int64_t V;

  static GatherArgs read(float* base, const double* numbers) {
    GatherArgs a;
    a.y = at<float>(base, numbers + 0);
    a.table = at<float>(base, numbers + 2);
    a.ids = at<int32_t>(base, numbers + 4);
    a.R = static_cast<int64_t>(numbers[6]);
    a.D = static_cast<int64_t>(numbers[7]);
    a.V = static_cast<int64_t>(numbers[8]);
    return a;
  }
};

struct ScatterAddArgs {
  float* table;
  const float* x;
  const int32_t* ids;
  int64_t R;
  int64_t D;
  int64_t V;

  static ScatterAddArgs read(float* base, const double* numbers) {
    ScatterAddArgs a;
    a.table = at<float>(base, numbers + 0);
    a.x = at<float>(base, numbers + 2);
    a.ids = at<int32_t>(base, numbers + 4);
    a.R = static_cast<int64_t>(numbers[6]);
    a.D = static_cast<int64_t>(numbers[7]);
    a.V = static_cast<int64_t>(numbers[8]);
    return a;
  }
};

struct LayerNormArgs {
  float* y;
  float* mean;
  float* rstd;
  const float* x;
  const float* gain;
  const float* bias;
  int64_t R;
  int64_t n;
  double epsilon;

  static LayerNormArgs read(float* base, const double* numbers) {
    LayerNormArgs a;
    a.y = at<float>(base, numbers + 0);
    a.mean = at<float>(base, numbers + 2);
    a.rstd = at<float>(base, numbers + 4);
    a.x = at<float>(base, numbers + 6);
    a.gain = at<float>(base, numbers + 8);
    a.bias = at<float>(base, numbers + 10);
    a.R = static_cast<int64_t>(numbers[12]);
    a.n = static_cast<int64_t>(numbers[13]);
    a.epsilon = numbers[14];
    return a;
  }
};

struct LayerNormGradArgs {
  float* dx;
  float* dgain;
  float* dbias;
  const float* dy;
  const float* x;
  const float* mean;
  const float* rstd;
  const float* gain;
  int64_t R;
  int64_t n;

  static LayerNormGradArgs read(float* base, const double* numbers) {
    LayerNormGradArgs a;
    a.dx = at<float>(base, numbers + 0);
    a.dgain = at<float>(base, numbers + 2);
    a.dbias = at<float>(base, numbers + 4);
    a.dy = at<float>(base, numbers + 6);
    a.x = at<float>(base, numbers + 8);
    a.mean = at<float>(base, numbers + 10);
    a.rstd = at<float>(base, numbers + 12);
    a.gain = at<float>(base, numbers + 14);
    a.R = static_cast<int64_t>(numbers[16]);
    a.n = static_cast<int64_t>(numbers[17]);
    return a;
  }
};

struct DropoutArgs {
  float* y;
  const float* x;
  const int32_t* key;
  int64_t n;
  int64_t stream;
  double rate;

  static DropoutArgs read(float* base, const double* numbers) {
    DropoutArgs a;
    a.y = at<float>(base, numbers + 0);
    a.x = at<float>(base, numbers + 2);
    a.key = at<int32_t>(base, numbers + 4);
    a.n = static_cast<int64_t>(numbers[6]);
    a.stream = static_cast<int64_t>(numbers[7]);
    a.rate = numbers[8];
    return a;
  }
};

struct RandomArgs {
  float* y;
  const int32_t* key;
  int64_t n;
  int64_t stream;
  int64_t kind;

  static RandomArgs read(float* base, const double* numbers) {
    RandomArgs a;
    a.y = at<float>(base, numbers + 0);
    a.key = at<int32_t>(base, numbers + 2);
    a.n = static_cast<int64_t>(numbers[4]);
    a.stream = static_cast<int64_t>(numbers[5]);
    a.kind = static_cast<int64_t>(numbers[6]);
    return a;
  }
};

struct ArgmaxArgs {
  int32_t* y;
  const float* x;
  int64_t R;
  int64_t n;

  static ArgmaxArgs read(float* base, const double* numbers) {
    ArgmaxArgs a;
    a.y = at<int32_t>(base, numbers + 0);
    a.x = at<float>(base, numbers + 2);
    a.R = static_cast<int64_t>(numbers[4]);
    a.n = static_cast<int64_t>(numbers[5]);
    return a;
  }
};

struct TopKArgs {
  float* values;
  int32_t* ids;
  float* logAsked;
  const float* x;
  const int32_t* asked;
  int64_t R;
  int64_t n;
  int64_t k;

  static TopKArgs read(float* base, const double* numbers) {
    TopKArgs a;
    a.values = at<float>(base, numbers + 0);
    a.ids = at<int32_t>(base, numbers + 2);
    a.logAsked = at<float>(base, numbers + 4);
    a.x = at<float>(base, numbers + 6);
    a.asked = at<int32_t>(base, numbers + 8);
    a.R = static_cast<int64_t>(numbers[10]);
    a.n = static_cast<int64_t>(numbers[11]);
    a.k = static_cast<int64_t>(numbers[12]);
    return a;
  }
};

struct TopKProductArgs {
  float* values;
  int32_t* ids;
  float* logAsked;
  const float* a;
  const float* p;
  const float* bias;
  const int32_t* asked;
  int64_t M;
  int64_t N;
  int64_t K;
  int64_t k;

  static TopKProductArgs read(float* base, const double* numbers) {
    TopKProductArgs a;
    a.values = at<float>(base, numbers + 0);
    a.ids = at<int32_t>(base, numbers + 2);
    a.logAsked = at<float>(base, numbers + 4);
    a.a = at<float>(base, numbers + 6);
    a.p = at<float>(base, numbers + 8);
    a.bias = at<float>(base, numbers + 10);
    a.asked = at<int32_t>(base, numbers + 12);
    a.M = static_cast<int64_t>(numbers[14]);
    a.N = static_cast<int64_t>(numbers[15]);
    a.K = static_cast<int64_t>(numbers[16]);
    a.k = static_cast<int64_t>(numbers[17]);
    return a;
  }
};

struct ToIdsArgs {
  int32_t* y;
  const float* x;
  int64_t n;

  static ToIdsArgs read(float* base, const double* numbers) {
    ToIdsArgs a;
    a.y = at<int32_t>(base, numbers + 0);
    a.x = at<float>(base, numbers + 2);
    a.n = static_cast<int64_t>(numbers[4]);
    return a;
  }
};

struct SampleArgs {
  int32_t* next;
  int32_t* text;
  float* logp;
  float* place;
  const float* x;
  const int32_t* draws;
  const float* options;
  int64_t R;
  int64_t n;
  int64_t K;
  int64_t banned;

  static SampleArgs read(float* base, const double* numbers) {
    SampleArgs a;
    a.next = at<int32_t>(base, numbers + 0);
    a.text = at<int32_t>(base, numbers + 2);
    a.logp = at<float>(base, numbers + 4);
    a.place = at<float>(base, numbers + 6);
    a.x = at<float>(base, numbers + 8);
    a.draws = at<int32_t>(base, numbers + 10);
    a.options = at<float>(base, numbers + 12);
    a.R = static_cast<int64_t>(numbers[14]);
    a.n = static_cast<int64_t>(numbers[15]);
    a.K = static_cast<int64_t>(numbers[16]);
    a.banned = static_cast<int64_t>(numbers[17]);
    return a;
  }
};

struct RnnArgs {
  float* h;
  const float* pre;
  const float* r;
  const float* h0;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;
  int64_t activation;

  static RnnArgs read(float* base, const double* numbers) {
    RnnArgs a;
    a.h = at<float>(base, numbers + 0);
    a.pre = at<float>(base, numbers + 2);
    a.r = at<float>(base, numbers + 4);
    a.h0 = at<float>(base, numbers + 6);
    a.lengths = at<int32_t>(base, numbers + 8);
    a.T = static_cast<int64_t>(numbers[10]);
    a.N = static_cast<int64_t>(numbers[11]);
    a.H = static_cast<int64_t>(numbers[12]);
    a.reverse = static_cast<int64_t>(numbers[13]);
    a.activation = static_cast<int64_t>(numbers[14]);
    return a;
  }
};

struct RnnGradArgs {
  float* dpre;
  float* dh0;
  const float* dh;
  const float* h;
  const float* rT;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;
  int64_t activation;

  static RnnGradArgs read(float* base, const double* numbers) {
    RnnGradArgs a;
    a.dpre = at<float>(base, numbers + 0);
    a.dh0 = at<float>(base, numbers + 2);
    a.dh = at<float>(base, numbers + 4);
    a.h = at<float>(base, numbers + 6);
    a.rT = at<float>(base, numbers + 8);
    a.lengths = at<int32_t>(base, numbers + 10);
    a.T = static_cast<int64_t>(numbers[12]);
    a.N = static_cast<int64_t>(numbers[13]);
    a.H = static_cast<int64_t>(numbers[14]);
    a.reverse = static_cast<int64_t>(numbers[15]);
    a.activation = static_cast<int64_t>(numbers[16]);
    return a;
  }
};

struct LstmArgs {
  float* h;
  float* c;
  float* gates;
  const float* pre;
  const float* r;
  const float* h0;
  const float* c0;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;

  static LstmArgs read(float* base, const double* numbers) {
    LstmArgs a;
    a.h = at<float>(base, numbers + 0);
    a.c = at<float>(base, numbers + 2);
    a.gates = at<float>(base, numbers + 4);
    a.pre = at<float>(base, numbers + 6);
    a.r = at<float>(base, numbers + 8);
    a.h0 = at<float>(base, numbers + 10);
    a.c0 = at<float>(base, numbers + 12);
    a.lengths = at<int32_t>(base, numbers + 14);
    a.T = static_cast<int64_t>(numbers[16]);
    a.N = static_cast<int64_t>(numbers[17]);
    a.H = static_cast<int64_t>(numbers[18]);
    a.reverse = static_cast<int64_t>(numbers[19]);
    return a;
  }
};

struct LstmGradArgs {
  float* dpre;
  float* dh0;
  float* dc0;
  const float* dh;
  const float* dc;
  const float* gates;
  const float* c;
  const float* rT;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;

  static LstmGradArgs read(float* base, const double* numbers) {
    LstmGradArgs a;
    a.dpre = at<float>(base, numbers + 0);
    a.dh0 = at<float>(base, numbers + 2);
    a.dc0 = at<float>(base, numbers + 4);
    a.dh = at<float>(base, numbers + 6);
    a.dc = at<float>(base, numbers + 8);
    a.gates = at<float>(base, numbers + 10);
    a.c = at<float>(base, numbers + 12);
    a.rT = at<float>(base, numbers + 14);
    a.lengths = at<int32_t>(base, numbers + 16);
    a.T = static_cast<int64_t>(numbers[18]);
    a.N = static_cast<int64_t>(numbers[19]);
    a.H = static_cast<int64_t>(numbers[20]);
    a.reverse = static_cast<int64_t>(numbers[21]);
    return a;
  }
};

struct GruArgs {
  float* h;
  float* gates;
  float* q;
  const float* pre;
  const float* r;
  const float* bR;
  const float* h0;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;

  static GruArgs read(float* base, const double* numbers) {
    GruArgs a;
    a.h = at<float>(base, numbers + 0);
    a.gates = at<float>(base, numbers + 2);
    a.q = at<float>(base, numbers + 4);
    a.pre = at<float>(base, numbers + 6);
    a.r = at<float>(base, numbers + 8);
    a.bR = at<float>(base, numbers + 10);
    a.h0 = at<float>(base, numbers + 12);
    a.lengths = at<int32_t>(base, numbers + 14);
    a.T = static_cast<int64_t>(numbers[16]);
    a.N = static_cast<int64_t>(numbers[17]);
    a.H = static_cast<int64_t>(numbers[18]);
    a.reverse = static_cast<int64_t>(numbers[19]);
    return a;
  }
};

struct GruGradArgs {
  float* dpre;
  float* drec;
  float* dh0;
  const float* dh;
  const float* gates;
  const float* q;
  const float* h;
  const float* rT;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;

  static GruGradArgs read(float* base, const double* numbers) {
    GruGradArgs a;
    a.dpre = at<float>(base, numbers + 0);
    a.drec = at<float>(base, numbers + 2);
    a.dh0 = at<float>(base, numbers + 4);
    a.dh = at<float>(base, numbers + 6);
    a.gates = at<float>(base, numbers + 8);
    a.q = at<float>(base, numbers + 10);
    a.h = at<float>(base, numbers + 12);
    a.rT = at<float>(base, numbers + 14);
    a.lengths = at<int32_t>(base, numbers + 16);
    a.T = static_cast<int64_t>(numbers[18]);
    a.N = static_cast<int64_t>(numbers[19]);
    a.H = static_cast<int64_t>(numbers[20]);
    a.reverse = static_cast<int64_t>(numbers[21]);
    return a;
  }
};

struct GruBeforeArgs {
  float* h;
  float* gates;
  float* rh;
  const float* pre;
  const float* rz;
  const float* rn;
  const float* h0;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;

  static GruBeforeArgs read(float* base, const double* numbers) {
    GruBeforeArgs a;
    a.h = at<float>(base, numbers + 0);
    a.gates = at<float>(base, numbers + 2);
    a.rh = at<float>(base, numbers + 4);
    a.pre = at<float>(base, numbers + 6);
    a.rz = at<float>(base, numbers + 8);
    a.rn = at<float>(base, numbers + 10);
    a.h0 = at<float>(base, numbers + 12);
    a.lengths = at<int32_t>(base, numbers + 14);
    a.T = static_cast<int64_t>(numbers[16]);
    a.N = static_cast<int64_t>(numbers[17]);
    a.H = static_cast<int64_t>(numbers[18]);
    a.reverse = static_cast<int64_t>(numbers[19]);
    return a;
  }
};

struct GruBeforeGradArgs {
  float* dpre;
  float* dh0;
  const float* dh;
  const float* gates;
  const float* h;
  const float* rzT;
  const float* rnT;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;

  static GruBeforeGradArgs read(float* base, const double* numbers) {
    GruBeforeGradArgs a;
    a.dpre = at<float>(base, numbers + 0);
    a.dh0 = at<float>(base, numbers + 2);
    a.dh = at<float>(base, numbers + 4);
    a.gates = at<float>(base, numbers + 6);
    a.h = at<float>(base, numbers + 8);
    a.rzT = at<float>(base, numbers + 10);
    a.rnT = at<float>(base, numbers + 12);
    a.lengths = at<int32_t>(base, numbers + 14);
    a.T = static_cast<int64_t>(numbers[16]);
    a.N = static_cast<int64_t>(numbers[17]);
    a.H = static_cast<int64_t>(numbers[18]);
    a.reverse = static_cast<int64_t>(numbers[19]);
    return a;
  }
};

struct RnnVariantArgs {
  float* h;
  const float* pre;
  const float* r;
  const float* h0;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;
  int64_t candidate;
  double candidateAlpha;
  double candidateBeta;
  double clip;

  static RnnVariantArgs read(float* base, const double* numbers) {
    RnnVariantArgs a;
    a.h = at<float>(base, numbers + 0);
    a.pre = at<float>(base, numbers + 2);
    a.r = at<float>(base, numbers + 4);
    a.h0 = at<float>(base, numbers + 6);
    a.lengths = at<int32_t>(base, numbers + 8);
    a.T = static_cast<int64_t>(numbers[10]);
    a.N = static_cast<int64_t>(numbers[11]);
    a.H = static_cast<int64_t>(numbers[12]);
    a.reverse = static_cast<int64_t>(numbers[13]);
    a.candidate = static_cast<int64_t>(numbers[14]);
    a.candidateAlpha = numbers[15];
    a.candidateBeta = numbers[16];
    a.clip = numbers[17];
    return a;
  }
};

struct RnnVariantGradArgs {
  float* dpre;
  float* dh0;
  const float* dh;
  const float* h;
  const float* rT;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;
  int64_t candidate;
  double candidateAlpha;
  double candidateBeta;
  double clip;

  static RnnVariantGradArgs read(float* base, const double* numbers) {
    RnnVariantGradArgs a;
    a.dpre = at<float>(base, numbers + 0);
    a.dh0 = at<float>(base, numbers + 2);
    a.dh = at<float>(base, numbers + 4);
    a.h = at<float>(base, numbers + 6);
    a.rT = at<float>(base, numbers + 8);
    a.lengths = at<int32_t>(base, numbers + 10);
    a.T = static_cast<int64_t>(numbers[12]);
    a.N = static_cast<int64_t>(numbers[13]);
    a.H = static_cast<int64_t>(numbers[14]);
    a.reverse = static_cast<int64_t>(numbers[15]);
    a.candidate = static_cast<int64_t>(numbers[16]);
    a.candidateAlpha = numbers[17];
    a.candidateBeta = numbers[18];
    a.clip = numbers[19];
    return a;
  }
};

struct LstmVariantArgs {
  float* h;
  float* c;
  float* gates;
  const float* pre;
  const float* r;
  const float* h0;
  const float* c0;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;
  const float* p;
  int64_t coupled;
  int64_t previous;
  int64_t gate;
  double gateAlpha;
  double gateBeta;
  int64_t candidate;
  double candidateAlpha;
  double candidateBeta;
  int64_t output;
  double outputAlpha;
  double outputBeta;
  double clip;

  static LstmVariantArgs read(float* base, const double* numbers) {
    LstmVariantArgs a;
    a.h = at<float>(base, numbers + 0);
    a.c = at<float>(base, numbers + 2);
    a.gates = at<float>(base, numbers + 4);
    a.pre = at<float>(base, numbers + 6);
    a.r = at<float>(base, numbers + 8);
    a.h0 = at<float>(base, numbers + 10);
    a.c0 = at<float>(base, numbers + 12);
    a.lengths = at<int32_t>(base, numbers + 14);
    a.T = static_cast<int64_t>(numbers[16]);
    a.N = static_cast<int64_t>(numbers[17]);
    a.H = static_cast<int64_t>(numbers[18]);
    a.reverse = static_cast<int64_t>(numbers[19]);
    a.p = at<float>(base, numbers + 20);
    a.coupled = static_cast<int64_t>(numbers[22]);
    a.previous = static_cast<int64_t>(numbers[23]);
    a.gate = static_cast<int64_t>(numbers[24]);
    a.gateAlpha = numbers[25];
    a.gateBeta = numbers[26];
    a.candidate = static_cast<int64_t>(numbers[27]);
    a.candidateAlpha = numbers[28];
    a.candidateBeta = numbers[29];
    a.output = static_cast<int64_t>(numbers[30]);
    a.outputAlpha = numbers[31];
    a.outputBeta = numbers[32];
    a.clip = numbers[33];
    return a;
  }
};

struct LstmVariantGradArgs {
  float* dpre;
  float* dh0;
  float* dc0;
  const float* dh;
  const float* dc;
  const float* gates;
  const float* c;
  const float* rT;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;
  const float* p;
  int64_t coupled;
  int64_t previous;
  int64_t gate;
  double gateAlpha;
  double gateBeta;
  int64_t candidate;
  double candidateAlpha;
  double candidateBeta;
  int64_t output;
  double outputAlpha;
  double outputBeta;
  double clip;

  static LstmVariantGradArgs read(float* base, const double* numbers) {
    LstmVariantGradArgs a;
    a.dpre = at<float>(base, numbers + 0);
    a.dh0 = at<float>(base, numbers + 2);
    a.dc0 = at<float>(base, numbers + 4);
    a.dh = at<float>(base, numbers + 6);
    a.dc = at<float>(base, numbers + 8);
    a.gates = at<float>(base, numbers + 10);
    a.c = at<float>(base, numbers + 12);
    a.rT = at<float>(base, numbers + 14);
    a.lengths = at<int32_t>(base, numbers + 16);
    a.T = static_cast<int64_t>(numbers[18]);
    a.N = static_cast<int64_t>(numbers[19]);
    a.H = static_cast<int64_t>(numbers[20]);
    a.reverse = static_cast<int64_t>(numbers[21]);
    a.p = at<float>(base, numbers + 22);
    a.coupled = static_cast<int64_t>(numbers[24]);
    a.previous = static_cast<int64_t>(numbers[25]);
    a.gate = static_cast<int64_t>(numbers[26]);
    a.gateAlpha = numbers[27];
    a.gateBeta = numbers[28];
    a.candidate = static_cast<int64_t>(numbers[29]);
    a.candidateAlpha = numbers[30];
    a.candidateBeta = numbers[31];
    a.output = static_cast<int64_t>(numbers[32]);
    a.outputAlpha = numbers[33];
    a.outputBeta = numbers[34];
    a.clip = numbers[35];
    return a;
  }
};

struct GruVariantArgs {
  float* h;
  float* gates;
  float* q;
  const float* pre;
  const float* r;
  const float* bR;
  const float* h0;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;
  int64_t gate;
  double gateAlpha;
  double gateBeta;
  int64_t candidate;
  double candidateAlpha;
  double candidateBeta;
  double clip;

  static GruVariantArgs read(float* base, const double* numbers) {
    GruVariantArgs a;
    a.h = at<float>(base, numbers + 0);
    a.gates = at<float>(base, numbers + 2);
    a.q = at<float>(base, numbers + 4);
    a.pre = at<float>(base, numbers + 6);
    a.r = at<float>(base, numbers + 8);
    a.bR = at<float>(base, numbers + 10);
    a.h0 = at<float>(base, numbers + 12);
    a.lengths = at<int32_t>(base, numbers + 14);
    a.T = static_cast<int64_t>(numbers[16]);
    a.N = static_cast<int64_t>(numbers[17]);
    a.H = static_cast<int64_t>(numbers[18]);
    a.reverse = static_cast<int64_t>(numbers[19]);
    a.gate = static_cast<int64_t>(numbers[20]);
    a.gateAlpha = numbers[21];
    a.gateBeta = numbers[22];
    a.candidate = static_cast<int64_t>(numbers[23]);
    a.candidateAlpha = numbers[24];
    a.candidateBeta = numbers[25];
    a.clip = numbers[26];
    return a;
  }
};

struct GruVariantGradArgs {
  float* dpre;
  float* drec;
  float* dh0;
  const float* dh;
  const float* gates;
  const float* q;
  const float* h;
  const float* rT;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;
  int64_t gate;
  double gateAlpha;
  double gateBeta;
  int64_t candidate;
  double candidateAlpha;
  double candidateBeta;
  double clip;

  static GruVariantGradArgs read(float* base, const double* numbers) {
    GruVariantGradArgs a;
    a.dpre = at<float>(base, numbers + 0);
    a.drec = at<float>(base, numbers + 2);
    a.dh0 = at<float>(base, numbers + 4);
    a.dh = at<float>(base, numbers + 6);
    a.gates = at<float>(base, numbers + 8);
    a.q = at<float>(base, numbers + 10);
    a.h = at<float>(base, numbers + 12);
    a.rT = at<float>(base, numbers + 14);
    a.lengths = at<int32_t>(base, numbers + 16);
    a.T = static_cast<int64_t>(numbers[18]);
    a.N = static_cast<int64_t>(numbers[19]);
    a.H = static_cast<int64_t>(numbers[20]);
    a.reverse = static_cast<int64_t>(numbers[21]);
    a.gate = static_cast<int64_t>(numbers[22]);
    a.gateAlpha = numbers[23];
    a.gateBeta = numbers[24];
    a.candidate = static_cast<int64_t>(numbers[25]);
    a.candidateAlpha = numbers[26];
    a.candidateBeta = numbers[27];
    a.clip = numbers[28];
    return a;
  }
};

struct GruBeforeVariantArgs {
  float* h;
  float* gates;
  float* rh;
  const float* pre;
  const float* rz;
  const float* rn;
  const float* h0;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;
  int64_t gate;
  double gateAlpha;
  double gateBeta;
  int64_t candidate;
  double candidateAlpha;
  double candidateBeta;
  double clip;

  static GruBeforeVariantArgs read(float* base, const double* numbers) {
    GruBeforeVariantArgs a;
    a.h = at<float>(base, numbers + 0);
    a.gates = at<float>(base, numbers + 2);
    a.rh = at<float>(base, numbers + 4);
    a.pre = at<float>(base, numbers + 6);
    a.rz = at<float>(base, numbers + 8);
    a.rn = at<float>(base, numbers + 10);
    a.h0 = at<float>(base, numbers + 12);
    a.lengths = at<int32_t>(base, numbers + 14);
    a.T = static_cast<int64_t>(numbers[16]);
    a.N = static_cast<int64_t>(numbers[17]);
    a.H = static_cast<int64_t>(numbers[18]);
    a.reverse = static_cast<int64_t>(numbers[19]);
    a.gate = static_cast<int64_t>(numbers[20]);
    a.gateAlpha = numbers[21];
    a.gateBeta = numbers[22];
    a.candidate = static_cast<int64_t>(numbers[23]);
    a.candidateAlpha = numbers[24];
    a.candidateBeta = numbers[25];
    a.clip = numbers[26];
    return a;
  }
};

struct GruBeforeVariantGradArgs {
  float* dpre;
  float* dh0;
  const float* dh;
  const float* gates;
  const float* h;
  const float* rzT;
  const float* rnT;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;
  int64_t gate;
  double gateAlpha;
  double gateBeta;
  int64_t candidate;
  double candidateAlpha;
  double candidateBeta;
  double clip;

  static GruBeforeVariantGradArgs read(float* base, const double* numbers) {
    GruBeforeVariantGradArgs a;
    a.dpre = at<float>(base, numbers + 0);
    a.dh0 = at<float>(base, numbers + 2);
    a.dh = at<float>(base, numbers + 4);
    a.gates = at<float>(base, numbers + 6);
    a.h = at<float>(base, numbers + 8);
    a.rzT = at<float>(base, numbers + 10);
    a.rnT = at<float>(base, numbers + 12);
    a.lengths = at<int32_t>(base, numbers + 14);
    a.T = static_cast<int64_t>(numbers[16]);
    a.N = static_cast<int64_t>(numbers[17]);
    a.H = static_cast<int64_t>(numbers[18]);
    a.reverse = static_cast<int64_t>(numbers[19]);
    a.gate = static_cast<int64_t>(numbers[20]);
    a.gateAlpha = numbers[21];
    a.gateBeta = numbers[22];
    a.candidate = static_cast<int64_t>(numbers[23]);
    a.candidateAlpha = numbers[24];
    a.candidateBeta = numbers[25];
    a.clip = numbers[26];
    return a;
  }
};

struct LstmNormArgs {
  float* h;
  float* c;
  float* gates;
  float* normal;
  float* cell;
  float* rstd;
  const float* pre;
  const float* r;
  const float* gain;
  const float* cellGain;
  const float* cellBias;
  const float* h0;
  const float* c0;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;
  double epsilon;

  static LstmNormArgs read(float* base, const double* numbers) {
    LstmNormArgs a;
    a.h = at<float>(base, numbers + 0);
    a.c = at<float>(base, numbers + 2);
    a.gates = at<float>(base, numbers + 4);
    a.normal = at<float>(base, numbers + 6);
    a.cell = at<float>(base, numbers + 8);
    a.rstd = at<float>(base, numbers + 10);
    a.pre = at<float>(base, numbers + 12);
    a.r = at<float>(base, numbers + 14);
    a.gain = at<float>(base, numbers + 16);
    a.cellGain = at<float>(base, numbers + 18);
    a.cellBias = at<float>(base, numbers + 20);
    a.h0 = at<float>(base, numbers + 22);
    a.c0 = at<float>(base, numbers + 24);
    a.lengths = at<int32_t>(base, numbers + 26);
    a.T = static_cast<int64_t>(numbers[28]);
    a.N = static_cast<int64_t>(numbers[29]);
    a.H = static_cast<int64_t>(numbers[30]);
    a.reverse = static_cast<int64_t>(numbers[31]);
    a.epsilon = numbers[32];
    return a;
  }
};

struct LstmNormGradArgs {
  float* dpre;
  float* drec;
  float* dcell;
  float* dh0;
  float* dc0;
  const float* dh;
  const float* dc;
  const float* gates;
  const float* normal;
  const float* cell;
  const float* rstd;
  const float* c;
  const float* rT;
  const float* gain;
  const float* cellGain;
  const float* cellBias;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;

  static LstmNormGradArgs read(float* base, const double* numbers) {
    LstmNormGradArgs a;
    a.dpre = at<float>(base, numbers + 0);
    a.drec = at<float>(base, numbers + 2);
    a.dcell = at<float>(base, numbers + 4);
    a.dh0 = at<float>(base, numbers + 6);
    a.dc0 = at<float>(base, numbers + 8);
    a.dh = at<float>(base, numbers + 10);
    a.dc = at<float>(base, numbers + 12);
    a.gates = at<float>(base, numbers + 14);
    a.normal = at<float>(base, numbers + 16);
    a.cell = at<float>(base, numbers + 18);
    a.rstd = at<float>(base, numbers + 20);
    a.c = at<float>(base, numbers + 22);
    a.rT = at<float>(base, numbers + 24);
    a.gain = at<float>(base, numbers + 26);
    a.cellGain = at<float>(base, numbers + 28);
    a.cellBias = at<float>(base, numbers + 30);
    a.lengths = at<int32_t>(base, numbers + 32);
    a.T = static_cast<int64_t>(numbers[34]);
    a.N = static_cast<int64_t>(numbers[35]);
    a.H = static_cast<int64_t>(numbers[36]);
    a.reverse = static_cast<int64_t>(numbers[37]);
    return a;
  }
};

struct GruNormArgs {
  float* h;
  float* gates;
  float* normal;
  float* rstd;
  const float* pre;
  const float* r;
  const float* gain;
  const float* bR;
  const float* h0;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;
  double epsilon;

  static GruNormArgs read(float* base, const double* numbers) {
    GruNormArgs a;
    a.h = at<float>(base, numbers + 0);
    a.gates = at<float>(base, numbers + 2);
    a.normal = at<float>(base, numbers + 4);
    a.rstd = at<float>(base, numbers + 6);
    a.pre = at<float>(base, numbers + 8);
    a.r = at<float>(base, numbers + 10);
    a.gain = at<float>(base, numbers + 12);
    a.bR = at<float>(base, numbers + 14);
    a.h0 = at<float>(base, numbers + 16);
    a.lengths = at<int32_t>(base, numbers + 18);
    a.T = static_cast<int64_t>(numbers[20]);
    a.N = static_cast<int64_t>(numbers[21]);
    a.H = static_cast<int64_t>(numbers[22]);
    a.reverse = static_cast<int64_t>(numbers[23]);
    a.epsilon = numbers[24];
    return a;
  }
};

struct GruNormGradArgs {
  float* dpre;
  float* drec;
  float* dh0;
  const float* dh;
  const float* gates;
  const float* normal;
  const float* rstd;
  const float* h;
  const float* rT;
  const float* gain;
  const float* bR;
  const int32_t* lengths;
  int64_t T;
  int64_t N;
  int64_t H;
  int64_t reverse;

  static GruNormGradArgs read(float* base, const double* numbers) {
    GruNormGradArgs a;
    a.dpre = at<float>(base, numbers + 0);
    a.drec = at<float>(base, numbers + 2);
    a.dh0 = at<float>(base, numbers + 4);
    a.dh = at<float>(base, numbers + 6);
    a.gates = at<float>(base, numbers + 8);
    a.normal = at<float>(base, numbers + 10);
    a.rstd = at<float>(base, numbers + 12);
    a.h = at<float>(base, numbers + 14);
    a.rT = at<float>(base, numbers + 16);
    a.gain = at<float>(base, numbers + 18);
    a.bR = at<float>(base, numbers + 20);
    a.lengths = at<int32_t>(base, numbers + 22);
    a.T = static_cast<int64_t>(numbers[24]);
    a.N = static_cast<int64_t>(numbers[25]);
    a.H = static_cast<int64_t>(numbers[26]);
    a.reverse = static_cast<int64_t>(numbers[27]);
    return a;
  }
};

struct SumSquaresArgs {
  float* y;
  const float* x;
  int64_t n;

  static SumSquaresArgs read(float* base, const double* numbers) {
    SumSquaresArgs a;
    a.y = at<float>(base, numbers + 0);
    a.x = at<float>(base, numbers + 2);
    a.n = static_cast<int64_t>(numbers[4]);
    return a;
  }
};

struct AssignArgs {
  float* y;
  const float* x;
  const float* guard;
  int64_t n;

  static AssignArgs read(float* base, const double* numbers) {
    AssignArgs a;
    a.y = at<float>(base, numbers + 0);
    a.x = at<float>(base, numbers + 2);
    a.guard = at<float>(base, numbers + 4);
    a.n = static_cast<int64_t>(numbers[6]);
    return a;
  }
};

struct SgdArgs {
  float* w;
  float* v;
  const float* g;
  const float* rate;
  const float* scale;
  const float* guard;
  int64_t n;
  int64_t nesterov;
  double momentum;
  double decay;
  double limit;

  static SgdArgs read(float* base, const double* numbers) {
    SgdArgs a;
    a.w = at<float>(base, numbers + 0);
    a.v = at<float>(base, numbers + 2);
    a.g = at<float>(base, numbers + 4);
    a.rate = at<float>(base, numbers + 6);
    a.scale = at<float>(base, numbers + 8);
    a.guard = at<float>(base, numbers + 10);
    a.n = static_cast<int64_t>(numbers[12]);
    a.nesterov = static_cast<int64_t>(numbers[13]);
    a.momentum = numbers[14];
    a.decay = numbers[15];
    a.limit = numbers[16];
    return a;
  }
};

struct AdagradArgs {
  float* w;
  float* s;
  const float* g;
  const float* rate;
  const float* scale;
  const float* guard;
  int64_t n;
  double epsilon;
  double decay;
  double limit;

  static AdagradArgs read(float* base, const double* numbers) {
    AdagradArgs a;
    a.w = at<float>(base, numbers + 0);
    a.s = at<float>(base, numbers + 2);
    a.g = at<float>(base, numbers + 4);
    a.rate = at<float>(base, numbers + 6);
    a.scale = at<float>(base, numbers + 8);
    a.guard = at<float>(base, numbers + 10);
    a.n = static_cast<int64_t>(numbers[12]);
    a.epsilon = numbers[13];
    a.decay = numbers[14];
    a.limit = numbers[15];
    return a;
  }
};

struct RmspropArgs {
  float* w;
  float* s;
  const float* g;
  const float* rate;
  const float* scale;
  const float* guard;
  int64_t n;
  double alpha;
  double epsilon;
  double decay;
  double limit;

  static RmspropArgs read(float* base, const double* numbers) {
    RmspropArgs a;
    a.w = at<float>(base, numbers + 0);
    a.s = at<float>(base, numbers + 2);
    a.g = at<float>(base, numbers + 4);
    a.rate = at<float>(base, numbers + 6);
    a.scale = at<float>(base, numbers + 8);
    a.guard = at<float>(base, numbers + 10);
    a.n = static_cast<int64_t>(numbers[12]);
    a.alpha = numbers[13];
    a.epsilon = numbers[14];
    a.decay = numbers[15];
    a.limit = numbers[16];
    return a;
  }
};

struct AdamArgs {
  float* w;
  float* m;
  float* v;
  const float* g;
  const float* rate;
  const float* scale;
  const float* guard;
  int64_t n;
  int64_t decoupled;
  double beta1;
  double beta2;
  double epsilon;
  double decay;
  double limit;

  static AdamArgs read(float* base, const double* numbers) {
    AdamArgs a;
    a.w = at<float>(base, numbers + 0);
    a.m = at<float>(base, numbers + 2);
    a.v = at<float>(base, numbers + 4);
    a.g = at<float>(base, numbers + 6);
    a.rate = at<float>(base, numbers + 8);
    a.scale = at<float>(base, numbers + 10);
    a.guard = at<float>(base, numbers + 12);
    a.n = static_cast<int64_t>(numbers[14]);
    a.decoupled = static_cast<int64_t>(numbers[15]);
    a.beta1 = numbers[16];
    a.beta2 = numbers[17];
    a.epsilon = numbers[18];
    a.decay = numbers[19];
    a.limit = numbers[20];
    return a;
  }
};

struct AttendArgs {
  float* context;
  float* weights;
  const float* keys;
  const float* values;
  const float* asked;
  const float* energy;
  const int32_t* lengths;
  int64_t N;
  int64_t K;
  int64_t S;
  int64_t A;
  int64_t C;

  static AttendArgs read(float* base, const double* numbers) {
    AttendArgs a;
    a.context = at<float>(base, numbers + 0);
    a.weights = at<float>(base, numbers + 2);
    a.keys = at<float>(base, numbers + 4);
    a.values = at<float>(base, numbers + 6);
    a.asked = at<float>(base, numbers + 8);
    a.energy = at<float>(base, numbers + 10);
    a.lengths = at<int32_t>(base, numbers + 12);
    a.N = static_cast<int64_t>(numbers[14]);
    a.K = static_cast<int64_t>(numbers[15]);
    a.S = static_cast<int64_t>(numbers[16]);
    a.A = static_cast<int64_t>(numbers[17]);
    a.C = static_cast<int64_t>(numbers[18]);
    return a;
  }
};

struct AttendGradArgs {
  float* dasked;
  float* dscores;
  const float* dcontext;
  const float* dweights;
  const float* weights;
  const float* keys;
  const float* values;
  const float* asked;
  const float* energy;
  const int32_t* lengths;
  int64_t N;
  int64_t K;
  int64_t S;
  int64_t A;
  int64_t C;

  static AttendGradArgs read(float* base, const double* numbers) {
    AttendGradArgs a;
    a.dasked = at<float>(base, numbers + 0);
    a.dscores = at<float>(base, numbers + 2);
    a.dcontext = at<float>(base, numbers + 4);
    a.dweights = at<float>(base, numbers + 6);
    a.weights = at<float>(base, numbers + 8);
    a.keys = at<float>(base, numbers + 10);
    a.values = at<float>(base, numbers + 12);
    a.asked = at<float>(base, numbers + 14);
    a.energy = at<float>(base, numbers + 16);
    a.lengths = at<int32_t>(base, numbers + 18);
    a.N = static_cast<int64_t>(numbers[20]);
    a.K = static_cast<int64_t>(numbers[21]);
    a.S = static_cast<int64_t>(numbers[22]);
    a.A = static_cast<int64_t>(numbers[23]);
    a.C = static_cast<int64_t>(numbers[24]);
    return a;
  }
};

struct AttendKeysGradArgs {
  float* dkeys;
  float* denergy;
  const float* dscores;
  const float* keys;
  const float* asked;
  const float* energy;
  const int32_t* lengths;
  int64_t N;
  int64_t K;
  int64_t S;
  int64_t A;

  static AttendKeysGradArgs read(float* base, const double* numbers) {
    AttendKeysGradArgs a;
    a.dkeys = at<float>(base, numbers + 0);
    a.denergy = at<float>(base, numbers + 2);
    a.dscores = at<float>(base, numbers + 4);
    a.keys = at<float>(base, numbers + 6);
    a.asked = at<float>(base, numbers + 8);
    a.energy = at<float>(base, numbers + 10);
    a.lengths = at<int32_t>(base, numbers + 12);
    a.N = static_cast<int64_t>(numbers[14]);
    a.K = static_cast<int64_t>(numbers[15]);
    a.S = static_cast<int64_t>(numbers[16]);
    a.A = static_cast<int64_t>(numbers[17]);
    return a;
  }
};

}  // namespace UNROLLED
