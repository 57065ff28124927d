// Laws of networks over rows: a padded batch = its rows alone, what pooling means, losses, resumed = never stopped, and that
// every wiring learns. T time, N batch, C labels.
import {
  adam,
  arrangeRows,
  type CheckpointEvent,
  cellSpec,
  compile,
  type Device,
  type Example,
  type LayerSpec,
  layer,
  loadNetwork,
  measureNetwork,
  type Network,
  type NetworkOptions,
  network,
  networkLoss,
  networkScores,
  networkSpec,
  networkTask,
  predictor,
  type Rows,
  rowExamples,
  rowFacts,
  rowShapes,
  train,
} from "unrolled";
import { identical } from "unrolled/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, near } from "./engine.js";
import { allOf } from "./tiny.js";

const where = "rows";

const layers = (direction: LayerSpec["direction"] = "forward", more: Partial<LayerSpec> = {}): readonly LayerSpec[] => [
  { ...layer({ hidden: 6 }), cell: cellSpec("lstm"), direction, ...more },
  { ...layer({ hidden: 5 }), cell: cellSpec("gru"), direction, ...more },
];

/** Words of a and b: the label says which letter comes first, the tags repeat each letter, and the last letters have two tags. */
const words = ["ab", "ba", "abba", "b", "aab", "bbbba", "abababa", "a", "baa", "bab", "aa", "bb"];
const texts: Rows = { kind: "texts", rows: words.map((text, i) => ({ text, label: `first ${text[0]}`, line: i + 1 })) };
const tagged: Rows = {
  kind: "tokens",
  rows: words.map((text, i) => ({
    tokens: [...text],
    tags: [...text].map((_, t) => `last ${text[text.length - 1]}${t === 0 ? "|begin" : ""}`),
    line: i + 1,
  })),
};
const waves: Rows = {
  kind: "series",
  columns: ["x", "y"],
  rows: [5, 9, 4, 7].map((steps, n) => ({
    values: Float32Array.from({ length: steps * 2 }, (_, i) => Math.sin(i + n) * (i % 2 === 0 ? 10 : 0.1) + 3),
    steps,
    labels: [],
    line: 1,
  })),
};

interface Made {
  readonly model: Network;
  readonly examples: readonly Example[];
}

function make(
  rows: Rows,
  task: "classify" | "tag" | "regress",
  options: NetworkOptions & Partial<Parameters<typeof rowFacts>[1]> = {},
): Made {
  const { multiLabel = task === "tag", targets, ...rest } = options;
  const facts = rowFacts(rows, { where, task, multiLabel, ...(targets && { targets }) });
  const model = network(networkSpec(facts, { layers: layers(), embedding: 4, ...rest }), facts.vocabulary, 3);
  return { model, examples: rowExamples(model, rows, where) };
}

const wirings: readonly (readonly [string, () => Made])[] = [
  ...(["last", "mean", "max"] as const).flatMap((pool) =>
    (["forward", "both"] as const).map(
      (direction) =>
        [
          `classify, ${pool}, ${direction}`,
          () => make(texts, "classify", { pool, layers: layers(direction), deep: [4] }),
        ] as const,
    ),
  ),
  ["classify, last, both added", () => make(texts, "classify", { layers: layers("both", { merge: "sum" }) })],
  ["classify without layers", () => make(texts, "classify", { layers: [] })],
  ["tag, several labels, both", () => make(tagged, "tag", { layers: layers("both") })],
  ["regress, the next step", () => make(waves, "regress")],
  ["regress, a column", () => make(waves, "regress", { targets: ["y"], layers: layers("both") })],
  ["regress, a column, once", () => make(waves, "regress", { targets: ["y"], pool: "last" })],
];

/** Scores and losses of rows in one batch of T x N. */
function run(device: Device, { model }: Made, rows: readonly Example[], T: number, N: number) {
  const program = compile(device, rowShapes(model.spec, T, N), ({ x, lengths, y, there }) => {
    const { scores } = networkScores(model, { x, lengths });
    return { outputs: { scores, ...networkLoss(model.spec, scores, y, there) } };
  });
  const { scores, each, sum, count } = program.run(arrangeRows(model.spec, rows, T, N).inputs);
  const result = { scores: scores.slice(), each: each.slice(), sum, count };
  program.close();
  return result;
}

/** Row n of scores [N,C] or [T,N,C], the steps it has. */
function rowOf({ model }: Made, values: ArrayLike<number>, n: number, N: number, steps: number, C: number): number[] {
  const A = model.spec.pool === "none" ? steps : 1;
  return Array.from({ length: A * C }, (_, i) => values[(Math.floor(i / C) * N + n) * C + (i % C)]);
}

