// What a checkpoint of a run over pairs says besides numbers in tensors.
import { CheckpointError, type TrainingCounters } from "unrolled";
import { z } from "zod";
import type { DataFile } from "../data.js";
import type { PairSettings } from "./settings.js";

export interface PairRecord {
  readonly format: "unrolled-pairs-run";
  readonly version: 1;
  readonly settings: PairSettings;
  readonly files: readonly DataFile[];
  /** Held out as files of their own; none where a part of the pairs is held out. */
  readonly validationFiles: readonly DataFile[];
  readonly counters: TrainingCounters;
  readonly validation: Readonly<Record<string, number>> | null;
  /** Bytes that a step needs, as measured. */
  readonly memory?: number | undefined;
}

const natural = z.number().int().nonnegative();
const file = z.strictObject({ path: z.string().min(1), bytes: natural, sha256: z.string().regex(/^[0-9a-f]{64}$/) });
const recordShape = z.strictObject({
  format: z.literal("unrolled-pairs-run"),
  version: z.literal(1),
  settings: z.looseObject({ task: z.literal("translate"), epochs: natural, batch: natural, seed: natural }),
  files: z.array(file).min(1).max(2),
  validationFiles: z.array(file).max(2),
  counters: z.looseObject({ step: natural, epoch: natural, chunk: natural, seed: natural, data: z.string() }),
  validation: z.looseObject({ step: natural }).nullable(),
  memory: natural.optional(),
});

/** Reads a record strictly. CheckpointError `run-record` names the field. */
export function readPairRecord(value: unknown, where: string): PairRecord {
  const read = recordShape.safeParse(value);
  if (read.success) return read.data as unknown as PairRecord;
  const [issue] = read.error.issues;
  throw new CheckpointError(`${where}: record.${issue?.path.join(".")}: ${issue?.message}`, {
    code: "run-record",
    hint: "another version of unrolled wrote this run, or it was edited; the model can still be used",
  });
}
