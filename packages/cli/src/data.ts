// The text files of a run: read a first time for their vocabulary and length, and known again when the run is resumed.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  bytePairVocabularyFrom,
  type CountedWords,
  checkFraction,
  countBytes,
  countCharacters,
  countPieces,
  countWords,
  DataError,
  encodeBlocks,
  trainingLength,
  type Vocabulary,
  wordVocabularyOf,
} from "unrolled";
import { type Content, readThrough, statText } from "./blocks.js";
import { bytes as size } from "./format.js";
import { isPacked, unpacked } from "./gzip.js";
import { defaultPairs, type RunSettings } from "./settings.js";
import { named } from "./where.js";

/** A file as it was when the run began. */
export interface DataFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** Of its content, hexadecimal. */
  readonly sha256: string;
}

/** What is known of a text after its first reading. */
export interface Survey {
  readonly files: readonly DataFile[];
  readonly settings: TextSettings;
  readonly vocabulary: Vocabulary;
  /** Ids in all, and how many of them, from the first on, are learnt from. */
  readonly tokens: number;
  readonly trained: number;
  /** Times of last change of the files, milliseconds. */
  readonly modified: readonly number[];
}

/** Which of a run's settings decide the ids. */
export type TextSettings = Pick<RunSettings, "tokens" | "minCount" | "bpe" | "validation">;

/** What `eval` reads at once. */
const largest = 500_000_000;

/** The content of a regular file, unpacked where its name ends in .gz. System errors for what is not there; DataError for what is no file to read. */
export async function readBytes(path: string): Promise<Uint8Array> {
  const { bytes } = await statText(path);
  if (bytes > largest)
    throw new DataError(`${path}: must be at most ${size(largest)}, was ${size(bytes)}`, {
      code: "file-size",
      hint: "use a part of it",
    });
  const content = await readFile(path);
  return isPacked(path) ? unpacked(path, content, largest) : content;
}

export const contentOf = ({ tokens }: TextSettings): Content => (tokens === "byte" ? "bytes" : "text");
export const whereOf = (paths: readonly string[]): string => (paths.length === 1 ? paths[0] : `${paths.length} files`);

/** The first reading of files as one text: their vocabulary and length. Writes nothing. DataError names the file and the place. */
export async function surveyText(paths: readonly string[], settings: TextSettings): Promise<Survey> {
  const stats = [];
  for (const path of paths) stats.push(await statText(path));
  const sums = paths.map(() => ({ bytes: 0, hash: createHash("sha256") }));
  const watch = (bytes: Uint8Array, file: number): void => {
    sums[file].bytes += bytes.length;
    sums[file].hash.update(bytes);
  };
  const counted = await named(whereOf(paths), () => count(paths, settings, watch));
  const files = paths.map((path, i) => ({
    path: resolve(path),
    bytes: sums[i].bytes,
    sha256: sums[i].hash.digest("hex"),
  }));
  return { files, settings, ...counted, modified: stats.map(({ modified }) => modified) };
}

async function count(
  paths: readonly string[],
  settings: TextSettings,
  watch: (bytes: Uint8Array, file: number) => void,
): Promise<Pick<Survey, "vocabulary" | "tokens" | "trained">> {
  const fraction = checkFraction(settings.validation);
  if (settings.tokens === "bpe") return countPairs(paths, settings.bpe ?? defaultPairs, fraction, watch);
  if (settings.tokens !== "word") {
    const reading = settings.tokens === "char" ? countCharacters() : countBytes();
    const { tokens, vocabulary } = whole(await readThrough(paths, contentOf(settings), reading, { bytes: watch }));
    return { tokens, vocabulary, trained: trainingLength(tokens, fraction) };
  }
  // Where the part that is learnt ends is known only when all words are counted; its words are a reading of their own.
  const { tokens } = whole(await readThrough(paths, "text", countWords(0), { bytes: watch }));
  const trained = trainingLength(tokens, fraction);
  const { counts }: CountedWords = whole(await readThrough(paths, "text", countWords(trained)));
  return { tokens, trained, vocabulary: wordVocabularyOf(counts, { minimumCount: settings.minCount }) };
}

/**
 * Byte pairs are learnt from the characters of the part that is learnt, and make another number of tokens of the text than it has
 * characters: a reading for each.
 */
async function countPairs(
  paths: readonly string[],
  size: number,
  fraction: number,
  watch: (bytes: Uint8Array, file: number) => void,
): Promise<Pick<Survey, "vocabulary" | "tokens" | "trained">> {
  const { tokens: characters } = whole(await readThrough(paths, "text", countCharacters(), { bytes: watch }));
  const pieces = whole(await readThrough(paths, "text", countPieces(trainingLength(characters, fraction))));
  const vocabulary = bytePairVocabularyFrom(pieces, { size });
  const tokens = whole(
    await readThrough(
      paths,
      "text",
      encodeBlocks(vocabulary, () => {}),
    ),
  );
  return { vocabulary, tokens, trained: trainingLength(tokens, fraction) };
}

function whole<T>(result: T | undefined): T {
  if (result === undefined) throw new Error("a reading that nothing stops must end");
  return result;
}

interface Dated {
  readonly bytes: number;
  readonly modified: number;
}

/**
 * Throws DataError unless every file still holds what the run began with. Files of which size and time of last change are known,
 * and are the same, are not read.
 */
export async function checkData(files: readonly DataFile[], known: readonly Dated[] = []): Promise<void> {
  const hint = "put the file back as it was, or start a new run with --out";
  for (const [i, { path, bytes: length, sha256 }] of files.entries()) {
    const found = await statText(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      throw new DataError(`${path}: must be there to resume, the run was started with it`, {
        code: "data-missing",
        hint,
      });
    });
    if (found.bytes === length && known[i]?.bytes === length && found.modified === known[i]?.modified) continue;
    const hash = createHash("sha256");
    await readThrough([path], "bytes", { add: hashing(hash), end: () => true }).catch(ifEmpty);
    const sum = hash.digest("hex");
    if ((found.bytes === length || isPacked(path)) && sum === sha256) continue;
    throw new DataError(
      `${path}: must hold the data the run was started with (${length} bytes, sha256 ${sha256.slice(0, 12)}), ` +
        `was ${found.bytes} bytes, sha256 ${sum.slice(0, 12)}`,
      { code: "data-changed", hint },
    );
  }
}

const hashing =
  (hash: ReturnType<typeof createHash>) =>
  (bytes: Uint8Array): number => {
    hash.update(bytes);
    return -1;
  };

// An empty file is other data than before; that is said below.
function ifEmpty(error: unknown): void {
  if (!(error instanceof DataError) || error.code !== "empty-text") throw error;
}
