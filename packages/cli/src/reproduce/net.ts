// A network of the library for generated sequences: an example as numbers, and many of them side by side as a batch.
// T time, N batch, D input.
import {
  arrangeRows,
  type Batch,
  type Device,
  evict,
  type Example,
  type Network,
  type NetworkSpec,
  network,
  networkLoss,
  networkScores,
  noVocabulary,
  readVariable,
  type StackLayer,
  type TaskLoss,
  type Tensor,
  type Vocabulary,
  writeVariable,
} from "unrolled";

export interface NetSpec {
  /** Tokens with an embedding of their own, or vectors of width D. */
  readonly input: { readonly tokens: readonly string[]; readonly embedding: number } | { readonly width: number };
  /** None: the mean of the embeddings, a bag. */
  readonly layers: readonly StackLayer[];
  /** Labels, or one number. */
  readonly output: readonly string[] | "number";
  /** After the last step, or after each. */
  readonly read: "last" | "each";
  /** Changes the first values of "rnn.bias_ih_l0" and its like, H units in each gate. */
  readonly bias?: (values: Float32Array, H: number) => void;
}

/** An example as numbers, and which of its answers are measured; all where left out. */
export interface Sequence extends Example {
  readonly measured?: readonly number[];
}

const columns = (names: readonly string[]) => ({
  columns: names,
  mean: names.map(() => 0),
  deviation: names.map(() => 1),
});

function specOf({ input, layers, output, read }: NetSpec): NetworkSpec {
  const numbers = output === "number";
  return {
    format: "unrolled",
    version: 1,
    task: numbers ? "regress" : read === "last" ? "classify" : "tag",
    input:
      "tokens" in input
        ? { kind: "word", vocabulary: input.tokens.length, embedding: input.embedding }
        : { kind: "vector", ...columns(Array.from({ length: input.width }, (_, d) => `x${d}`)) },
    layers,
    pool: read === "each" ? "none" : layers.length > 0 ? "last" : "mean",
    deep: [],
    output: numbers ? { kind: "linear", target: "columns", ...columns(["y"]) } : { kind: "softmax", labels: output },
  };
}

/** New weights from a seed, on the device. */
export function makeNet(spec: NetSpec, seed: number, device: Device): Network {
  const words: Vocabulary =
    "tokens" in spec.input ? { ...noVocabulary, kind: "word", tokens: spec.input.tokens } : noVocabulary;
  const net = network(specOf(spec), words, seed);
  if (spec.bias)
    for (const [name, weight] of Object.entries(net.weights)) {
      const layer = name.match(/^rnn\.bias_ih_l(\d+)/)?.[1];
      if (layer === undefined) continue;
      const values = Float32Array.from(readVariable(device, weight));
      spec.bias(values, spec.layers[Number(layer)].hidden);
      writeVariable(device, weight, values);
    }
  return net;
}

/** Gives the memory of the weights back. */
export const closeNet = (net: Network, device: Device): void => evict(device, net.weights["head.bias"].storage);

/** Sequences side by side, padded to about the longest. */
export function batchOf({ spec }: Network, sequences: readonly Sequence[]): Batch {
  const [T, N] = [paddedLength(sequences.map(({ steps }) => steps)), sequences.length];
  const tokens = sequences.reduce((total, { steps }) => total + steps, 0);
  return { ...arrangeRows(spec, sequences, T, N), tokens, extent: { T, N } };
}

/** Few different lengths, so that few programs serve: up to 16 as it is, then in eighths of the power of two. */
export function paddedLength(lengths: readonly number[]): number {
  const longest = Math.max(...lengths);
  const even = longest <= 16 || lengths.every((length) => length === longest);
  const grain = even ? 1 : 2 ** (Math.floor(Math.log2(longest)) - 3);
  return Math.ceil(longest / grain) * grain;
}

type Tensors = Readonly<Record<string, Tensor>>;

/** [N,C] after the last step of each row, or [T,N,C]. */
export const scoresOf = (net: Network, { x, lengths }: Tensors): Tensor => networkScores(net, { x, lengths }).scores;

/** Nats of the labels wanted, or squared errors, as sum and count. */
export function lossOf(net: Network, inputs: Tensors, key: Tensor): TaskLoss {
  const { scores } = networkScores(net, { x: inputs.x, lengths: inputs.lengths }, { key });
  return { ...networkLoss(net.spec, scores, inputs.y, inputs.there), states: {} };
}
