// Proof that products in bfloat16 pay: the same model trained on the same text in float32 and in bfloat16, step by step in
// turn, and measured on the held-out part. `npm run prove:precision -- TEXT [--hidden 512 --layers 2 --steps 300 --threads 2]`.
// Exit code 1 where bfloat16 is not 1.3 times as fast or its validation loss lies more than half a percent above.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openNative } from "@unrolled/kernels";
import { adam, characters, type Corpus, type Device, languageModel, train } from "unrolled";
import { load, machine, versions } from "./machine.js";
import { benchFolder } from "./measure/configurations.js";
import { median } from "./statistics.js";

const marks = { speed: 1.3, loss: 1.005 };

interface Settings {
  readonly hidden: number;
  readonly layers: number;
  readonly batch: number;
  readonly sequence: number;
  readonly steps: number;
}

/** A run that takes a step each time it is asked. */
interface Runner {
  /** Milliseconds of one more step; undefined when all are made. */
  step(): Promise<number | undefined>;
  /** Nats on the held-out text, once all steps are made. */
  nats(): number;
}

function runner(device: Device, corpus: Corpus, precision: "f32" | "bf16", s: Settings): Runner {
  const model = languageModel({
    vocabulary: corpus.vocabulary,
    cell: "lstm",
    hidden: new Array<number>(s.layers).fill(s.hidden),
    embedding: s.hidden,
    seed: 1,
  });
  const { batch, sequence, steps: maxSteps } = s;
  const validateEvery = maxSteps;
  const events = train({
    model,
    corpus,
    device,
    batch,
    sequence,
    maxSteps,
    validateEvery,
    optimizer: adam(),
    precision,
  });
  let nats = Number.NaN;
  return {
    async step() {
      const began = performance.now();
      for (;;) {
        const { value, done } = await events.next();
        if (done) return undefined;
        if (value.type === "validation") nats = value.nats;
        if (value.type === "step") return performance.now() - began;
      }
    },
    nats: () => nats,
  };
}

async function main(text: string, threads: number, s: Settings): Promise<boolean> {
  const device = await openNative({ threads });
  const corpus = characters(readFileSync(text, "utf8"), { validation: 0.1 });
  const [single, half] = [runner(device, corpus, "f32", s), runner(device, corpus, "bf16", s)];
  const ratios: number[] = [];
  for (;;) {
    const [a, b] = [await single.step(), await half.step()];
    if (a === undefined || b === undefined) break;
    ratios.push(a / b);
  }
  const speed = median(ratios);
  const [f32, bf16] = [single.nats(), half.nats()];
  device.close();
  process.stdout.write(
    `LSTM ${s.hidden} x ${s.layers}, ${s.steps} steps: bfloat16 ${speed.toFixed(2)} x as fast (mark ${marks.speed}); ` +
      `validation ${bf16.toFixed(4)} nats, float32 ${f32.toFixed(4)} (${((bf16 / f32 - 1) * 100).toFixed(2)} %, mark 0.5)\n`,
  );
  const date = new Date().toISOString();
  const held = speed >= marks.speed && bf16 <= f32 * marks.loss;
  const record = { date, machine: machine(), load: load(), versions: versions(), detail: device.detail, ...s, threads };
  const folder = join(benchFolder, "results");
  mkdirSync(folder, { recursive: true });
  const results = { speed, nats: { f32, bf16 }, marks, held };
  writeFileSync(
    join(folder, `${date.slice(0, 10)}-precision.json`),
    `${JSON.stringify({ ...record, ...results }, null, 1)}\n`,
  );
  return held;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    hidden: { type: "string", default: "512" },
    layers: { type: "string", default: "2" },
    batch: { type: "string", default: "64" },
    sequence: { type: "string", default: "64" },
    steps: { type: "string", default: "300" },
    threads: { type: "string", default: "2" },
  },
});
const whole = (name: "hidden" | "layers" | "batch" | "sequence" | "steps" | "threads"): number => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`prove:precision: --${name} must be a whole number from 1, was ${values[name]}`);
  return value;
};
const [text] = positionals;
if (text === undefined) {
  process.stderr.write("prove:precision: must be given a text to learn, was given none\n");
  process.exitCode = 2;
} else {
  const settings = {
    hidden: whole("hidden"),
    layers: whole("layers"),
    batch: whole("batch"),
    sequence: whole("sequence"),
    steps: whole("steps"),
  };
  process.exitCode = (await main(text, whole("threads"), settings)) ? 0 : 1;
}
