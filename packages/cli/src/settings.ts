// What a training run is told: the options of `train`, complete and consistent. Recorded in the model directory.
import type { Products, TokenKind } from "unrolled";
import { type ArchitectureOptions, type ArchitectureSettings, architectureSettings } from "./architecture-settings.js";
import type { DeviceChoice, OptimizerName, ScheduleName } from "./choices.js";
import { UsageError, without } from "./exit.js";
import { type MethodOptions, type MethodSettings, methodSettings } from "./methods.js";

/** Tokens of a byte-pair vocabulary. */
export const defaultPairs = 8000;

/** Options as the command line gives them; absent means "not named". */
export interface TrainOptions extends ArchitectureOptions, MethodOptions {
  readonly findRate?: boolean;
  readonly seeds?: number;
  readonly out?: string;
  readonly resume?: string;
  readonly trustCell?: boolean;
  readonly tokens?: TokenKind;
  readonly minCount?: number;
  readonly bpe?: number;
  readonly batch?: number;
  readonly sequence?: number;
  readonly epochs?: number;
  readonly maxSteps?: number;
  readonly optimizer?: OptimizerName;
  readonly lr?: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly schedule?: ScheduleName;
  readonly decayEvery?: number;
  readonly decayFactor?: number;
  readonly decayAfter?: number;
  readonly warmup?: number;
  readonly floor?: number;
  readonly patience?: number;
  readonly clipNorm?: number;
  readonly clipValue?: number;
  readonly precision?: Products;
  readonly validation?: number;
  readonly sampleEvery?: number;
  readonly checkpointEvery?: number;
  readonly seed?: number;
  readonly device?: DeviceChoice;
  readonly threads?: number;
  readonly json?: boolean;
}

/** Everything that decides the bits of a run, as plain JSON: what --resume goes on with. */
export interface RunSettings extends ArchitectureSettings {
  readonly tokens: TokenKind;
  readonly minCount: number;
  /** Tokens of a byte-pair vocabulary; left out of runs with other tokens. */
  readonly bpe?: number | undefined;
  readonly batch: number;
  readonly sequence: number;
  readonly epochs: number;
  readonly maxSteps: number | null;
  readonly optimizer: OptimizerSettings;
  readonly schedule: ScheduleSettings;
  /** null: not clipped. */
  readonly clipNorm: number | null;
  readonly clipValue: number | null;
  /** How training steps multiply matrices. */
  readonly precision: Products;
  /** Part of the text held out. */
  readonly validation: number;
  /** Steps; null: at the start and at every tenth. */
  readonly sampleEvery: number | null;
  /** Steps; null: chosen from the length of an epoch. */
  readonly checkpointEvery: number | null;
  readonly seed: number;
  /** Left out by runs that were begun before there was a choice. */
  readonly methods?: MethodSettings | undefined;
}

export interface OptimizerSettings {
  readonly name: OptimizerName;
  readonly rate: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
}

export type ScheduleSettings =
  | { readonly name: "constant" }
  /** Every so many epochs, from epoch `after` on. */
  | { readonly name: "step"; readonly every: number; readonly factor: number; readonly after: number }
  | { readonly name: "cosine"; readonly warmup: number; readonly floor: number }
  | { readonly name: "plateau"; readonly factor: number; readonly patience: number };

/** Rates that learn text well in reach of no tuning. */
export const defaultRates: Readonly<Record<OptimizerName, number>> = {
  sgd: 0.5,
  adagrad: 0.05,
  rmsprop: 2e-3,
  adam: 2e-3,
  adamw: 2e-3,
};

/** Every option with its default, and no option that would change nothing. Throws UsageError. */
export function runSettings(options: TrainOptions): RunSettings {
  const tokens = options.tokens ?? "char";
  if (options.minCount !== undefined && tokens !== "word") without("--min-count", "--tokens word");
  if (options.bpe !== undefined && tokens !== "bpe") without("--bpe", "--tokens bpe");
  return {
    tokens,
    minCount: options.minCount ?? 1,
    ...(tokens === "bpe" && { bpe: options.bpe ?? defaultPairs }),
    ...architectureSettings(options),
    batch: options.batch ?? 50,
    sequence: options.sequence ?? 50,
    epochs: options.epochs ?? 10,
    maxSteps: options.maxSteps ?? null,
    optimizer: optimizerSettings(options),
    schedule: scheduleSettings(options),
    clipNorm: zeroIsOff(options.clipNorm ?? 5),
    clipValue: zeroIsOff(options.clipValue ?? 0),
    precision: options.precision ?? "f32",
    validation: options.validation ?? 0.1,
    sampleEvery: options.sampleEvery ?? null,
    checkpointEvery: options.checkpointEvery ?? null,
    seed: options.seed ?? 1,
    methods: methodSettings(options, {
      sequence: options.sequence ?? 50,
      optimizer: options.optimizer ?? "adam",
      validation: options.validation ?? 0.1,
    }),
  };
}

const zeroIsOff = (value: number): number | null => (value === 0 ? null : value);

function optimizerSettings(options: TrainOptions): OptimizerSettings {
  const name = options.optimizer ?? "adam";
  if (options.momentum !== undefined && name !== "sgd") without("--momentum", "--optimizer sgd");
  if (options.weightDecay !== undefined && name !== "adamw") without("--weight-decay", "--optimizer adamw");
  return {
    name,
    rate: options.lr ?? defaultRates[name],
    ...(name === "sgd" ? { momentum: options.momentum ?? 0.9 } : {}),
    ...(name === "adamw" ? { weightDecay: options.weightDecay ?? 0.01 } : {}),
  };
}

function scheduleSettings(options: TrainOptions): ScheduleSettings {
  const name = options.schedule ?? "constant";
  const { decayEvery, decayFactor, decayAfter, warmup, floor, patience } = options;
  if (decayEvery !== undefined && name !== "step") without("--decay-every", "--schedule step");
  if (decayAfter !== undefined && name !== "step") without("--decay-after", "--schedule step");
  if (decayFactor !== undefined && name !== "step" && name !== "plateau")
    without("--decay-factor", "--schedule step or plateau");
  if (warmup !== undefined && name !== "cosine") without("--warmup", "--schedule cosine");
  if (floor !== undefined && name !== "cosine") without("--floor", "--schedule cosine");
  if (patience !== undefined && name !== "plateau") without("--patience", "--schedule plateau");
  switch (name) {
    case "constant":
      return { name };
    case "step":
      return { name, every: decayEvery ?? 5, factor: decayFactor ?? 0.5, after: decayAfter ?? decayEvery ?? 5 };
    case "cosine":
      return { name, warmup: warmup ?? 100, floor: floor ?? 0 };
    case "plateau":
      return { name, factor: decayFactor ?? 0.5, patience: patience ?? 2 };
    default:
      return name satisfies never;
  }
}

/** What a resumed run may be told anew. */
export const changeable = ["epochs", "maxSteps", "threads", "device", "resume", "json", "trustCell"] as const;

/** The recorded settings with the new lengths. Throws UsageError for any other option. */
export function resumedSettings(recorded: RunSettings, options: TrainOptions): RunSettings {
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !(changeable as readonly string[]).includes(name))
      throw new UsageError(`${flag(name)}: must not change when a run is resumed`, {
        hint: "only --epochs, --max-steps, --threads and --device may; start a new run for the rest",
      });
  return {
    ...recorded,
    epochs: options.epochs ?? recorded.epochs,
    maxSteps: options.maxSteps ?? (options.epochs === undefined ? recorded.maxSteps : null),
  };
}

/** minCount as "--min-count". */
export const flag = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
