// What memory is worth: counted n-grams, networks that see a fixed window, and recurrent ones, on the same text.
import {
  adam,
  bestNgram,
  type Corpus,
  characters,
  evict,
  languageModel,
  languageModelTask,
  type Task,
  train,
} from "unrolled";
import { declarationText } from "../declaration-text.js";
import { type Bench, type Experiment, meanOf, rowOf, seedsOf, Stopped } from "../experiment.js";
import { interval } from "../statistics.js";
import { windowTask } from "../window-model.js";

const size = { embedding: 24, hidden: 128, batch: 50, sequence: 50, rate: 4e-3 };
const stepsOf = (quick: boolean): number => (quick ? 40 : 800);
const ngrams = "n-grams, the best order";

export const memoryBaselines: Experiment = {
  name: "memory-baselines",
  summary: "what memory is worth: n-grams, fixed windows and recurrent networks on one text",
  minutes: 8,
  open: ({ quick }) => ({
    rows: "model",
    columns: [{ title: "nats a character", unit: "nats" }],
    claims: (rows) => {
      const of = (name: string): number => meanOf(rowOf(rows, name).cells[0]);
      const best = Math.min(...["rnn", "gru", "lstm"].map(of).filter(Number.isFinite));
      return [
        {
          text: "the best recurrent network is below every window",
          holds: [2, 4, 8].every((K) => best < of(`window ${K}`)),
        },
        { text: "the best recurrent network is below the n-grams", holds: best < of(ngrams) },
      ];
    },
    notes: [
      "held-out last tenth of TypeScript's lib.es5.d.ts, by characters",
      `embedding ${size.embedding}, ${size.hidden} hidden units, ${stepsOf(quick)} steps of ${size.batch * size.sequence} characters each, Adam ${size.rate}; the best of ten looks`,
    ],
  }),
  async *run(bench) {
    const corpus = characters(declarationText("memory-baselines"), { validation: 0.1 });
    const vocabularySize = corpus.vocabulary.tokens.length;
    const { nats } = bestNgram(corpus.training, corpus.validation, { vocabularySize });
    yield { name: ngrams, cells: [nats] };
    const { embedding, hidden, batch, sequence } = size;
    const models: readonly (readonly [string, (seed: number) => Task<{ readonly nats: number }>])[] = [
      ...[2, 4, 8].map(
        (window) =>
          [
            `window ${window}`,
            (seed: number) => windowTask({ corpus, window, embedding, hidden, places: batch * sequence, seed }),
          ] as const,
      ), // prettier-ignore
      ...(["rnn", "gru", "lstm"] as const).map(
        (cell) => [cell, (seed: number) => recurrent(corpus, cell, seed)] as const,
      ),
    ];
    for (const [name, make] of models) {
      const values: number[] = [];
      for (const seed of seedsOf(bench)) values.push(await taught(bench, make(seed), name, seed));
      yield { name, cells: [interval(values)] };
    }
  },
};

function recurrent(corpus: Corpus, cell: "rnn" | "gru" | "lstm", seed: number): Task<{ readonly nats: number }> {
  const { vocabulary } = corpus;
  const { embedding, hidden, batch, sequence } = size;
  const model = languageModel({ vocabulary, cell, embedding, hidden: [hidden], seed });
  return languageModelTask({ model, corpus, batch, sequence }) as unknown as Task<{ readonly nats: number }>;
}

/** The best nats of ten looks at the held-out text. */
async function taught(
  bench: Bench,
  task: Task<{ readonly nats: number }>,
  name: string,
  seed: number,
): Promise<number> {
  const steps = stepsOf(bench.quick);
  let best = Number.POSITIVE_INFINITY;
  const events = train({
    task,
    device: bench.device,
    maxSteps: steps,
    validateEvery: Math.ceil(steps / 10),
    optimizer: adam({ rate: size.rate }),
    schedule: { name: "cosine", warmup: 20, floor: 0.1 },
    clip: { norm: 5 },
    precision: bench.precision,
    seed,
    stop: bench.stop,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  });
  for await (const event of events) {
    if (event.type === "step")
      await bench.progress(`${name}, seed ${seed}: ${event.loss.toFixed(3)} nats`, event.step / steps);
    if (event.type === "validation") best = Math.min(best, event.nats);
  }
  for (const { storage } of Object.values(task.weights).slice(0, 1)) evict(bench.device, storage);
  if (bench.stop.requested) throw new Stopped();
  return best;
}
