// Training: tasks, optimizers, schedules, the trainer.
export type {
  CheckpointEvent,
  DoneEvent,
  SampleEvent,
  StartEvent,
  StepEvent,
  TrainEvent,
  TrainingCounters,
  TrainingState,
  ValidationEvent,
} from "./events.js"; // prettier-ignore
export { type Fingerprint, fingerprint, startFingerprint } from "./fingerprint.js";
export {
  adagrad,
  adam,
  adamw,
  makeOptimizer,
  type Optimizer,
  type OptimizerSpec,
  optimizerNames,
  rmsprop,
  sgd,
} from "./optimizers.js";
export {
  constant,
  cosine,
  plateau,
  rateFactor,
  type ScheduleSpec,
  scheduleNames,
  stepDecay,
} from "./schedules.js";
export { type Clip, type Descent, descend } from "./descend.js";
export { type StepProgram, trainingStep } from "./step.js";
export { type LanguageTaskOptions, languageModelTask } from "./language-task.js";
export {
  type RunOptions,
  stepsPerEpoch,
  type TaskTrainOptions,
  type TrainOptions,
  totalSteps,
} from "./options.js";
export {
  type Batch,
  type Batches,
  type Cut,
  type Cutting,
  type LossOptions,
  type Measurer,
  type Metrics,
  permutation,
  type Sampler,
  type Task,
  type TaskLoss,
  type Validation,
} from "./task.js"; // prettier-ignore
export { memoryEstimate } from "./memory-estimate.js";
export { train } from "./train.js";
export { type NetworkTask, type NetworkTaskOptions, networkTask } from "./network-task.js";
export { type WriterTask, type WriterTaskOptions, writerTask } from "./writer-task.js";
export { type FindRateOptions, type FoundRate, findRate, type TriedRate } from "./find-rate.js";
