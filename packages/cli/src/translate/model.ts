// A translator in a model directory: what is written, and its opening for use.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CheckpointError,
  type Device,
  decodeVocabulary,
  encodeVocabulary,
  decodeUtf8,
  encodeUtf8,
  limits,
  loadTranslator,
  modelFiles,
  type NamedArray,
  readJson,
  type Translator,
  translatorJson,
  type Vocabulary,
  type VocabularyKind,
} from "unrolled";
import type { Context } from "../context.js";
import { type DeviceRequest, openRequested } from "../device-options.js";
import { UsageError } from "../exit.js";
import { readModel } from "../storage/index.js";

/** What spec.json and vocabulary.json hold: a list of the two vocabularies, each as its own file would be. */
export function translatorCompanions({ spec, source, target }: Translator): {
  readonly spec: Uint8Array;
  readonly vocabulary: Uint8Array;
} {
  const text = (vocabulary: Vocabulary): string => decodeUtf8(encodeVocabulary(vocabulary)).text;
  return {
    spec: Buffer.from(`${JSON.stringify(translatorJson(spec), null, 2)}\n`),
    vocabulary: encodeUtf8(`${JSON.stringify([text(source), text(target)])}\n`),
  };
}

/** The translator of a directory's files. SpecError or CheckpointError where they make none. */
export function translatorOf(
  specBytes: Uint8Array,
  vocabularyBytes: Uint8Array,
  weights: readonly NamedArray[],
): Translator {
  const spec = readJson(specBytes, modelFiles.spec, limits.specBytes) as Readonly<
    Record<"source" | "target", { readonly tokens?: unknown } | undefined>
  >;
  const texts = readJson(vocabularyBytes, modelFiles.vocabulary, 2 * limits.vocabularyBytes);
  if (!Array.isArray(texts) || texts.length !== 2 || texts.some((text) => typeof text !== "string"))
    throw new CheckpointError(`${modelFiles.vocabulary}: must hold the two vocabularies of a translator, does not`, {
      code: "vocabulary-pair",
      hint: "use the vocabulary.json that was saved with the model",
    });
  const vocabulary = (side: "source" | "target", text: string): Vocabulary => {
    const kinds = ["char", "word", "byte", "bpe"] as const satisfies readonly VocabularyKind[];
    const kind = kinds.find((each) => each === spec[side]?.tokens) ?? "char";
    return decodeVocabulary(encodeUtf8(text), kind);
  };
  const [source, target] = texts as [string, string];
  return loadTranslator({ spec, weights, source: vocabulary("source", source), target: vocabulary("target", target) });
}

/** Whether a directory holds a translator; false where nothing can be read. */
export async function isTranslator(directory: string): Promise<boolean> {
  const says = (bytes: Uint8Array): boolean => {
    const spec = readJson(bytes, modelFiles.spec, limits.specBytes);
    return typeof spec === "object" && spec !== null && (spec as { readonly task?: unknown }).task === "translate";
  };
  try {
    return says(await readFile(join(directory, modelFiles.spec)));
  } catch {
    try {
      return says(readModel(directory).spec);
    } catch {
      return false;
    }
  }
}

export interface OpenTranslator {
  readonly model: Translator;
  readonly device: Device;
}

/** The translator in a directory and a device for it; what was damaged is said to people. */
export async function openTranslator(
  directory: string,
  request: DeviceRequest,
  { people }: Context,
): Promise<OpenTranslator> {
  const { spec, vocabulary, weights, notices } = readModel(directory);
  const read = readJson(spec, modelFiles.spec, limits.specBytes) as { readonly task?: unknown } | null;
  if (read?.task !== "translate")
    throw new UsageError(`${directory}: must hold a translator, does not`, {
      code: "task",
      hint: "train one: unrolled train --task translate pairs.tsv --out dir",
    });
  const model = translatorOf(spec, vocabulary, weights);
  for (const note of notices) await people.write(`note: ${note}\n`);
  return { model, device: await openRequested(request) };
}
