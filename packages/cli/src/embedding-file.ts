// An embedding from a file: that of another model, token by token, or the rows of a .safetensors file as they are.
// V vocabulary, D width.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  checkLanguageModelSpec,
  DataError,
  decodeModelFile,
  decodeVocabulary,
  draws,
  limits,
  modelFiles,
  type NamedArray,
  readJson,
  type Vocabulary,
} from "unrolled";
import { readBytes } from "./data.js";
import { UsageError } from "./exit.js";
import { readModel } from "./storage/index.js";

export interface GivenEmbedding {
  /** D. */
  readonly width: number;
  /** [V,D] */
  readonly values: Float32Array;
}

const embeddingName = "embedding.weight";

/**
 * The embedding of the model in a directory, row by token (tokens that it lacks are drawn), or that of a .safetensors file,
 * which must have one row for each token, in order. Throws DataError.
 */
export async function readEmbedding(path: string, vocabulary: Vocabulary): Promise<GivenEmbedding> {
  if (existsSync(path) && statSync(path).isDirectory()) {
    const model = readModel(path);
    const { tokens } = checkLanguageModelSpec(readJson(model.spec, join(path, modelFiles.spec), limits.specBytes));
    const found = embeddingOf(path, model.weights);
    const values = matched(found, decodeVocabulary(model.vocabulary, tokens).tokens, vocabulary);
    return { width: found.shape[1], values };
  }
  const found = embeddingOf(path, decodeModelFile(await readBytes(path)).weights);
  const V = vocabulary.tokens.length;
  if (found.shape[0] !== V)
    throw new DataError(
      `${path}: ${found.name} must have a row for each of the ${V} tokens, was ${found.shape[0]} rows`,
      {
        code: "embedding-file",
        hint: "rows must be in the order of this text's vocabulary; a model directory is matched token by token",
      },
    );
  return { width: found.shape[1], values: Float32Array.from(found.data) };
}

/** The embedding by its name, or the only matrix. */
function embeddingOf(where: string, weights: readonly NamedArray[]): NamedArray {
  const matrices = weights.filter(({ shape }) => shape.length === 2);
  const found =
    matrices.find(({ name }) => name === embeddingName) ?? (matrices.length === 1 ? matrices[0] : undefined);
  if (found) return found;
  throw new DataError(`${where}: must hold ${embeddingName} or one matrix, was ${matrices.length} matrices`, {
    code: "embedding-file",
  });
}

/** Rows by token. A token that the file lacks gets small numbers of its own. */
function matched({ shape, data }: NamedArray, tokens: readonly string[], { tokens: wanted }: Vocabulary): Float32Array {
  const [, D] = shape;
  const places = new Map(tokens.map((token, i) => [token, i]));
  const random = draws(1);
  const values = new Float32Array(wanted.length * D);
  for (const [id, token] of wanted.entries()) {
    const place = places.get(token);
    for (let d = 0; d < D; d++) values[id * D + d] = place === undefined ? random.normal() : data[place * D + d];
  }
  return values;
}

/** The width that a file gives the embedding. UsageError where --embedding says another. */
export function widthFor({ embedding }: { readonly embedding: number | null }, width: number): number {
  if (embedding !== null && embedding !== width)
    throw new UsageError(`--embedding: must be ${width}, the width of the embedding in the file, was ${embedding}`);
  return width;
}
