// Cells of one's own that lie in model directories: they are code, and run only where they are trusted.
import { join } from "node:path";
import { type Cell, CheckpointError, modelFiles } from "unrolled";
import { cellOfSource, type OwnCell } from "./cell-file.js";

export interface CellTrust {
  /** --trust-cell: the cell of the directory may be run. */
  readonly trustCell?: boolean;
  /** The cell of the file that --cell names: the directory's may be run where it is this one. */
  readonly own?: OwnCell;
}

/** What is said where a directory is only looked at. */
export const notRun = (directory: string): string =>
  `${join(directory, modelFiles.cell)} was not run: the weights were not compared with it`;

/** Whether a spec names a cell that is not built in. */
export function namesOwnCell(spec: unknown): boolean {
  const { layers } = (spec ?? {}) as { readonly layers?: unknown };
  const names = Array.isArray(layers) ? layers.map((layer) => layer?.cell?.name) : [];
  return names.includes("custom");
}

/**
 * The cells that a directory's spec names and that lie in it as `source`, by their names. CheckpointError `cell-untrusted`
 * where nothing says that its code may be run, `cell-other` where it is not the cell that was given.
 */
export async function directoryCells(
  spec: unknown,
  source: Uint8Array | undefined,
  directory: string,
  { trustCell = false, own }: CellTrust = {},
): Promise<Readonly<Record<string, Cell>>> {
  const where = join(directory, modelFiles.cell);
  const named = source !== undefined && namesOwnCell(spec);
  if (own && !(named && Buffer.from(own.source).equals(source)))
    throw new CheckpointError(`${where}: must be the cell of --cell, was ${named ? "another" : "absent"}`, {
      code: "cell-other",
      hint: "a run goes on with the cell that it was begun with: leave --cell out, or train anew",
    });
  if (!named) return {};
  if (!trustCell && !own)
    throw new CheckpointError(
      `${where}: must be trusted to be run, was not: the model's cell is a program of its own`,
      {
        code: "cell-untrusted",
        hint: "it can do whatever you can: look into it, and where you trust it add --trust-cell",
      },
    );
  const cell = await cellOfSource(source, where);
  return { [cell.name]: cell };
}
