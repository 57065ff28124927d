// The line of progress of long proofs: how many, at what rate, how long it will still take, and not too often.
import { expect, it } from "vitest";
import { progress } from "./proof.mjs";

function told(isTTY: boolean, calls: readonly (readonly [milliseconds: number, done: number])[]): string {
  let now = 0;
  let text = "";
  const stream = {
    isTTY,
    write(more: string) {
      text += more;
    },
  };
  const tell = progress("kills", 1000, stream, () => now);
  for (const [time, done] of calls) {
    now = time;
    tell(done);
  }
  return text;
}

it("tells a log every half minute, and the end", () => {
  const calls = [
    [10_000, 100],
    [40_000, 200],
    [50_000, 250],
    [200_000, 1000],
  ] as const;
  expect(told(false, calls)).toBe(
    "kills: 200 of 1000, 5.0 a second, 3 min left\nkills: 1000 of 1000, 5.0 a second, in 4 min\n",
  );
});

it("redraws one line of a terminal, and leaves it when all is done", () => {
  const calls = [
    [1000, 40],
    [1100, 44],
    [25_000, 1000],
  ] as const;
  expect(told(true, calls)).toBe(
    "\r\x1b[Kkills: 40 of 1000, 40 a second, 24 s left\r\x1b[Kkills: 1000 of 1000, 40 a second, in 25 s\n",
  );
});
