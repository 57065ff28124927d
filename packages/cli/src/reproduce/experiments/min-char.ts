// min-char-rnn: a vanilla network of 100 units over one stream, 25 characters at a time, Adagrad, weights that begin near
// zero. Source: Karpathy's gist of 112 lines; its smooth loss starts at 25 ln V. T time, V vocabulary, H hidden.
import {
  adagrad,
  add,
  type Corpus,
  characters,
  crossEntropy,
  draws,
  evict,
  full,
  gather,
  i32,
  linear,
  rnn,
  type Scalar,
  streams,
  type Task,
  train,
  type Variable,
  variables,
} from "unrolled";
import { declarationText } from "../declaration-text.js";
import { type Bench, type Experiment, meanOf, rowOf, seedsOf, Stopped } from "../experiment.js";
import { interval } from "../statistics.js";

const [T, H] = [25, 100];
/** Where the smooth loss is read. */
const marks = [1, 1000, 5000] as const;
const stepsOf = (quick: boolean): number => (quick ? 200 : marks[marks.length - 1]);
const smooth = "smooth loss";

export const minChar: Experiment = {
  name: "min-char",
  summary: "min-char-rnn as published: its smooth loss starts at 25 ln V and falls",
  minutes: 1,
  open: () => {
    const V = declarations().vocabulary.tokens.length;
    const start = T * Math.log(V);
    return {
      rows: "of 25 characters",
      columns: marks.map((step) => ({ title: `after ${step}`, unit: "nats" as const })),
      claims: (rows) => {
        const [first, , last] = rowOf(rows, smooth).cells.map(meanOf);
        return [
          {
            text: `the first smooth loss is 25 ln ${V} = ${start.toFixed(2)}, to a tenth of a nat`,
            holds: Math.abs(first - start) < 0.1,
          },
          { text: "it falls by a third and more", holds: last < (2 / 3) * start },
        ];
      },
      notes: [
        `text: TypeScript's lib.es5.d.ts, V = ${V} characters; 25 ln V = ${start.toFixed(4)}`,
        "H = 100, 25 characters a step, one stream, Adagrad 0.1, elements of the gradient of the sum clipped to ±5, weights N(0, .01); smooth = .999 smooth + .001 loss from 25 ln V",
      ],
    };
  },
  async *run(bench) {
    const corpus = declarations();
    const runs: (readonly (number | undefined)[])[] = [];
    for (const seed of seedsOf(bench)) runs.push(await losses(bench, corpus, seed));
    const cells = marks.map((_, i) => {
      const values = runs.map((run) => run[i]).filter((value) => value !== undefined);
      return values.length > 0 ? interval(values) : undefined;
    });
    yield { name: smooth, cells };
  },
};

const declarations = (): Corpus => characters(declarationText("min-char"), { validation: 0.1 });

/** The smooth loss at each mark. */
async function losses(bench: Bench, corpus: Corpus, seed: number): Promise<readonly (number | undefined)[]> {
  const { device } = bench;
  const task = taskOf(corpus, seed);
  const steps = stepsOf(bench.quick);
  let value = T * Math.log(corpus.vocabulary.tokens.length);
  const read = new Map<number, number>();
  const events = train({
    task,
    device,
    maxSteps: steps,
    optimizer: adagrad({ rate: 0.1, epsilon: 1e-8 }),
    clip: { value: 5 },
    precision: bench.precision,
    seed,
    stop: bench.stop,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  });
  for await (const event of events) {
    if (event.type !== "step") continue;
    value = 0.999 * value + 0.001 * event.loss;
    read.set(event.step, value);
    await bench.progress(`seed ${seed}: smooth loss ${value.toFixed(2)}`, event.step / steps);
  }
  evict(device, task.weights.Wxh.storage);
  if (bench.stop.requested) throw new Stopped();
  return marks.map((mark) => read.get(mark));
}

/** Loss as the gist has it: summed over the 25 characters. */
function taskOf(corpus: Corpus, seed: number): Task<{ readonly nats: number }> {
  const V = corpus.vocabulary.tokens.length;
  const random = draws(seed);
  const near = (...shape: number[]) => ({
    shape,
    initial: () => Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => 0.01 * random.normal()),
  });
  const weights: Readonly<Record<string, Variable>> = variables("weights", {
    Wxh: near(V, H), // transposed: a row for each character
    Whh: near(H, H),
    Why: near(V, H),
    bh: { shape: [H] },
    by: { shape: [V] },
  });
  const chunks = streams(corpus.training, { batch: 1, sequence: T });
  return {
    name: "min-char",
    weights,
    carried: { h: [1, H] },
    batches: {
      count: chunks.count,
      order: "stream",
      at(index) {
        const { x, y } = chunks.at(index);
        return { inputs: { x, y }, shapes: { x: i32(T, 1), y: i32(T, 1) }, tokens: T };
      },
    },
    loss: ({ x, y }, { carried }) => {
      const { Wxh, Whh, Why, bh, by } = weights;
      const states = rnn(add(gather(Wxh, x), bh), Whh, carried.h, { activation: "tanh" });
      const { sum } = crossEntropy(linear(states.y, Why, by), y);
      return { sum, count: full([], 1) as Scalar, states: { h: states.h } };
    },
    data: "lib.es5.d.ts",
    tokens: corpus.training.length,
    validationTokens: 0,
    vocabulary: V,
  };
}
