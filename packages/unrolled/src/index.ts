export { checkProgram } from "./device/check.js";
export type { Device, DeviceName, DType, EncodedProgram, Handle, Products, Region, Words } from "./device/device.js";
export { type KernelName, kernelNames, kernels } from "./device/kernels.js";
export { openReference, type ReferenceOptions } from "./device/reference/index.js";
export {
  CheckpointError,
  DataError,
  DeviceError,
  type ErrorDetail,
  isUnrolledError,
  NumericError,
  ShapeError,
  SpecError,
} from "./errors.js";
export * from "./graph/index.js";
export {
  type Checkpoint,
  type CompanionName,
  type Companions,
  checkCompanion,
  companionNames,
  decodeModelFile,
  decodeTrainingFile,
  encodeModelFile,
  encodeTrainingFile,
  type ModelFile,
  modelFiles,
  readJson,
  type TrainingFile,
} from "./io/checkpoint.js";
export { crc32 } from "./io/crc32.js";

export { decodeNgram, encodeNgram } from "./io/ngram-file.js";
export {
  type DecodeOptions,
  decodeSafetensors,
  encodeSafetensors,
  type FileArray,
  type FileTensor,
  type FileType,
  type Safetensors,
} from "./io/safetensors.js";
export { type Limits, limits } from "./limits.js";
export {
  type Chunk,
  type ChunkSize,
  type Chunks,
  evaluationChunks,
  evaluationStreams,
  streams,
} from "./text/batches.js";
export {
  type Counted,
  type CountedWords,
  countBytes,
  countCharacters,
  countPieces,
  countWords,
  encodeBlocks,
  type Reading,
} from "./text/blocks.js";
export {
  binaryText,
  bytes,
  type Corpus,
  bytePairs,
  characters,
  checkFraction,
  invalidUtf8,
  oneSymbol,
  type SplitOptions,
  textOf,
  trainingLength,
  words,
} from "./text/corpus.js";
export type { BytePairs } from "./text/byte-pairs.js";
export { type BytePairOptions, bytePairVocabulary, bytePairVocabularyFrom } from "./text/byte-pair-train.js";
export { type PieceKind, type PieceScanner, pieceScanner } from "./text/pieces.js";
export { linesOf, pairLines, parsePairs, type TextPair } from "./text/pairs.js";
export { readTokenizer } from "./text/tokenizer-json.js";
export { firstIds, type Ids, type IdSource, sliceIds } from "./text/ids.js";
export { type Decoder, decode, decoder } from "./text/decode.js";
export { type EncodeOptions, type Encoder, encode, encoder } from "./text/encode.js";
export {
  type BestNgram,
  bestNgram,
  fitNgram,
  type Ngram,
  type NgramOptions,
  type NgramScorer,
  ngramScorer,
} from "./text/ngram.js";
export { scanWords } from "./text/words.js";
export { decodeUtf8, encodeUtf8, wholeCharacters } from "./text/utf8.js";
export {
  byteVocabulary,
  type CharacterOptions,
  characterVocabulary,
  type Vocabulary,
  type VocabularyKind,
  type WordOptions,
  wordVocabulary,
  wordVocabularyOf,
} from "./text/vocabulary.js";
export { decodeVocabulary, encodeVocabulary } from "./text/vocabulary-file.js";
export {
  type BatchOptions,
  bucketBatches,
  bucketLengths,
  fewBuckets,
  type RowBatch,
  wastedPart,
} from "./text/rows/buckets.js";
export { type LabelIndex, labelIndex, labelSeparator, labelSet, labelsIn } from "./text/rows/labels.js";
export { type LabelledOptions, type LabelledText, parseLabelled, type RowFormat } from "./text/rows/labelled.js";
export { parseNpy } from "./text/rows/npy.js";
export { parseSeries, type Series, type SeriesOptions, type SeriesSet } from "./text/rows/series.js";
export { parseStarted, type StartedOptions, type StartedText, type StartedTexts } from "./text/rows/started.js";
export { type Split, shuffle, splitRows } from "./text/rows/split.js";
export { parseTable, type TableOptions, type TableRow } from "./text/rows/table.js";
export { parseTagged, type TaggedOptions, type TaggedTokens } from "./text/rows/tagged.js";
export {
  type ClassificationReport,
  type ClassScore,
  classificationReport,
  countMultiLabel,
  emptyConfusion,
  emptyMultiLabel,
  f1Of,
  type MultiLabelCounts,
  type MultiLabelReport,
  multiLabelReport,
} from "./metrics/classification.js";
export { countErrors, type ErrorCounts, type ErrorReport, emptyErrors, errorReport } from "./metrics/errors.js";
export {
  areBio,
  bioSpans,
  countSpans,
  emptySpans,
  type Span,
  type SpanCounts,
  type SpanReport,
  spanReport,
} from "./metrics/spans.js";
export {
  type GenerateManyOptions,
  type GenerateOptions,
  generate,
  generateMany,
  write,
  writeMany,
} from "./decode/generate.js";
export { checkSampling, chooseToken, type SamplingOptions } from "./decode/sampling.js";
export { type Writer, type Written, writer } from "./decode/writer.js";
export { type Draws, draws } from "./draws.js";

