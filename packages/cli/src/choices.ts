// The words that options choose from. Nothing is imported but types: what can be said is known before anything is loaded.
import type { AttentionName, NetworkTaskName, Pooling, TranslationMetrics } from "unrolled";

export const optimizerNames = ["sgd", "adagrad", "rmsprop", "adam", "adamw"] as const;
export const scheduleNames = ["constant", "step", "cosine", "plateau"] as const;
export const deviceNames = ["auto", "native", "wasm", "reference"] as const;
export type OptimizerName = (typeof optimizerNames)[number];
export type ScheduleName = (typeof scheduleNames)[number];
export type DeviceChoice = (typeof deviceNames)[number];

/** Of models over rows. */
export const rowTasks = ["classify", "tag", "regress", "write"] as const satisfies readonly (
  | NetworkTaskName
  | "write"
)[];
export type RowTask = (typeof rowTasks)[number];
export const rowTokens = ["char", "word", "byte", "vector"] as const;
/** Without "none", a pooling that is not chosen: it is for tasks that answer every step. */
export const chosenPoolings = ["last", "mean", "max"] as const satisfies readonly Exclude<Pooling, "none">[];
export type ChosenPooling = (typeof chosenPoolings)[number];

/** Of translators. */
export const attentions = ["bahdanau", "dot", "general", "concat", "relu", "none"] as const satisfies readonly (
  | AttentionName
  | "none"
)[];
export const longSentences = ["refuse", "cut", "drop"] as const;
export const samplings = ["linear", "exponential", "inverse-sigmoid"] as const;
export const watches = ["bleu", "exactMatch", "nats"] as const satisfies readonly (keyof TranslationMetrics)[];
