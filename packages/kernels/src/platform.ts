// What differs between Node and a browser, without importing anything of Node's: bundlers see plain web code.

import { DeviceError } from "unrolled";

interface NodeModules {
  "node:fs": typeof import("node:fs");
  "node:module": typeof import("node:module");
  "node:os": typeof import("node:os");
  "node:v8": typeof import("node:v8");
  "node:worker_threads": typeof import("node:worker_threads");
}

/** A module of Node, or undefined where there is no Node. */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  const found = globalThis.process?.getBuiltinModule?.(name);
  return found as NodeModules[Name] | undefined;
}

/** Cores this process may use. */
export function cores(): number {
  return nodeModule("node:os")?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/** The threads of a device, for people: "2 threads", and where they outnumber the cores, that they do. */
export function describeThreads(threads: number): string {
  const text = `${threads} ${threads === 1 ? "thread" : "threads"}`;
  return threads > cores() ? `${text} (more than the ${cores()} cores: slower)` : text;
}

const mostThreads = 128;

/** The number of threads asked for, or one per core. More threads than cores work, only slower. */
export function threadCount(device: string, asked: number | undefined): number {
  if (asked === undefined) return Math.min(cores(), mostThreads);
  if (Number.isInteger(asked) && asked >= 1 && asked <= mostThreads) return asked;
  throw new DeviceError(`${device}: threads must be a whole number from 1 to ${mostThreads}, was ${String(asked)}`, {
    code: "threads",
    hint: `this machine has ${cores()} cores; leave threads out to use them all`,
  });
}
