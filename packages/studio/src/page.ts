// The page: starts the worker that trains, and shows what it tells.
import type { StepEvent } from "unrolled";
import { drawCurve } from "./curve.js";
import { history } from "./history.js";
import type { Command, FailedReport, Report, RunSettings } from "./messages.js";
import { startPulse } from "./pulse.js";

type Phase = "idle" | "running" | "paused" | "failed";

const nats = Math.LN2; // nats in a bit
const mostThreads = 16;

const element = <T extends HTMLElement>(id: string): T => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`page: must have #${id}`);
  return found as T;
};

const startButton = element<HTMLButtonElement>("start");
const overButton = element<HTMLButtonElement>("over");
const threadsChoice = element<HTMLSelectElement>("threads");
const canvas = element<HTMLCanvasElement>("curve");
const sample = element("sample");

const training = history();
const heldOut = history(256);
const pulse = startPulse();
const state: {
  phase: Phase;
  worker: Worker | undefined;
  guessing: number | undefined;
  shown: number;
} = { phase: "idle", worker: undefined, guessing: undefined, shown: 0 };

/** A figure on the page; the bare number stands in data-value, for programs. */
function show(id: string, value: number, text: string): void {
  const place = element(id);
  place.textContent = text;
  place.dataset.value = String(value);
}

function say(id: "status" | "note", text: string): void {
  const place = element(id);
  if (place.textContent !== text) place.textContent = text;
  place.hidden = text === "";
}

function setPhase(phase: Phase): void {
  state.phase = phase;
  document.body.dataset.phase = phase;
  startButton.textContent = { idle: "Start", running: "Pause", paused: "Go on", failed: "Start anew" }[phase];
  overButton.disabled = phase === "idle" || phase === "failed";
}

function redraw(): void {
  if (state.shown !== 0) return;
  state.shown = requestAnimationFrame(() => {
    state.shown = 0;
    drawCurve(canvas, { training: training.points, heldOut: heldOut.points, guessing: state.guessing });
    if (state.phase !== "idle") show("gap", pulse.worst(), `${pulse.worst().toFixed(0)} ms`);
  });
}

function receive(report: Report): void {
  switch (report.type) {
    case "opened":
      document.body.dataset.shared = String(report.shared);
      say("status", `WebAssembly: ${report.detail}${report.shared ? ", shared memory" : ""}`);
      return;
    case "start":
      state.guessing = Math.log2(report.vocabulary);
      element("size").textContent = `${report.parameters.toLocaleString("en")} weights`;
      return;
    case "steps":
      showSteps(report.steps);
      return;
    case "validation":
      heldOut.add(report.step, report.bitsPerToken);
      show("held-out", report.bitsPerToken, report.bitsPerToken.toFixed(3));
      redraw();
      return;
    case "sample":
      sample.textContent = report.text;
      return;
    case "failed":
      fail(report);
      return;
    default:
      report satisfies never;
  }
}

function showSteps(steps: readonly StepEvent[]): void {
  for (const { step, loss } of steps) training.add(step, loss / nats);
  const { step, loss, tokensPerSecond } = steps[steps.length - 1];
  show("loss", loss, loss.toFixed(3));
  show("bits", loss / nats, (loss / nats).toFixed(3));
  show("rate", tokensPerSecond, Math.round(tokensPerSecond).toLocaleString("en"));
  show("step", step, step.toLocaleString("en"));
  redraw();
}

function fail({ message, hint }: Pick<FailedReport, "message" | "hint">): void {
  state.worker?.terminate();
  state.worker = undefined;
  setPhase("failed");
  say("status", hint === "" ? message : `${message}. ${hint[0].toUpperCase()}${hint.slice(1)}.`);
}

const send = (command: Command): void => state.worker?.postMessage(command);

function begin(settings: RunSettings): void {
  state.worker?.terminate();
  training.clear();
  heldOut.clear();
  for (const id of ["loss", "bits", "held-out", "rate", "step"]) show(id, Number.NaN, "–");
  sample.textContent = "";
  say("status", "Opening …");
  pulse.reset();
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Report>) => receive(data);
  worker.onerror = ({ message }) => fail({ message: message || "the worker's script did not load", hint: "" });
  state.worker = worker;
  send({ type: "start", settings, threads: Number(threadsChoice.value) });
  setPhase("running");
  redraw();
}

function press(settings: RunSettings): void {
  switch (state.phase) {
    case "running":
      send({ type: "pause" });
      setPhase("paused");
      return;
    case "paused":
      pulse.reset();
      send({ type: "resume" });
      setPhase("running");
      return;
    case "idle":
    case "failed":
      begin(settings);
      return;
    default:
      state.phase satisfies never;
  }
}

/** Why there is one thread only, or nothing. */
function whyAlone(settings: RunSettings): string {
  if (globalThis.crossOriginIsolated) return "";
  const cause = settings.isolated
    ? "this browser does not isolate it; an address that begins with http://127.0.0.1 or https:// is needed"
    : "it came without the headers Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy (--no-isolation)";
  return `One thread: the page is not isolated from other pages, so memory cannot be shared between threads. The reason: ${cause}.`;
}

function offerThreads(alone: boolean): void {
  const most = alone ? 1 : Math.min(mostThreads, Math.max(1, navigator.hardwareConcurrency));
  for (let threads = 1; threads <= most; threads++) threadsChoice.add(new Option(String(threads), String(threads)));
  threadsChoice.value = String(most);
  threadsChoice.disabled = most === 1;
}

function describe({ name, hidden, batch, sequence }: RunSettings): void {
  const layers = `${hidden.length} LSTM ${hidden.length === 1 ? "layer" : "layers"} of ${[...new Set(hidden)].join(" and ")} units`;
  element("name").textContent = name;
  element("network").textContent = `${layers}, ${batch} streams of ${sequence} characters a step`;
}

async function main(): Promise<void> {
  const settings = (await (await fetch("/run.json")).json()) as RunSettings;
  const note = whyAlone(settings);
  say("note", note);
  offerThreads(note !== "");
  describe(settings);
  startButton.onclick = () => press(settings);
  overButton.onclick = () => begin(settings);
  threadsChoice.onchange = () => send({ type: "threads", threads: Number(threadsChoice.value) });
  new ResizeObserver(redraw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  setPhase("idle");
  startButton.disabled = false;
}

main().catch((error: unknown) => fail({ message: String(error), hint: "" }));
