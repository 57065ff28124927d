// A step of writing many texts at once: calls whose threads keep to their rows from the first to the last, and the same text for
// any number of threads. N texts, H hidden.
import { type CellChoice, characters, type Device, type EncodedProgram, languageModel, writer } from "unrolled";
import { identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { encodeSteps } from "../src/steps.js";
import { buildsHere } from "./open-all.js";

const { vocabulary } = characters("the quick brown fox jumps over the lazy dog", { validation: 0 });
const [N, H, rows] = [48, 32, 20];

interface Step {
  readonly ids: Int32Array;
  readonly logProbabilities: ArrayLike<number>;
  readonly program: EncodedProgram;
}

/** Writes `rows` rows of N texts; every call is shared among all threads. */
function writeOn(device: Device, cell: CellChoice): Step {
  const programs: EncodedProgram[] = [];
  const watched: Device = {
    ...device,
    load: (given) => {
      programs.push({ ...given, work: 1e12 });
      return device.load(programs.at(-1) as EncodedProgram);
    },
  };
  const made = writer(watched, languageModel({ vocabulary, cell, hidden: [H, H], embedding: 9, seed: 5 }), N);
  made.begin(new Int32Array(N));
  const draws = Int32Array.from({ length: rows * N }, (_, i) => Math.imul(i + 1, 0x9e3779b9));
  const written = made.advance(new Int32Array(rows * N).fill(-1), draws, { temperature: 1.3 });
  made.close();
  return { ...written, program: programs.at(-1) as EncodedProgram };
}

const meets = (program: EncodedProgram, threads: number): number => {
  const steps = encodeSteps(program, threads).code;
  let count = 0;
  for (let at = 0; at < steps.length; at += 3 + (steps[at + 2] as number)) count += ((steps[at + 1] as number) & 2) / 2;
  return count;
};

const cells: Readonly<Record<string, CellChoice>> = {
  lstm: "lstm",
  gru: "gru",
  "gru, reset before": { name: "gru", reset: "before" },
  rnn: "rnn",
  "lstm with peepholes": { name: "lstm", peephole: "gers" },
  "gru, clipped": { name: "gru", clip: 3 },
};

for (const build of await buildsHere())
  describe(build.name, () => {
    it.each(Object.entries(cells))("%s: the same on 1, 2, 3 and 5 threads, with few meetings", async (_, cell) => {
      const found: Step[] = [];
      for (const threads of [1, 2, 3, 5]) {
        const device = await build.open(threads);
        found.push(writeOn(device, cell));
        device.close();
      }
      const [one] = found as [Step];
      expect(new Set(one.ids).size).toBeGreaterThan(10);
      for (const { ids, logProbabilities } of found) {
        identical(ids, one.ids, "ids");
        identical(logProbabilities, one.logProbabilities, "log-probabilities");
      }
      expect(meets(one.program, 2)).toBeLessThanOrEqual(4);
      expect(meets(one.program, 2)).toBeLessThan(one.program.calls / 2);
    });
  });
