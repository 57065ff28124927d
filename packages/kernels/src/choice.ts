// Whether a small program runs faster on one thread or shared: that depends on what else the machine does at the moment,
// so both ways are tried now and then. The bits are the same either way.

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
}

const trialRuns = 7;
const intervals = { least: 64, most: 4096 } as const;

export function openChoice(): Choice {
  return { alone: true, left: 0, interval: intervals.least, tried: 0, times: new Float64Array(2 * trialRuns) };
}

/** Runs a program in the way that was faster of late. */
export function runChosen(choice: Choice, engine: Pick<Engine, "run">, program: number, times: number): void {
  if (choice.left > 0) {
    choice.left--;
    engine.run(program, times, choice.alone);
    return;
  }
  const start = performance.now();
  engine.run(program, times, choice.tried >= trialRuns);
  choice.times[choice.tried++] = (performance.now() - start) / Math.max(1, times);
  if (choice.tried === choice.times.length) decide(choice);
}

function decide(choice: Choice): void {
  const [shared, alone] = [median(choice.times.subarray(0, trialRuns)), median(choice.times.subarray(trialRuns))];
  const confirmed = choice.alone === alone <= shared;
  choice.alone = alone <= shared;
  choice.interval = confirmed ? Math.min(2 * choice.interval, intervals.most) : intervals.least;
  choice.left = choice.interval;
  choice.tried = 0;
}

const median = (times: Float64Array): number => times.sort()[Math.floor(times.length / 2)] as number;
