// What a run over rows is told (--task): options complete and consistent, recorded in the model directory.
import type { Cell, LayerSpec, StartUse, TextKind } from "unrolled";
import { taskLayers } from "../architecture.js";
import { type ChosenPooling, type RowTask, rowTasks } from "../choices.js";
import { UsageError } from "../exit.js";
import type { SessionSettings } from "../session.js";
import { resumedSettings, runSettings, type TrainOptions } from "../settings.js";

/** Options of `train` that only runs over rows have. */
export interface RowOptions {
  readonly task?: RowTask | "language-model" | "translate";
  readonly textColumn?: string;
  readonly labelColumn?: string;
  readonly idColumn?: string;
  readonly targets?: readonly string[];
  readonly pool?: ChosenPooling;
  readonly multiLabel?: boolean;
  readonly bidirectional?: boolean;
  readonly feedForward?: readonly number[];
  readonly start?: StartUse;
  readonly startColumns?: readonly string[];
  readonly validationFile?: string;
}

/** Everything that decides the bits of a run over rows, as plain JSON. */
export interface RowSettings extends SessionSettings {
  readonly task: RowTask;
  readonly tokens: TextKind | "vector";
  readonly minCount: number;
  readonly multiLabel: boolean;
  readonly textColumn: string | null;
  readonly labelColumn: string | null;
  readonly idColumn: string | null;
  /** Columns to answer; null: the next step. */
  readonly targets: readonly string[] | null;
  readonly layers: readonly LayerSpec[];
  /** null: chosen from the layers. */
  readonly embedding: number | null;
  readonly pool: ChosenPooling | null;
  /** Widths of feed-forward layers before the answer. */
  readonly feedForward: readonly number[];
  readonly start: StartUse;
  /** Columns of numbers that start a text; null: a label does. */
  readonly startColumns: readonly string[] | null;
  readonly batch: number;
  readonly validation: number;
}

/** Options of `train` that runs over rows do not have, and why. */
const foreign = new Map<keyof TrainOptions, string>([
  ["sequence", "rows are run whole"],
  ["backward", "rows are run whole"],
  ["carry", "rows are run whole"],
  ["documentSeparator", "every row begins anew"],
  ["recompute", "rows are run whole"],
  ["labelSmoothing", "it belongs to language models"],
  ["findRate", "it belongs to language models"],
  ["seeds", "it belongs to language models"],
  ["tied", "what is answered are no tokens that were read"],
  ["head", "what is answered are few classes or numbers"],
  ["embeddingFrom", "the embedding is learnt with the rest"],
  ["freezeEmbedding", "the embedding is learnt with the rest"],
]);

type Options = TrainOptions & RowOptions;
type OfTask = readonly [option: keyof RowOptions, tasks: readonly RowTask[]];
const ofTasks: readonly OfTask[] = [
  ["textColumn", ["classify", "write"]],
  ["labelColumn", ["classify", "tag", "write"]],
  ["idColumn", ["classify", "tag", "regress"]],
  ["targets", ["regress"]],
  ["pool", ["classify", "regress"]],
  ["multiLabel", ["classify", "tag"]],
  ["bidirectional", ["classify", "tag", "regress"]],
  ["feedForward", ["classify", "tag", "regress"]],
  ["start", ["write"]],
  ["startColumns", ["write"]],
];

export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * Every option with its default, and no option that would change nothing. `own` is the cell of the file that --cell names.
 * Throws UsageError.
 */
export function rowSettings(options: Options & { readonly task: RowTask }, own?: Cell): RowSettings {
  const { task } = options;
  const tokens = (options.tokens as RowSettings["tokens"] | undefined) ?? (task === "regress" ? "vector" : "char");
  refuseForeign(options, task, tokens);
  const { layers, feedForward } = rowLayers(options, own);
  const { tokens: _tokens, minCount: _minCount, ...rest } = options;
  const common = runSettings(rest);
  const {
    epochs,
    maxSteps,
    optimizer,
    schedule,
    clipNorm,
    clipValue,
    precision,
    sampleEvery,
    checkpointEvery,
    seed,
    methods,
  } = common;
  return {
    task,
    tokens,
    minCount: options.minCount ?? 2,
    multiLabel: options.multiLabel ?? false,
    textColumn: options.textColumn ?? null,
    labelColumn: options.labelColumn ?? null,
    idColumn: options.idColumn ?? null,
    targets: options.targets ?? null,
    layers,
    embedding: options.embedding ?? null,
    pool: options.pool ?? null,
    feedForward,
    start: options.start ?? "both",
    startColumns: options.startColumns ?? null,
    batch: options.batch ?? 32,
    validation: options.validationFile === undefined ? (options.validation ?? 0.1) : 0,
    epochs,
    maxSteps,
    optimizer,
    schedule,
    clipNorm,
    clipValue,
    precision,
    sampleEvery,
    checkpointEvery,
    seed,
    methods,
  };
}

