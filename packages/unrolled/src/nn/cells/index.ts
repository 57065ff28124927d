// Every built-in cell by its name: what a spec may say of it and how it is made.
import { SpecError } from "../../errors.js";
import type { Cell } from "../cell.js";
import { gruCellOf, gruOptions } from "./gru.js";
import { jordanCellOf, jordanOptions } from "./jordan.js";
import { checkLstm, lstmCellOf, lstmOptions } from "./lstm.js";
import { mguCell } from "./mgu.js";
import { mutCellOf } from "./mut.js";
import { type CellOption, type OptionsOf, readCellOptions, type Schema, show } from "./options.js";
import { rnnCellOf, rnnOptions } from "./rnn.js";
import type { StandardWeight } from "./standard.js";
import { windowCellOf, windowOptions } from "./window.js";

/** A cell by name: its options, what they may not say together, and how it is made of them. */
export interface CellFamily<S extends Schema = Schema> {
  readonly options: S;
  readonly check: (options: OptionsOf<S>, path: string) => void;
  readonly make: (options: OptionsOf<S>) => Cell;
}

function family<S extends Schema, W extends string, N extends string, B extends string>(
  options: S,
  make: (options: OptionsOf<S>) => Cell<W, N, B>,
  check: CellFamily<S>["check"] = () => {},
): CellFamily<S> {
  return { options, check, make: (o) => make(o) as unknown as Cell };
}

/** The built-in cells. */
export const cellFamilies = {
  rnn: family(rnnOptions, rnnCellOf),
  jordan: family(jordanOptions, jordanCellOf),
  gru: family(gruOptions, gruCellOf),
  lstm: family(lstmOptions, lstmCellOf, checkLstm),
  mgu: family({}, () => mguCell),
  mut1: family({}, () => mutCellOf(1)),
  mut2: family({}, () => mutCellOf(2)),
  mut3: family({}, () => mutCellOf(3)),
  window: family(windowOptions, windowCellOf),
} as const;

type Families = typeof cellFamilies;
export type CellName = keyof Families;
export const cellNames = Object.keys(cellFamilies) as readonly CellName[];

/** The options that a cell has. */
export const cellOptions = (name: CellName): Readonly<Record<string, CellOption>> => cellFamilies[name].options;

/** A built-in cell as plain JSON: its name and every option it has. */
export type NamedCellSpec = {
  readonly [N in CellName]: { readonly name: N } & OptionsOf<Families[N]["options"]>;
}[CellName];
/** A cell as plain JSON. A cell of one's own is known by `cell`, its own name. */
export type CellSpec = NamedCellSpec | { readonly name: "custom"; readonly cell: string };

/** A cell as it may be asked for: a name, or a name and some options. */
export type CellChoice =
  | CellName
  | CellVariant
  | { readonly [N in CellName]: { readonly name: N } & Partial<OptionsOf<Families[N]["options"]>> }[CellName]
  | { readonly name: CellVariant; readonly [option: string]: unknown }
  | { readonly name: "custom"; readonly cell: string };

const odyssey = { name: "lstm", peephole: "gers" } as const;

/** Names of published cells that are a cell above with certain options: what the options are then written out as. */
export const cellVariants = {
  /** Le, Jaitly, Hinton 2015: ReLU, recurrent weights begin as the identity. */
  irnn: { name: "rnn", activation: "relu", recurrentInitial: "identity" },
  /** The lectures' full GRU (Cho 2014): the reset gate acts on the state. */
  "gru-before": { name: "gru", reset: "before" },
  /** The Coursera lecture's: no reset gate, Gamma_u replaces. */
  "gru-simplified": { name: "gru", reset: "none", update: "replace" },
  /** The Coursera lecture's with Gamma_r and Gamma_u. */
  "gru-full": { name: "gru", reset: "before", update: "replace" },
  "lstm-peephole": odyssey,
  "lstm-peephole-ng": { name: "lstm", peephole: "ng" },
  /** Krause 2016. */
  mlstm: { name: "lstm", multiplicative: true },
  /** Greff 2017, "LSTM: A Search Space Odyssey": the vanilla LSTM (with peepholes) less or more one thing. */
  nig: { ...odyssey, inputGate: false },
  nfg: { ...odyssey, forgetGate: false },
  nog: { ...odyssey, outputGate: false },
  niaf: { ...odyssey, candidateActivation: "linear" },
  noaf: { ...odyssey, outputActivation: "linear" },
  np: { name: "lstm", peephole: "none" },
  cifg: { ...odyssey, coupled: "f=1-i" },
  fgr: { ...odyssey, gateRecurrence: true },
} as const;
export type CellVariant = keyof typeof cellVariants;
export const cellVariantNames = Object.keys(cellVariants) as readonly CellVariant[];

