// A processor without AVX2 runs the plain build: forced here by UNROLLED_ISA, it must train as the best build does.
import { adam, characters, type Device, languageModel, openReference, train } from "unrolled";
import { close } from "unrolled/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeDevices, openDevice, openNative } from "../src/index.js";

const steps = 40;

async function lossesOn(device: Device, cell: "lstm" | "gru" | "rnn"): Promise<number[]> {
  const corpus = characters("the cat sat on the mat, and the rat sat on the cat. ".repeat(20), { validation: 0 });
  const model = languageModel({ vocabulary: corpus.vocabulary, cell, hidden: [37, 20] });
  const events = train({
    ...{ model, corpus, device, batch: 5, sequence: 11, maxSteps: steps, seed: 4 },
    ...{ optimizer: adam({ rate: 0.01 }), clip: { norm: 5 }, clock: () => 0 },
  });
  const losses: number[] = [];
  for await (const event of events) if (event.type === "step") losses.push(event.loss);
  device.close();
  return losses;
}

const reports = await describeDevices({ threads: 1 });
const isNativeHere = reports.some(({ name, available }) => name === "native" && available);

describe.runIf(isNativeHere)("UNROLLED_ISA=plain", () => {
  const before = process.env.UNROLLED_ISA;
  beforeEach(() => {
    process.env.UNROLLED_ISA = "plain";
  });
  afterEach(() => {
    if (before === undefined) delete process.env.UNROLLED_ISA;
    else process.env.UNROLLED_ISA = before;
  });

  it.each(["lstm", "gru", "rnn"] as const)(
    "%s: the losses are those of the best build and of float64",
    async (cell) => {
      const plain = await openDevice("auto", { threads: 2 });
      expect(plain.detail).toMatch(/^plain, 2 threads/);
      const losses = await lossesOn(plain, cell);
      delete process.env.UNROLLED_ISA;
      const best = await lossesOn(await openNative({ threads: 2 }), cell);
      const exact = await lossesOn(openReference(), cell);
      expect(losses).toHaveLength(steps);
      expect(losses[steps - 1]!).toBeLessThan(losses[0]! * 0.8);
      // Each step rounds anew (6e-8) and passes the difference on, some hundredfold in 40 steps of Adam.
      close(losses, best, { relative: 1e-5, label: `${cell}, plain against best` });
      close(losses, exact, { relative: 1e-5, label: `${cell}, plain against float64` });
    },
  );
});
