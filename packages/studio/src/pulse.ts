// How late the page's own timer comes: what a person feels as a page that hangs.

const period = 10;

export interface Pulse {
  /** Longest delay since the last reset, in milliseconds. */
  readonly worst: () => number;
  readonly reset: () => void;
}

/** Starts a timer of 10 ms and keeps its longest delay. Hidden pages, whose timers the browser slows down, do not count. */
export function startPulse(): Pulse {
  let last = performance.now();
  let worst = 0;
  setInterval(() => {
    const now = performance.now();
    if (!document.hidden) worst = Math.max(worst, now - last - period);
    last = now;
  }, period);
  document.addEventListener("visibilitychange", () => {
    last = performance.now();
  });
  return {
    worst: () => worst,
    reset: () => {
      worst = 0;
      last = performance.now();
    },
  };
}
