// What the options of the fused cells cost: training steps of language models that differ in their cell alone, against the
// plain cell, turn by turn in one process.
// `npm run bench:cells [-- --device native|wasm --threads N --rounds N --size 128,512 --only TEXT]`
// Exit code 1 where an option that has a mark costs more. H hidden, T time, N batch.
import { parseArgs } from "node:util";
import { openNative, openWasm } from "@unrolled/kernels";
import {
  adam,
  type CellChoice,
  carriedStates,
  type Device,
  languageModel,
  makeOptimizer,
  trainingStep,
} from "unrolled";
import { madeUpVocabulary, randomChunks } from "./child/data.js";
import { pairedRatios, summary } from "./statistics.js";
import { chooseWorkloads, type Workload } from "./workloads.js";

interface Row {
  readonly name: string;
  readonly cell: CellChoice;
  /** The row of the plain cell. */
  readonly against: "lstm" | "gru";
  /** Most times the plain cell's time. */
  readonly mark?: number;
}

const rows: readonly Row[] = [
  { name: "lstm", cell: "lstm", against: "lstm" },
  { name: "lstm, peepholes (Gers)", cell: { name: "lstm", peephole: "gers" }, against: "lstm", mark: 1.5 },
  { name: "lstm, peepholes (Ng)", cell: { name: "lstm", peephole: "ng" }, against: "lstm", mark: 1.5 },
  { name: "lstm, coupled, peepholes", cell: "cifg", against: "lstm", mark: 1.5 },
  { name: "lstm, clip 3", cell: { name: "lstm", clip: 3 }, against: "lstm" },
  { name: "lstm, layer norm", cell: { name: "lstm", layerNorm: true }, against: "lstm", mark: 1.5 },
  { name: "gru", cell: "gru", against: "gru" },
  { name: "gru, clip 3", cell: { name: "gru", clip: 3 }, against: "gru" },
  { name: "gru, layer norm", cell: { name: "gru", layerNorm: true }, against: "gru", mark: 1.5 },
];

/** A training step of a two-layer language model with this cell. */
function stepOf(device: Device, w: Workload, cell: CellChoice): () => void {
  const vocabulary = madeUpVocabulary(w.vocabulary);
  const hidden = new Array<number>(w.layers).fill(w.hidden);
  const model = languageModel({ vocabulary, cell, hidden, embedding: w.hidden, seed: 1 });
  const optimizer = makeOptimizer(adam({ rate: 2e-3 }), Object.values(model.weights)[0].storage);
  const { batch, sequence, clip } = w;
  const carried = carriedStates(model.spec, batch);
  const step = trainingStep(device, { model, optimizer, batch, sequence, clip, carried });
  const chunks = randomChunks(w);
  let t = 0;
  return () => {
    const { x, y } = chunks.at(t++ % chunks.count);
    const { loss } = step.run({ x, y, key: [1, t], rate: optimizer.rates(t, optimizer.spec.rate) });
    if (!Number.isFinite(loss)) throw new Error(`cell costs: loss must be finite, was ${loss} at step ${t}`);
  };
}

/** Seconds of every row in every round; the rows take turns. */
function timesOf(device: Device, w: Workload, rows: readonly Row[], rounds: number): Map<string, number[]> {
  const steps = rows.map(({ name, cell }) => ({ name, run: stepOf(device, w, cell) }));
  for (const { run } of steps) run();
  const times = new Map(rows.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++)
    for (const { name, run } of steps) {
      const start = performance.now();
      run();
      times.get(name)?.push((performance.now() - start) / 1000);
    }
  return times;
}

function report(w: Workload, rows: readonly Row[], times: ReadonlyMap<string, number[]>): boolean {
  let kept = true;
  console.log(`H ${w.hidden}, L ${w.layers}, T ${w.sequence}, N ${w.batch}`);
  for (const { name, against, mark } of rows) {
    const [own, plain] = [times.get(name) ?? [], times.get(against) ?? []];
    const ratio = pairedRatios(own, plain);
    const tokens = (w.batch * w.sequence) / summary(own).median;
    const over = mark !== undefined && ratio.median > mark;
    kept &&= !over;
    const verdict = mark === undefined ? "" : `  mark ${mark}${over ? " MISSED" : ""}`;
    const spread = `${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}`;
    console.log(
      `  ${name.padEnd(26)} ${(tokens / 1000).toFixed(1).padStart(7)} k/s  x ${ratio.median.toFixed(2)} (${spread})${verdict}`,
    );
  }
  return kept;
}

const { values } = parseArgs({
  options: {
    device: { type: "string", default: "native" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "9" },
    size: { type: "string", default: "128,512" },
    only: { type: "string", default: "" },
  },
});
// The plain cells are always there, to measure against.
const chosen = rows.filter(({ name, against }) => name === against || name.includes(values.only));
const threads = Number(values.threads);
const device = values.device === "wasm" ? await openWasm({ threads }) : await openNative({ threads });
console.log(device.detail);
for (const size of values.size.split(",")) {
  const [w] = chooseWorkloads([`lstm-${size}`]);
  if (!report(w, chosen, timesOf(device, w, chosen, Number(values.rounds)))) process.exitCode = 1;
}
device.close();