export { type Evaluation, type Evaluator, evaluateModel, evaluationOf, evaluator } from "./models/evaluate.js";
export {
  carriedStates,
  type Forward,
  type ForwardOptions,
  forward,
  type LanguageModel,
  type LayerStates,
  languageModel,
  languageModelLoss,
  loadLanguageModel,
  type NewModelOptions,
  parameterCount,
  readWeights,
  weightShapes,
  writeWeights,
} from "./models/language-model.js"; // prettier-ignore
export { type BaselineResult, baselineOf } from "./models/baseline.js";
export {
  measureNetwork,
  type NetworkMeasurer,
  type NetworkMetrics,
  type NetworkReport,
  networkMeasurer,
} from "./models/measure.js";
export {
  loadNetwork,
  type Network,
  type NetworkLoss,
  type NetworkRun,
  network,
  networkLoss,
  networkParameters,
  networkScores,
  networkWeights,
  noVocabulary,
} from "./models/network.js";
export {
  answersOf,
  type Columns,
  checkNetworkSpec,
  inputWidthOf,
  networkJson,
  type NetworkInput,
  type NetworkOutput,
  type NetworkSpec,
  type NetworkTask as NetworkTaskName,
  networkTasks,
  type Pooling,
  poolings,
  type TextKind,
  textKinds,
} from "./models/network-spec.js";
export { type Answer, bestLabel, inOwnUnits, type Predictor, predictor } from "./models/predict.js";
export { type ArrangedRows, arrangeRows, rowShapes } from "./models/row-batches.js";
export {
  type FactOptions,
  type Facts,
  type InputFacts,
  type NetworkOptions,
  networkSpec,
  rowFacts,
  columnsOf,
} from "./models/row-facts.js";
export { type Example, pickRows, type Rows, rowClasses, rowExamples, seriesRows } from "./models/rows.js";
export { countWeights, currentWeights, setWeights, type Weights } from "./models/weights.js";
export { type Cells, layersJson, readLayers } from "./models/layers.js";
export { type HeadOptions, headOf, readHead } from "./models/head-spec.js";
export { type ScoredSentence, type ScoredToken, scoreSentences } from "./models/score.js";
export {
  checkLanguageModelSpec,
  draftLanguageModelSpec,
  type EmbeddingSpec,
  type LanguageModelOptions,
  type LanguageModelSpec,
  languageModelJson,
  languageModelSpec,
  type TokenKind,
  tokenKinds,
} from "./models/spec.js"; // prettier-ignore
export { noToken, startToken } from "./models/start-token.js";
export * from "./nn/index.js";
export type { NamedArray } from "./io/named-array.js";
export { type LabelledPen, labelledPen, type WriteLabelledOptions, writeLabelled } from "./decode/labelled.js";
export {
  type LabelledWriter,
  type LabelledWriterOptions,
  labelledWriter,
  loadLabelledWriter,
  writerForward,
  writerStates,
  writerWeights,
} from "./models/labelled-writer.js";
export {
  checkLabelledWriterSpec,
  labelledWriterJson,
  type LabelledWriterSpec,
  type StartUse,
  startNumbers,
  startUses,
  type WriterStart,
} from "./models/labelled-writer-spec.js";
export { arrangeTexts, type WriterExample, writerExamples, writerMeasurer } from "./models/writer-rows.js";
// The schedule, not the tensor of the same name.
export { constant } from "./train/index.js";
export * from "./train/index.js";
export {
  type BeamModel,
  type BeamOptions,
  type BeamRequest,
  beamSearch,
  type BeamStep,
  type Hypothesis,
} from "./decode/beam.js";
export {
  type BestText,
  type BestTextOptions,
  type WriteBestLabelledOptions,
  type WriteBestOptions,
  writeBest,
  writeBestLabelled,
} from "./decode/write-best.js";
export type { DrawOptions } from "./decode/translator-draw.js";
export { type TranslateOptions, type Translating, type TranslatingOptions, translating } from "./decode/translating.js";
export { type Bleu, type BleuOptions, corpusBleu, sentenceBleu } from "./metrics/bleu.js";
export { type ChrfOptions, corpusChrf } from "./metrics/chrf.js";
export { editDistance, type SequenceScores, sequenceScores } from "./metrics/edit-distance.js";
export { tokenize13a } from "./metrics/tokenize-13a.js";
export {
  loadTranslator,
  readTranslator,
  type Translator,
  translator,
  translatorParameters,
  translatorWeights,
} from "./models/translator.js";
export {
  checkTranslatorSpec,
  type SideSpec,
  type TranslatorOptions,
  type TranslatorSpec,
  translatorJson,
  translatorSpec,
  unseenTokens,
} from "./models/translator-spec.js";
export { idRanges } from "./models/id-ranges.js";
export { type PairInputs, type PairLoss, type PairLossOptions, pairLoss } from "./train/translation-loss.js";
export {
  arrangePairs,
  bannedOf,
  type Pair,
  type TeacherSchedule,
  teacherProbability,
  type TranslationMetrics,
  type TranslationTask,
  type TranslationTaskOptions,
  translationTask,
} from "./train/translation-task.js";
