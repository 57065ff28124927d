// Generated tasks of the lectures and of the literature on long memory: "unrolled/tasks".
export { type AddingOptions, addingTask } from "./adding.js";
export {
  type Agreement,
  type AgreementOptions,
  agreementSentence,
  agreementTask,
  agreementWords,
} from "./agreement.js"; // prettier-ignore
export { type CopyMemoryOptions, copyMemoryTask } from "./copy-memory.js";
export { type CountingOptions, countingTask } from "./counting.js";
export { type Curriculum, curricula, drawDifficulty, firstStage, nextStage, type Stage } from "./curriculum.js";
export {
  type DateField,
  type DateFormsOptions,
  type DateSpan,
  dateForms,
  dateLocales,
  dateTexts,
} from "./date-forms.js";
export { type DatePair, type DatesOptions, datesTask } from "./dates.js";
export { type DyckOptions, dyckTask } from "./dyck.js";
export {
  type MelodyOptions,
  melodyEnd,
  melodyStart,
  melodyTask,
  type Note,
  noteOf,
  noteToken,
} from "./melody.js"; // prettier-ignore
export { type MidiOptions, midiFile } from "./midi.js";
export { type NameSet, type NamesOptions, nameLanguages, namesTask } from "./names.js";
export { type ParityOptions, parityTask } from "./parity.js";
export { type PigLatinOptions, pigLatin, pigLatinBlocks, pigLatinTask } from "./pig-latin.js";
export { programOutput } from "./program-value.js";
export {
  answerCharacters,
  answerEnd,
  type Difficulty,
  type ProgramOperation,
  type ProgramOptions,
  programCharacters,
  programEnd,
  programOperations,
  programTask,
  programText,
} from "./programs.js";
export { type RearrangeOptions, rearrangeTask } from "./rearrange.js";
export { embeddedReberTask, type ReberOptions, reberContinuations, reberSymbols, reberTask } from "./reber.js";
export { abcScore, type ScoreOptions } from "./score.js";
export { type SeriesOptions, seriesTask } from "./series.js";
export {
  type Chance,
  examples,
  type GeneratedTask,
  type Labelled,
  type Pair,
  type Part,
  parts,
  type Tagged,
  type TokenTask,
  type Valued,
} from "./task.js";
export { type TeddyOptions, teddyTask } from "./teddy.js";
export { type TemporalOrderOptions, temporalOrderTask } from "./temporal-order.js";
