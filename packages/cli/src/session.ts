// One training run from its first event to its last: shows it, keeps it, and stops it when asked.
import {
  type Device,
  type DoneEvent,
  type Metrics,
  NumericError,
  type StartEvent,
  type StepEvent,
  stepsPerEpoch,
  type Task,
  totalSteps,
  type TrainEvent,
  type TrainingState,
  train,
} from "unrolled";
import { plainMethods, runMethods } from "./methods.js";
import type { Baseline, Measured, Reporter } from "./reporter.js";
import type { RunSettings } from "./settings.js";
import type { Stop } from "./signals.js";
import { optimizerSpec } from "./specs.js";

/** Where a run is kept. */
export interface RunStore {
  readonly directory: string;
  save(event: Extract<TrainEvent, { type: "checkpoint" }>): Promise<void>;
  /** A line for metrics.jsonl, written with the next checkpoint. */
  measure(event: StepEvent | Measured): void;
  /** What a run tells of itself when it starts; kept with its checkpoints. */
  begin(event: StartEvent): void;
}

/** What a session needs to know of a run's settings, whatever it learns. */
export type SessionSettings = Pick<
  RunSettings,
  | "epochs"
  | "maxSteps"
  | "optimizer"
  | "schedule"
  | "clipNorm"
  | "clipValue"
  | "precision"
  | "sampleEvery"
  | "checkpointEvery"
  | "seed"
  | "methods"
>;

export interface Session<M extends Metrics<M>> {
  readonly settings: SessionSettings;
  readonly task: Task<M>;
  readonly device: Device;
  readonly store: RunStore;
  readonly reporter: Reporter;
  readonly stop: Stop;
  readonly clock: () => number;
  /** What the held-out data is measured against: the n-gram line of a text; undefined where there is none. */
  readonly baseline: () => Baseline | undefined;
  readonly resume?: TrainingState;
  /** Seconds after which the run stops by itself; samples are then spread over the time, not the steps. */
  readonly seconds?: number;
}

/** Milliseconds that the event loop may wait. */
const turn = 20;
export const sampleLength = 200;
/** Steps between checkpoints where an epoch is longer. */
const checkpointPace = 500;

/** Steps that the whole run makes, resumed or not. */
export const stepsOfRun = (
  { epochs, maxSteps }: Pick<RunSettings, "epochs" | "maxSteps">,
  stepsPerEpoch: number,
): number => totalSteps({ epochs, ...(maxSteps === null ? {} : { maxSteps }) }, stepsPerEpoch);

/** Steps of an epoch: each learns from as many batches as are accumulated. */
export const epochSteps = <M extends Metrics<M>>({ methods }: Pick<RunSettings, "methods">, task: Task<M>): number =>
  stepsPerEpoch(task.batches, methods?.accumulate);

export async function runSession<M extends Metrics<M>>(session: Session<M>): Promise<DoneEvent> {
  const { stop, clock } = session;
  let done: DoneEvent | undefined;
  let start: StartEvent | undefined;
  let saved: number | undefined = session.resume?.counters.step;
  const began = clock();
  const sampler = timedSamples(session, began);
  try {
    for await (const event of train(trainOptions(session))) {
      if (event.type === "start") start = event;
      if (event.type === "step") checkDivergence(event, start);
      await handle(event, session);
      if (event.type === "checkpoint") saved = event.step;
      if (event.type === "done") done = event;
      if (event.type === "step") {
        await sampler.after(event);
        if (session.seconds !== undefined && clock() - began > session.seconds * 1000) stop.request(undefined);
      }
    }
  } catch (error) {
    throw error instanceof NumericError ? withAdvice(error, session, saved) : error;
  } finally {
    sampler.close();
  }
  if (done === undefined) throw new Error("train: must end with a done event");
  return done;
}

/** Steps from one line of metrics.jsonl to the next: every step of a short run, some 5,000 of a long one. */
const metricsPace = <M extends Metrics<M>>({ settings, task }: Session<M>): number =>
  Math.ceil(stepsOfRun(settings, epochSteps(settings, task)) / 5000);

/** A reader that does not read must not keep a run from stopping. */
const unlessStopped = (shown: Promise<void>, stop: Stop): Promise<void> => Promise.race([shown, stop.asked]);

