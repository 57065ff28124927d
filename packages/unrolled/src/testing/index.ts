export { type CloseOptions, close, identical } from "./close.js";
export { type ConformanceCase, conformanceCases } from "./conformance.js";
export { type CheckedInput, type GradientCheckOptions, gradientCheck } from "./gradient-check.js";
export { type KernelCall, type PackedMatrix, runKernel } from "./kernel-call.js";
export { rowsAlone, sameBitsForThreads, sequenceInPieces } from "./laws.js";
export { type Numbers, numbers, seedOf, sizes } from "./numbers.js";
export {
  type DrawBelow,
  drawsBelow,
  type Fate,
  loadAndRun,
  mutate,
  type PlacedProgram,
  passesOf,
  soundPrograms,
} from "./program-mutations.js";
