// The architecture of a model: from the settings of a run to the library's layers and heads, and in words.
import {
  type Cell,
  cellNames,
  cellOptions,
  cellSpec,
  cellVariantNames,
  cellVariants,
  type HeadOptions,
  type HeadSpec,
  isCell,
  type LanguageModelOptions,
  type LanguageModelSpec,
  type LayerSpec,
  layer,
  layersJson,
  type StackLayer,
} from "unrolled";
import {
  type ArchitectureOptions,
  type ArchitectureSettings,
  architectureSettings,
  cellOptionNames,
} from "./architecture-settings.js";
import { isCellFile } from "./cell-file.js";
import { UsageError } from "./exit.js";
import { choice } from "./parse.js";
import { flag } from "./settings.js";

type KnownCell = (typeof cellNames)[number] | (typeof cellVariantNames)[number];
const knownCells: readonly KnownCell[] = [...cellNames, ...cellVariantNames];

/** The built-in cell that is meant, a near miss named. */
const known = (name: string): KnownCell => choice("--cell", knownCells)(name);

const familyOf = (name: KnownCell): (typeof cellNames)[number] =>
  cellNames.find((each) => each === name) ?? cellVariants[name as keyof typeof cellVariants].name;

/** The cell of one layer with those of the options that it has. */
function layerCell(name: string, settings: ArchitectureSettings, own: Cell | undefined): StackLayer["cell"] {
  if (isCellFile(name) && own) return own;
  const cell = known(name);
  const has = cellOptions(familyOf(cell));
  return cellSpec(cell, Object.fromEntries(Object.entries(settings.cellOptions).filter(([key]) => key in has)));
}

/** UsageError for an option that none of the cells has. */
function checkCellOptions({ cell, cellOptions: given }: ArchitectureSettings): void {
  const families = cell.filter((name) => !isCellFile(name)).map((name) => familyOf(known(name)));
  for (const key of cellOptionNames)
    if (key in given && !families.some((name) => key in cellOptions(name)))
      throw new UsageError(
        `${flag(key)}: must be left out with ${[...new Set(cell)].join(" and ")}, which has no such option`,
        {
          code: "cell-option",
          hint: `cells that have it: ${cellNames.filter((name) => key in cellOptions(name)).join(", ")}`,
        },
      );
}

function headOptions({ head, headHidden, headSamples }: ArchitectureSettings): HeadOptions {
  if (head === "deep") return { kind: head, ...(headHidden && { hidden: headHidden }) };
  if (head === "sampled") return { kind: head, ...(headSamples && { samples: headSamples }) };
  return head;
}

/** The layers of the settings. `own` is the cell of the file that --cell names. UsageError where they do not fit. */
export function layersOf(settings: ArchitectureSettings, own?: Cell): readonly StackLayer[] {
  const { cell, hidden, residual, dropout, variational, learnInitial } = settings;
  checkCellOptions(settings);
  return hidden.map((H, l) =>
    layer({
      cell: layerCell(cell[cell.length > 1 ? l : 0], settings, own),
      hidden: H,
      residual,
      dropout,
      variational,
      initial: learnInitial ? "learned" : "zero",
    }),
  );
}

/**
 * The layers of a task that is no language model, as plain JSON; one layer where nothing else is said. `own` is the cell of
 * the file that --cell names, where the task takes one. Throws UsageError.
 */
export function taskLayers(task: string, options: ArchitectureOptions, own?: Cell): readonly LayerSpec[] {
  const { cell = ["lstm"], hidden = [] } = options;
  const file = cell.find(isCellFile);
  if (file !== undefined && own === undefined)
    throw new UsageError(`--cell ${file}: must be the name of a cell with --task ${task}, was a file`, {
      code: "cell-file",
      hint: "a language model and tasks over rows take it; a translator takes a cell of one's own from the library",
    });
  const layers = options.layers ?? (hidden.length > 1 || cell.length > 1 ? undefined : 1);
  return layersJson(layersOf(architectureSettings({ ...options, ...(layers !== undefined && { layers }) }), own));
}

/** The settings of a language model as the library takes them. */
export function architectureOf(
  settings: ArchitectureSettings,
  own?: Cell,
): Pick<LanguageModelOptions, "layers" | "embedding" | "head"> {
  const { embedding, freezeEmbedding } = settings;
  return {
    layers: layersOf(settings, own),
    embedding: { ...(embedding !== null && { width: embedding }), from: freezeEmbedding ? "frozen" : "trained" },
    head: headOptions(settings),
  };
}

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
    case "adaptive":
      return [`adaptive head (cutoffs ${head.cutoffs.join(", ")})`];
    case "sampled":
      return [`sampled head (${head.samples})`];
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