/** Every row in one padded batch, and alone without any padding: the same bits, and the sum of losses is that of the rows. */
function paddedEqualsAlone(device: Device, made: Made): void {
  const { examples, model } = made;
  const C = model.spec.output.kind === "linear" ? model.spec.output.columns.length : model.spec.output.labels.length;
  const [T, N] = [Math.max(...examples.map(({ steps }) => steps)) + 3, examples.length + 2];
  const padded = run(device, made, examples, T, N);
  let [total, count] = [0, 0];
  for (const [n, row] of examples.entries()) {
    // As many rows, so that the products are of one size; the others are fillers of one step.
    const alone = run(device, made, [row], row.steps, N);
    const [a, b] = [padded, alone].map(({ scores }, i) => rowOf(made, scores, i === 0 ? n : 0, N, row.steps, C));
    identical(a, b, `scores of row ${n}`);
    identical(
      rowOf(made, padded.each, n, N, row.steps, 1),
      rowOf(made, alone.each, 0, N, row.steps, 1),
      `loss of row ${n}`,
    );
    total += alone.sum;
    count += alone.count;
  }
  near([padded.sum], [total], 1e-5, "the sum of losses");
  identical([padded.count], [count], "what is counted");
}

/** Sums worked out here, from the scores of the network. */
function lossesAreThoseOfTheBook(device: Device, tolerance: number): void {
  const classes = make(texts, "classify");
  const { scores, sum, count } = run(device, classes, classes.examples, 8, 12);
  const expected = classes.examples.reduce((total, { target }, n) => {
    const row = [scores[2 * n], scores[2 * n + 1]];
    return total + Math.log(Math.exp(row[0]) + Math.exp(row[1])) - row[target[0]];
  }, 0);
  near([sum, count], [expected, 12], tolerance, "softmax");

  const tags = make(tagged, "tag");
  const several = run(device, tags, tags.examples.slice(0, 3), 4, 3);
  let decisions = 0;
  tags.examples.slice(0, 3).forEach(({ steps, target }, n) => {
    for (let t = 0; t < steps; t++)
      for (let c = 0; c < 3; c++) {
        const z = several.scores[(t * 3 + n) * 3 + c];
        const p = 1 / (1 + Math.exp(-z));
        decisions -= Math.log(target[t * 3 + c] === 1 ? p : 1 - p);
      }
  });
  near([several.sum, several.count], [decisions, (2 + 2 + 4) * 3], tolerance, "logistic");

  const numbers = make(waves, "regress");
  const squared = run(device, numbers, numbers.examples, 8, 4);
  let expectedSquares = 0;
  numbers.examples.forEach(({ steps, target }, n) => {
    for (let t = 0; t < steps; t++)
      for (let d = 0; d < 2; d++) expectedSquares += (squared.scores[(t * 4 + n) * 2 + d] - target[t * 2 + d]) ** 2;
  });
  near([squared.sum, squared.count], [expectedSquares, (4 + 8 + 3 + 6) * 2], tolerance, "squares");
}

/** The answer of a row does not depend on whom it is asked with: buckets, order, number of rows. */
async function predictionsKeepTheirRows(device: Device): Promise<void> {
  for (const [name, remake] of wirings) {
    const { model, examples } = remake();
    const answers = async (batch: number, rows: readonly Example[]): Promise<number[][]> => {
      const made = predictor(device, model, batch);
      const values: number[][] = [];
      await made.answer(rows, ({ row, values: v }) => {
        values[row] = [...v];
      });
      made.close();
      return values;
    };
    const [all, few, turned] = [
      await answers(64, examples),
      await answers(3, examples),
      await answers(5, [...examples].reverse()),
    ];
    turned.reverse();
    for (const [i, row] of all.entries()) {
      near(few[i], row, 1e-5, `${name}, row ${i}, three at a time`);
      near(turned[i], row, 1e-5, `${name}, row ${i}, the other way round`);
    }
  }
}

interface Ended {
  readonly checkpoint: CheckpointEvent;
  readonly losses: readonly number[];
  readonly metrics: Readonly<Record<string, unknown>>;
}

