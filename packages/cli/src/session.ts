// One training run from its first event to its last: shows it, keeps it, and stops it when asked.
import {
  type Corpus,
  type Device,
  type DoneEvent,
  generate,
  type Ids,
  type LanguageModel,
  NumericError,
  type StepEvent,
  streams,
  type TrainEvent,
  type TrainingState,
  train,
  type ValidationEvent,
} from "unrolled";
import type { Baseline, Reporter } from "./reporter.js";
import type { RunSettings } from "./settings.js";
import type { Stop } from "./signals.js";
import { optimizerSpec } from "./specs.js";

/** Where a run is kept. */
export interface RunStore {
  readonly directory: string;
  save(event: Extract<TrainEvent, { type: "checkpoint" }>): Promise<void>;
  /** A line for metrics.jsonl, written with the next checkpoint. */
  measure(event: StepEvent | (ValidationEvent & { readonly ngram: Baseline | undefined })): void;
}

export interface Session {
  readonly settings: RunSettings;
  readonly corpus: Corpus<Ids>;
  readonly model: LanguageModel;
  readonly device: Device;
  readonly store: RunStore;
  readonly reporter: Reporter;
  readonly stop: Stop;
  readonly clock: () => number;
  /** The n-gram line of the held-out text; undefined where nothing is held out. */
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
export function totalSteps({ epochs, maxSteps, batch, sequence }: RunSettings, corpus: Corpus<Ids>): number {
  return Math.min(epochs * streams(corpus.training, { batch, sequence }).count, maxSteps ?? Number.POSITIVE_INFINITY);
}

export async function runSession(session: Session): Promise<DoneEvent> {
  const { stop, clock } = session;
  let done: DoneEvent | undefined;
  let saved: number | undefined = session.resume?.counters.step;
  const began = clock();
  const sampler = timedSamples(session, began);
  try {
    for await (const event of train(trainOptions(session))) {
      if (event.type === "step") checkDivergence(event, session);
      await handle(event, session);
      if (event.type === "checkpoint") saved = event.step;
      if (event.type === "done") done = event;
      if (event.type === "step") {
        await sampler(event);
        if (session.seconds !== undefined && clock() - began > session.seconds * 1000) stop.request(undefined);
      }
    }
  } catch (error) {
    throw error instanceof NumericError ? withAdvice(error, session, saved) : error;
  }
  if (done === undefined) throw new Error("train: must end with a done event");
  return done;
}

/** Steps from one line of metrics.jsonl to the next: every step of a short run, some 5,000 of a long one. */
const metricsPace = ({ settings, corpus }: Session): number => Math.ceil(totalSteps(settings, corpus) / 5000);

/** A reader that does not read must not keep a run from stopping. */
const unlessStopped = (shown: Promise<void>, stop: Stop): Promise<void> => Promise.race([shown, stop.asked]);

async function handle(event: TrainEvent, session: Session): Promise<void> {
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
    case "sample":
      return unlessStopped(reporter.report(event), stop);
    case "done":
      return;
    default:
      return event satisfies never;
  }
}

function trainOptions({ settings, corpus, model, device, stop, clock, resume, seconds }: Session) {
  const { batch, sequence, epochs, maxSteps, clipNorm, clipValue, seed } = settings;
  const chunks = streams(corpus.training, { batch, sequence }).count;
  const sampleEvery = settings.sampleEvery ?? Math.ceil(totalSteps(settings, corpus) / 10);
  const checkpointEvery = settings.checkpointEvery ?? checkpointPace;
  return {
    model,
    corpus,
    device,
    batch,
    sequence,
    epochs,
    ...(maxSteps === null ? {} : { maxSteps }),
    optimizer: optimizerSpec(settings.optimizer),
    schedule: settings.schedule,
    clip: { ...(clipNorm === null ? {} : { norm: clipNorm }), ...(clipValue === null ? {} : { value: clipValue }) },
    seed,
    ...(seconds === undefined && sampleEvery > 0 ? { sampleEvery, sampleLength } : {}),
    ...(settings.checkpointEvery !== null || checkpointEvery < chunks ? { checkpointEvery } : {}),
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
function timedSamples({ seconds, model, device, reporter, clock, settings }: Session, began: number) {
  const moments = [0, 0.1, 0.3, 0.6];
  return async ({ step }: StepEvent): Promise<void> => {
    if (seconds === undefined || moments.length === 0 || clock() - began < moments[0] * seconds * 1000) return;
    moments.shift();
    let text = "";
    for await (const piece of generate({ model, device, length: sampleLength, seed: settings.seed })) text += piece;
    await reporter.report({ type: "sample", step, text });
  };
}

/**
 * A loss that is finite and absurd: a hundred times that of guessing. Such weights do not come back, and are not saved.
 * Throws NumericError.
 */
function checkDivergence({ step, loss, gradientNorm }: StepEvent, { model }: Session): void {
  const guessing = Math.log(model.spec.vocabulary);
  if (loss <= 100 * guessing) return;
  throw new NumericError(
    `step ${step}: loss must stay near ${guessing.toFixed(2)}, that of guessing, or below; was ${loss.toPrecision(3)}, gradient norm ${gradientNorm.toPrecision(3)}`,
    { code: "diverged" },
  );
}

function withAdvice(error: NumericError, { store, settings }: Session, saved: number | undefined): NumericError {
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
