// The training loop, told as plain events, for any task. T time, N batch.
import { NumericError } from "../errors.js";
import { sizeOf } from "../graph/tensor.js";
import type { Evaluation } from "../models/evaluate.js";
import type { CheckpointEvent, SampleEvent, StartEvent, StepEvent, TrainEvent, ValidationEvent } from "./events.js";
import { languageModelTask } from "./language-task.js";
import type { Outcome } from "./learner.js";
import { type Meter, makeMeter } from "./meter.js";
import { firstBad, fitsFloat32 } from "./not-finite.js";
import type { TaskTrainOptions, TrainOptions } from "./options.js";
import { arraysOf, nextBatches, type Position, prepare, type Run, startingPosition, stateArrays } from "./run.js";
import { afterValidation, isBetter, rateFactor } from "./schedules.js";
import type { Metrics } from "./task.js";

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
    yield startEvent(run, at);
    const samples = options.sampleEvery !== undefined && options.sampleEvery > 0 ? options.sampleEvery : undefined;
    if (samples && at.step === 0) yield* sampleNow(run, at);
    while (at.step < run.totalSteps && !options.stop?.requested && !isOver(run, at)) {
      if (at.chunk === 0) run.learner.reset();
      yield takeStep(run, at, meter);
      const epochEnds = at.chunk >= run.task.batches.count;
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
    const reason = isOver(run, at) ? "early" : at.step >= run.totalSteps ? "finished" : "stopped";
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

/** No gain for as many validations as are allowed. */
const isOver = <M extends Metrics<M>>({ options }: Run<M>, { waited }: Position): boolean =>
  options.earlyStop !== undefined && waited >= options.earlyStop;

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
    memory: run.learner.memory,
    stepsPerEpoch: run.stepsPerEpoch,
    totalSteps: run.totalSteps,
    firstStep: at.step,
  }; // prettier-ignore
}

function takeStep<M extends Metrics<M>>(run: Run<M>, at: Position, meter: Meter): StepEvent {
  const progress = { step: at.step, epochs: at.epochs, totalSteps: run.totalSteps, plateau: at.plateau };
  const learningRate = run.optimizer.spec.rate * rateFactor(run.schedule, progress);
  const rate = run.optimizer.rates(at.step + 1, learningRate);
  const batches = nextBatches(run, at);
  const outcome = run.learner.step(batches.at, batches.count, { seed: run.seed, step: at.step, rate });
  const { loss, gradientNorm, weightNorm, tokens } = outcome;
  if (!Number.isFinite(loss + gradientNorm + weightNorm)) throw explain(run, at, outcome, learningRate);
  at.step++;
  at.chunk += batches.count;
  run.kept.update(at.step);
  const tokensPerSecond = meter.step(tokens);
  return { type: "step", step: at.step, epoch: at.epochs + 1, loss, gradientNorm, learningRate, tokensPerSecond };
}

/** Names the first weight or state that is not finite; where all are, runs the step again and looks at every value of it. */
function explain<M extends Metrics<M>>(run: Run<M>, at: Position, outcome: Outcome, rate: number): NumericError {
  const known = [...arraysOf(run.options.device, run.task.weights), ...stateArrays(run)];
  const first = firstBad(known) ?? run.learner.inspect(outcome);
  return new NumericError(
    `step ${at.step + 1}: loss and gradient must be finite, loss was ${outcome.loss}, gradient norm ${outcome.gradientNorm}${first ? `; first in ${first}` : ""}`,
    {
      code: "not-finite",
      hint: `the weights are as they were after step ${at.step}; use a smaller learning rate than ${rate}, or --clip-norm`,
    },
  );
}

async function* validateNow<M extends Metrics<M>>(run: Run<M>, at: Position): AsyncGenerator<ValidationEvent<M>> {
  const { validation } = run.task;
  const measurer = run.measurer();
  if (!validation || !measurer) return;
  const { watched, better } = validation;
  const metrics = await run.kept.withinAsync(() => measurer.measure(run.options.pause));
  const value = metrics[watched] as number;
  const best = isBetter(value, at.bestValidation, better);
  at.plateau = afterValidation(run.schedule, at.plateau, value, better);
  at.waited = best ? 0 : at.waited + 1;
  if (best) at.bestValidation = value;
  if (best) run.kept.markBest();
  const epoch = at.chunk === 0 ? at.epochs : at.epochs + 1;
  yield { type: "validation", step: at.step, epoch, ...metrics, watched, best } as ValidationEvent<M>;
}

function* sampleNow<M extends Metrics<M>>(run: Run<M>, at: Position): Generator<SampleEvent> {
  const sampler = run.sampler();
  if (!sampler) return;
  yield { type: "sample", step: at.step, text: run.kept.within(() => sampler.sample(run.seed)) };
}

function checkpointNow<M extends Metrics<M>>(run: Run<M>, at: Position): CheckpointEvent {
  const { step, epochs, chunk, plateau, bestValidation, waited } = at;
  const counters = { step, epoch: epochs, chunk, seed: run.seed, plateau, bestValidation, waited, data: run.task.data };
  const { weights: kept, learnt } = run.kept.arrays();
  const weights = [...arraysOf(run.options.device, run.task.frozen ?? {}), ...kept];
  const arrays = [...stateArrays(run), ...learnt];
  const bad = firstBad([...weights, ...arrays], fitsFloat32);
  if (bad)
    throw new NumericError(`step ${step}: what is saved must be finite, was not in ${bad}`, {
      code: "not-finite",
      hint: `use a smaller learning rate than ${run.optimizer.spec.rate}, or --clip-norm; the last checkpoint is good`,
    });
  return { type: "checkpoint", step, weights, training: { arrays, counters } };
}
