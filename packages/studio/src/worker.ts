// The worker that trains: takes commands, tells what happens. Between steps it gives its event loop a turn, to hear them.
import { openWasm } from "@unrolled/kernels";
import {
  type CheckpointEvent,
  type Corpus,
  characters,
  type Device,
  isUnrolledError,
  type LanguageModel,
  languageModel,
  loadLanguageModel,
  type SampleEvent,
  type StartEvent,
  type StepEvent,
  train,
  type ValidationEvent,
} from "unrolled";
import type { Command, Report, RunSettings } from "./messages.js";

/** What commands change while a run goes on. */
interface Wishes {
  threads: number;
  paused: boolean;
  /** Ends the present stretch of the run: another device is wanted. */
  readonly stop: { requested: boolean };
  /** Lets a paused run go on. */
  wake: () => void;
}

const sampleEvery = 100;
const sampleLength = 300;
/** Milliseconds of work after which commands are heard. */
const turnEvery = 20;
/** Milliseconds between reports of steps. */
const tellEvery = 50;

const port = globalThis as unknown as {
  postMessage(report: Report): void;
  onmessage: ((event: MessageEvent<Command>) => void) | null;
};
const wishes: Wishes = { threads: 1, paused: false, stop: { requested: false }, wake: () => {} };

port.onmessage = ({ data }) => {
  switch (data.type) {
    case "start":
      wishes.threads = data.threads;
      run(data.settings).catch(fail);
      return;
    case "pause":
      wishes.paused = true;
      return;
    case "resume":
      wishes.paused = false;
      wishes.wake();
      return;
    case "threads":
      wishes.threads = data.threads;
      wishes.stop.requested = true;
      return;
    default:
      data satisfies never;
  }
};

function fail(error: unknown): void {
  const known = isUnrolledError(error);
  port.postMessage({
    type: "failed",
    code: known ? error.code : "internal",
    message: error instanceof Error ? error.message : String(error),
    hint: (known ? error.hint : undefined) ?? "",
  });
}

/** Trains for ever, stretch by stretch: each on the device that was wished for. */
async function run(settings: RunSettings): Promise<never> {
  const corpus = characters(await (await fetch("/text")).text());
  let model = languageModel({ vocabulary: corpus.vocabulary, hidden: settings.hidden });
  let reached: CheckpointEvent | undefined;
  for (;;) {
    wishes.stop.requested = false;
    const device = await openWasm({ threads: wishes.threads });
    try {
      port.postMessage(opened(device));
      reached = await stretch({ settings, corpus, model, device, reached });
    } finally {
      device.close();
    }
    model = loadLanguageModel({ spec: model.spec, vocabulary: corpus.vocabulary, weights: reached.weights });
  }
}

function opened(device: Device): Report {
  const probe = device.allocate(1);
  const shared =
    typeof SharedArrayBuffer !== "undefined" && device.view(probe, "f32").buffer instanceof SharedArrayBuffer;
  device.free(probe);
  return { type: "opened", detail: device.detail, threads: device.threads, shared };
}

interface Stretch {
  readonly settings: RunSettings;
  readonly corpus: Corpus;
  readonly model: LanguageModel;
  readonly device: Device;
  /** Where the stretch before it ended. */
  readonly reached: CheckpointEvent | undefined;
}

/** Trains until another device is wished for; answers with where the run stands. */
async function stretch({ settings, corpus, model, device, reached }: Stretch): Promise<CheckpointEvent> {
  let last = reached;
  const { batch, sequence } = settings;
  const events = train({
    model,
    corpus,
    device,
    batch,
    sequence,
    maxSteps: Number.MAX_SAFE_INTEGER,
    sampleEvery,
    sampleLength,
    ...(reached === undefined ? {} : { resume: reached.training }),
    stop: wishes.stop,
    clock: () => performance.now(),
    pause: turnTaker(),
  });
  const tell = teller();
  for await (const event of events) {
    if (event.type === "checkpoint") last = event;
    else if (event.type !== "done") tell(event);
  }
  if (last === undefined) throw new Error("train: must end with a checkpoint");
  return last;
}

/** Sends events on: steps a few times a second together, all else at once. */
function teller(): (event: StartEvent | StepEvent | ValidationEvent | SampleEvent) => void {
  let steps: StepEvent[] = [];
  let told = Number.NEGATIVE_INFINITY;
  return (event) => {
    if (event.type === "step") steps.push(event);
    const now = performance.now();
    if (steps.length > 0 && (event.type !== "step" || wishes.paused || now - told >= tellEvery)) {
      port.postMessage({ type: "steps", steps });
      steps = [];
      told = now;
    }
    if (event.type !== "step") port.postMessage(event);
  };
}

/** Lets messages in, now and then, and waits while the run is paused. */
function turnTaker(): () => Promise<void> {
  let heard = performance.now();
  return async () => {
    if (performance.now() - heard < turnEvery) return;
    await turn();
    while (wishes.paused)
      await new Promise<void>((resolve) => {
        wishes.wake = resolve;
      });
    heard = performance.now();
  };
}

/** A turn of the event loop. Timers would wait 4 ms. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
