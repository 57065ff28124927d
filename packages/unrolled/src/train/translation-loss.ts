// The loss of a translator: teacher forcing, scheduled sampling, label smoothing. T target steps, N batch, V classes.
import { argmax, at, crossEntropy, less, random, stack, where } from "../graph/ops/index.js";
import type { Scalar, Tensor } from "../graph/tensor.js";
import type { Translator } from "../models/translator.js";
import { writeAll } from "../models/translator-whole.js";
import { smoothedNats } from "../nn/smoothing.js";
import {
  headOf,
  logitsOf,
  type Reading,
  readSource,
  readTarget,
  sightOf,
  writeStep,
  writing,
} from "../models/translator-graph.js";

/** What a batch of pairs is, as tensors. */
export interface PairInputs {
  /** i32 [S,N] and its lengths i32 [N]. */
  readonly source: Tensor;
  readonly lengths: Tensor;
  /** i32 [T,N]: what the decoder reads, from the boundary on, and what it is to write; -1 past a target's end. */
  readonly x: Tensor;
  readonly y: Tensor;
  /** f32 []: the probability that a step reads the true token before it; always where left out. */
  readonly teacher?: Tensor;
}

export interface PairLossOptions {
  /** i32 [2]: training, with what is dropped and drawn. */
  readonly key?: Tensor;
  /** The part of the probability that is asked to lie evenly on all classes (Szegedy 2016). */
  readonly smoothing?: number;
}

export interface PairLoss {
  /** Nats summed over the tokens that are to be written, and their number. */
  readonly sum: Scalar;
  readonly count: Scalar;
  /** [T,N,V] */
  readonly logits: Tensor;
  /** [N,T,S] */
  readonly attention?: Tensor;
}

export function pairLoss(model: Translator, inputs: PairInputs, options: PairLossOptions = {}): PairLoss {
  const { key, smoothing = 0 } = options;
  const reading = readSource(model, inputs.source, inputs.lengths, key);
  const { read, logits, attention } = inputs.teacher
    ? writeScheduled(model, reading, inputs, key as Tensor)
    : writeGiven(model, reading, inputs.x, key);
  const { sum: nats, count } = crossEntropy(logits, inputs.y);
  const loss = smoothing === 0 ? nats : smoothedNats(nats, { read, ...headOf(model) }, inputs.y, smoothing);
  return { sum: loss, count, logits, ...(attention && { attention }) };
}

/** What the head reads [T,N,P], and the logits it makes of it. */
interface Scored {
  readonly read: Tensor;
  readonly logits: Tensor;
  readonly attention?: Tensor;
}

function writeGiven(model: Translator, reading: Reading, x: Tensor, key: Tensor | undefined): Scored {
  const written = writeAll(model, reading, x, key);
  return { ...written, logits: logitsOf(model, written.read) };
}

/**
 * Scheduled sampling (Bengio 2015): each step reads the true token before it with probability `teacher`, else the token that the model
 * itself finds most likely; no gradient flows through that choice.
 */
function writeScheduled(model: Translator, reading: Reading, { x, teacher }: PairInputs, key: Tensor): Scored {
  const [T, N] = x.shape;
  const how = writing(model, sightOf(model, reading), key);
  const given = readTarget(model, x, key);
  const keep = less(random("uniform", [T, N, 1], { key, stream: coinStream }), teacher as Tensor);
  const [reads, logits]: [Tensor[], Tensor[]] = [[], []];
  let states = reading.states;
  for (let t = 0; t < T; t++) {
    const truth = given && at(given, 0, t);
    const own = t > 0 && truth ? readTarget(model, argmax(logits[t - 1])) : undefined;
    const vector = truth && own ? where(at(keep, 0, t), truth, own) : truth;
    const step = writeStep(how, vector ? { vector } : {}, states, t);
    states = step.states;
    reads.push(step.read);
    logits.push(logitsOf(model, step.read));
  }
  return { read: stack(reads), logits: stack(logits) };
}

const coinStream = 5_100_000;
