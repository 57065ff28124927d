// A translator as a task: pairs of about one length together, validated by free translation. S, T steps, N pairs.
import { type Translating, translating } from "../decode/translating.js";
import type { Device } from "../device/device.js";
import { SpecError } from "../errors.js";
import { compile, f32, i32 } from "../graph/compile.js";
import type { Tensor } from "../graph/tensor.js";
import { corpusBleu } from "../metrics/bleu.js";
import { sequenceScores } from "../metrics/edit-distance.js";
import type { Translator } from "../models/translator.js";
import { boundary, classes } from "../models/translator-spec.js";
import { decode } from "../text/decode.js";
import { startFingerprint } from "./fingerprint.js";
import { rowBatches } from "./row-order.js";
import type { Batches, Measurer, Task } from "./task.js";
import { pairLoss } from "./translation-loss.js";

/** A sentence and its translation, as ids of the two vocabularies. */
export interface Pair {
  readonly source: Int32Array;
  readonly target: Int32Array;
}

/**
 * How likely a step reads the true token before it, by epochs e that have passed, parts of one counted: it changes from batch to batch
 * (Bengio 2015, whose i is a batch).
 */
export type TeacherSchedule =
  | { readonly name: "always" }
  /** max(floor, 1 - slope e) */
  | { readonly name: "linear"; readonly slope: number; readonly floor: number }
  /** factor^e, factor below 1 */
  | { readonly name: "exponential"; readonly factor: number }
  /** k / (k + exp(e / k)), k from 1 */
  | { readonly name: "inverse-sigmoid"; readonly k: number };

export function teacherProbability(schedule: TeacherSchedule, epochs: number): number {
  switch (schedule.name) {
    case "always":
      return 1;
    case "linear":
      return Math.max(schedule.floor, 1 - schedule.slope * epochs);
    case "exponential":
      return schedule.factor ** epochs;
    case "inverse-sigmoid":
      return schedule.k / (schedule.k + Math.exp(epochs / schedule.k));
    default:
      return schedule satisfies never;
  }
}

export interface TranslationTaskOptions {
  readonly model: Translator;
  readonly training: readonly Pair[];
  /** Empty: nothing is held out. */
  readonly validation: readonly Pair[];
  /** N pairs at a time. */
  readonly batch: number;
  readonly seed?: number;
  /** Part of the probability asked to lie evenly on all tokens. 0 where left out. */
  readonly smoothing?: number;
  readonly teacher?: TeacherSchedule;
  /** What plateau, early stopping and "best" look at; bleu where left out. */
  readonly watched?: keyof TranslationMetrics;
  /** Held-out pairs that are translated at a validation, the first ones; 500 where left out. */
  readonly translated?: number;
}

/** `nats` with the true tokens read; all else by free translation, greedily. */
export interface TranslationMetrics {
  readonly nats: number;
  /** 0 to 100, of the texts. */
  readonly bleu: number;
  readonly exactMatch: number;
  readonly tokenAccuracy: number;
  readonly errorRate: number;
}

export interface TranslationTask extends Task<TranslationMetrics> {
  /** The part of the steps run that no pair has. */
  readonly wasted: number;
}

