// The conformance suite: every kernel of the table on any device, against the reference. Free of any test framework.
import type { Device } from "../device/device.js";
import type { KernelName } from "../device/kernels.js";
import { attentionCases } from "./cases/attention.js";
import { elementwiseCases } from "./cases/elementwise.js";
import { mapOpcodeCases } from "./cases/map.js";
import { mapProgramCases } from "./cases/map-programs.js";
import { matrixCases } from "./cases/matrix.js";
import { optimizerCases } from "./cases/optimizers.js";
import { randomCases } from "./cases/random.js";
import { recurrentCases } from "./cases/recurrent.js";
import { sampleCases } from "./cases/sample.js";
import { softmaxCases } from "./cases/softmax.js";
import { topKCases } from "./cases/top-k.js";
import { close, identical } from "./close.js";
import { holdsIntegers, runKernel, writtenBuffers } from "./kernel-call.js";
import type { Trial } from "./trial.js";

export interface ConformanceCase {
  readonly kernel: KernelName;
  readonly name: string;
  /** Throws when the device's results differ from the reference's, or when it writes outside its outputs. */
  readonly run: (device: Device, reference: Device) => void;
}

/** Every case for every kernel, in the order of the table's families. */
export function conformanceCases(): readonly ConformanceCase[] {
  const all = [
    ...elementwiseCases(),
    ...mapOpcodeCases(),
    ...mapProgramCases(),
    ...matrixCases(),
    ...softmaxCases(),
    ...attentionCases(),
    ...randomCases(),
    ...sampleCases(),
    ...topKCases(),
    ...recurrentCases(),
    ...optimizerCases(),
  ];
  return all.map(({ kernel, name, trial }) => ({
    kernel,
    name,
    run: (device, reference) => conform(trial(), `${kernel} ${name}`, device, reference),
  }));
}

/** More multiply-adds than any device keeps on one thread. */
const plentyOfWork = 1e12;

function conform(trial: Trial, label: string, device: Device, reference: Device): void {
  const actual = runKernel(device, trial);
  const expected = runKernel(reference, trial);
  for (const key of writtenBuffers(trial.kernel)) {
    if (trial.incomparable?.includes(key)) continue;
    const tolerance = trial.tolerances?.[key] ?? trial.tolerance;
    const rounded = device.precision === "f32" && !holdsIntegers(trial, key);
    const wanted = rounded ? expected[key].map(Math.fround) : expected[key];
    if (tolerance === "exact") identical(actual[key], wanted, `${label}: ${key}`);
    else close(actual[key], wanted, { absolute: smallestNormal, ...tolerance, label: `${label}: ${key}` });
  }
  if (device.threads === 1) return;
  const spread = runKernel(device, trial, plentyOfWork);
  for (const key of writtenBuffers(trial.kernel))
    identical(spread[key], actual[key], `${label}: ${key} on all threads`);
}

/** Results below the normal float32 range may be flushed to zero. */
const smallestNormal = 2 ** -126;
