// The training loop: truncated BPTT over parallel streams, told as plain events. T time, N batch.
import type { Device } from "../device/device.js";
import { NumericError, SpecError } from "../errors.js";
import { evict, readVariable, writeVariable } from "../graph/variable.js";
import type { Variable } from "../graph/tensor.js";
import { type Writer, write, writer } from "../decode/generate.js";
import { evaluateChunks, type Evaluator, evaluator, zero } from "../models/evaluate.js";
import type { NamedArray } from "../io/named-array.js";
import { carriedStates, type LanguageModel, parameterCount, readWeights } from "../models/language-model.js";
import { type Chunks, evaluationStreams, streams } from "../text/batches.js";
import type { Corpus } from "../text/corpus.js";
import type { Ids } from "../text/ids.js";
import { fingerprint } from "./fingerprint.js";
import { firstBad, fitsFloat32, placed } from "./not-finite.js";
import type { Clip } from "./descend.js";
import type {
  CheckpointEvent,
  SampleEvent,
  TrainEvent,
  TrainingCounters,
  TrainingState,
  ValidationEvent,
} from "./events.js";
import { type Meter, makeMeter } from "./meter.js";
import { adam, makeOptimizer, type Optimizer, type OptimizerSpec } from "./optimizers.js";
import {
  afterValidation,
  constant,
  freshPlateau,
  type PlateauState,
  rateFactor,
  type ScheduleSpec,
} from "./schedules.js";
import { type StepProgram, trainingStep } from "./step.js";

export interface TrainOptions {
  readonly model: LanguageModel;
  /** Its ids may lie in a file: they are read in windows. */
  readonly corpus: Corpus<Ids>;
  readonly device: Device;
  /** N parallel streams. */
  readonly batch: number;
  /** T steps of backpropagation; state is carried further. */
  readonly sequence: number;
  readonly epochs?: number;
  /** Stop after this many steps in all, wherever the epoch is. */
  readonly maxSteps?: number;
  readonly optimizer?: OptimizerSpec;
  readonly schedule?: ScheduleSpec;
  readonly clip?: Clip;
  readonly seed?: number;
  /** Steps between validations; each epoch where left out. Always at the end. */
  readonly validateEvery?: number;
  /** Steps between samples; none where left out or 0. The first is made before the first step. */
  readonly sampleEvery?: number;
  readonly sampleLength?: number;
  /** Steps between checkpoints, beside those at the end of each epoch and of the run. */
  readonly checkpointEvery?: number;
  /** Go on where a checkpoint stopped, with the same bits as if it had not. */
  readonly resume?: TrainingState;
  /** Set `requested` to end after the current step, with a checkpoint. */
  readonly stop?: { readonly requested: boolean };
  /** Milliseconds, for rates; 0 tokens/s are told without it. */
  readonly clock?: () => number;
  /** Awaited after every step: lets signals and pages have their turn. */
  readonly pause?: () => Promise<void>;
}

/** What a run works with. */
interface Run {
  readonly options: TrainOptions;
  readonly chunks: Chunks;
  readonly validation: Chunks | undefined;
  readonly optimizer: Optimizer;
  readonly schedule: ScheduleSpec;
  readonly clip: Clip;
  readonly seed: number;
  readonly carried: Readonly<Record<string, Variable>>;
  readonly step: StepProgram;
  readonly totalSteps: number;
  readonly data: string;
}

/** Where a run stands: counted from the first step of the first run. */
interface Position {
  step: number;
  /** Epochs finished. */
  epochs: number;
  chunk: number;
  plateau: PlateauState;
  bestValidation: number | null;
}

