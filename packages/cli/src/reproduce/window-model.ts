// A language model without memory: the K characters before, their embeddings side by side, one hidden layer. Source: Bengio
// 2003. K window, N places at a time, V vocabulary, E embedding, H hidden.
import {
  at,
  type Batch,
  type Corpus,
  compile,
  concat,
  crossEntropy,
  draws,
  gather,
  i32,
  linear,
  type Task,
  type Tensor,
  tanh,
  type Variable,
  variables,
} from "unrolled";

export interface WindowOptions {
  readonly corpus: Corpus;
  readonly window: number;
  readonly embedding: number;
  readonly hidden: number;
  /** N: places learnt at a time, drawn anew for every step. */
  readonly places: number;
  readonly seed: number;
}

/** As a task: its metric is the mean nats of the held-out characters (but the first K). */
export function windowTask(options: WindowOptions): Task<{ readonly nats: number }> {
  const { corpus, window: K, embedding: E, hidden, places: N, seed } = options;
  const V = corpus.vocabulary.tokens.length;
  const random = draws(seed);
  const weight = (...shape: number[]) => ({
    shape,
    initial: () =>
      Float32Array.from({ length: shape[0] * shape[1] }, () => (2 * random.uniform() - 1) / Math.sqrt(shape[1])), // prettier-ignore
  });
  const weights: Readonly<Record<string, Variable>> = variables("weights", {
    embedding: weight(V, E),
    W: weight(hidden, K * E),
    b: { shape: [hidden] },
    U: weight(V, hidden),
    c: { shape: [V] },
  });
  const loss = ({ x, y }: Readonly<Record<string, Tensor>>) => {
    const seen = gather(weights.embedding, x); // [K,N,E]
    const side = concat(Array.from({ length: K }, (_, k) => at(seen, 0, k)));
    return crossEntropy(linear(tanh(linear(side, weights.W, weights.b)), weights.U, weights.c), y);
  };
  const place = draws(seed + 1);
  const drawn = (): number => K + Math.floor(place.uniform() * (corpus.training.length - K));
  return {
    name: `window ${K}`,
    weights,
    carried: {},
    batches: {
      count: Number.MAX_SAFE_INTEGER,
      order: "stream",
      at: () => windowsAt(corpus.training, K, Array.from({ length: N }, drawn)),
    },
    loss: (inputs) => ({ ...loss(inputs), states: {} }),
    validation: {
      watched: "nats",
      better: "lower",
      open: (device) => {
        const program = compile(device, shapesOf(K, N), (inputs) => {
          const { sum, count } = loss(inputs);
          return { outputs: { sum, count } };
        });
        return {
          measure: () => {
            const totals = { sum: 0, count: 0 };
            for (let from = K; from < corpus.validation.length; from += N) {
              const { inputs } = windowsAt(
                corpus.validation,
                K,
                Array.from({ length: N }, (_, n) => from + n),
              );
              const { sum, count } = program.run({ x: inputs.x, y: inputs.y });
              totals.sum += sum;
              totals.count += count;
            }
            return Promise.resolve({ nats: totals.sum / totals.count });
          },
          close: () => program.close(),
        };
      },
    },
    data: "window",
    tokens: corpus.training.length,
    validationTokens: corpus.validation.length,
    vocabulary: V,
  };
}

const shapesOf = (K: number, N: number) => ({ x: i32(K, N), y: i32(N) });

/** The characters at some places and the K before each; past the end nothing is asked for. */
function windowsAt(ids: Int32Array, K: number, places: readonly number[]): Batch {
  const N = places.length;
  const x = new Int32Array(K * N);
  const y = new Int32Array(N).fill(-1);
  for (const [n, place] of places.entries())
    if (place < ids.length) {
      y[n] = ids[place];
      for (let k = 0; k < K; k++) x[k * N + n] = ids[place - K + k];
    }
  return { inputs: { x, y }, shapes: shapesOf(K, N), tokens: N };
}
