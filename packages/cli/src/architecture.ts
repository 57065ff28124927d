// The architecture of a model in words.
import { cellOptions, type HeadSpec, isCell, type LanguageModelSpec, type StackLayer } from "unrolled";

/** A cell by its name and those of its options that are not what they are by themselves. */
function cellWords(cell: StackLayer["cell"]): string {
  if (isCell(cell)) return `${cell.name} (a cell of one's own)`;
  if (cell.name === "custom") return `${cell.cell} (a cell of one's own)`;
  const { name, ...options } = cell;
  const known = cellOptions(name);
  const told = Object.entries(options).filter(
    ([key, value]) => key === "reset" || String(value) !== String(known[key]?.fallback),
  );
  const words = told.map(([key, value]) => (value === true ? spaced(key) : `${spaced(key)} ${value}`));
  return words.length === 0 ? name : `${name} (${words.join(", ")})`;
}

const spaced = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** What the layers below the head are, beside their sizes. */
function layerWords(layer: StackLayer): string {
  const { cell, direction, merge, residual, dropout, variational, initial } = layer;
  return [
    cellWords(cell),
    ...(direction === "forward" ? [] : [direction === "both" ? `both directions (${merge})` : direction]),
    ...(residual === "none" ? [] : [`residual ${residual}`]),
    ...(dropout > 0 ? [`dropout ${dropout}${variational ? " (variational)" : ""}`] : []),
    ...(initial === "learned" ? ["learned first state"] : []),
  ].join(", ");
}

function headWords(head: HeadSpec): readonly string[] {
  switch (head.kind) {
    case "linear":
      return [];
    case "tied":
      return ["tied"];
    case "deep":
      return [`deep head ${head.hidden.join(", ")} (${head.activation})`];
    default:
      return head satisfies never;
  }
}

/** One line where all layers are alike but for their sizes, else one for each layer, and what is above and below them. */
export function architectureLines({ layers, embedding, head }: LanguageModelSpec): readonly string[] {
  const words = layers.map(layerWords);
  const width = `embedding ${embedding.width}${embedding.from === "frozen" ? " (frozen)" : ""}`;
  const rest = [width, ...headWords(head)].join(", ");
  if (words.some((each) => each !== words[0]))
    return [...layers.map(({ hidden }, l) => `layer ${l + 1}: ${words[l]}, hidden ${hidden}`), rest];
  const [cell, ...more] = words[0].split(/, (?![^(]*\))/);
  const sizes = `${layers.length} x ${cell}, hidden ${layers.map(({ hidden }) => hidden).join(", ")}`;
  return [[sizes, width, ...headWords(head), ...more].join(", ")];
}

/** The same for layers alone; a network of none is a feed-forward one. */
export function stackLines(layers: readonly StackLayer[]): readonly string[] {
  if (layers.length === 0) return ["no recurrent layer"];
  const words = layers.map(layerWords);
  if (words.some((each) => each !== words[0]))
    return layers.map(({ hidden }, l) => `layer ${l + 1}: ${words[l]}, hidden ${hidden}`);
  return [`${layers.length} x ${words[0]}, hidden ${layers.map(({ hidden }) => hidden).join(", ")}`];
}
