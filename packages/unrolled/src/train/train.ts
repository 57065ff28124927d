// The training loop, told as plain events, for any task. T time, N batch.
import { NumericError } from "../errors.js";
import { sizeOf } from "../graph/tensor.js";
import { type Evaluation, zero } from "../models/evaluate.js";
import type { CheckpointEvent, SampleEvent, StartEvent, StepEvent, TrainEvent, ValidationEvent } from "./events.js";
import { languageModelTask } from "./language-task.js";
import { type Meter, makeMeter } from "./meter.js";
import { firstBad, fitsFloat32, placed } from "./not-finite.js";
import type { TaskTrainOptions, TrainOptions } from "./options.js";
import {
  arraysOf,
  batchAt,
  compileStep,
  type Orders,
  type Position,
  prepare,
  type Run,
  startingPosition,
  stateArrays,
} from "./run.js";
import { afterValidation, isBetter, rateFactor } from "./schedules.js";
import type { Batch, Metrics } from "./task.js";

/**
 * Trains a language model on a corpus, or any task, and yields what happens; the weights are on the device when it ends.
 * Throws DataError where the corpus is too short for one batch, SpecError for options that make no run, NumericError when
 * loss or gradient leave the finite numbers: the failed step has changed nothing, and the last checkpoint is good.
 */
export function train<M extends Metrics<M>>(options: TaskTrainOptions<M>): AsyncGenerator<TrainEvent<M>>;
export function train(options: TrainOptions): AsyncGenerator<TrainEvent>;
export async function* train(
  options: TrainOptions | TaskTrainOptions<Evaluation>,
): AsyncGenerator<TrainEvent<Evaluation>> {
  yield* trainTask("task" in options ? options : { ...options, task: languageModelTask(options) });
}

async function* trainTask<M extends Metrics<M>>(options: TaskTrainOptions<M>): AsyncGenerator<TrainEvent<M>> {
  const run = prepare(options);
  const meter = makeMeter(options.clock);
  const started = options.clock?.() ?? 0;
  try {
    const at = startingPosition(run);
    const orders: Orders = { epoch: -1, indices: new Int32Array() };
    yield startEvent(run, at);
    const samples = options.sampleEvery !== undefined && options.sampleEvery > 0 ? options.sampleEvery : undefined;
    if (samples && at.step === 0) yield* sampleNow(run, at);
    while (at.step < run.totalSteps && !options.stop?.requested) {
      if (at.chunk === 0) zero(options.device, run.carried);
      yield takeStep(run, at, batchAt(run, at, orders), meter);
      const epochEnds = ++at.chunk === run.stepsPerEpoch;
      if (epochEnds) {
        at.chunk = 0;
        at.epochs++;
      }
      const last = at.step === run.totalSteps;
      const every = options.validateEvery;
      meter.pause();
      if (last || (every ? at.step % every === 0 : epochEnds)) yield* validateNow(run, at);
      if (samples && (last || at.step % samples === 0)) yield* sampleNow(run, at);
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
    run.close();
  }
}

function startEvent<M extends Metrics<M>>(run: Run<M>, at: Position): StartEvent {
  const { task, options } = run;
  return {
    type: "start",
    task: task.name,
    device: options.device.name,
    threads: options.device.threads,
    parameters: Object.values(task.weights).reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    tokens: task.tokens,
    validationTokens: task.validationTokens,
    vocabulary: task.vocabulary,
    guessing: task.guessing ?? null,
    memory: run.memory,
    stepsPerEpoch: run.stepsPerEpoch,
    totalSteps: run.totalSteps,
    firstStep: at.step,
  }; // prettier-ignore
}

type StepInputs = Readonly<Record<string, ArrayLike<number>>>;

function takeStep<M extends Metrics<M>>(run: Run<M>, at: Position, batch: Batch, meter: Meter): StepEvent {
  const progress = { step: at.step, epochs: at.epochs, totalSteps: run.totalSteps, plateau: at.plateau };
  const learningRate = run.optimizer.spec.rate * rateFactor(run.schedule, progress);
  const rate = run.optimizer.rates(at.step + 1, learningRate);
  const inputs: StepInputs = { ...batch.inputs, key: [run.seed | 0, at.step], rate };
  const { loss, gradientNorm, weightNorm } = run.programFor(batch).run(inputs);
  if (!Number.isFinite(loss + gradientNorm + weightNorm))
    throw explain(run, at, batch, inputs, `loss was ${loss}, gradient norm ${gradientNorm}`, learningRate);
  at.step++;
  return {
    type: "step",
    step: at.step,
    epoch: at.epochs + 1,
    loss,
    gradientNorm,
    learningRate,
    tokensPerSecond: meter.step(batch.tokens),
  };
}

/** Names the first weight or state that is not finite; where all are, runs the step again and looks at every value of it. */
function explain<M extends Metrics<M>>(
  run: Run<M>,
  at: Position,
  batch: Batch,
  inputs: StepInputs,
  was: string,
  rate: number,
): NumericError {
  const first =
    firstBad([...arraysOf(run.options.device, run.task.weights), ...stateArrays(run)]) ??
    inspectStep(run, batch, inputs);
  return new NumericError(
    `step ${at.step + 1}: loss and gradient must be finite, ${was}${first ? `; first in ${first}` : ""}`,
    {
      code: "not-finite",
      hint: `the weights are as they were after step ${at.step}; use a smaller learning rate than ${rate}, or --clip-norm`,
    },
  );
}

function inspectStep<M extends Metrics<M>>(run: Run<M>, batch: Batch, inputs: StepInputs): string | undefined {
  const inspected = compileStep(run, batch.shapes, { inspect: true });
  inspected.run(inputs);
  const finding = inspected.firstNotFinite();
  inspected.close();
  return finding && placed(finding, batch.extent);
}

async function* validateNow<M extends Metrics<M>>(run: Run<M>, at: Position): AsyncGenerator<ValidationEvent<M>> {
  const { validation } = run.task;
  const measurer = run.measurer();
  if (!validation || !measurer) return;
  const { watched, better } = validation;
  const metrics = await measurer.measure(run.options.pause);
  const value = metrics[watched] as number;
  const best = isBetter(value, at.bestValidation, better);
  at.plateau = afterValidation(run.schedule, at.plateau, value, better);
  if (best) at.bestValidation = value;
  const epoch = at.chunk === 0 ? at.epochs : at.epochs + 1;
  yield { type: "validation", step: at.step, epoch, ...metrics, watched, best } as ValidationEvent<M>;
}

function* sampleNow<M extends Metrics<M>>(run: Run<M>, at: Position): Generator<SampleEvent> {
  const sampler = run.sampler();
  if (sampler) yield { type: "sample", step: at.step, text: sampler.sample(run.seed) };
}

function checkpointNow<M extends Metrics<M>>(run: Run<M>, at: Position): CheckpointEvent {
  const { step, epochs, chunk, plateau, bestValidation } = at;
  const counters = { step, epoch: epochs, chunk, seed: run.seed, plateau, bestValidation, data: run.task.data };
  const { frozen, weights: learnt } = run.task;
  const [weights, arrays] = [arraysOf(run.options.device, { ...frozen, ...learnt }), stateArrays(run)];
  const bad = firstBad([...weights, ...arrays], fitsFloat32);
  if (bad)
    throw new NumericError(`step ${step}: what is saved must be finite, was not in ${bad}`, {
      code: "not-finite",
      hint: `use a smaller learning rate than ${run.optimizer.spec.rate}, or --clip-norm; the last checkpoint is good`,
    });
  return { type: "checkpoint", step, weights, training: { arrays, counters } };
}