async function handle<M extends Metrics<M>>(event: TrainEvent<M>, session: Session<M>): Promise<void> {
  const { store, reporter, stop, baseline } = session;
  switch (event.type) {
    case "checkpoint":
      await store.save(event);
      return unlessStopped(reporter.report({ type: "checkpoint", step: event.step, directory: store.directory }), stop);
    case "validation": {
      const measured = { ...event, ngram: baseline() };
      store.measure(measured);
      return unlessStopped(reporter.report(measured), stop);
    }
    case "step":
      if (event.step % metricsPace(session) === 0) store.measure(event);
      return unlessStopped(reporter.report(event), stop);
    case "start":
      store.begin(event);
      return unlessStopped(reporter.report(event), stop);
    case "sample":
      return unlessStopped(reporter.report(event), stop);
    case "done":
      return;
    default:
      return event satisfies never;
  }
}

function trainOptions<M extends Metrics<M>>({ settings, task, device, stop, clock, resume, seconds }: Session<M>) {
  const { epochs, maxSteps, clipNorm, clipValue, precision, seed } = settings;
  const methods = settings.methods ?? plainMethods;
  const stepsOfEpoch = epochSteps(settings, task);
  const sampleEvery = settings.sampleEvery ?? Math.ceil(stepsOfRun(settings, stepsOfEpoch) / 10);
  const checkpointEvery = settings.checkpointEvery ?? checkpointPace;
  return {
    task,
    device,
    epochs,
    ...(maxSteps === null ? {} : { maxSteps }),
    ...runMethods(methods),
    optimizer: optimizerSpec(settings.optimizer, methods.decayAll),
    schedule: settings.schedule,
    clip: { ...(clipNorm === null ? {} : { norm: clipNorm }), ...(clipValue === null ? {} : { value: clipValue }) },
    precision,
    seed,
    ...(seconds === undefined && sampleEvery > 0 ? { sampleEvery } : {}),
    ...(settings.checkpointEvery !== null || checkpointEvery < stepsOfEpoch ? { checkpointEvery } : {}),
    ...(resume === undefined ? {} : { resume }),
    stop,
    clock,
    pause: turnTaker(clock),
  };
}

/** Lets the event loop have its turn, now and then: signals are heard between steps. */
function turnTaker(clock: () => number): () => Promise<void> {
  let heard = clock();
  return async () => {
    if (clock() - heard < turn) return;
    await new Promise(setImmediate);
    heard = clock();
  };
}

/** For a run of so many seconds: samples after the first step, then at 10, 30, 60 and 100 % of the time. */
function timedSamples<M extends Metrics<M>>(session: Session<M>, began: number) {
  const { seconds, task, device, reporter, clock, settings } = session;
  const moments = seconds === undefined ? [] : [0, 0.1, 0.3, 0.6].map((part) => part * seconds * 1000);
  const sampler = moments.length > 0 ? task.sampler?.(device) : undefined;
  return {
    async after({ step }: StepEvent): Promise<void> {
      if (sampler === undefined || moments.length === 0 || clock() - began < moments[0]) return;
      moments.shift();
      await reporter.report({ type: "sample", step, text: sampler.sample(settings.seed) });
    },
    close: () => sampler?.close(),
  };
}

/**
 * A loss that is finite and absurd: a hundred times that of guessing. Such weights do not come back, and are not saved.
 * Throws NumericError.
 */
function checkDivergence({ step, loss, gradientNorm }: StepEvent, start: StartEvent | undefined): void {
  const guessing = start?.guessing ?? Number.POSITIVE_INFINITY;
  if (loss <= 100 * guessing) return;
  throw new NumericError(
    `step ${step}: loss must stay near ${guessing.toFixed(2)}, that of guessing, or below; was ${loss.toPrecision(3)}, gradient norm ${gradientNorm.toPrecision(3)}`,
    { code: "diverged" },
  );
}

function withAdvice<M extends Metrics<M>>(
  error: NumericError,
  { store, settings }: Session<M>,
  saved: number | undefined,
): NumericError {
  const kept =
    saved === undefined
      ? "no checkpoint had been written"
      : `the checkpoint of step ${saved} in ${store.directory} is good`;
  const clip = settings.clipNorm === null ? "set --clip-norm 5 and " : "";
  return new NumericError(error.message, {
    code: error.code,
    hint: `${kept}; ${clip}train anew with a smaller --lr than ${settings.optimizer.rate}`,
    cause: error,
  });
}
