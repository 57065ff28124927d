// What a checkpoint says about its run besides numbers in tensors: options, files, counters, last measurements.
import { CheckpointError, type TrainingCounters } from "unrolled";
import { z } from "zod";
import { currentArchitecture, headNames, residuals } from "./architecture-settings.js";
import { optimizerNames, scheduleNames } from "./choices.js";
import type { DataFile } from "./data.js";
import type { MethodSettings } from "./methods.js";
import type { Baseline } from "./reporter.js";
import type { RunSettings } from "./settings.js";

export interface RunRecord {
  readonly format: "unrolled-run";
  readonly version: 1;
  readonly settings: RunSettings;
  readonly files: readonly DataFile[];
  readonly counters: TrainingCounters;
  /** The metrics of the last validation and its step; null before the first. */
  readonly validation: Readonly<Record<string, number>> | null;
  /** null where nothing is held out. */
  readonly ngram: Baseline | null;
  /** Tokens learnt from, and held out. */
  readonly tokens: number;
  readonly validationTokens: number;
  /** Bytes of a training step; left out by runs that were begun before it was told. */
  readonly memory?: number | undefined;
}

export const methodsSchema = z.strictObject({
  backward: z.number().int().positive().nullable(),
  carry: z.boolean(),
  documentSeparator: z.string().min(1).nullable(),
  recompute: z.boolean(),
  accumulate: z.number().int().positive(),
  ema: z.number().gt(0).lt(1).nullable(),
  earlyStop: z.number().int().positive().nullable(),
  labelSmoothing: z.number().min(0).lt(1),
  decayAll: z.boolean(),
}) satisfies z.ZodType<MethodSettings>;

const natural = z.number().int().nonnegative();
const positive = z.number().int().positive();
const file = z.strictObject({ path: z.string().min(1), bytes: natural, sha256: z.string().regex(/^[0-9a-f]{64}$/) });
const optimizer = z.strictObject({
  name: z.enum(optimizerNames),
  rate: z.number().positive(),
  momentum: z.number().optional(),
  weightDecay: z.number().optional(),
});
const schedule = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal(scheduleNames[0]) }),
  z.strictObject({ name: z.literal(scheduleNames[1]), every: positive, factor: z.number(), after: natural }),
  z.strictObject({ name: z.literal(scheduleNames[2]), warmup: natural, floor: z.number() }),
  z.strictObject({ name: z.literal(scheduleNames[3]), factor: z.number(), patience: natural }),
]);
const runSettings = z.strictObject({
  tokens: z.enum(["char", "word", "byte", "bpe"]),
  minCount: positive,
  bpe: positive.optional(),
  cell: z.array(z.string().min(1)).min(1),
  cellOptions: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  hidden: z.array(positive).min(1),
  residual: z.enum(["none", ...residuals]),
  dropout: z.number().min(0).lt(1),
  variational: z.boolean(),
  learnInitial: z.boolean(),
  embedding: positive.nullable(),
  embeddingFrom: z.string().nullable(),
  freezeEmbedding: z.boolean(),
  head: z.enum(headNames),
  headHidden: z.array(positive).min(1).nullable(),
  headSamples: positive.nullable(),
  batch: positive,
  sequence: positive,
  epochs: positive,
  maxSteps: positive.nullable(),
  optimizer,
  schedule,
  clipNorm: z.number().nullable(),
  clipValue: z.number().nullable(),
  precision: z.enum(["f32", "bf16"]).default("f32"),
  validation: z.number().min(0).lt(1),
  sampleEvery: natural.nullable(),
  checkpointEvery: positive.nullable(),
  seed: natural,
  methods: methodsSchema.optional(),
});
const settings = z.preprocess(
  (value) =>
    typeof value === "object" && value !== null
      ? currentArchitecture(value as Readonly<Record<string, unknown>>)
      : value,
  runSettings,
);
const counters = z.strictObject({
  step: natural,
  epoch: natural,
  chunk: natural,
  seed: natural,
  plateau: z.strictObject({ best: z.number().nullable(), waited: natural, factor: z.number() }),
  bestValidation: z.number().nullable(),
  waited: natural.default(0),
  data: z.string(),
});
const baseline = z.strictObject({
  n: positive,
  nats: z.number(),
  bitsPerToken: z.number(),
  perplexity: z.number(),
  tokens: natural,
  countedOn: natural.optional(),
});
const record = z.strictObject({
  format: z.literal("unrolled-run"),
  version: z.literal(1),
  settings,
  files: z.array(file).min(1),
  counters,
  validation: z.object({ step: natural }).catchall(z.number()).nullable(),
  ngram: baseline.nullable(),
  tokens: natural,
  validationTokens: natural,
  memory: natural.optional(),
});

/** Reads a record strictly. CheckpointError `run-record` names the field. */
export function readRecord(value: unknown, where: string): RunRecord {
  const read = record.safeParse(value);
  if (read.success) return read.data as RunRecord;
  const [issue] = read.error.issues;
  throw new CheckpointError(`${where}: record.${issue?.path.join(".")}: ${issue?.message}`, {
    code: "run-record",
    hint: "another version of unrolled wrote this run, or it was edited; the model can still be sampled",
  });
}
