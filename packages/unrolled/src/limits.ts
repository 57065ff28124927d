// Every bound a parser of foreign bytes holds to. Parsers take (bytes, limits) and never open files.

export interface Limits {
  /** A safetensors header, in bytes. */
  readonly headerBytes: number;
  /** Tensors in one file. */
  readonly tensors: number;
  /** Dimensions of one tensor. */
  readonly dimensions: number;
  /** Elements of one tensor; also what a product of dimensions may not pass. */
  readonly elements: number;
  /** UTF-16 units in the name of a tensor or a metadata key. */
  readonly nameUnits: number;
  /** Nested objects and lists in any JSON. */
  readonly jsonDepth: number;
  /** Values (keys count too) in any JSON. */
  readonly jsonValues: number;
  /** Units of one layer, or of the embedding. */
  readonly width: number;
  /** Recurrent layers. */
  readonly layers: number;
  /** A spec.json, in bytes. */
  readonly specBytes: number;
  /** A vocabulary.json, in bytes. */
  readonly vocabularyBytes: number;
  /** Tokens in a vocabulary. */
  readonly vocabulary: number;
  /** Different words of a text, before the rare ones become `<unk>`. */
  readonly distinctWords: number;
  /** A tokenizer.json, in bytes. */
  readonly tokenizerBytes: number;
  /** UTF-16 units in one token. */
  readonly tokenUnits: number;
  /** The JSON record of a training state, in bytes. */
  readonly recordBytes: number;
  /** An ngram.bin, in bytes. */
  readonly ngramBytes: number;
  /** Distinct n-grams that are counted; fitting takes a lower order rather than more. */
  readonly ngramNodes: number;
  /** Rows of a table, lines of a JSONL file, examples of a data set. */
  readonly rows: number;
  /** Columns of a table, numbers of a vector. */
  readonly columns: number;
  /** Steps of one example. */
  readonly steps: number;
  /** Different labels or tags. */
  readonly labels: number;
}

export const limits: Limits = Object.freeze({
  headerBytes: 8 << 20,
  tensors: 20_000,
  dimensions: 8,
  elements: 2 ** 40,
  nameUnits: 512,
  jsonDepth: 16,
  jsonValues: 250_000,
  width: 1 << 20,
  layers: 64,
  specBytes: 1 << 20,
  vocabularyBytes: 16 << 20,
  vocabulary: 1_000_000,
  distinctWords: 4_000_000,
  tokenizerBytes: 64 << 20,
  tokenUnits: 1_024,
  recordBytes: 16 << 20,
  ngramBytes: 256 << 20,
  ngramNodes: 8_000_000,
  rows: 10_000_000,
  columns: 4_096,
  steps: 1_000_000,
  labels: 65_536,
});
