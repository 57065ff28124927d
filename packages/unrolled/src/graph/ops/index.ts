// All ops by name.
export { type AdditiveAttention, additiveAttention } from "./attend.js";
export {
  abs,
  add,
  clamp,
  constant,
  div,
  equal,
  exp,
  finite,
  floor,
  full,
  hardThreshold,
  less,
  lessEqual,
  log,
  maximum,
  minimum,
  mul,
  neg,
  power,
  relu,
  sigmoid,
  sign,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
  where,
  zeros,
  zerosLike,
} from "./elementwise.js";
export { argmax, gather, type Likeliest, toIds, topK, topKLinear } from "./gather.js";
export { after, copyOf } from "./order.js";
export { linear, type MatmulOptions, matmul } from "./matmul.js";
export { layerNorm } from "./norm.js";
export { type DropoutOptions, dropout, random } from "./random.js";
export { type GruOptions, gru } from "./gru.js";
export { type GruNormWeights, gruNorm } from "./gru-norm.js";
export type { LayerActivation, RecurrentOptions, RecurrentStates } from "./layer.js";
export { lstm } from "./lstm.js";
export { type LstmNormWeights, lstmNorm } from "./lstm-norm.js";
export type { LstmLayerOptions, LstmStates } from "./lstm-variant.js";
export { type RnnLayerOptions, rnn } from "./rnn.js";
export { max, mean, type ReduceOptions, sum, sumTo } from "./reduce.js";
export { at, broadcastTo, concat, pad, part, reshape, slice, split, stack, stopGradient, transpose } from "./shape.js";
export { type CrossEntropy, crossEntropy, logSoftmax, smoothedCrossEntropy, softmax } from "./softmax.js";
export { type SampleSlots, sample } from "./sample.js";
export { assign, sumSquares, type Tamed, type UpdateRule, update } from "./state.js";
