// A process that measures when it is asked to, and is idle else.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Measured, Prepared, Refused, Request } from "./protocol.js";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Child {
  prepare(request: Extract<Request, { do: "prepare" }>): Promise<Prepared>;
  measure(repetitions: number): Promise<Measured>;
  /** Lets the process end; it is killed where it does not within two seconds. */
  close(): Promise<void>;
}

/** Starts the process. Its answers reject with what it said last where it fails. */
export function startChild({ file, args, env }: Command): Child {
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  const waiting: { resolve: (value: never) => void; reject: (error: Error) => void }[] = [];
  let complaints = "";
  const fail = (reason: string): void => {
    for (const { reject } of waiting.splice(0)) reject(new Error(reason));
  };
  child.stderr.on("data", (data: Buffer) => {
    complaints = (complaints + data.toString()).slice(-4000);
  });
  child.stdin.on("error", () => {}); // the process has gone; "close" tells why
  child.on("error", (error) => fail(error.message));
  child.on("close", (code, signal) => fail(lastLine(complaints) || `ended with ${signal ?? code}`));
  createInterface(child.stdout).on("line", (line) => {
    if (!line.startsWith("{")) return;
    const answer = JSON.parse(line) as object;
    const next = waiting.shift();
    if ("error" in answer) next?.reject(new Error((answer as Refused).error));
    else next?.resolve(answer as never);
  });
  const ask = <A>(request: Request): Promise<A> =>
    new Promise<A>((resolve, reject) => {
      if (child.exitCode !== null) return reject(new Error(lastLine(complaints) || `ended with ${child.exitCode}`));
      waiting.push({ resolve, reject });
      child.stdin.write(`${JSON.stringify(request)}\n`);
    });
  return {
    prepare: (request) => ask<Prepared>(request),
    measure: (repetitions) => ask<Measured>({ do: "measure", repetitions }),
    close: () => end(child),
  };
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), 2000);
    child.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    child.stdin?.end();
  });
}

const lastLine = (text: string): string => text.trim().split("\n").pop() ?? "";
