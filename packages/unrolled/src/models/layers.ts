// The recurrent layers of a spec: their strict reading, and what they are in JSON.
import { limits } from "../limits.js";
import type { Cell } from "../nn/cell.js";
import { type CellSpec, isCell, readCellSpec } from "../nn/cells/index.js";
import type { LayerSpec, StackLayer } from "../nn/stack.js";
import { type Fields, fieldsOf, flagIn, fractionIn, integerIn, listOf, oneOf, refuseOthers } from "./fields.js";

/** Cells of one's own by their names: a spec only names them. */
export type Cells = Readonly<Record<string, Cell>>;

/** The cell that a spec means, or the spec itself where it names a cell that is not at hand. */
function readCell(value: unknown, path: string, cells: Cells): CellSpec | Cell {
  if (isCell(value)) return value;
  const spec = readCellSpec(value, path);
  return spec.name === "custom" && typeof spec.cell === "string" && Object.hasOwn(cells, spec.cell)
    ? cells[spec.cell]
    : spec;
}

function readLayer(given: Fields, path: string, cells: Cells): StackLayer {
  const at = (name: string): [string, unknown] => [`${path}.${name}`, given.get(name)];
  const layer: StackLayer = {
    cell: readCell(given.get("cell"), `${path}.cell`, cells),
    hidden: integerIn(...at("hidden"), 1, limits.width),
    direction: oneOf(...at("direction"), ["forward", "reverse", "both"]),
    merge: oneOf(...at("merge"), ["concat", "sum"]),
    residual: oneOf(...at("residual"), ["none", "add", "highway"]),
    dropout: fractionIn(...at("dropout")),
    variational: flagIn(...at("variational")),
    initial: oneOf(...at("initial"), ["zero", "learned"]),
  };
  refuseOthers(path, given, layer);
  return layer;
}

/**
 * Reads parsed JSON as the layers of a model. SpecError with the path of the first thing that is wrong. `cells` are the
 * cells of one's own that it may name, `least` the number of layers there must be.
 */
export const readLayers = (path: string, value: unknown, cells: Cells = {}, least = 1): readonly StackLayer[] =>
  listOf(path, value, [least, limits.layers], (at, each) => readLayer(fieldsOf(at, each), at, cells));

/** Whether a spec's cells are all there: the shapes of one that it only names are not known. */
export const cellsAtHand = (layers: readonly StackLayer[]): boolean =>
  layers.every(({ cell }) => isCell(cell) || cell.name !== "custom");

/** The layers as plain JSON: a cell of one's own becomes its name. */
export const layersJson = (layers: readonly StackLayer[]): readonly LayerSpec[] =>
  layers.map((layer) => ({
    ...layer,
    cell: isCell(layer.cell) ? { name: "custom" as const, cell: layer.cell.name } : layer.cell,
  }));
