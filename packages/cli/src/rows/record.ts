// What a checkpoint of a run over rows says besides numbers in tensors.
import { CheckpointError, cellNames, poolings, startUses, type TrainingCounters } from "unrolled";
import { z } from "zod";
import { methodsSchema } from "../record.js";
import { optimizerNames, rowTasks, rowTokens, scheduleNames } from "../choices.js";
import type { DataFile } from "../data.js";
import type { RowSettings } from "./settings.js";

export interface RowRecord {
  readonly format: "unrolled-rows-run";
  readonly version: 1;
  readonly settings: RowSettings;
  readonly files: readonly DataFile[];
  /** Held out as a file of its own; null where a part of the rows is held out. */
  readonly validationFile: DataFile | null;
  readonly counters: TrainingCounters;
  readonly validation: Readonly<Record<string, number>> | null;
  /** Rows learnt from, and held out. */
  readonly rows: number;
  readonly validationRows: number;
  /** Part of the steps that padding wastes. */
  readonly wasted: number;
}

const natural = z.number().int().nonnegative();
const positive = z.number().int().positive();
const file = z.strictObject({ path: z.string().min(1), bytes: natural, sha256: z.string().regex(/^[0-9a-f]{64}$/) });
const layer = z.strictObject({
  cell: z
    .object({ name: z.enum(["custom", ...cellNames] as [string, ...string[]]) })
    .catchall(z.union([z.string(), z.number(), z.boolean(), z.null()])),
  hidden: positive,
  direction: z.enum(["forward", "reverse", "both"]),
  merge: z.enum(["concat", "sum"]),
  residual: z.enum(["none", "add", "highway"]),
  dropout: z.number().min(0).lt(1),
  variational: z.boolean(),
  initial: z.enum(["zero", "learned"]),
});
const name = z.string().nullable();
const settings = z.strictObject({
  task: z.enum(rowTasks),
  tokens: z.enum(rowTokens),
  minCount: positive,
  multiLabel: z.boolean(),
  textColumn: name,
  labelColumn: name,
  idColumn: name,
  targets: z.array(z.string()).nullable(),
  layers: z.array(layer),
  embedding: positive.nullable(),
  pool: z.enum(poolings).nullable(),
  feedForward: z.array(positive),
  start: z.enum(startUses),
  startColumns: z.array(z.string()).nullable().default(null),
  batch: positive,
  validation: z.number().min(0).lt(1),
  epochs: positive,
  maxSteps: positive.nullable(),
  optimizer: z.strictObject({
    name: z.enum(optimizerNames),
    rate: z.number().positive(),
    momentum: z.number().optional(),
    weightDecay: z.number().optional(),
  }),
  schedule: z.object({ name: z.enum(scheduleNames) }).catchall(z.number()),
  clipNorm: z.number().nullable(),
  clipValue: z.number().nullable(),
  precision: z.enum(["f32", "bf16"]).default("f32"),
  sampleEvery: natural.nullable(),
  checkpointEvery: positive.nullable(),
  seed: natural,
  methods: methodsSchema.optional(),
});
const counters = z.looseObject({
  step: natural,
  epoch: natural,
  chunk: natural,
  seed: natural,
  plateau: z.looseObject({ best: z.number().nullable(), waited: natural, factor: z.number() }),
  bestValidation: z.number().nullable(),
  data: z.string(),
});
const record = z.strictObject({
  format: z.literal("unrolled-rows-run"),
  version: z.literal(1),
  settings,
  files: z.array(file).min(1),
  validationFile: file.nullable(),
  counters,
  validation: z.object({ step: natural }).catchall(z.number()).nullable(),
  rows: natural,
  validationRows: natural,
  wasted: z.number(),
  memory: natural.optional(),
});

/** Reads a record strictly. CheckpointError `run-record` names the field. */
export function readRowRecord(value: unknown, where: string): RowRecord {
  const read = record.safeParse(value);
  if (read.success) return read.data as unknown as RowRecord;
  const [issue] = read.error.issues;
  throw new CheckpointError(`${where}: record.${issue?.path.join(".")}: ${issue?.message}`, {
    code: "run-record",
    hint: "another version of unrolled wrote this run, or it was edited; the model can still be used",
  });
}
