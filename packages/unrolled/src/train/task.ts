// A task: everything the trainer needs to know of what is learnt. Language model, classifier, tagger, translator: each is
// one. T time, N batch.
import type { Device } from "../device/device.js";
import { draws } from "../draws.js";
import type { InputSpec } from "../graph/compile.js";
import type { Scalar, Shape, Tensor, Variable } from "../graph/tensor.js";

/** Measurements by name: numbers all. */
export type Metrics<M> = { readonly [K in keyof M]: number };

export type Tensors = Readonly<Record<string, Tensor>>;

/** What one step learns from. */
export interface Batch {
  /** Row-major values by input; they hold until the next batch is asked for. The names "key" and "rate" are the trainer's. */
  readonly inputs: Readonly<Record<string, ArrayLike<number>>>;
  /** Shape and type of each input. One program is compiled for every different set of shapes; all share their scratch memory. */
  readonly shapes: Readonly<Record<string, InputSpec>>;
  /** Tokens (or examples) learnt from: what tokens per second count. */
  readonly tokens: number;
  /** Sizes of its time-major sequences, so that a bad number can be placed in time. */
  readonly extent?: { readonly T: number; readonly N: number };
}

/** The batches of an epoch. */
export interface Batches {
  readonly count: number;
  /** "stream": in order, states carried from each to the next. "shuffled": in an order drawn from seed and epoch. */
  readonly order: "stream" | "shuffled";
  /**
   * Streams that are learnt in parts (gradient accumulation): batches i * lanes + 0, 1, ... are side by side, and each lane
   * carries states of its own. 1 where left out.
   */
  readonly lanes?: number;
  /** Index of the batch whose program needs the most memory: it is compiled first and its memory told. 0 where left out. */
  readonly largest?: number;
  /**
   * Batch `index` (0 to count - 1) of epoch `epoch` (from 0), learnt from after `place` others of that epoch: the same whenever it is
   * asked for.
   */
  readonly at: (index: number, epoch: number, place: number) => Batch;
}

export interface LossOptions {
  /** States by name, as the batch before left them. */
  readonly carried: Tensors;
  /** i32 [2], another at every step and in every piece: for dropout and other draws. */
  readonly key: Tensor;
}

export interface TaskLoss {
  /** Summed over what is predicted; what is made small is sum / count, divided once. */
  readonly sum: Scalar;
  readonly count: Scalar;
  /** The states of `carried` after this batch. */
  readonly states: Tensors;
}

/** A part of a batch in time: steps [from, to) of its sequences. */
export interface Cut {
  readonly from: number;
  readonly to: number;
  /** The next batch starts from the states after this piece. */
  readonly carry: boolean;
}

/** How a batch is cut in time, into parts that `loss` takes one after the other, states handed on. */
export interface Cutting {
  /** One cut where there need be no more. `recompute`: about as many as each is long. */
  readonly cuts: (shapes: Batch["shapes"], options: { readonly recompute: boolean }) => readonly Cut[];
  readonly piece: (inputs: Tensors, cut: Cut) => Tensors;
}

/** The metrics of held-out data. */
export interface Validation<M extends Metrics<M>> {
  /** The metric that plateau, early stopping and "best" look at. */
  readonly watched: keyof M & string;
  readonly better: "lower" | "higher";
  readonly open: (device: Device) => Measurer<M>;
}

export interface Measurer<M extends Metrics<M>> {
  /** Measures with the weights that are on the device now; leaves no trace. `pause` is awaited now and then. */
  measure(pause?: () => Promise<void>): Promise<M>;
  close(): void;
}

/** Text that shows what has been learnt. */
export interface Sampler {
  sample(seed: number): string;
  close(): void;
}

export interface Task<M extends Metrics<M>> {
  /** "language-model", "classify", ... */
  readonly name: string;
  /** All weights by PyTorch's names, in one storage. */
  readonly weights: Readonly<Record<string, Variable>>;
  /** Weights that are saved with the others and never change: a frozen embedding. */
  readonly frozen?: Readonly<Record<string, Variable>>;
  /** Shapes of the states carried from batch to batch, zero at the start of an epoch; none where batches are shuffled. */
  readonly carried: Readonly<Record<string, Shape>>;
  readonly batches: Batches;
  /** The loss of one batch as a graph of its inputs. */
  readonly loss: (inputs: Tensors, options: LossOptions) => TaskLoss;
  /** Left out where a batch cannot be cut in time. */
  readonly cutting?: Cutting;
  /** Left out where nothing is held out. */
  readonly validation?: Validation<M>;
  readonly sampler?: (device: Device) => Sampler;
  /** Fingerprint of the training data: resuming with other data is refused. */
  readonly data: string;
  /** Tokens (or examples) to learn from and to validate on. */
  readonly tokens: number;
  readonly validationTokens: number;
  /** Different tokens it reads; 0 where it reads none. */
  readonly vocabulary: number;
  /** The loss of guessing, where it is known: a loss a hundred times that has diverged. */
  readonly guessing?: number;
}

/** The numbers 0 to count - 1 in an order drawn from seed and epoch alone. */
export function permutation(count: number, seed: number, epoch: number): Int32Array {
  const random = draws((Math.imul(seed, 0x9e3779b1) ^ Math.imul(epoch + 1, 0x85ebca77)) >>> 0);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
