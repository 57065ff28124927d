// "hello": the slide's character model with weights that make its pictures, and networks of its size that learn the word.
import { compile, crossEntropy, f32, handSetNets, handSetWeights, i32, layer, runHandSet } from "unrolled";
import { compare } from "../compare.js";
import { type Bench, type Experiment, meanOf, type Row, rowOf } from "../experiment.js";
import type { Sequence } from "../net.js";

const letters = ["h", "e", "l", "o"] as const;
const idOf = (letter: string): number => letters.indexOf(letter as (typeof letters)[number]);
const [read, wanted] = ["hell", "ello"].map((word) => [...word].map(idOf));
const slide = "the slide's weights";
const steps = 400;

export const hello: Experiment = {
  name: "hello",
  summary: 'the slide\'s network that reads "hell" and should say "ello", as pictured and learnt',
  minutes: 0.1,
  open: () => ({
    rows: "network",
    columns: [
      { title: "nats a letter", unit: "nats" },
      { title: "says hello", unit: "%" },
    ],
    claims: (rows) => [
      {
        text: "the pictured network costs 1.397 nats a letter, worse than guessing among four (1.386)",
        holds: Math.abs(meanOf(rowOf(rows, slide).cells[0]) - 1.397) < 5e-4,
      },
      ...["rnn", "gru", "lstm"].map((cell) => ({
        text: `${cell}: learns to say hello, greedily`,
        holds: meanOf(rowOf(rows, cell).cells[1]) === 1,
      })),
    ],
    notes: [
      "the pictured losses are 2.079, 2.900, 0.380 and 0.231; the sampled path e, l, l, o has probability 0.00374",
      `learnt: 3 units as on the slide, ${steps} steps of the one word, Adam 0.03; a letter that is the likeliest after every right beginning is said when its own words are fed back`,
    ],
  }),
  async *run(bench) {
    yield pictured(bench);
    const word: Sequence = { steps: 4, input: Int32Array.from(read), target: Int32Array.from(wanted) };
    const contenders = (["rnn", "gru", "lstm"] as const).map((cell) => ({
      name: cell,
      layers: [layer({ cell, hidden: 3 })],
    })); // prettier-ignore
    yield* compare(bench, contenders, () => ({
      net: { input: { tokens: letters, embedding: 4 }, output: letters, read: "each" },
      steps,
      batch: 1,
      rate: 0.03,
      training: () => word,
      validation: [word],
      measure: (learned) => [learned.measure([word]).loss, learned.measure([word]).whole],
    }));
  },
};

function pictured({ device }: Bench): Row {
  const net = handSetNets.hello;
  const weights = handSetWeights(net);
  const program = compile(device, { x: f32(4, 1, 4), y: i32(4, 1) }, ({ x, y }) => {
    const { output } = runHandSet(net, weights, x);
    return { outputs: { each: crossEntropy(output, y).each, output } };
  });
  const x = Float32Array.from({ length: 16 }, (_, i) => Number(read[i >> 2] === i % 4));
  const { each, output } = program.run({ x, y: wanted });
  const likeliest = wanted.map((_, t) =>
    [0, 1, 2, 3].reduce((best, v) => (output[4 * t + v] > output[4 * t + best] ? v : best)),
  ); // prettier-ignore
  const nats = Array.from(each).reduce((a, b) => a + b, 0) / 4;
  const says = Number(likeliest.every((v, t) => v === wanted[t]));
  program.close();
  return { name: slide, cells: [nats, says] };
}
