// Promise R7 on the fast devices: a program with wrong numbers is a DeviceError when it is loaded, or keeps inside its
// buffers when it runs. UNROLLED_MUTATIONS sets how many programs for each build (default 3,000).
import { drawsBelow, loadAndRun, mutate, soundPrograms } from "unrolled/testing";
import { describe, expect, it } from "vitest";
import { buildsHere } from "./open-all.js";

const mutations = Number(process.env.UNROLLED_MUTATIONS ?? 3000);
const programs = await soundPrograms();

describe.each(await buildsHere())("$name", ({ open }) => {
  it(`refuses ${mutations} changed programs or keeps inside their buffers`, async () => {
    const device = await open(2);
    const draw = drawsBelow(7);
    for (const program of programs) expect(loadAndRun(device, program, draw)).toBe("ran");
    const fates = { refused: 0, ran: 0, "too long to run": 0 };
    for (let i = 0; i < mutations; i++) {
      const program = mutate(programs[draw(programs.length)]!, draw);
      // Half of them with so much work claimed that every call is shared among all threads.
      fates[loadAndRun(device, { ...program, work: draw(2) * 1e12 }, draw)]++;
    }
    expect(fates.refused).toBeGreaterThan(mutations / 4);
    expect(fates.ran).toBeGreaterThan(mutations / 10);
    device.close();
  }, 120_000);
});
