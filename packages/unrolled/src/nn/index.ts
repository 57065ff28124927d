// Everything of the networks' parts that the library offers.
export {
  type Cell,
  type CellSizes,
  cell,
  drawsPerLayer,
  type FusedOptions,
  type LayerInput,
  type LayerResult,
  type LayerRun,
  type Named,
  project,
  runLayer,
  type SequenceRun,
  unroll,
} from "./cell.js";
export {
  type CellChoice,
  type CellName,
  type CellSpec,
  type CellVariant,
  cellNames,
  cellOf,
  cellOptions,
  cellSpec,
  cellVariantNames,
  cellVariants,
  gruCell,
  isCell,
  lstmCell,
  readCellSpec,
  rnnCell,
} from "./cells/index.js";
export type { CellOption, CellOptions, CellOptionValue } from "./cells/options.js";
export {
  type DeepActivation,
  deepActivations,
  type HeadSizes,
  type HeadSpec,
  headKinds,
  headLogits,
  headLoss,
  headWeights,
} from "./heads.js";
export {
  type LayerOptions,
  type LayerSpec,
  layer,
  runStack,
  type StackLayer,
  type StackResult,
  type StackRun,
  type StackWeight,
  stackShapes,
  stackStates,
  stackWeights,
  stackWidth,
} from "./stack.js";
export { stepCounts, stepMask } from "./steps.js";
export { type Activation, type ActivationName, activate, activationNames, readActivation } from "./activations.js";
export {
  type HandSetName,
  type HandSetNet,
  handSetNames,
  handSetNets,
  handSetWeights,
  runHandSet,
} from "./hand-set.js";
export { drawnVariables } from "./init.js";
export {
  type Backward as NotesBackward,
  type Forward as NotesForward,
  type Matrix as NotesMatrix,
  type Net as NotesNet,
  notesBackward,
  notesForward,
  type Phi,
  phis,
  type ScalarBackward,
  type ScalarForward,
  type ScalarNet,
  scalarBackward,
  scalarForward,
} from "./notes.js";
export {
  type Attended,
  type Attention,
  type AttentionName,
  type AttentionSizes,
  asksBefore,
  attend,
  attended,
  attentionNames,
  attentionShapes,
} from "./attention.js";
