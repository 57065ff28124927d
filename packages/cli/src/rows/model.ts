// A network over rows or a labelled writer in a model directory: which it is, and its opening for use.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Device,
  decodeVocabulary,
  encodeVocabulary,
  type LabelledWriter,
  labelledWriterJson,
  limits,
  loadLabelledWriter,
  loadNetwork,
  modelFiles,
  type NamedArray,
  type Network,
  networkJson,
  noVocabulary,
  readJson,
  type TextKind,
} from "unrolled";
import type { Context } from "../context.js";
import { type DeviceRequest, openRequested } from "../device-options.js";
import { readModel } from "../storage/index.js";
import { type RowTask, rowTasks } from "./settings.js";

export type RowModel =
  | { readonly kind: "network"; readonly model: Network }
  | { readonly kind: "writer"; readonly model: LabelledWriter };

/** What spec.json and vocabulary.json hold. */
export function rowCompanions({ model, kind }: RowModel): {
  readonly spec: Uint8Array;
  readonly vocabulary: Uint8Array;
} {
  const spec = kind === "network" ? networkJson(model.spec) : labelledWriterJson(model.spec);
  return { spec: Buffer.from(`${JSON.stringify(spec, null, 2)}\n`), vocabulary: encodeVocabulary(model.vocabulary) };
}

const taskIn = (spec: unknown): RowTask | undefined =>
  rowTasks.find(
    (task) => typeof spec === "object" && spec !== null && (spec as { readonly task?: unknown }).task === task,
  );

/** The task of a directory's model where it is one over rows; undefined for any other, or where nothing can be read. */
export async function rowTaskOf(directory: string): Promise<RowTask | undefined> {
  try {
    return taskIn(readJson(await readFile(join(directory, modelFiles.spec)), modelFiles.spec, limits.specBytes));
  } catch {
    try {
      return taskIn(readJson(readModel(directory).spec, modelFiles.spec, limits.specBytes));
    } catch {
      return undefined;
    }
  }
}

/** The model of a directory's files. SpecError or CheckpointError where they make none. */
export function rowModel(specBytes: Uint8Array, vocabularyBytes: Uint8Array, weights: readonly NamedArray[]): RowModel {
  const spec = readJson(specBytes, modelFiles.spec, limits.specBytes) as {
    readonly task?: unknown;
    readonly tokens?: unknown;
    readonly input?: { readonly kind?: unknown };
  };
  const kind = spec.task === "write" ? spec.tokens : spec.input?.kind;
  const known = (["char", "word", "byte"] as const).find((each) => each === kind);
  const vocabulary = known === undefined ? noVocabulary : decodeVocabulary(vocabularyBytes, known as TextKind);
  return spec.task === "write"
    ? { kind: "writer", model: loadLabelledWriter({ spec, vocabulary, weights }) }
    : { kind: "network", model: loadNetwork({ spec, vocabulary, weights }) };
}

export interface OpenRowModel {
  readonly made: RowModel;
  readonly device: Device;
}

/** The model in a directory and a device for it; what was damaged is said to people. */
export async function openRowModel(
  directory: string,
  request: DeviceRequest,
  { people }: Context,
): Promise<OpenRowModel> {
  const { spec, vocabulary, weights, notices } = readModel(directory);
  const made = rowModel(spec, vocabulary, weights);
  for (const note of notices) await people.write(`note: ${note}\n`);
  return { made, device: await openRequested(request) };
}
