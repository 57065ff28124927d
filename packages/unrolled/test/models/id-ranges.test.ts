// Ids as ranges and back.
import { expect, it } from "vitest";
import { idRanges, idsOfRanges } from "../../src/models/id-ranges.js";

it.each([
  [[], ""],
  [[0], "0"],
  [[0, 1], "0-1"],
  [[0, 1, 2, 31, 127, 128], "0-2 31 127-128"],
])("%j is %j", (ids, text) => {
  expect(idRanges(ids)).toBe(text);
  expect([...idsOfRanges("here", text, 129)]).toEqual(ids);
});

it("any set comes back", () => {
  for (let step = 1; step < 40; step++) {
    const ids = Array.from({ length: 300 }, (_, i) => i).filter((i) => (i * i) % step < step / 2);
    expect([...idsOfRanges("here", idRanges(ids), 300)]).toEqual(ids);
  }
});