/** Throws SpecError where there is nothing to learn from, or options make no run. */
export function translationTask(options: TranslationTaskOptions): TranslationTask {
  const { model, training, validation, batch, seed = 1, smoothing = 0, teacher = { name: "always" } } = options;
  checkOptions(options);
  const lengths = training.map((pair) => pairLength(model, pair));
  const scheduled = teacher.name !== "always";
  const { batches, wasted } = rowBatches(lengths, { batch, seed }, (rows, T, N) =>
    arrangePairs(
      model,
      rows.map((row) => training[row]),
      T,
      N,
    ),
  );
  const watched = options.watched ?? "bleu";
  return {
    name: "translate",
    weights: model.weights,
    carried: {},
    batches: scheduled ? withTeacher(batches, teacher) : batches,
    loss: ({ source, lengths, x, y, teacher }, { key }) => {
      const inputs = { source, lengths, x, y, ...(teacher && { teacher }) };
      const { sum, count } = pairLoss(model, inputs, { key, smoothing });
      return { sum, count, states: {} };
    },
    ...(validation.length > 0 && {
      validation: {
        watched,
        better: watched === "nats" || watched === "errorRate" ? "lower" : "higher",
        open: (device) => measurer(device, options),
      },
    }),
    sampler: (device) => {
      const made = translating({ device, model, batch: 1 });
      const held = validation.length > 0 ? validation : training;
      return { sample: (seed) => sampleOf(model, made, held[(seed >>> 0) % held.length]), close: () => made.close() };
    },
    data: fingerprintOf(training),
    tokens: training.reduce((sum, { target }) => sum + target.length, 0),
    validationTokens: validation.reduce((sum, { target }) => sum + target.length, 0),
    vocabulary: classes(model.spec),
    guessing: Math.log(classes(model.spec)),
    wasted,
  };
}

function checkOptions({ training, smoothing = 0, teacher }: TranslationTaskOptions): void {
  if (training.length === 0) throw new SpecError("task: must have pairs to learn from, has none", { code: "task" });
  if (!(smoothing >= 0 && smoothing < 1))
    throw new SpecError(`label smoothing: must be a number from 0 to below 1, was ${smoothing}`, { code: "task" });
  if (!teacher) return;
  const good = [0, 1, 5, 100].every((e) => {
    const p = teacherProbability(teacher, e);
    return p >= 0 && p <= 1;
  });
  if (!good || (teacher.name === "inverse-sigmoid" && teacher.k < 1))
    throw new SpecError(
      `scheduled sampling: must give probabilities from 0 to 1, ${JSON.stringify(teacher)} does not`,
      {
        code: "task",
        hint: "linear: slope from 0 and a floor from 0 to 1; exponential: a factor from 0 to 1; inverse-sigmoid: k from 1",
      },
    );
}

/** Steps that a pair takes: the longer of both sides, the end counted. */
const pairLength = ({ spec }: Translator, { source, target }: Pair): number =>
  Math.max(source.length, target.length + (spec.ends ? 1 : 0));

/** Pairs of at most T steps to write and S to read as one batch of N; rows that are lacking have nothing to write. */
export function arrangePairs(model: Translator, pairs: readonly Pair[], T: number, N: number, S = T) {
  const { reversed, ends } = model.spec;
  const end = boundary(model.spec);
  const source = new Int32Array(S * N).fill(-1);
  const [x, y] = [0, 1].map(() => new Int32Array(T * N).fill(-1));
  const lengths = new Int32Array(N);
  for (const [n, pair] of pairs.entries()) {
    const read = pair.source.length;
    lengths[n] = read;
    for (let s = 0; s < read; s++) source[s * N + n] = pair.source[reversed ? read - 1 - s : s];
    const steps = pair.target.length + (ends ? 1 : 0);
    for (let t = 0; t < steps; t++) {
      x[t * N + n] = t === 0 ? end : pair.target[t - 1];
      y[t * N + n] = t === pair.target.length ? end : pair.target[t];
    }
  }
  const shapes = { source: i32(S, N), lengths: i32(N), x: i32(T, N), y: i32(T, N) };
  return { inputs: { source, lengths, x, y }, shapes };
}

/** The same with the probability of a true token beside each batch: by how much has been learnt from before it. */
const withTeacher = (batches: Batches, teacher: TeacherSchedule): Batches => ({
  ...batches,
  at: (index, epoch, place) => {
    const { inputs, shapes, ...rest } = batches.at(index, epoch, place);
    const probability = Float32Array.of(teacherProbability(teacher, epoch + place / batches.count));
    return { ...rest, inputs: { ...inputs, teacher: probability }, shapes: { ...shapes, teacher: f32() } };
  },
});