/**
 * Trains a language model and yields what happens; the weights are on the device when it ends. Throws DataError where the
 * corpus is too short for one batch, SpecError for options that make no run, NumericError when loss or gradient leave the
 * finite numbers: the failed step has changed nothing, and the last checkpoint is good.
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainEvent> {
  const run = prepare(options);
  const at = startingPosition(run);
  const tools = new Map<"validate" | "sample", Evaluator | Writer>();
  const meter = makeMeter(options.clock, run.chunks.batch * run.chunks.sequence);
  const started = options.clock?.() ?? 0;
  try {
    yield startEvent(run, at);
    const samples = options.sampleEvery !== undefined && options.sampleEvery > 0 ? options.sampleEvery : undefined;
    if (samples && at.step === 0) yield sampleNow(run, at, tools);
    while (at.step < run.totalSteps && !options.stop?.requested) {
      if (at.chunk === 0) zero(options.device, run.carried);
      yield takeStep(run, at, meter);
      const epochEnds = ++at.chunk === run.chunks.count;
      if (epochEnds) {
        at.chunk = 0;
        at.epochs++;
      }
      const last = at.step === run.totalSteps;
      const every = options.validateEvery;
      meter.pause();
      if (run.validation && (last || (every ? at.step % every === 0 : epochEnds)))
        yield await validateNow(run, at, tools);
      if (samples && (last || at.step % samples === 0)) yield sampleNow(run, at, tools);
      if (!last && (epochEnds || (options.checkpointEvery && at.step % options.checkpointEvery === 0)))
        yield checkpointNow(run, at);
      await options.pause?.();
      meter.resume();
    }
    yield checkpointNow(run, at);
    const reason = at.step >= run.totalSteps ? "finished" : "stopped";
    yield {
      type: "done",
      step: at.step,
      epoch: Math.max(1, at.epochs),
      reason,
      seconds: ((options.clock?.() ?? 0) - started) / 1000,
    };
  } finally {
    run.step.close();
    for (const tool of tools.values()) tool.close();
    for (const { storage } of Object.values({ ...run.optimizer.state, ...run.carried })) evict(options.device, storage);
  }
}

function prepare(options: TrainOptions): Run {
  const { model, corpus, device, batch, sequence } = options;
  const chunks = streams(corpus.training, { batch, sequence });
  const optimizer = makeOptimizer(options.optimizer ?? adam(), Object.values(model.weights)[0].storage);
  const carried = carriedStates(model.spec, batch);
  const clip = options.clip ?? { norm: 5 };
  for (const [name, value] of Object.entries(clip))
    if (value !== undefined && !(value > 0))
      throw new SpecError(`clip.${name}: must be a number above 0, was ${value}`, { code: "clip" });
  const totalSteps = Math.min(
    options.epochs === undefined && options.maxSteps !== undefined
      ? Number.POSITIVE_INFINITY
      : (options.epochs ?? 10) * chunks.count,
    options.maxSteps ?? Number.POSITIVE_INFINITY,
  );
  const enough = corpus.validation.length >= 2;
  return {
    options,
    chunks,
    optimizer,
    carried,
    clip,
    totalSteps,
    validation: enough
      ? evaluationStreams(corpus.validation, validationSize(corpus.validation.length, batch, sequence))
      : undefined,
    schedule: options.schedule ?? constant(),
    seed: options.seed ?? 1,
    step: trainingStep(device, { model, optimizer, batch, sequence, clip, carried }),
    data: fingerprint(corpus.training),
  }; // prettier-ignore
}

/** Few, long streams: each begins without context. */
const validationSize = (tokens: number, batch: number, sequence: number): { batch: number; sequence: number } => ({
  batch: Math.max(1, Math.min(batch, 32, Math.floor(tokens / (8 * sequence)))),
  sequence,
});

function startingPosition(run: Run): Position {
  const { resume, device, model } = run.options;
  if (!resume) return { step: 0, epochs: 0, chunk: 0, plateau: freshPlateau, bestValidation: null };
  const { counters, arrays } = resume;
  if (counters.data !== run.data)
    throw new SpecError(`resume: training data must be the same as before (${counters.data}), was ${run.data}`, {
      code: "resume-data",
      hint: "train a new model on the new text, or bring the old text back",
    });
  if (counters.seed !== run.seed)
    throw new SpecError(`resume: seed must be ${counters.seed} as before, was ${run.seed}`, { code: "resume-seed" });
  const variables = new Map(Object.entries({ ...run.optimizer.state, ...run.carried }));
  for (const { name, data } of arrays) {
    const variable = variables.get(name);
    if (!variable)
      throw new SpecError(`resume: state ${name} must belong to ${run.optimizer.spec.name} and ${model.spec.cell}`, {
        code: "resume-state",
      });
    writeVariable(device, variable, data);
    variables.delete(name);
  }
  for (const name of variables.keys())
    throw new SpecError(`resume: state ${name} must be there, was absent`, { code: "resume-state" });
  return {
    step: counters.step,
    epochs: counters.epoch,
    chunk: counters.chunk,
    plateau: counters.plateau,
    bestValidation: counters.bestValidation,
  };
}

function startEvent(run: Run, at: Position): TrainEvent {
  const { device, model, corpus } = run.options;
  return {
    type: "start",
    device: device.name,
    threads: device.threads,
    parameters: parameterCount(model.spec),
    tokens: corpus.training.length,
    validationTokens: corpus.validation.length,
    vocabulary: model.spec.vocabulary,
    stepsPerEpoch: run.chunks.count,
    totalSteps: run.totalSteps,
    firstStep: at.step,
  }; // prettier-ignore
}

