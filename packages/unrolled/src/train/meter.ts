// How fast steps go: tokens per second over the last second or so, without what lies between.

export interface Meter {
  /** Counts a step of so many tokens; tokens per second over the last second or so of steps. */
  step(tokens: number): number;
  pause(): void;
  resume(): void;
}

export function makeMeter(clock: (() => number) | undefined): Meter {
  if (!clock) return { step: () => 0, pause: () => {}, resume: () => {} };
  let resumed = clock();
  let spent = 0;
  let counted = 0;
  let rate = 0;
  return {
    step(tokens) {
      counted += tokens;
      const elapsed = spent + clock() - resumed;
      if (elapsed > 0 && rate === 0) rate = (counted * 1000) / elapsed;
      if (elapsed < 1000) return rate;
      rate = (counted * 1000) / elapsed;
      counted = 0;
      spent = 0;
      resumed = clock();
      return rate;
    },
    pause() {
      spent += clock() - resumed;
    },
    resume() {
      resumed = clock();
    },
  };
}
