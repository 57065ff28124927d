// Threads of the WebAssembly device: workers that run ../worker.js and live in C++ until the device closes.

import { DeviceError } from "unrolled";
import { nodeModule } from "./platform.js";

export interface Rank {
  readonly rank: number;
  /** Address at which the thread's stack begins. */
  readonly stackTop: number;
}

/** One worker, in Node or in a browser. */
interface Thread {
  readonly ready: Promise<void>;
  readonly stop: () => void;
}

/** Starts one worker per rank and answers, once all are ready, how to stop them. */
export async function startWorkers(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  ranks: readonly Rank[],
): Promise<() => void> {
  const url = new URL("../worker.js", import.meta.url);
  const start = nodeModule("node:worker_threads") === undefined ? startWebWorker : startNodeWorker;
  const threads = ranks.map((rank) => start(url, { module, memory, ...rank }));
  const stop = (): void => {
    for (const thread of threads) thread.stop();
  };
  try {
    await Promise.all(threads.map((thread) => thread.ready));
  } catch (cause) {
    stop();
    throw new DeviceError("wasm: threads must start, did not", {
      code: "threads",
      hint: "open it with one thread",
      cause,
    });
  }
  return stop;
}

function startNodeWorker(url: URL, message: object): Thread {
  const { Worker } = nodeModule("node:worker_threads") as typeof import("node:worker_threads");
  const worker = new Worker(url, { execArgv: [], env: {} });
  const ready = new Promise<void>((resolve, reject) => {
    worker.once("message", () => resolve());
    worker.once("error", reject);
  });
  worker.postMessage(message);
  return {
    ready: ready.finally(() => worker.unref()),
    stop: () => void worker.terminate(),
  };
}

function startWebWorker(url: URL, message: object): Thread {
  const worker = new Worker(url, { type: "module" });
  const ready = new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => {
      event.preventDefault(); // else it is an error of the page too
      reject(new Error(event.message));
    };
  });
  worker.postMessage(message);
  return { ready, stop: () => worker.terminate() };
}
