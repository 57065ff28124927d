// An experiment: a question, what is run to answer it, and the table that comes out. Everything it touches is handed in.
import type { Device, Products } from "unrolled";
import type { Interval } from "./statistics.js";

export interface Settings {
  /** How many seeds. */
  readonly seeds: number;
  /** A first look in seconds: few steps, no claims. */
  readonly quick: boolean;
  /** The size of the paper, where an experiment has one that takes long. */
  readonly full: boolean;
}

export interface Bench extends Settings {
  /** The first seed; the others follow it. */
  readonly seed: number;
  readonly device: Device;
  /** Of products in training; what is measured is computed with float32. */
  readonly precision: Products;
  /** Milliseconds. */
  readonly clock: () => number;
  /** What is being done now, and how far it is (0 to 1). */
  readonly progress: (what: string, part: number) => Promise<void>;
  /** Looked at between steps. */
  readonly stop: { readonly requested: boolean };
}

/** Thrown where somebody asked to stop: the rows so far are the answer. */
export class Stopped extends Error {}

/** How a number is shown: "%" as a share of a hundred, "value" by three digits that count, "" as a count. */
export type Unit = "%" | "" | "nats" | "mse" | "value";

export interface Column {
  readonly title: string;
  readonly unit: Unit;
}

export interface Row {
  readonly name: string;
  /** One for each column; undefined where nothing was measured. */
  readonly cells: readonly (Interval | number | undefined)[];
  /** What the first seed's network wrote for some inputs, shown under the table. */
  readonly samples?: readonly Sample[];
  readonly files?: readonly RowFile[];
}

/** Written beside the table with --out, under its name. */
export interface RowFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Sample {
  readonly input: string;
  readonly wanted: string;
  readonly written: string;
}

/** What the lectures say of it, and whether these rows say so too. */
export interface Claim {
  readonly text: string;
  readonly holds: boolean;
}

export interface Report {
  /** Title of the first column: what the rows are. */
  readonly rows: string;
  readonly columns: readonly Column[];
  readonly claims: (rows: readonly Row[]) => readonly Claim[];
  /** Lines under the table: chance, sizes, steps. */
  readonly notes: readonly string[];
}

export interface Experiment {
  readonly name: string;
  /** One line for the list. */
  readonly summary: string;
  /** Minutes that a full run with three seeds took on two cores, about. */
  readonly minutes: number;
  /** How long the size of the paper takes; left out where the experiment has but one size. */
  readonly full?: string;
  /** Nothing learns in it: there is no precision to choose. */
  readonly untrained?: true;
  readonly open: (settings: Settings) => Report;
  /** The rows as they are ready. */
  readonly run: (bench: Bench) => AsyncGenerator<Row>;
}

/** All seeds of a run. */
export const seedsOf = ({ seed, seeds }: Pick<Bench, "seed" | "seeds">): readonly number[] =>
  Array.from({ length: seeds }, (_, i) => seed + i);

/** Mean of a cell. */
export const meanOf = (cell: Interval | number | undefined): number =>
  cell === undefined ? Number.NaN : typeof cell === "number" ? cell : cell.mean;

/** The row of a name; a row of no cells where it is absent, so that claims about it do not hold. */
export const rowOf = (rows: readonly Row[], name: string): Row =>
  rows.find((row) => row.name === name) ?? { name, cells: [] };
