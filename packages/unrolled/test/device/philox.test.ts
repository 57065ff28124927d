// Philox against the published vectors of its authors' library, and the draws made from it against their formulas.
import { openReference } from "unrolled";
import { close, identical, numbers, runKernel } from "unrolled/testing";
import { expect, it } from "vitest";
import { philox } from "../../src/device/reference/random.js";

it("meets the Random123 known answers of philox4x32-10", () => {
  expect(philox([0, 0, 0, 0], 0, 0)).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  const ones = 0xffffffff;
  expect(philox([ones, ones, ones, ones], ones, ones)).toEqual([0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
  const pi = philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], 0xa4093822, 0x299f31d0);
  expect(pi).toEqual([0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]);
});

const uniformOf = (word: number): number => Math.floor(word / 256) / 2 ** 24;

it("draws uniform numbers lane by lane, with negative keys as unsigned words", () => {
  const draw = { n: 11, stream: 5, kind: 0 };
  const { y } = runKernel(openReference(), { kernel: "random", numbers: draw, buffers: { key: [-7, 3] } });
  const expected = [0, 1, 2].flatMap((block) => philox([block, 5, 0, 0], 2 ** 32 - 7, 3).map(uniformOf));
  identical(y, expected.slice(0, 11));
});

it("draws normal numbers by Box-Muller, of mean 0 and variance 1", () => {
  const { y } = runKernel(openReference(), {
    kernel: "random",
    numbers: { n: 20001, stream: 1, kind: 1 },
    buffers: { key: [12, 34] },
  });
  const [a, b, c, d] = philox([2, 1, 0, 0], 12, 34).map(uniformOf);
  const first = Math.sqrt(-2 * Math.log(1 - a));
  const second = Math.sqrt(-2 * Math.log(1 - c));
  const turn = 2 * Math.PI;
  const pairs = [
    Math.cos(turn * b) * first,
    Math.sin(turn * b) * first,
    Math.cos(turn * d) * second,
    Math.sin(turn * d) * second,
  ];
  close(y.slice(8, 12), pairs, { relative: 1e-14 });
  const mean = y.reduce((sum, value) => sum + value) / y.length;
  const variance = y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / y.length;
  close([mean, variance], [0, 1], { absolute: 0.03, label: "mean and variance of 20001 draws" }); // 4 deviations
});

it("drops the elements whose uniform number is below the rate, and scales the others", () => {
  const device = openReference();
  const x = numbers(1).normal(1003);
  const key = [99, 100];
  const { y } = runKernel(device, {
    kernel: "dropout",
    numbers: { n: 1003, stream: 2, rate: 0.25 },
    buffers: { x, key },
  });
  const u = runKernel(device, { kernel: "random", numbers: { n: 1003, stream: 2, kind: 0 }, buffers: { key } }).y;
  identical(
    y,
    x.map((value, i) => (u[i] < 0.25 ? 0 : value / 0.75)),
  );
  const dropped = u.filter((value) => value < 0.25).length;
  expect(Math.abs(dropped - 250)).toBeLessThan(55); // 4 deviations of a binomial count
});
