// Promise R7: a program with wrong numbers is a DeviceError when it is loaded, or keeps inside its buffers when it runs.
// UNROLLED_MUTATIONS sets how many programs (default 3,000).
import { describe, expect, it } from "vitest";
import { openReference } from "../../src/index.js";
import { drawsBelow, loadAndRun, mutate, soundPrograms } from "../../src/testing/index.js";
import { kernelNames } from "../../src/device/kernels.js";

const mutations = Number(process.env.UNROLLED_MUTATIONS ?? 3000);
const programs = await soundPrograms();

describe("sound programs", () => {
  it("run unchanged, whole and call by call", () => {
    const device = openReference();
    const draw = drawsBelow(1);
    const fates = programs.map((program) => loadAndRun(device, program, draw));
    expect(new Set(fates)).toEqual(new Set(["ran"]));
    const seen = new Set(programs.filter(({ calls }) => calls === 1).map(({ code }) => kernelNames[code[0]]));
    expect(kernelNames.filter((kernel) => !seen.has(kernel))).toEqual([]);
  });

  it(`are refused or keep inside their buffers when numbers in them are changed, ${mutations} times`, () => {
    const device = openReference();
    const draw = drawsBelow(20261120);
    const fates = { refused: 0, ran: 0, "too long to run": 0 };
    for (let i = 0; i < mutations; i++)
      fates[loadAndRun(device, mutate(programs[draw(programs.length)], draw), draw)]++;
    expect(fates.refused).toBeGreaterThan(mutations / 4);
    expect(fates.ran).toBeGreaterThan(mutations / 10);
    expect(fates["too long to run"]).toBeLessThan(mutations / 10);
  }, 120_000);

  it("would be caught: a device that writes one word too far", () => {
    const reference = openReference();
    const draw = drawsBelow(3);
    const run: typeof reference.run = (handle) => {
      reference.run(handle);
      reference.view({ offset: last.offset + last.words - 1, words: 1 }, "f32")[0] = -1;
    };
    let last = { offset: 0, words: 0 };
    const allocate: typeof reference.allocate = (words) => (last = reference.allocate(words));
    expect(() => loadAndRun({ ...reference, allocate, run }, programs[0], draw)).toThrow("lies in no output of");
  });
});