function takeStep(run: Run, at: Position, meter: Meter): TrainEvent {
  const progress = { step: at.step, epochs: at.epochs, totalSteps: run.totalSteps, plateau: at.plateau };
  const learningRate = run.optimizer.spec.rate * rateFactor(run.schedule, progress);
  const { x, y } = run.chunks.at(at.chunk);
  const inputs = { x, y, key: [run.seed | 0, at.step], rate: run.optimizer.rates(at.step + 1, learningRate) };
  const { loss, gradientNorm, weightNorm } = run.step.run(inputs);
  if (!Number.isFinite(loss + gradientNorm + weightNorm))
    throw explain(run, at, inputs, loss, gradientNorm, learningRate);
  at.step++;
  return {
    type: "step",
    step: at.step,
    epoch: at.epochs + 1,
    loss,
    gradientNorm,
    learningRate,
    tokensPerSecond: meter.step(),
  };
}

/** Names the first weight or state that is not finite; where all are, runs the step again and looks at every value of it. */
function explain(
  run: Run,
  at: Position,
  inputs: Parameters<StepProgram["run"]>[0],
  loss: number,
  norm: number,
  rate: number,
): NumericError {
  const first =
    firstBad([...readWeights(run.options.model, run.options.device), ...stateArrays(run)]) ?? inspectStep(run, inputs);
  return new NumericError(
    `step ${at.step + 1}: loss and gradient must be finite, loss was ${loss}, gradient norm ${norm}${first ? `; first in ${first}` : ""}`,
    {
      code: "not-finite",
      hint: `the weights are as they were after step ${at.step}; use a smaller learning rate than ${rate}, or --clip-norm`,
    },
  );
}

function inspectStep(run: Run, inputs: Parameters<StepProgram["run"]>[0]): string | undefined {
  const { model, device, batch: N, sequence: T } = run.options;
  const { optimizer, clip, carried } = run;
  const options = { model, optimizer, batch: N, sequence: T, clip, carried };
  const inspected = trainingStep(device, options, { inspect: true });
  inspected.run(inputs);
  const finding = inspected.firstNotFinite();
  inspected.close();
  return finding && placed(finding, { T, N });
}

/** Optimizer moments and carried states as they are now. */
const stateArrays = ({ options, optimizer, carried }: Run): NamedArray[] =>
  Object.values({ ...optimizer.state, ...carried }).map((v) => ({
    name: v.name,
    shape: v.shape,
    data: readVariable(options.device, v),
  }));

async function validateNow(run: Run, at: Position, tools: Map<string, Evaluator | Writer>): Promise<ValidationEvent> {
  const { device, model, pause } = run.options;
  const chunks = run.validation as Chunks;
  const made = (tools.get("validate") as Evaluator | undefined) ?? evaluator(device, model, chunks);
  tools.set("validate", made);
  const result = await evaluateChunks(made, chunks, pause);
  at.plateau = afterValidation(run.schedule, at.plateau, result.nats);
  at.bestValidation = at.bestValidation === null ? result.nats : Math.min(at.bestValidation, result.nats);
  return { type: "validation", step: at.step, epoch: at.chunk === 0 ? at.epochs : at.epochs + 1, ...result };
}

function sampleNow(run: Run, at: Position, tools: Map<string, Evaluator | Writer>): SampleEvent {
  const { device, model, sampleLength = 200 } = run.options;
  const made = (tools.get("sample") as Writer | undefined) ?? writer(device, model);
  tools.set("sample", made);
  made.refresh();
  const text = [...write(made, { model, length: sampleLength, temperature: 0.8, seed: run.seed })].join("");
  return { type: "sample", step: at.step, text };
}

function checkpointNow(run: Run, at: Position): CheckpointEvent {
  const { device, model } = run.options;
  const counters: TrainingCounters = {
    step: at.step,
    epoch: at.epochs,
    chunk: at.chunk,
    seed: run.seed,
    plateau: at.plateau,
    bestValidation: at.bestValidation,
    data: run.data,
  }; // prettier-ignore
  const [weights, arrays] = [readWeights(model, device), stateArrays(run)];
  const bad = firstBad([...weights, ...arrays], fitsFloat32);
  if (bad)
    throw new NumericError(`step ${at.step}: what is saved must be finite, was not in ${bad}`, {
      code: "not-finite",
      hint: `use a smaller learning rate than ${run.optimizer.spec.rate}, or --clip-norm; the last checkpoint is good`,
    });
  return { type: "checkpoint", step: at.step, weights, training: { arrays, counters } };
}
