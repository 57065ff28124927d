// What a run over pairs is told (--task translate): options complete and consistent, recorded in the model directory.
import { resolve } from "node:path";
import type { AttentionName, LayerSpec, TeacherSchedule, VocabularyKind } from "unrolled";
import { taskLayers } from "../architecture.js";
import type { longSentences, samplings, watches } from "../choices.js";
import { UsageError } from "../exit.js";
import type { SessionSettings } from "../session.js";
import { defaultPairs, flag, resumedSettings, runSettings, type TrainOptions } from "../settings.js";

/** Options of `train` that only runs over pairs have. */
export interface TranslateTrainOptions {
  readonly source?: string;
  readonly target?: string;
  readonly attention?: AttentionName | "none";
  readonly tokenizer?: string;
  readonly targetTokenizer?: string;
  readonly sharedVocabulary?: boolean;
  readonly reverseSource?: boolean;
  readonly labelSmoothing?: number;
  readonly scheduledSampling?: (typeof samplings)[number];
  readonly longest?: number;
  readonly long?: (typeof longSentences)[number];
  readonly watch?: (typeof watches)[number];
  readonly validationSource?: string;
  readonly validationTarget?: string;
}

/** Everything that decides the bits of a run over pairs, as plain JSON. */
export interface PairSettings extends SessionSettings {
  readonly task: "translate";
  readonly tokens: VocabularyKind;
  /** Tokens of a byte-pair vocabulary. */
  readonly bpe: number;
  /** Files of tokenizers in place of vocabularies that are made: of both sides, or of each. */
  readonly tokenizers?: readonly [string] | readonly [string, string];
  readonly minCount: number;
  readonly shared: boolean;
  readonly attention: AttentionName | "none";
  readonly reversed: boolean;
  readonly encoder: readonly LayerSpec[];
  readonly decoder: readonly LayerSpec[];
  readonly embedding: number;
  /** The head's matrix is the target's embedding; what the head reads is then as wide. */
  readonly tied: boolean;
  readonly dropout: number;
  readonly smoothing: number;
  readonly teacher: TeacherSchedule;
  /** Tokens of a side at most, and what becomes of pairs with more. */
  readonly longest: number;
  readonly long: (typeof longSentences)[number];
  readonly watched: (typeof watches)[number];
  readonly batch: number;
  readonly validation: number;
}

const teachers: Readonly<Record<(typeof samplings)[number], TeacherSchedule>> = {
  linear: { name: "linear", slope: 0.05, floor: 0.5 },
  exponential: { name: "exponential", factor: 0.95 },
  "inverse-sigmoid": { name: "inverse-sigmoid", k: 8 },
};

type Options = TrainOptions & TranslateTrainOptions;

/** Options of the other tasks, and why they have no place here. */
const foreign: ReadonlyMap<keyof Options, string> = new Map([
  ["sequence", "sentences are read whole"],
  ["backward", "sentences are read whole"],
  ["carry", "every sentence begins anew"],
  ["documentSeparator", "every sentence begins anew"],
  ["recompute", "sentences are run whole"],
  ["head", "it is linear, or --tied"],
  ["headHidden", "the head is linear, or --tied"],
  ["headSamples", "the head is linear, or --tied"],
  ["embeddingFrom", "the embeddings are learnt with the rest"],
  ["freezeEmbedding", "the embeddings are learnt with the rest"],
  ["findRate", "it belongs to language models"],
  ["seeds", "it belongs to language models"],
] as const);

