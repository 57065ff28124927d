// What `train` is told of the architecture of a model: its options, complete and consistent, as plain JSON.
import { UsageError, without } from "./exit.js";

export const headNames = ["linear", "deep", "tied", "adaptive", "sampled"] as const;
export type HeadName = (typeof headNames)[number];
export const residuals = ["add", "highway"] as const;
export const resets = ["after", "before", "none"] as const;
export const peepholes = ["gers", "ng"] as const;

/** Options as the command line gives them; absent means "not named". */
export interface ArchitectureOptions {
  /** One name, or one for each layer, or the file of a cell of one's own. */
  readonly cell?: readonly string[];
  readonly reset?: (typeof resets)[number];
  readonly hidden?: readonly number[];
  readonly layers?: number;
  readonly embedding?: number;
  readonly embeddingFrom?: string;
  readonly freezeEmbedding?: boolean;
  readonly head?: HeadName;
  readonly headHidden?: readonly number[];
  readonly headSamples?: number;
  readonly tied?: boolean;
  readonly dropout?: number;
  readonly variational?: boolean;
  readonly residual?: (typeof residuals)[number];
  readonly learnInitial?: boolean;
  readonly weightDrop?: number;
  readonly zoneout?: number;
  readonly recurrentDropout?: number;
  readonly layerNorm?: boolean;
  readonly peephole?: (typeof peepholes)[number];
  readonly projection?: number;
  readonly forgetBias?: number;
  readonly window?: number;
}

/** Options that belong to cells, not to layers: which cells take them is the library's to say. */
export const cellOptionNames = [
  "reset",
  "weightDrop",
  "zoneout",
  "recurrentDropout",
  "layerNorm",
  "peephole",
  "projection",
  "forgetBias",
  "window",
] as const;

/** The part of a run's settings that a model is made of, as plain JSON. */
export interface ArchitectureSettings {
  /** One for all layers, or one for each. */
  readonly cell: readonly string[];
  /** Options of the cells that were named. */
  readonly cellOptions: Readonly<Record<string, string | number | boolean>>;
  readonly hidden: readonly number[];
  readonly residual: "none" | "add" | "highway";
  readonly dropout: number;
  readonly variational: boolean;
  readonly learnInitial: boolean;
  /** null: as wide as the first layer (the last where tied). */
  readonly embedding: number | null;
  /** The file it was read from. */
  readonly embeddingFrom: string | null;
  readonly freezeEmbedding: boolean;
  readonly head: HeadName;
  readonly headHidden: readonly number[] | null;
  readonly headSamples: number | null;
}

/** Every option with its default, and no option that would change nothing. Throws UsageError. */
export function architectureSettings(options: ArchitectureOptions): ArchitectureSettings {
  const { cell = ["lstm"], dropout = 0, head = options.tied ? "tied" : "linear" } = options;
  if (options.tied && head !== "tied")
    throw new UsageError(`--tied: must come with no other head, was --head ${head}`, { hint: "choose one of the two" });
  if (options.reset !== undefined && !cell.some((name) => name.startsWith("gru"))) without("--reset", "--cell gru");
  if (options.variational && dropout === 0) without("--variational", "--dropout");
  if (options.headHidden !== undefined && head !== "deep") without("--head-hidden", "--head deep");
  if (options.headSamples !== undefined && head !== "sampled") without("--head-samples", "--head sampled");
  const hidden = hiddenSizes(options.hidden, options.layers ?? (cell.length > 1 ? cell.length : undefined));
  if (cell.length > 1 && cell.length !== hidden.length)
    throw new UsageError(
      `--cell: must name one cell, or one for each of the ${hidden.length} layers, was ${cell.length} cells`,
    );
  const named = cellOptionNames.flatMap((name) =>
    options[name] === undefined ? [] : [[name, options[name]] as const],
  );
  return {
    cell,
    cellOptions: Object.fromEntries(named),
    hidden,
    residual: options.residual ?? "none",
    dropout,
    variational: options.variational ?? false,
    learnInitial: options.learnInitial ?? false,
    embedding: options.embedding ?? null,
    embeddingFrom: options.embeddingFrom ?? null,
    freezeEmbedding: options.freezeEmbedding ?? false,
    head,
    headHidden: head === "deep" ? (options.headHidden ?? [128]) : null,
    headSamples: options.headSamples ?? null,
  };
}

/** "--hidden 256 --layers 2" and "--hidden 256,256" are the same. */
function hiddenSizes(hidden: readonly number[] | undefined, layers: number | undefined): readonly number[] {
  const sizes = hidden ?? [128];
  if (sizes.length === 1) return Array.from({ length: layers ?? 2 }, () => sizes[0]);
  if (layers !== undefined && layers !== sizes.length)
    throw new UsageError(`--layers: must be ${sizes.length}, the number of sizes in --hidden, was ${layers}`, {
      hint: "leave --layers out where --hidden lists every layer",
    });
  return sizes;
}

/** What older runs recorded of their architecture, as these settings. */
export function currentArchitecture(recorded: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (typeof recorded.cell !== "string") return recorded;
  const { cell, reset, tied, ...rest } = recorded;
  return {
    residual: "none",
    variational: false,
    learnInitial: false,
    embeddingFrom: null,
    freezeEmbedding: false,
    head: tied === true ? "tied" : "linear",
    headHidden: null,
    headSamples: null,
    ...rest,
    cell: [cell],
    cellOptions: cell === "gru" && reset === "before" ? { reset } : {},
  };
}
