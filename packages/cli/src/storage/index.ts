// All durable writes, and the reading of model directories.
export { replaceFile } from "./atomic.js";
export { type Files, nodeFiles, systemCode } from "./files.js";
export {
  type BadIds,
  bytesPerId,
  idsName,
  type IdsFacts,
  type IdsWriter,
  type OpenIds,
  openIds,
  writeIds,
} from "./ids-file.js";
export { createModelDirectory, type ModelDirectory, type Resumed, resumeModelDirectory } from "./model-directory.js";
export { readModel, type StoredModel } from "./read-model.js";