/** Every option with its default. Throws UsageError for one that would change nothing. */
export function pairSettings(options: Options): PairSettings {
  for (const [name, why] of foreign)
    if (options[name] !== undefined)
      throw new UsageError(`${flag(name)}: must be left out with --task translate: ${why}`, {
        hint: `leave ${flag(name)} out`,
      });
  const tokenizers = tokenizersOf(options);
  const isPairs = options.bpe !== undefined || tokenizers !== undefined;
  const tokens = (options.tokens as VocabularyKind | undefined) ?? (isPairs ? "bpe" : "char");
  if (options.bpe !== undefined && tokens !== "bpe")
    throw new UsageError("--bpe: must come with --tokens bpe, which is not chosen", { hint: "add --tokens bpe" });
  if (options.minCount !== undefined && tokens !== "word")
    throw new UsageError("--min-count: must come with --tokens word, which is not chosen", {
      hint: "add --tokens word",
    });
  const {
    tokens: _tokens,
    minCount: _minCount,
    bpe: _bpe,
    cell: _cell,
    reset: _reset,
    hidden = [256],
    ...rest
  } = options;
  const common = runSettings(rest as TrainOptions);
  const { epochs, maxSteps, optimizer, schedule, clipValue, precision, sampleEvery, checkpointEvery, seed, methods } =
    common;
  const layers = taskLayers("translate", { ...options, cell: options.cell ?? ["gru"], hidden });
  const dropout = options.dropout ?? 0;
  const encoding: LayerSpec["direction"] = options.reverseSource ? "forward" : "both";
  return {
    task: "translate",
    tokens,
    bpe: options.bpe ?? defaultPairs,
    ...(tokenizers && { tokenizers }),
    minCount: options.minCount ?? 2,
    shared: options.sharedVocabulary ?? false,
    attention: options.attention ?? "bahdanau",
    reversed: options.reverseSource ?? false,
    encoder: layers.map((layer) => ({ ...layer, direction: encoding })),
    decoder: layers,
    embedding: options.embedding ?? Math.min(256, layers[0].hidden),
    tied: options.tied ?? false,
    dropout,
    smoothing: options.labelSmoothing ?? 0,
    teacher: options.scheduledSampling === undefined ? { name: "always" } : teachers[options.scheduledSampling],
    longest: options.longest ?? 100,
    long: options.long ?? "refuse",
    watched: options.watch ?? (tokens === "char" ? "exactMatch" : "bleu"),
    batch: options.batch ?? 64,
    validation: options.validationSource === undefined ? (options.validation ?? 0.1) : 0,
    epochs,
    maxSteps,
    optimizer,
    schedule,
    clipNorm: options.clipNorm === undefined ? 1 : common.clipNorm,
    clipValue,
    precision,
    sampleEvery,
    checkpointEvery,
    seed,
    methods,
  };
}

/** Files of tokenizers that are named. Throws UsageError beside options that they leave nothing to decide for. */
function tokenizersOf(options: TrainOptions & TranslateTrainOptions): PairSettings["tokenizers"] {
  const { tokenizer, targetTokenizer, sharedVocabulary } = options;
  if (tokenizer === undefined) {
    if (targetTokenizer === undefined) return undefined;
    throw new UsageError("--target-tokenizer: must come with --tokenizer, which was left out", {
      hint: "--tokenizer is that of the source, or of both sides",
    });
  }
  const other =
    options.bpe !== undefined
      ? "--bpe"
      : options.minCount !== undefined
        ? "--min-count"
        : options.tokens !== undefined && (options.tokens as string) !== "bpe"
          ? "--tokens"
          : undefined;
  if (other !== undefined)
    throw new UsageError(`${other}: must not come with --tokenizer, which brings its tokens along`, {
      hint: `leave out ${other}`,
    });
  if (targetTokenizer !== undefined && sharedVocabulary)
    throw new UsageError("--target-tokenizer: must not come with --shared-vocabulary, which is one for both sides", {
      hint: "leave one out",
    });
  return targetTokenizer === undefined ? [resolve(tokenizer)] : [resolve(tokenizer), resolve(targetTokenizer)];
}

/** The recorded settings with the new lengths. Throws UsageError for any other option. */
export function resumedPairSettings(recorded: PairSettings, options: TrainOptions): PairSettings {
  const lengths = resumedSettings({ epochs: recorded.epochs, maxSteps: recorded.maxSteps } as never, options);
  return { ...recorded, epochs: lengths.epochs, maxSteps: lengths.maxSteps };
}

/** Options that only translators have a use for. Throws UsageError. */
export function refusePairOptions(options: TranslateTrainOptions): void {
  const names = [
    "source",
    "target",
    "attention",
    "tokenizer",
    "targetTokenizer",
    "sharedVocabulary",
    "reverseSource",
    "scheduledSampling",
    "longest",
    "long",
    "watch",
    "validationSource",
    "validationTarget",
  ] as const;
  for (const name of names)
    if (options[name] !== undefined)
      throw new UsageError(`${flag(name)}: must come with --task translate, which is not chosen`, {
        hint: `add --task translate, or leave ${flag(name)} out`,
      });
}
