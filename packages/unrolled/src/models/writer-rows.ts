// Texts and what starts them, as a labelled writer learns from them. T steps of a text and its END, N texts, V tokens, E width of a
// start.
import type { Device } from "../device/device.js";
import { DataError } from "../errors.js";
import { compile, f32, i32, type InputSpec, type Program, type Traced } from "../graph/compile.js";
import { crossEntropy } from "../graph/ops/index.js";
import type { Scalar, Tensor } from "../graph/tensor.js";
import { encoder } from "../text/encode.js";
import { bucketBatches, fewBuckets } from "../text/rows/buckets.js";
import { labelIndex } from "../text/rows/labels.js";
import type { LabelledText } from "../text/rows/labelled.js";
import type { StartedText } from "../text/rows/started.js";
import { atLine } from "../text/rows/table.js";
import { type Evaluation, evaluationOf } from "./evaluate.js";
import { type LabelledWriter, writerForward, writerStates } from "./labelled-writer.js";
import { type LabelledWriterSpec, startNumbers } from "./labelled-writer-spec.js";

export interface WriterExample {
  /** A label's id, or the numbers of a vector [E] in their own units. */
  readonly start: number | Float32Array;
  /** Of the text; V for a token that the vocabulary lacks: it is not predicted. */
  readonly ids: Int32Array;
}

/** Texts with labels, or with the numbers that start them. DataError `label-unknown`, `start-width`, `rows-kind` with file and line. */
export function writerExamples(
  { spec, vocabulary }: LabelledWriter,
  rows: readonly (LabelledText | StartedText)[],
  where: string,
): readonly WriterExample[] {
  const encode = encoder(vocabulary);
  if (spec.start.kind !== "label") {
    const { width } = spec.start;
    return rows.map((row) => {
      if (!("values" in row))
        throw new DataError(`${where}: must hold vectors to start from, holds labels`, { code: "rows-kind" });
      if (row.values.length !== width)
        throw atLine(
          where,
          row.line,
          `must have ${width} numbers to start from, has ${row.values.length}`,
          "start-width",
        );
      return { start: row.values, ids: encode(row.text, { allowUnknown: true, missing: spec.vocabulary }) };
    });
  }
  const { idOf } = labelIndex(spec.start.labels);
  return rows.map(({ text, label = "", line }) => ({
    start: idOf(label, where, line),
    ids: encode(text, { allowUnknown: true, missing: spec.vocabulary }),
  }));
}

/** Steps of a text: START and every token are read, every token and END are predicted. */
export const writerSteps = ({ ids }: WriterExample): number => ids.length + 1;

export function writerShapes(spec: LabelledWriterSpec, T: number, N: number): Readonly<Record<string, InputSpec>> {
  const start = spec.start.kind === "label" ? i32(N) : f32(N, spec.start.width);
  return { x: i32(T, N), y: i32(T, N), lengths: i32(N), start };
}

/** Texts of at most T steps as one batch of N; what is not there is not predicted. */
export function arrangeTexts(spec: LabelledWriterSpec, texts: readonly WriterExample[], T: number, N: number) {
  const { vocabulary: V, start } = spec;
  const E = start.kind === "label" ? 1 : start.width;
  const x = new Int32Array(T * N).fill(V + 1);
  const y = new Int32Array(T * N).fill(-1);
  const lengths = new Int32Array(N).fill(1);
  const starts = start.kind === "label" ? new Int32Array(N) : new Float32Array(N * E);
  for (const [n, text] of texts.entries()) {
    const { ids } = text;
    lengths[n] = ids.length + 1;
    if (typeof text.start === "number") starts[n] = text.start;
    else starts.set(startNumbers(start, text.start), n * E);
    x[n] = V;
    for (let t = 0; t <= ids.length; t++) {
      if (t < ids.length) x[(t + 1) * N + n] = ids[t] === V ? V + 1 : ids[t];
      // What the vocabulary lacks has the id V too, and is no END.
      y[t * N + n] = t === ids.length ? V : ids[t] === V ? -1 : ids[t];
    }
  }
  return { inputs: { x, y, lengths, start: starts }, shapes: writerShapes(spec, T, N) };
}

export type WriterTensors = Readonly<Record<"x" | "y" | "lengths" | "start", Tensor>>;

export function writerLoss(
  model: LabelledWriter,
  { x, y, lengths, start }: WriterTensors,
  run: { readonly key?: Tensor; readonly frozen?: boolean } = {},
) {
  const { logits } = writerForward(model, { ids: x, start }, writerStates(model, start), { lengths, ...run });
  return crossEntropy(logits, y);
}

interface Outputs extends Traced {
  readonly outputs: { readonly sum: Scalar; readonly count: Scalar };
}

export interface WriterMeasurer {
  measure(pause?: () => Promise<void>): Promise<Evaluation>;
  close(): void;
}

/** Nats per token of texts (END is one), each from its own start. */
export function writerMeasurer(
  device: Device,
  model: LabelledWriter,
  texts: readonly WriterExample[],
  batch = 64,
): WriterMeasurer {
  const lengths = texts.map(writerSteps);
  const N = Math.min(batch, texts.length);
  const programs = new Map<number, Program<string, Outputs>>();
  const compileFor = (T: number): Program<string, Outputs> =>
    compile(
      device,
      writerShapes(model.spec, T, N),
      (inputs): Outputs => {
        const { sum, count } = writerLoss(model, inputs as WriterTensors, { frozen: true });
        return { outputs: { sum, count } };
      },
      { frozen: true },
    );
  return {
    async measure(pause) {
      for (const program of programs.values()) program.refresh();
      let [nats, tokens] = [0, 0];
      for (const { steps, rows } of bucketBatches(lengths, { batch: N, buckets: fewBuckets(lengths) })) {
        const program = programs.get(steps) ?? compileFor(steps);
        programs.set(steps, program);
        const some = rows.map((row) => texts[row]);
        const { sum, count } = program.run(arrangeTexts(model.spec, some, steps, N).inputs);
        nats += sum;
        tokens += count;
        await pause?.();
      }
      return evaluationOf(nats / tokens, tokens);
    },
    close: () => {
      for (const program of programs.values()) program.close();
    },
  };
}
