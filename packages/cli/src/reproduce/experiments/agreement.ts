// "The cat, which ..., was" and "the cats, which ..., were": how far each cell learns to remember the number of its subject.
import { layer } from "unrolled";
import { agreementTask, examples } from "unrolled/tasks";
import { labelEncoder } from "../encode.js";
import { type Bench, type Experiment, meanOf, type Row, rowOf, seedsOf } from "../experiment.js";
import { openGates } from "../gates.js";
import { type Learned, learn } from "../learn.js";
import { interval } from "../statistics.js";

const cells = ["rnn", "gru", "lstm"] as const;
type CellName = (typeof cells)[number];
/** Gates that hold what they have from the first step on: .982 of it a step. */
const openGate = 4;
const gaps = [1, 5, 10, 20, 30, 40] as const;
const size = { embedding: 32, hidden: 64, batch: 64, rate: 3e-3 };
const stepsOf = (quick: boolean): number => (quick ? 100 : 800);
const mixed = "rnn, gaps mixed";

export const agreement: Experiment = {
  name: "agreement",
  summary: "number agreement over a clause: was or were, 1 to 40 words after the noun",
  minutes: 4,
  open: ({ quick }) => ({
    rows: "cell",
    columns: gaps.map((gap) => ({ title: `gap ${gap}`, unit: "%" as const })),
    claims: (rows: readonly Row[]) => [
      ...(["gru", "lstm"] as const).map((cell) => ({
        text: `${cell} stays above 95 % at every gap`,
        holds: rowOf(rows, cell).cells.length > 0 && rowOf(rows, cell).cells.every((share) => meanOf(share) > 0.95),
      })),
      {
        text: "the vanilla network has it at gap 1 (above 95 %) and falls to chance (under 60 %) at gap 40",
        holds: meanOf(rowOf(rows, "rnn").cells[0]) > 0.95 && meanOf(rowOf(rows, "rnn").cells[5]) < 0.6,
      },
    ],
    notes: [
      "share of 500 held-out sentences whose verb's number is right; chance is exactly 50 %",
      `a network of its own for each gap: one layer of ${size.hidden} units, at most ${stepsOf(quick)} steps of ${size.batch} fresh sentences, Adam ${size.rate}, clip 1`,
      `the gates that keep (z of the gru, f of the lstm) begin open, at sigmoid(${openGate})`,
      `"${mixed}": one vanilla network learns all gaps from 1 to 40 at once, in ${2 * stepsOf(quick)} steps: short gaps teach it what long ones cannot`,
    ],
  }),
  async *run(bench) {
    for (const cell of cells) {
      const shares = gaps.map(() => [] as number[]);
      for (const [i, gap] of gaps.entries())
        for (const seed of seedsOf(bench)) {
          const learned = await teach(bench, cell, gap, seed, 1);
          shares[i].push(rightOf(learned, gap, seed));
          learned.close();
        }
      yield { name: cell, cells: shares.map(interval) };
    }
    const shares = gaps.map(() => [] as number[]);
    for (const seed of seedsOf(bench)) {
      const learned = await teach(bench, "rnn", [1, 40], seed, 2);
      for (const [i, gap] of gaps.entries()) shares[i].push(rightOf(learned, gap, seed));
      learned.close();
    }
    yield { name: mixed, cells: shares.map(interval) };
  },
};

type Gap = number | readonly [number, number];

function teach(bench: Bench, cell: CellName, gap: Gap, seed: number, longer: number): Promise<Learned> {
  const task = agreementTask({ gap, seed });
  const encode = labelEncoder(task);
  return learn(bench, {
    net: {
      input: { tokens: task.tokens, embedding: size.embedding },
      layers: [layer({ cell, hidden: size.hidden })],
      output: task.answers,
      read: "last",
      ...(cell !== "rnn" && { bias: openGates(openGate) }),
    },
    seed,
    steps: longer * stepsOf(bench.quick),
    batch: size.batch,
    rate: size.rate,
    training: (i) => encode(task.example("training", i)),
    validation: examples(task, "validation", 256).map(encode),
    enough: ({ accuracy, loss }) => accuracy === 1 && loss < 1e-2,
    what: `${cell}, ${typeof gap === "number" ? `gap ${gap}` : "gaps mixed"}, seed ${seed}`,
  });
}

function rightOf(learned: Learned, gap: number, seed: number): number {
  const task = agreementTask({ gap, seed });
  return learned.measure(examples(task, "test", 500).map(labelEncoder(task))).accuracy;
}