function measurer(device: Device, options: TranslationTaskOptions): Measurer<TranslationMetrics> {
  const made = translationMeasurer(device, options);
  return { measure: made.measure, close: made.close };
}

/** Free translations of the held-out pairs and the loss with true tokens. */
function translationMeasurer(
  device: Device,
  { model, validation, training, batch, translated = 500 }: TranslationTaskOptions,
) {
  const held = validation.length > 0 ? validation : training;
  const free: Translating = translating({ device, model, batch: Math.min(batch, 32) });
  const own = held.slice(0, translated);
  const nats = natsOf(device, model, held, batch);
  const text = (ids: ArrayLike<number>): string => decode(model.target, ids);
  return {
    async measure(pause?: () => Promise<void>): Promise<TranslationMetrics> {
      free.refresh();
      const longest = Math.max(...own.map(({ target }) => target.length));
      const maximum = model.spec.ends ? {} : { maximum: longest };
      const found = await free.translate(
        own.map(({ source }) => source),
        { ...maximum, ...bannedOf(model) },
        pause,
      );
      const written = found.map(([best]) => best.tokens);
      const bleu = corpusBleu(
        written.map(text),
        own.map(({ target }) => text(target)),
      ).score;
      const scores = sequenceScores(written.map((tokens, i) => [tokens, own[i].target] as const));
      return { nats: await nats.measure(pause), bleu, ...scores };
    },
    close(): void {
      free.close();
      nats.close();
    },
  };
}

/** A sentence, what is made of it, and what is right. */
function sampleOf(model: Translator, made: Translating, { source, target }: Pair): string {
  made.refresh();
  const [[best]] = made.now([source], { ...(!model.spec.ends && { maximum: target.length }), ...bannedOf(model) });
  const text = (ids: ArrayLike<number>): string => decode(model.target, ids);
  return `${decode(model.source, source)}\n> ${text(best.tokens)}\n= ${text(target)}\n`;
}

/** `<unk>` is never written. */
export const bannedOf = ({ target }: Translator): { readonly banned?: ReadonlySet<number> } =>
  target.unknown === undefined ? {} : { banned: new Set([target.unknown]) };

/** Mean nats per token to be written, of all pairs. */
function natsOf(device: Device, model: Translator, pairs: readonly Pair[], batch: number) {
  const lengths = pairs.map((pair) => pairLength(model, pair));
  const { batches } = rowBatches(lengths, { batch, seed: 0 }, (rows, T, N) =>
    arrangePairs(
      model,
      rows.map((row) => pairs[row]),
      T,
      N,
    ),
  );
  const programs = new Map<string, ReturnType<typeof compileNats>>();
  return {
    async measure(pause?: () => Promise<void>): Promise<number> {
      for (const program of programs.values()) program.refresh();
      let [sum, count] = [0, 0];
      for (let i = 0; i < batches.count; i++) {
        const { inputs, shapes } = batches.at(i, 0, i);
        const key = String(shapes.x.shape);
        const program = programs.get(key) ?? compileNats(device, model, shapes);
        programs.set(key, program);
        const made = program.run(inputs);
        sum += made.sum;
        count += made.count;
        await pause?.();
      }
      return sum / count;
    },
    close: (): void => {
      for (const program of programs.values()) program.close();
    },
  };
}

const compileNats = (device: Device, model: Translator, shapes: Parameters<typeof compile>[1]) =>
  compile(
    device,
    shapes,
    (inputs: Readonly<Record<string, Tensor>>) => {
      const { source, lengths, x, y } = inputs;
      const { sum, count } = pairLoss(model, { source, lengths, x, y });
      return { outputs: { sum, count } };
    },
    { frozen: true },
  );

function fingerprintOf(pairs: readonly Pair[]): string {
  const { add, name } = startFingerprint();
  for (const { source, target } of pairs) {
    add(Int32Array.of(source.length, target.length));
    add(source);
    add(target);
  }
  return name();
}