async function trained(
  device: Device,
  { model, examples }: Made,
  options: object = {},
  stopAfter?: number,
): Promise<Ended> {
  const stop = { requested: false };
  const losses: number[] = [];
  let checkpoint: CheckpointEvent | undefined;
  let metrics: Readonly<Record<string, unknown>> = {};
  const task = networkTask({ model, training: examples, validation: examples, batch: 4, seed: 5 });
  for await (const event of train({
    task,
    device,
    seed: 5,
    optimizer: adam({ rate: 0.02 }),
    epochs: 1000,
    maxSteps: 12,
    stop,
    ...options,
  })) {
    if (event.type === "step") losses.push(event.loss);
    if (event.type === "step" && event.step === stopAfter) stop.requested = true;
    if (event.type === "checkpoint") checkpoint = event;
    if (event.type === "validation") metrics = { ...event };
  }
  return { checkpoint: checkpoint as CheckpointEvent, losses, metrics };
}

const dropping = { layers: layers("forward", { dropout: 0.3 }) };
const tasks: readonly (readonly [string, () => Made])[] = [
  ["classify", () => make(texts, "classify", dropping)],
  ["tag", () => make(tagged, "tag", dropping)],
  ["regress", () => make(waves, "regress", dropping)],
];

/** A checkpoint as text and back: nothing but that goes from one run to the next. */
function throughJson({ precision }: Device, { weights, training }: CheckpointEvent) {
  const copy = (arrays: CheckpointEvent["weights"]) =>
    arrays.map((array) => {
      const values = JSON.parse(JSON.stringify(Array.from(array.data))) as number[];
      return { ...array, data: precision === "f64" ? Float64Array.from(values) : Float32Array.from(values) };
    });
  const counters = JSON.parse(JSON.stringify(training.counters)) as CheckpointEvent["training"]["counters"];
  return { weights: copy(weights), training: { arrays: copy(training.arrays), counters } };
}

/** The same seed gives the same bits; stopped anywhere and resumed from the files, too. */
async function resumedEqualsWhole(device: Device, remake: () => Made): Promise<void> {
  const state = ({ checkpoint }: Ended): number[] => [
    ...allOf(checkpoint.weights),
    ...allOf(checkpoint.training.arrays),
  ];
  const whole = await trained(device, remake());
  identical(state(await trained(device, remake())), state(whole), "the same seed");
  for (const stop of [2, 5]) {
    const made = remake();
    const first = await trained(device, made, {}, stop);
    const { weights, training } = throughJson(device, first.checkpoint);
    const spec: unknown = JSON.parse(JSON.stringify(made.model.spec));
    const model = loadNetwork({ spec, vocabulary: made.model.vocabulary, weights });
    const second = await trained(device, { ...made, model }, { resume: training });
    identical(state(second), state(whole), `stopped after step ${stop}`);
  }
}

/** Every wiring gets its few rows right. */
async function learns(device: Device): Promise<void> {
  const several: readonly (readonly [string, Made])[] = [
    ["classify, last", make(texts, "classify", { pool: "last" })],
    ["classify, mean", make(texts, "classify", { pool: "mean" })],
    ["classify, max, both", make(texts, "classify", { pool: "max", layers: layers("both") })],
    ["tag", make(tagged, "tag", { layers: layers("both") })],
  ];
  for (const [name, made] of several) {
    const { losses, metrics } = await trained(device, made, { maxSteps: 120 });
    expect(losses[0], name).toBeGreaterThan(0.3);
    expect(metrics, name).toMatchObject({ accuracy: 1, macroF1: 1 });
  }
  const numbers = await trained(device, make(waves, "regress"), { maxSteps: 250 });
  const { mse, baseline } = numbers.metrics as { mse: number; baseline: number };
  expect(mse / baseline).toBeLessThan(0.05);
}

export function networkSuite(engine: Engine): void {
  describe(`laws of networks over rows on ${engine.name}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await engine.open();
    });
    afterAll(() => device.close());
    for (const [name, remake] of wirings)
      it(`a padded batch = its rows alone: ${name}`, () => paddedEqualsAlone(device, remake()));
    it("losses are those of the book", () => lossesAreThoseOfTheBook(device, engine.tolerance));
    it("predictions keep their rows", () => predictionsKeepTheirRows(device));
    for (const [name, remake] of tasks)
      it(`resumed = never stopped: ${name}`, () => resumedEqualsWhole(device, remake));
    it("learns its rows by heart", () => learns(device));
    it("dropout has an effect, and none when measuring", async () => {
      const measured = async (made: Made) =>
        (await measureNetwork({ ...made, device, training: made.examples })).metrics.nats;
      const [with0, with3] = [make(texts, "classify"), make(texts, "classify", dropping)];
      expect(await measured(with3)).toBe(await measured(with0));
      expect((await trained(device, with3)).losses).not.toEqual((await trained(device, with0)).losses);
    });
  });
}
