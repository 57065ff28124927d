// The cells by name: how a spec names a cell and its options, and the cell that it means.
import { SpecError } from "../../errors.js";
import type { Cell } from "../cell.js";
import { gruCell } from "./gru.js";
import { lstmCell } from "./lstm.js";
import { type CellOption, type CellOptions, type CellOptionValue, readCellOptions, show } from "./options.js";
import { rnnCell } from "./rnn.js";

export interface CellEntry {
  readonly options: Readonly<Record<string, CellOption>>;
  /** The cell of options that have been read: all are there. */
  readonly make: (options: CellOptions) => Cell;
}

/** A cell with names of its own as one of any names: who runs it gives it the names that it asked for. */
const erased = (c: unknown): Cell => c as Cell;

const registry = {
  rnn: { options: {}, make: () => erased(rnnCell) },
  gru: {
    options: { reset: { kind: "choice", choices: ["after", "before"], fallback: "after" } },
    make: ({ reset }) => erased(gruCell(reset as "after" | "before")),
  },
  lstm: { options: {}, make: () => erased(lstmCell) },
} satisfies Readonly<Record<string, CellEntry>>;

export type CellName = keyof typeof registry;
export const cellNames = Object.keys(registry) as readonly CellName[];
const entries: Readonly<Record<CellName, CellEntry>> = registry;

/** A cell as plain JSON: its name and all its options. A cell of one's own is known by `cell`, its own name. */
export type CellSpec = ({ readonly name: CellName } & CellOptions) | { readonly name: "custom"; readonly cell: string };

/** The options that a cell has. */
export const cellOptions = (name: CellName): Readonly<Record<string, CellOption>> => entries[name].options;

/** The spec of a cell, options left out filled in. SpecError for options that it does not have. */
export const cellSpec = (name: CellName, options: Readonly<Record<string, CellOptionValue>> = {}): CellSpec =>
  readCellSpec({ ...options, name }, "cell");

/** Reads parsed JSON as the spec of a cell. SpecError with the path of the first thing that is wrong. */
export function readCellSpec(value: unknown, path: string): CellSpec {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SpecError(`${path}: must be an object, was ${show(value)}`, { code: "spec-value" });
  const given = value as Readonly<Record<string, unknown>>;
  if (given.name === "custom") {
    const known = readCellOptions("custom", {}, { name: "custom", ...without(given, "cell") }, path);
    if (typeof given.cell !== "string" || given.cell === "" || given.cell.length > 100)
      throw new SpecError(`${path}.cell: must be the name of a cell, was ${show(given.cell)}`, { code: "spec-value" });
    return { ...known, name: "custom", cell: given.cell };
  }
  const name = cellNames.find((known) => known === given.name);
  if (!name)
    throw new SpecError(`${path}.name: must be one of ${cellNames.join(", ")}, was ${show(given.name)}`, {
      code: "spec-value",
    });
  return { name, ...readCellOptions(name, entries[name].options, given, path) };
}

const without = (given: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(given).filter(([name]) => name !== key));

export const isCell = (c: CellSpec | Cell): c is Cell => "step" in c && typeof c.step === "function";

/** The cell that a spec names; a cell itself is given back. SpecError for a cell of one's own that is named only. */
export function cellOf(spec: CellSpec | Cell): Cell {
  if (isCell(spec)) return spec;
  if (spec.name === "custom")
    throw new SpecError(`cell: the cell "${spec.cell}" must be given, was only named`, {
      code: "cell-absent",
      hint: "give the cell itself beside the spec that names it",
    });
  return entries[spec.name].make(spec);
}
