// The graph layer: tensors, ops, gradients, programs.
export {
  type CompileOptions,
  compile,
  evaluate,
  type Finding,
  f32,
  type InputSpec,
  i32,
  type Program,
  type Traced,
  type Values,
} from "./compile.js"; // prettier-ignore
export { gradient } from "./gradient.js";
export type { Op } from "./op.js";
export * from "./ops/index.js";
export type { Scalar, Shape, Storage, Tensor, TensorLike, Variable } from "./tensor.js";
export { evict, readVariable, type VariableSpec, variable, variables, wholeOf, writeVariable } from "./variable.js";
