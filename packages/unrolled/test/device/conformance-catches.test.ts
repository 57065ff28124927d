// The conformance suite and the laws see a device that goes wrong: a sound reference, harmed after each run.
import { type Device, kernelNames, openReference, type Region } from "unrolled";
import { conformanceCases, rowsAlone, sameBitsForThreads, sequenceInPieces } from "unrolled/testing";
import { describe, expect, it } from "vitest";

/** A reference that lets `harm` at the words of the region allocated last (a case's arena). */
function harmed(harm: (words: Float64Array) => void): Device {
  const device = openReference();
  let arena: Region = { offset: 0, words: 0 };
  return {
    ...device,
    allocate(words) {
      arena = device.allocate(words);
      return arena;
    },
    run(handle) {
      device.run(handle);
      harm(device.view(arena, "f32") as Float64Array);
    },
  };
}

/** A reference whose results are off by `bits` last bits, which may depend on the memory that a case takes. */
function distorted(bits: (arena: Region) => number): Device {
  const device = openReference();
  const live: Region[] = [];
  return {
    ...device,
    allocate(words) {
      live.push(device.allocate(words));
      return live[live.length - 1];
    },
    free(region) {
      live.splice(live.indexOf(region), 1);
      device.free(region);
    },
    run(handle) {
      const words = device.view(live[0], "f32"); // a case's arena comes first
      const before = words.slice();
      device.run(handle);
      for (let i = 0; i < words.length; i++) if (words[i] !== before[i]) words[i] *= 1 + bits(live[0]) * 2 ** -52;
    },
  };
}

const cases = conformanceCases();
/** One case per kernel that has no packed matrix (packing allocates a region of its own), and writes something. */
const plain = ["copy", "map", "reduce", "softmax", "crossEntropy", "gather", "layerNorm", "argmax", "adam"];
const ofKernel = (kernel: string) =>
  cases.filter((one) => one.kernel === kernel && /\b17\b/.test(one.name)).slice(0, 3);

function messages(device: Device, kernel: string): string[] {
  return ofKernel(kernel).map(({ run }) => {
    try {
      run(device, openReference());
      return "passed";
    } catch (error) {
      return String(error);
    }
  });
}

describe("conformance", () => {
  const harms: readonly (readonly [string, RegExp, (words: Float64Array) => void])[] = [
    ["the first word of memory", /guard word in front/, (words) => words.fill(0, 0, 1)],
    ["the last word of memory", /wrote to a guard word, \d+ words past/, (words) => words.fill(0, -1)],
  ];
  for (const [what, expected, harm] of harms) {
    it(`sees a change of ${what}`, () => {
      for (const kernel of plain) {
        const found = messages(harmed(harm), kernel);
        expect(found.length, kernel).toBeGreaterThan(0);
        for (const message of found) expect(message, kernel).toMatch(expected);
      }
    });
  }

  it("sees results that are off by one part in ten thousand", () => {
    for (const kernel of plain) {
      for (const message of messages(
        distorted(() => 1e-4 * 2 ** 52),
        kernel,
      ))
        expect(message, kernel).toMatch(/: element/);
    }
  });

  it("lets the unharmed device pass", () => {
    for (const kernel of plain)
      for (const message of messages(
        harmed(() => {}),
        kernel,
      ))
        expect(message).toBe("passed");
  });

  it("sees a kernel that does nothing, for every kernel", () => {
    for (const kernel of kernelNames) {
      const idle: Device = openReference();
      const device: Device = { ...idle, run: () => {} };
      const some = cases.filter((one) => one.kernel === kernel && one.name !== "n=0 value=0");
      const caught = some.filter(({ run }) => {
        try {
          run(device, openReference());
          return false;
        } catch {
          return true;
        }
      });
      // Only pack (a private layout), empty blocks and updates that a guard forbids may look right.
      if (kernel !== "pack") expect(caught.length, kernel).toBeGreaterThan(some.length / 3);
    }
  });
});

describe("laws", () => {
  const bySize = (): Device => distorted((arena) => 1 + ((arena.words / 16) % 5));
  it("sameBitsForThreads", () => {
    expect(() => sameBitsForThreads([openReference(), distorted(() => 1)])).toThrow("expected exactly");
    expect(() => sameBitsForThreads([openReference(), distorted(() => 0)])).not.toThrow();
  });
  it("rowsAlone", () => expect(() => rowsAlone(bySize())).toThrow("expected exactly"));
  it("sequenceInPieces", () => expect(() => sequenceInPieces(bySize())).toThrow("expected exactly"));
});
