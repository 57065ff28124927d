// One workload, all configurations in turn: A B A B, one process computing at a time.
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "../statistics.js";
import type { Workload } from "../workloads.js";
import { type Child, startChild } from "./child.js";
import type { Configuration } from "./configurations.js";
import type { Peaks } from "./peaks.js";
import type { Prepared } from "./protocol.js";

export interface Plan {
  readonly rounds: number;
  /** How long one measurement should take. */
  readonly seconds: number;
}

/** What one configuration did, round by round. */
export interface Series {
  readonly configuration: Configuration;
  readonly detail: string;
  /** Tokens per second. */
  readonly rates: readonly number[];
  /** Most resident memory of the process, in bytes. */
  readonly peakBytes: number;
}

export interface Skipped {
  readonly configuration: Configuration;
  readonly reason: string;
}

export interface Measurements {
  readonly series: readonly Series[];
  readonly skipped: readonly Skipped[];
  /** Settings of a peer that a trial showed to be slower than its best, with the tokens per second of the trial. */
  readonly slower: readonly { readonly name: string; readonly rate: number }[];
  /** Floating-point operations per second of the multiply loop in each round, by "native, 2 threads" and the like. */
  readonly peaks: ReadonlyMap<string, readonly number[]>;
}

interface Runner {
  readonly configuration: Configuration;
  readonly child: Child;
  readonly prepared: Prepared;
  repetitions: number;
  trial: number;
  /** So slow that the second run of the warm-up stands for all rounds. */
  once: boolean;
  rates: number[];
  peakBytes: number;
}

/** Threads that spin while they wait for work (OpenMP, OpenBLAS) give up within this time. */
const settle = 40;
/** Seconds of one step of a peer above which it is not measured round by round. */
const slow = 4;
/** A peer's settings within this share of its best trial are measured in all rounds. */
const contender = 0.75;
/** A trial is the best of this many measurements. */
const trials = 3;

/** Measures; children are gone when it returns or throws. `tell` hears what is going on. */
export async function measureWorkload(
  workload: Workload,
  configurations: readonly Configuration[],
  plan: Plan,
  peaks: Peaks,
  tell: (what: string) => void,
): Promise<Measurements> {
  const started = await Promise.all(configurations.map((configuration) => start(configuration, workload)));
  const alive = started.filter((s): s is Runner => "child" in s);
  const skipped = started.filter((s): s is Skipped => "reason" in s);
  try {
    for (const runner of alive) {
      tell(`${workload.name}: warm-up, ${runner.configuration.name}`);
      await warmUp(runner, plan.seconds);
    }
    const { kept, slower } = choose(alive);
    await Promise.all(alive.filter((r) => !kept.includes(r)).map((r) => r.child.close()));
    const peakRates = new Map<string, number[]>();
    for (let round = 0; round < plan.rounds; round++) {
      tell(`${workload.name}: round ${round + 1} of ${plan.rounds}`);
      for (const runner of kept) runner.rates.push(runner.once ? runner.trial : await measure(runner));
      for (const [name, rate] of await peaks.measure()) peakRates.set(name, [...(peakRates.get(name) ?? []), rate]);
    }
    const series = kept.map(({ configuration, prepared, once, rates, peakBytes }) => ({
      configuration,
      detail: prepared.detail + (once ? ", measured once" : ""),
      rates,
      peakBytes,
    }));
    return { series, skipped, slower, peaks: peakRates };
  } finally {
    await Promise.all(alive.map((r) => r.child.close()));
  }
}

async function start(configuration: Configuration, workload: Workload): Promise<Runner | Skipped> {
  const child = startChild(configuration.command);
  try {
    const prepared = await child.prepare({ do: "prepare", workload });
    return { configuration, child, prepared, repetitions: 1, trial: 0, once: false, rates: [], peakBytes: 0 };
  } catch (error) {
    await child.close();
    return { configuration, reason: error instanceof Error ? error.message : String(error) };
  }
}

async function measure(runner: Runner): Promise<number> {
  await sleep(settle);
  const { seconds, peakBytes } = await runner.child.measure(runner.repetitions);
  runner.peakBytes = peakBytes;
  return (runner.prepared.work * runner.repetitions) / seconds;
}

/** Two runs at least, then as many repetitions as fill the time of a measurement; the settings of a peer are tried in earnest. */
async function warmUp(runner: Runner, seconds: number): Promise<void> {
  await measure(runner);
  for (let tries = 0; tries < 3; tries++) {
    runner.trial = await measure(runner);
    runner.once = !runner.configuration.ours && runner.prepared.work / runner.trial > slow;
    const took = (runner.prepared.work * runner.repetitions) / runner.trial;
    if (took >= seconds / 2) break;
    runner.repetitions = Math.max(1, Math.round((runner.repetitions * seconds) / took));
  }
  if (runner.configuration.ours || runner.once) return;
  for (let i = 1; i < trials; i++) runner.trial = Math.max(runner.trial, await measure(runner));
}

/** Ours all; of each peer the settings that a trial showed to be its best or near it. */
function choose(alive: readonly Runner[]): Pick<Measurements, "slower"> & { readonly kept: readonly Runner[] } {
  const bestOf = (family: string): number =>
    Math.max(...alive.filter((r) => r.configuration.family === family).map((r) => r.trial));
  const isKept = (r: Runner): boolean => r.configuration.ours || r.trial >= contender * bestOf(r.configuration.family);
  const slower = alive.filter((r) => !isKept(r)).map((r) => ({ name: r.configuration.name, rate: r.trial }));
  return { kept: alive.filter(isKept), slower };
}

/** The configuration of a family whose median is highest. */
export function bestOf(series: readonly Series[], family: string): Series | undefined {
  return series.filter((s) => s.configuration.family === family).sort((a, b) => median(b.rates) - median(a.rates))[0];
}
