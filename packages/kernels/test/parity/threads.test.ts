// R8: the weights after a training have the same bits whatever the number of threads. Every call is shared among the threads here,
// also those that a device would keep on one because they are small.
import { adam, type Device } from "unrolled";
import { identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { allOf, tinyCorpus, trained } from "../../../unrolled/test/laws/tiny.js";
import { openDevice } from "../../src/index.js";

/** A device that takes every program for a large one. */
const sharing = (device: Device): Device => ({ ...device, load: (program) => device.load({ ...program, work: 1e15 }) });

const model = { hidden: [19, 9], embedding: 6, dropout: 0.1 };

async function weightsAfter(
  name: "native" | "wasm",
  threads: number,
  maxSteps: number,
  shared: boolean,
): Promise<number[]> {
  const opened = await openDevice(name, { threads });
  const device = shared ? sharing(opened) : opened;
  expect(device.threads).toBe(threads);
  const run = await trained(device, tinyCorpus(), model, {
    batch: 7,
    sequence: 6,
    maxSteps,
    optimizer: adam({ rate: 5e-3 }),
  });
  opened.close();
  return [
    ...allOf(run.checkpoint.weights),
    ...allOf(run.checkpoint.training.arrays),
    ...run.steps.map(({ loss }) => loss),
  ];
}

describe.each(["native", "wasm"] as const)("threads of %s", (name) => {
  it("give the same bits after 1,000 steps: 1, 2, 3, 4, 8", async () => {
    const one = await weightsAfter(name, 1, 1000, true);
    for (const threads of [2, 3, 4, 8])
      identical(await weightsAfter(name, threads, 1000, true), one, `${threads} threads`);
  });

  it("give the same bits where small calls stay on one thread", async () => {
    const one = await weightsAfter(name, 1, 200, false);
    identical(await weightsAfter(name, 2, 200, false), one, "2 threads");
    identical(await weightsAfter(name, 2, 200, true), one, "2 threads, all shared");
  });
});
