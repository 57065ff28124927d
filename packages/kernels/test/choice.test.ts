// The choice between one thread and many for short programs follows what trials measure.
import { afterEach, expect, it, vi } from "vitest";
import { openChoice, runChosen } from "../src/choice.js";

afterEach(() => vi.unstubAllGlobals());

/** Runs with a clock that moves by what each way costs; answers how many runs of `count` were alone. */
function runMany(choice: ReturnType<typeof openChoice>, count: number, cost: (alone: boolean) => number): number {
  let now = 0;
  let lone = 0;
  vi.stubGlobal("performance", { now: () => now });
  const run = (_program: number, _times: number, alone: boolean): void => {
    now += cost(alone);
    if (alone) lone++;
  };
  for (let i = 0; i < count; i++) runChosen(choice, { run }, 0, 1);
  return lone;
}

it("takes the faster way, and the other when that becomes faster", () => {
  const choice = openChoice();
  expect(runMany(choice, 20_000, (alone) => (alone ? 2 : 1)) / 20_000).toBeLessThan(0.02);
  expect(runMany(choice, 20_000, (alone) => (alone ? 1 : 2)) / 20_000).toBeGreaterThan(0.7);
  expect(runMany(choice, 100_000, (alone) => (alone ? 1 : 2)) / 100_000).toBeGreaterThan(0.99);
});

it("tries both again as soon as the way it took has become slow", () => {
  const choice = openChoice();
  runMany(choice, 20_000, (alone) => (alone ? 2 : 1));
  const lone = runMany(choice, 100, (alone) => (alone ? 2 : 5));
  expect(lone).toBeGreaterThan(70);
});

it("is not misled by a run that was interrupted", () => {
  const choice = openChoice();
  let i = 0;
  const lone = runMany(choice, 20_000, (alone) => (alone ? 2 : 1) + (++i % 5 === 0 ? 1000 : 0));
  expect(lone / 20_000).toBeLessThan(0.02);
});

it("alone where both take the same time, by the clock", () => {
  expect(runMany(openChoice(), 10_000, () => 0) / 10_000).toBeGreaterThan(0.98);
});
