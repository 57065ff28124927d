// The comparison all suites rest on: what it lets pass, what it must not, and whom it names.
import { close, identical } from "unrolled/testing";
import { expect, it } from "vitest";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

it("lets equal and nearly equal numbers pass", () => {
  close([1, -0, nan, inf, -inf], [1, 0, nan, inf, -inf]);
  close([100 + 5e-5], [100], { relative: 1e-6, absolute: 0 });
  close([0.9e-5], [0], { relative: 1e-6, absolute: 0, scale: 10 });
  close(0.5, [0.5]);
  close([], []);
});

it("stops what differs in any other way", () => {
  const wrong: readonly (readonly [number[], number[]])[] = [
    [[1.00001], [1]],
    [[-1], [1]],
    [[nan], [1]],
    [[1], [nan]],
    [[inf], [-inf]],
    [[inf], [nan]],
    [[1e308], [inf]],
    [[1], [1, 1]],
    [[1, 1], [1]],
    [[1e-8], [0]],
  ];
  for (const [a, e] of wrong) expect(() => close(a, e), `${a} against ${e}`).toThrow();
  expect(() => close([1 + 2 ** -50], [1], { relative: 0, absolute: 0 })).toThrow();
});

it("names the worst element, both values and what was allowed", () => {
  const message = /sums: element 2 is 3\.5, expected 3: differs by 0\.5, allowed 0\.03 \(2 of 4/;
  expect(() => close([1, 2.1, 3.5, 4], [1, 2, 3, 4], { relative: 0.01, absolute: 0, label: "sums" })).toThrow(message);
  expect(() => close([nan, 9], [1, 1], { label: "first" })).toThrow(/element 0 is NaN, expected 1/);
});

it("identical sees the sign of zero and the last bit", () => {
  identical([nan, -0, 1], [nan, -0, 1]);
  expect(() => identical([0], [-0], "zeros")).toThrow("zeros: element 0 is 0, expected exactly -0");
  expect(() => identical([1 + 2 ** -52], [1])).toThrow();
  expect(() => identical([1], [1, 2])).toThrow("1 elements, expected 2");
});