/** The complete spec of a cell or variant, options left out filled in. SpecError for options that it does not have. */
export const cellSpec = (asked: CellChoice, options: Readonly<Record<string, unknown>> = {}): CellSpec =>
  readCellSpec({ ...(typeof asked === "string" ? { name: asked } : asked), ...options }, "cell");

/**
 * Reads parsed JSON as the spec of a cell; a variant's name becomes the cell and options that it stands for. SpecError with
 * the path of the first thing that is wrong.
 */
export function readCellSpec(value: unknown, path: string): CellSpec {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SpecError(`${path}: must be an object, was ${show(value)}`, { code: "spec-value" });
  const given = value as Readonly<Record<string, unknown>>;
  if (given.name === "custom") return readCustom(given, path);
  const variant = cellVariantNames.find((known) => known === given.name);
  const asked = variant ? { ...cellVariants[variant], ...without(given, "name") } : given;
  const name = cellNames.find((known) => known === asked.name);
  if (!name)
    throw new SpecError(
      `${path}.name: must be one of ${[...cellNames, ...cellVariantNames].join(", ")}, was ${show(given.name)}`,
      { code: "spec-value" },
    );
  const { options, check } = erasedFamily(name);
  const read = readCellOptions(name, options, asked, path);
  check(read, path);
  return { name, ...read } as CellSpec;
}

function readCustom(given: Readonly<Record<string, unknown>>, path: string): CellSpec {
  readCellOptions("custom", {}, without(given, "cell"), path);
  if (typeof given.cell !== "string" || given.cell === "" || given.cell.length > 100)
    throw new SpecError(`${path}.cell: must be the name of a cell, was ${show(given.cell)}`, { code: "spec-value" });
  return { name: "custom", cell: given.cell };
}

const without = (given: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(given).filter(([name]) => name !== key));

const erasedFamily = (name: CellName): CellFamily => cellFamilies[name] as unknown as CellFamily;

export const isCell = (c: unknown): c is Cell =>
  typeof c === "object" && c !== null && "step" in c && typeof c.step === "function";

/** A cell as it was asked for: its complete spec, or the cell itself where it is one's own. */
export const chosenCell = (
  asked: CellChoice | Cell,
  options: Readonly<Record<string, unknown>> = {},
): CellSpec | Cell => (isCell(asked) ? asked : cellSpec(asked, options));

/** The cell that a spec names; a cell itself is given back. SpecError for a cell of one's own that is named only. */
export function cellOf(spec: CellSpec | Cell): Cell {
  if (isCell(spec)) return spec;
  if (spec.name === "custom")
    throw new SpecError(`cell: the cell "${spec.cell}" must be given, was only named`, {
      code: "cell-absent",
      hint: "give the cell itself beside the spec that names it",
    });
  return erasedFamily(spec.name).make(spec as unknown as OptionsOf<Schema>);
}

const standard = (asked: CellChoice): Cell<StandardWeight, "h"> =>
  cellOf(cellSpec(asked)) as unknown as Cell<StandardWeight, "h">;

/** Elman's cell with tanh. */
export const rnnCell: Cell<StandardWeight, "h"> = standard("rnn");
/** A GRU whose update gate keeps the old state, reset gate "after" the recurrent product (cuDNN, PyTorch) or "before" it. */
export const gruCell = (reset: "after" | "before" = "after"): Cell<StandardWeight, "h"> =>
  standard({ name: "gru", reset });
/** The LSTM with a forget gate, without peepholes. */
export const lstmCell = standard("lstm") as unknown as Cell<StandardWeight, "h" | "c">;
