// docs/cells.md against the cells: every name and option is on the page, and what it says runs fused does.
import { readFileSync } from "node:fs";
import { type CellChoice, cellOf, cellOptions, cellSpec, cellVariantNames, zeros } from "unrolled";
import { describe, expect, it } from "vitest";
import { alternatives, cellNames, H, inputWidth, N } from "./cells.js";

const page = readFileSync(new URL("../../../../docs/cells.md", import.meta.url), "utf8");
/** Cells of the rows of all tables. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
/** What stands between backquotes. */
const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]);

function isFused(choice: CellChoice): boolean {
  const spec = cellSpec(choice);
  const made = cellOf(spec);
  const sizes = { D: inputWidth(spec), H };
  const tensors = (shapes: Readonly<Record<string, readonly number[]>>, lead: readonly number[]) =>
    Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, zeros([...lead, ...shape])]));
  const options = { reverse: false, trace: false, run: { T: 2, N, stream: 0 } };
  const x = zeros([2, N, sizes.D]);
  return made.fused?.(tensors(made.weights(sizes), []), x, tensors(made.state(sizes), [N]), options) !== undefined;
}

describe("docs/cells.md", () => {
  const named = rows.filter((row) => row.length === 4 && ["fused", "unrolled"].includes(row[3]));

  it("names every cell and variant once", () => {
    expect(named.flatMap(([names]) => quoted(names)).sort()).toEqual([...cellNames, ...cellVariantNames].sort());
  });

  it.each(named.flatMap(([names, , , runs]) => quoted(names).map((name) => ({ name, runs }))))(
    "$name runs $runs",
    ({ name, runs }) => expect(isFused(name as CellChoice) ? "fused" : "unrolled").toBe(runs),
  );

  it("has every option, and says of each whether it runs fused", () => {
    const options = rows
      .filter((row) => row.length === 5)
      .flatMap(([names, of, , , fused]) => quoted(names).map((name) => ({ name, of, fused })));
    for (const cell of cellNames)
      for (const option of Object.keys(cellOptions(cell))) {
        const row = options.find(({ name, of }) => name === option && (of.includes(cell) || of === "all four"));
        expect(row, `${cell}: ${option}`).toBeDefined();
        const choice = { name: cell, [option]: alternatives[cell][option] } as CellChoice;
        if (row?.fused.startsWith("yes") && cell !== "jordan") expect(isFused(choice), `${cell}: ${option}`).toBe(true);
        if (row?.fused === "no") expect(isFused(choice), `${cell}: ${option}`).toBe(false);
      }
  });

  it("says which activations run fused", () => {
    const activations = rows.filter((row) => row.length === 4 && row[0].startsWith("`") && !named.includes(row));
    const said = activations.flatMap(([names, , , fused]) =>
      quoted(names).map((name) => [name, !fused.startsWith("no")]),
    );
    const found = said.map(([name]) => [name, isFused({ name: "rnn", activation: name } as CellChoice)]);
    expect(said.length).toBe(13);
    expect(found).toEqual(said);
  });
});
