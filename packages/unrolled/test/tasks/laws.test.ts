// What holds for every generated task: the same numbers give the same example, no key is in two parts, and the stated
// chance is what the best constant predictor gets.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as k from "unrolled/tasks";
import { close } from "unrolled/testing";
import { chanceOf, everyTask } from "./every-task.js";

const others: readonly ((seed: number) => k.GeneratedTask<unknown>)[] = [
  (seed) => k.countingTask({ maximum: 12, letters: 3, seed }) as k.GeneratedTask<unknown>,
  (seed) => k.datesTask({ seed, forms: "all" }) as k.GeneratedTask<unknown>,
  (seed) => k.pigLatinTask({ seed }) as k.GeneratedTask<unknown>,
  (seed) => k.programTask({ difficulty: { length: 3, nesting: 2 }, seed }) as k.GeneratedTask<unknown>,
  (seed) => k.programTask({ difficulty: { length: 4, nesting: 1 }, addition: true, seed }) as k.GeneratedTask<unknown>,
  (seed) => k.rearrangeTask({ manner: "reverse", length: 8, seed }) as k.GeneratedTask<unknown>,
];
const makers = [...everyTask(1).map((_, i) => (seed: number) => everyTask(seed)[i].task), ...others];

describe.each(makers.map((make) => [make(1).name, make] as const))("%s", (_, make) => {
  it("gives the same example for the same seed, part and number, and another for others", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.constantFrom(...k.parts), fc.nat(1e6), (seed, part, i) => {
        expect(make(seed).example(part, i)).toEqual(make(seed).example(part, i));
      }),
      { numRuns: 5 },
    );
    const many = k.examples(make(1), "training", 20).map((e) => JSON.stringify(e));
    const other = k.examples(make(2), "training", 20).map((e) => JSON.stringify(e));
    expect(other).not.toEqual(many);
    expect(new Set(many).size).toBeGreaterThan(1);
  });

  it("keeps every key to one part, whatever the seeds", () => {
    const partOf = new Map<string, k.Part>();
    for (const seed of [1, 2])
      for (const part of k.parts) {
        const task = make(seed);
        for (const example of k.examples(task, part, 60)) {
          const key = task.key(example);
          expect(partOf.get(key) ?? part).toBe(part);
          partOf.set(key, part);
        }
      }
  });
});

describe.each(everyTask(3).map((sampled) => [sampled.task.name, sampled] as const))("chance of %s", (_, sampled) => {
  it("is what the best constant predictor gets", () => {
    const sample = k.examples(sampled.task, "training", 2_500);
    close(chanceOf(sampled, sample), sampled.task.chance.value, { relative: 0.04 });
  });
});

describe("bad options", () => {
  it.each([
    [() => k.addingTask({ length: 1 }), "adding.length: must be an integer from 2"],
    [() => k.dyckTask({ depth: 2, length: 5 }), "dyck.length / 2: must be an integer"],
    [() => k.dyckTask({ depth: 2, length: 6, kinds: 5 }), "dyck.kinds: must be an integer from 1 to 4, was 5"],
    [() => k.agreementTask({ gap: [5, 3] }), "agreement.gap: must be an integer from 0 to 3, was 5"],
    [() => k.countingTask({ maximum: 3 }), "counting.maximum"],
    [() => k.namesTask({ languages: ["xx-nope-"] }), "names: language must be one that the platform has names in"],
    [() => k.datesTask({ locales: ["qq"] }), "dates: locale must be one that the platform can write dates in"],
    [() => k.datesTask({ years: [1950, 2060] }), "dates.years: last"],
    [() => k.pigLatinTask({ words: ["no good"] }), "pigLatin.words: must be words of a-z"],
  ])("are refused by name (%#)", (make, words) => expect(make).toThrow(words));

  it("a task with too few examples to be split says so", () => {
    const task = k.parityTask({ length: 1 });
    expect(() => k.parts.map((part) => task.example(part, 0))).toThrow("must have examples for");
  });
});
