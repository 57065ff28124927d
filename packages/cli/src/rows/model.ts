// A network over rows or a labelled writer in a model directory: which it is, and its opening for use.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Companions,
  checkLabelledWriterSpec,
  checkNetworkSpec,
  countWeights,
  type Device,
  decodeVocabulary,
  encodeVocabulary,
  type LabelledWriter,
  type LabelledWriterSpec,
  labelledWriterJson,
  limits,
  loadLabelledWriter,
  loadNetwork,
  modelFiles,
  type NamedArray,
  type Network,
  networkJson,
  type NetworkSpec,
  noVocabulary,
  readJson,
  type TextKind,
} from "unrolled";
import { type RowTask, rowTasks } from "../choices.js";
import type { OwnCell } from "../cell-file.js";
import { type CellTrust, directoryCells, namesOwnCell, notRun } from "../cell-trust.js";
import type { Context } from "../context.js";
import { type DeviceRequest, openRequested } from "../device-options.js";
import { readModel } from "../storage/index.js";

export type RowModel =
  | { readonly kind: "network"; readonly model: Network }
  | { readonly kind: "writer"; readonly model: LabelledWriter };

/** What spec.json and vocabulary.json hold. */
export function rowCompanions({ model, kind }: RowModel, own?: OwnCell): Companions {
  const spec = kind === "network" ? networkJson(model.spec) : labelledWriterJson(model.spec);
  return {
    spec: Buffer.from(`${JSON.stringify(spec, null, 2)}\n`),
    vocabulary: encodeVocabulary(model.vocabulary),
    ...(own && { cell: own.source }),
  };
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

/** The files of a directory that make a model. */
export interface RowFiles {
  readonly spec: Uint8Array;
  readonly vocabulary: Uint8Array;
  readonly cell?: Uint8Array | undefined;
  readonly weights: readonly NamedArray[];
}

interface GivenSpec {
  readonly task?: unknown;
  readonly tokens?: unknown;
  readonly input?: { readonly kind?: unknown };
}

/** The model of a directory's files. SpecError or CheckpointError where they make none, or where its cell is not to be run. */
export async function rowModel(files: RowFiles, directory: string, trust?: CellTrust): Promise<RowModel> {
  const { weights } = files;
  const spec = readJson(files.spec, modelFiles.spec, limits.specBytes) as GivenSpec;
  const cells = await directoryCells(spec, files.cell, directory, trust);
  const kind = spec.task === "write" ? spec.tokens : spec.input?.kind;
  const known = (["char", "word", "byte"] as const).find((each) => each === kind);
  const vocabulary = known === undefined ? noVocabulary : decodeVocabulary(files.vocabulary, known as TextKind);
  return spec.task === "write"
    ? { kind: "writer", model: loadLabelledWriter({ spec, vocabulary, weights, cells }) }
    : { kind: "network", model: loadNetwork({ spec, vocabulary, weights, cells }) };
}

export interface OpenRowModel {
  readonly made: RowModel;
  readonly device: Device;
}

/** The model in a directory and a device for it; what was damaged is said to people. */
export async function openRowModel(
  directory: string,
  request: DeviceRequest & CellTrust,
  { people }: Context,
): Promise<OpenRowModel> {
  const { notices, ...files } = readModel(directory);
  const made = await rowModel(files, directory, request);
  for (const note of notices) await people.write(`note: ${note}\n`);
  return { made, device: await openRequested(request) };
}

export type DescribedRowModel = {
  /** Trainable numbers. */
  readonly parameters: number;
  readonly step: number | undefined;
  readonly notes: readonly string[];
} & (
  | { readonly kind: "network"; readonly spec: NetworkSpec }
  | { readonly kind: "writer"; readonly spec: LabelledWriterSpec }
);

/** What a directory says of its model. A cell of its own is not run, and the weights are not compared with the spec then. */
export async function describeRowModel(directory: string): Promise<DescribedRowModel> {
  const { notices, step, ...files } = readModel(directory);
  const json = readJson(files.spec, modelFiles.spec, limits.specBytes) as GivenSpec;
  if (files.cell === undefined || !namesOwnCell(json)) {
    const { kind, model } = await rowModel(files, directory);
    return {
      kind,
      spec: model.spec,
      parameters: countWeights(model.weights),
      step,
      notes: notices,
    } as DescribedRowModel;
  }
  const parameters = files.weights.reduce((sum, { data }) => sum + data.length, 0);
  const notes = [...notices, notRun(directory)];
  return json.task === "write"
    ? { kind: "writer", spec: checkLabelledWriterSpec(json), parameters, step, notes }
    : { kind: "network", spec: checkNetworkSpec(json), parameters, step, notes };
}
