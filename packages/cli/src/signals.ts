// Being asked to stop: Ctrl-C, kill, a closed terminal, a reader that went away.
import { exitCodes } from "./exit.js";

export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

export const signalCodes: Readonly<Record<StopSignal, number>> = {
  SIGINT: exitCodes.interrupted,
  SIGTERM: exitCodes.terminated,
  SIGHUP: exitCodes.hangup,
};

/** Shared with the training loop, which looks at `requested` between steps. */
export interface Stop {
  requested: boolean;
  /** The code to end with when a signal or a closed pipe asked; undefined when the command itself did. */
  exitCode: number | undefined;
  /** Resolves on the first request: what waits for a slow reader gives up then. */
  readonly asked: Promise<void>;
  request(exitCode: number | undefined): void;
  /** Signals have their usual effect again. */
  release(): void;
}

/** How long the current step and its checkpoint may take after a signal. */
export const patience = 4500;

/**
 * The first signal asks to stop; a second, or `patience` milliseconds, ends the process at once: the checkpoint on disk
 * is the last one written whole.
 */
export function listenForStop(options: {
  readonly onAsk?: (signal: StopSignal) => void;
  readonly onImpatience?: () => void;
  readonly exit?: (code: number) => void;
}): Stop {
  const exit = options.exit ?? ((code: number) => process.exit(code));
  let resolve: () => void = () => {};
  const asked = new Promise<void>((done) => {
    resolve = done;
  });
  const stop: Stop = {
    requested: false,
    exitCode: undefined,
    asked,
    request(exitCode) {
      stop.exitCode ??= exitCode;
      stop.requested = true;
      resolve();
    },
    release() {
      for (const signal of Object.keys(signalCodes)) process.off(signal, onSignal);
    },
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    const name = signal as StopSignal;
    if (stop.exitCode !== undefined) {
      exit(signalCodes[name]);
      return;
    }
    stop.request(signalCodes[name]);
    options.onAsk?.(name);
    setTimeout(() => {
      options.onImpatience?.();
      exit(signalCodes[name]);
    }, patience).unref();
  };
  for (const signal of Object.keys(signalCodes)) process.on(signal, onSignal);
  return stop;
}
