// Whether a small program runs faster on one thread or shared: that depends on what else the machine does at the moment,
// so both ways are tried now and then, and at once where the chosen one has become slow: two cores of a shared machine can
// be as one for seconds. The bits are the same either way.

import type { Engine } from "./engine.js";

/** What is known of a program whose faster way is in doubt. Changes with every run. */
export interface Choice {
  alone: boolean;
  /** Runs until both ways are tried again. */
  left: number;
  /** Runs between trials: twice as many each time that a trial confirms the choice. */
  interval: number;
  /** Trial runs done so far: the first half shared, then alone. */
  tried: number;
  /** Milliseconds per turn of the trial runs. */
  readonly times: Float64Array;
  /** Milliseconds per turn of the chosen way, in the last trial. */
  usual: number;
  /** Runs on end that took much longer. */
  slow: number;
}

const trialRuns = 7;
const intervals = { least: 64, most: 16384 } as const;
/** So many runs on end, each so many times the usual, and both ways are tried again. */
const slowness = { runs: 8, factor: 1.5 } as const;

export function openChoice(): Choice {
  const times = new Float64Array(2 * trialRuns);
  return { alone: true, left: 0, interval: intervals.least, tried: 0, times, usual: 0, slow: 0 };
}

/** Runs a program in the way that was faster of late. */
export function runChosen(choice: Choice, engine: Pick<Engine, "run">, program: number, times: number): void {
  const trial = choice.left === 0;
  const start = performance.now();
  engine.run(program, times, trial ? choice.tried >= trialRuns : choice.alone);
  const taken = (performance.now() - start) / Math.max(1, times);
  if (trial) {
    choice.times[choice.tried++] = taken;
    if (choice.tried === choice.times.length) decide(choice);
  } else watch(choice, taken);
}

function watch(choice: Choice, taken: number): void {
  choice.left--;
  choice.slow = taken > slowness.factor * choice.usual ? choice.slow + 1 : 0;
  if (choice.slow < slowness.runs) return;
  choice.left = 0;
  choice.interval = intervals.least;
}

function decide(choice: Choice): void {
  const [shared, alone] = [median(choice.times.subarray(0, trialRuns)), median(choice.times.subarray(trialRuns))];
  const confirmed = choice.alone === alone <= shared;
  choice.alone = alone <= shared;
  choice.interval = confirmed ? Math.min(2 * choice.interval, intervals.most) : intervals.least;
  choice.left = choice.interval;
  choice.tried = 0;
  choice.usual = Math.min(shared, alone);
  choice.slow = 0;
}

const median = (times: Float64Array): number => times.sort()[Math.floor(times.length / 2)] as number;
