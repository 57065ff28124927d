// R2 in small: every state that a power cut can leave, at every operation; and no fsync that could be left out.
import { modelFiles } from "unrolled";
import { describe, expect, test } from "vitest";
import { readAll } from "../../src/storage/atomic.js";
import { createModelDirectory, resumeModelDirectory } from "../../src/storage/model-directory.js";
import { readModel } from "../../src/storage/read-model.js";
import { checkpointAt, metricsAt } from "./checkpoints.js";
import { type MemoryFiles, memoryFiles } from "./memory-files.js";

const folder = "/runs/one";

/** Throws where a directory does not hold the checkpoint `acknowledged` or the one after it, whole. */
function verify(files: MemoryFiles, acknowledged: number): void {
  if (acknowledged < 0) return;
  const { checkpoint, notices } = resumeModelDirectory(folder, files);
  const { step } = checkpoint;
  if (step !== acknowledged && step !== acknowledged + 1) throw new Error(`resumes at ${step}, not ${acknowledged}`);
  const wanted = checkpointAt(step);
  expect(checkpoint.weights).toEqual(wanted.weights);
  expect(checkpoint.arrays).toEqual(wanted.arrays);
  expect(checkpoint.record).toEqual(wanted.record);
  const metrics = step === 0 ? "" : new TextDecoder().decode(readAll(files, `${folder}/${modelFiles.metrics}`));
  if (metrics !== metricsAt(step)) throw new Error(`metrics of step ${step} are ${JSON.stringify(metrics)}`);
  if (notices.some((notice) => !notice.includes("missing") && !notice.includes("before it"))) {
    throw new Error(notices.join("; "));
  }
  const model = readModel(folder, files);
  if (model.notices.length > 0) throw new Error(model.notices.join("; "));
  const modelStep = model.step ?? -1;
  if (modelStep !== acknowledged && modelStep !== acknowledged + 1) throw new Error(`model of step ${modelStep}`);
  expect(model.weights).toEqual(checkpointAt(modelStep).weights);
}

/** Saves four times, a power cut after every operation; returns how many states were looked at and how many syncs were made. */
function campaign(withoutSync?: number): { states: number; syncs: number } {
  let acknowledged = -1;
  let states = 0;
  const after = (): void => {
    for (const left of files.afterPowerCut()) {
      verify(left, acknowledged);
      states++;
    }
  };
  const files: MemoryFiles = memoryFiles({ after, ...(withoutSync === undefined ? {} : { withoutSync }) });
  const directory = createModelDirectory(folder, files);
  for (let step = 0; step < 3; step++) {
    if (step > 0) directory.appendMetrics(`{"type":"step","step":${step}}`);
    directory.save(checkpointAt(step));
    acknowledged = step;
    after();
  }
  return { states, syncs: files.log.filter((operation) => operation.startsWith("sync")).length };
}

describe("power cut", () => {
  test("leaves the last acknowledged checkpoint or the one being saved", () => {
    const { states, syncs } = campaign();
    expect(states).toBeGreaterThan(500);
    expect(syncs).toBe(17);
  });

  test("finds it where any one sync is left out", () => {
    const { syncs } = campaign();
    for (let sync = 0; sync < syncs; sync++) {
      expect(() => campaign(sync), `without sync ${sync}`).toThrow();
    }
  });
});
