// Every build of the kernels against the float64 reference, on one thread and on two.
import { type Device, type KernelName, kernelNames, openReference } from "unrolled";
import { conformanceCases, rowsAlone, sameBitsForThreads, sequenceInPieces } from "unrolled/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildsHere } from "./open-all.js";

const cases = conformanceCases();

/** Runs all cases of the kernel and reports all that fail. */
function conform(kernel: KernelName, device: Device, reference: Device): void {
  const ofKernel = cases.filter((one) => one.kernel === kernel);
  const failures = ofKernel.flatMap(({ run }) => {
    try {
      run(device, reference);
      return [];
    } catch (error) {
      return [String(error)];
    }
  });
  expect(ofKernel.length).toBeGreaterThan(0);
  expect(failures).toEqual([]);
}

for (const build of await buildsHere()) {
  for (const threads of [1, 2]) {
    describe(`${build.name}, threads ${threads}`, () => {
      let device: Device;
      let reference: Device;
      beforeAll(async () => {
        device = await build.open(threads);
        reference = openReference();
      });
      afterAll(() => device.close());
      for (const kernel of kernelNames) it(kernel, () => conform(kernel, device, reference));
    });
  }

  describe(`${build.name}, laws`, () => {
    it("1, 2, 3 and 8 threads give the same bits", async () => {
      const devices = await Promise.all([1, 2, 3, 8].map((threads) => build.open(threads)));
      sameBitsForThreads(devices);
      for (const device of devices) device.close();
    });
    it("a ragged batch is its rows alone, a sequence its pieces", async () => {
      const device = await build.open(2);
      rowsAlone(device);
      sequenceInPieces(device);
      device.close();
    });
  });
}