/** Options that a language model has no use for. Throws UsageError. */
export function refuseRowOptions(options: Options): void {
  for (const [name, tasks] of [...ofTasks, ["validationFile", rowTasks] as OfTask])
    if (options[name] !== undefined && name !== "bidirectional")
      throw new UsageError(`${flagOf(name)}: must come with --task ${tasks.join(" or ")}, which is not chosen`, {
        hint: `add --task ${tasks[0]}, or leave ${flagOf(name)} out`,
      });
  if (options.bidirectional)
    throw new UsageError("--bidirectional: must be left out of a language model, was chosen", {
      code: "bidirectional",
      hint: "reading backwards needs the whole sequence first, and would see the tokens that are to be predicted",
    });
  const { tokens, cell } = options as { readonly tokens?: string; readonly cell?: readonly string[] };
  if (tokens === "vector")
    throw new UsageError("--tokens: must be char, word or byte for a language model, was vector", {
      hint: "vectors are learnt with --task classify, tag or regress",
    });
  if (cell?.includes("none"))
    throw new UsageError("--cell: must be a recurrent cell for a language model, was none", {
      hint: "leave --cell out",
    });
}

function refuseForeign(options: Options, task: RowTask, tokens: RowSettings["tokens"]): void {
  const no = (name: string, message: string, hint: string): never => {
    throw new UsageError(`${flagOf(name)}: ${message}`, { hint });
  };
  for (const [name, why] of foreign)
    if (options[name] !== undefined)
      no(name, `must be left out with --task ${task}: ${why}`, `leave ${flagOf(name)} out`);
  for (const [name, tasks] of ofTasks)
    if (options[name] !== undefined && !tasks.includes(task))
      no(name, `must come with --task ${tasks.join(" or ")}, was --task ${task}`, `leave ${flagOf(name)} out`);
  if (task === "write" && options.bidirectional)
    no("bidirectional", "must be left out to write", "a layer that runs backwards needs the whole text first");
  if (task === "regress" && tokens !== "vector")
    no("tokens", `must be vector to regress, was ${tokens}`, "leave --tokens out");
  if (task === "write" && tokens === "vector")
    no("tokens", "must be char, word or byte to write, was vector", "leave --tokens out");
  if (options.minCount !== undefined && tokens !== "word")
    no("minCount", "must come with --tokens word, which is not chosen", "add --tokens word");
  if ((tokens as string) === "bpe")
    no(
      "tokens",
      `must be char, word, byte or vector with --task ${task}, was bpe`,
      "byte pairs are for texts and pairs",
    );
  if (options.bpe !== undefined)
    no("bpe", `must be left out with --task ${task}: byte pairs are for texts and pairs`, "leave --bpe out");
  if (tokens === "vector" && options.embedding !== undefined)
    no("embedding", "must come with tokens, not with vectors", "leave --embedding out");
  if (tokens === "vector" && options.textColumn !== undefined)
    no("textColumn", "must come with texts, not with vectors", "leave --text-column out");
  if (tokens !== "vector" && options.idColumn !== undefined)
    no("idColumn", "must come with --tokens vector, which is not chosen", "add --tokens vector");
  if (task === "tag" && tokens !== "vector" && options.labelColumn !== undefined)
    no("labelColumn", "must come with --tokens vector to tag", "the tag is the last field of a line");
  if (task === "tag" && tokens === "byte")
    no("tokens", "must be char, word or vector to tag, was byte", "use --tokens char");
  if (options.startColumns !== undefined && options.labelColumn !== undefined)
    no("labelColumn", "must not come with --start-columns: numbers start the text, no label", "choose one of the two");
  if (options.validationFile !== undefined && options.validation !== undefined)
    no("validation", "must not come with --validation-file", "choose one of the two");
}

/** The layers. With --cell none there are none, and --hidden are feed-forward layers. */
function rowLayers(options: Options, own: Cell | undefined): Pick<RowSettings, "layers" | "feedForward"> {
  const { cell = ["lstm"], hidden = [128], bidirectional = false, feedForward = [] } = options;
  if (cell.includes("none")) {
    for (const name of ["reset", "layers", "dropout", "bidirectional", "feedForward"] as const)
      if (options[name] !== undefined)
        throw new UsageError(`${flagOf(name)}: must come with recurrent layers, was --cell none`, {
          hint: `leave ${flagOf(name)} out`,
        });
    return { layers: [], feedForward: hidden };
  }
  const direction = bidirectional ? "both" : "forward";
  return {
    layers: taskLayers(options.task ?? "classify", options, own).map((layer) => ({ ...layer, direction })),
    feedForward,
  };
}

/** The recorded settings with the new lengths. Throws UsageError for any other option. */
export function resumedRowSettings(recorded: RowSettings, options: Options): RowSettings {
  const lengths = resumedSettings({ epochs: recorded.epochs, maxSteps: recorded.maxSteps } as never, options);
  return { ...recorded, epochs: lengths.epochs, maxSteps: lengths.maxSteps };
}
