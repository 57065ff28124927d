// The conformance suite and the laws hold for the reference itself (and so can be run), and every kernel has cases.
import { kernelNames, openReference } from "unrolled";
import { conformanceCases, rowsAlone, sameBitsForThreads, sequenceInPieces } from "unrolled/testing";
import { describe, expect, it } from "vitest";

const cases = conformanceCases();

describe("conformance suite", () => {
  it("has cases for every kernel, each with a name of its own", () => {
    expect([...new Set(cases.map(({ kernel }) => kernel))].sort()).toEqual([...kernelNames].sort());
    const names = cases.map(({ kernel, name }) => `${kernel} ${name}`);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  for (const kernel of kernelNames) {
    it(`${kernel} conforms on the reference`, () => {
      const device = openReference();
      const reference = openReference();
      for (const one of cases) if (one.kernel === kernel) one.run(device, reference);
    });
  }
});

describe("laws on the reference", () => {
  it("gives the same bits on two devices", () => sameBitsForThreads([openReference(), openReference()]));
  it("gives a batch row the bits it has alone", () => rowsAlone(openReference()));
  it("gives a sequence the bits of its pieces", () => sequenceInPieces(openReference()));
});
