// Numbers as people read them.
import { describe, expect, it } from "vitest";
import { bytes, count, duration, exponential, plural, quoted, whole } from "../src/format.js";

describe("count", () => {
  it.each([
    [0, "0"],
    [312, "312"],
    [999.7, "1000"],
    [1000, "1 k"],
    [98_432, "98.4 k"],
    [999_600, "1.00 M"],
    [1_234_567, "1.23 M"],
    [4e18, "4 E"],
    [1e24, "1000000 E"],
    [Number.NaN, "NaN"],
  ])("%d is %s", (value, text) => expect(count(value)).toBe(text));
});

describe("bytes", () => {
  it.each([
    [17, "17 B"],
    [4_200_000, "4.20 MB"],
    [16_000_000_000, "16 GB"],
    [3.25e19, "32.5 EB"],
  ])("%d is %s", (value, text) => expect(bytes(value)).toBe(text));
});

describe("duration", () => {
  it.each([
    [0.2, "0 s"],
    [59.4, "59 s"],
    [60, "1 min"],
    [200, "3 min 20 s"],
    [7500, "2 h 5 min"],
    [273_600, "3 d 4 h"],
    [Number.POSITIVE_INFINITY, "?"],
  ])("%d s is %s", (value, text) => expect(duration(value)).toBe(text));
});

describe("exponential", () => {
  it.each([
    [0, "1"],
    [Math.log(3.2), "3.20"],
    [-1, "0.37"],
    [Math.log(123_456), "123,456"],
    [Math.log(1.7e6), "1.7 million"],
    [103.6, "9.8 x 10^44"],
    [5000, "10^2171"],
    [Number.POSITIVE_INFINITY, "infinitely"],
  ])("exp(%d) is %s", (value, text) => expect(exponential(value)).toBe(text));
});

it("groups thousands", () => {
  expect(whole(1_234_567)).toBe("1,234,567");
  expect(whole(123)).toBe("123");
});

it("counts words", () => {
  expect(plural(1, "sample")).toBe("1 sample");
  expect(plural(2000, "sample")).toBe("2,000 samples");
});

it("quotes and cuts by code points", () => {
  expect(quoted("a\nb")).toBe('"a\\nb"');
  expect(quoted("😀".repeat(70))).toBe(`"${"😀".repeat(57)}..."`);
});
