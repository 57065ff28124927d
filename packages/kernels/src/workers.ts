// Threads of the WebAssembly device: workers that run ../worker.js and live in C++ until the device closes, and one that
// runs ../watch.js.

import { DeviceError } from "unrolled";
import { nodeModule } from "./platform.js";

export interface Rank {
  readonly rank: number;
  /** Address at which the thread's stack begins. */
  readonly stackTop: number;
}

/** One worker, in Node or in a browser. */
interface Thread {
  /** Tells the worker what to do; resolves once it says that it is ready. */
  readonly begin: (message: Message) => Promise<void>;
  readonly stop: () => void;
}

/** Workers that were started and have nothing to do yet. */
export interface Crew {
  /**
   * Gives one worker to each rank, and one that watches over them: when a thread ends before its time, `run` answers 0
   * instead of waiting for ever. Resolves once all are ready. Throws DeviceError, and stops them all, where one does not start.
   */
  readonly begin: (module: WebAssembly.Module, memory: WebAssembly.Memory, ranks: readonly Rank[]) => Promise<void>;
  readonly stop: () => void;
}

/** Starts `count` workers and their watcher; none of either for 0. They come up while the caller makes what they will run. */
export function startWorkers(count: number): Crew {
  if (count === 0) return { begin: async () => {}, stop: () => {} };
  const start = nodeModule("node:worker_threads") === undefined ? startWebWorker : startNodeWorker;
  const threads = Array.from({ length: count }, () => start(new URL("../worker.js", import.meta.url)));
  const watcher = start(new URL("../watch.js", import.meta.url));
  const stop = (): void => {
    for (const thread of [...threads, watcher]) thread.stop();
  };
  const begin: Crew["begin"] = async (module, memory, ranks) => {
    const lives = ranks.map(() => makeLife());
    try {
      await Promise.all(threads.map((thread, i) => thread.begin({ module, memory, ...ranks[i], life: lives[i].held })));
      // Not before: a lock that its thread does not hold yet would look like a death.
      const watched = ranks.map(({ stackTop }, i) => ({ stackTop, life: lives[i].watched }));
      await watcher.begin({ module, memory, threads: watched });
    } catch (cause) {
      stop();
      throw new DeviceError("wasm: threads must start, did not", {
        code: "threads",
        hint: "open it with one thread",
        cause,
      });
    }
  };
  return { begin, stop };
}

type Life = MessagePort | string;

/** What ends with the thread that holds it: two ends of a channel in Node, the name of a lock in browsers. */
function makeLife(): { readonly held: Life; readonly watched: Life } {
  if (nodeModule("node:worker_threads") === undefined) {
    const name = `unrolled-${crypto.randomUUID()}`;
    return { held: name, watched: name };
  }
  const { port1, port2 } = new MessageChannel();
  return { held: port1, watched: port2 };
}

/** The ports in a message: they move to the worker. */
function portsIn(message: Message): MessagePort[] {
  const lives = [message.life, ...(message.threads ?? []).map(({ life }) => life)];
  return lives.filter((life) => typeof life === "object");
}

interface Message {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly life?: Life;
  readonly threads?: readonly { readonly life: Life; readonly stackTop: number }[];
}

function startNodeWorker(url: URL): Thread {
  const { Worker } = nodeModule("node:worker_threads") as typeof import("node:worker_threads");
  const worker = new Worker(url, { execArgv: [], env: {} });
  const ready = new Promise<void>((resolve, reject) => {
    worker.once("message", () => resolve());
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`it ended with ${code}`)));
  });
  ready.catch(() => {}); // is heard where it is awaited
  return {
    begin: (message) => {
      worker.postMessage(message, portsIn(message) as unknown as Parameters<typeof worker.postMessage>[1]);
      return ready.finally(() => worker.unref());
    },
    stop: () => void worker.terminate(),
  };
}

function startWebWorker(url: URL): Thread {
  const worker = new Worker(url, { type: "module" });
  const ready = new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => {
      event.preventDefault(); // else it is an error of the page too
      reject(new Error(event.message));
    };
  });
  ready.catch(() => {}); // is heard where it is awaited
  const begin = (message: Message): Promise<void> => {
    worker.postMessage(message);
    return ready;
  };
  return { begin, stop: () => worker.terminate() };
}
