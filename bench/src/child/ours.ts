// The process that measures this library on one device: `ours.js native|relaxed|simd THREADS`.
import { openNative, openWasm } from "@unrolled/kernels";
import type { Device } from "unrolled";
import type { Workload } from "../workloads.js";
import { answerRequests, type Task } from "./answer.js";
import { beamSearching } from "./beam-search.js";
import { bidirectionalTraining } from "./bidirectional.js";
import { customCellTraining } from "./custom-cell.js";
import { batchGeneration, generation } from "./generation.js";
import { forwardOnly, training } from "./training.js";
import { translationTraining } from "./translation.js";

async function open(): Promise<Device> {
  const [, , build, given] = process.argv;
  const threads = Number(given);
  return build === "native" ? openNative({ threads }) : openWasm({ threads, relaxed: build === "relaxed" });
}

function task(device: Device, workload: Workload): Omit<Task, "detail"> {
  switch (workload.kind) {
    case "training":
      return training(device, workload);
    case "forward":
      return forwardOnly(device, workload);
    case "generation":
      return generation(device, workload);
    case "generation-batch":
      return batchGeneration(device, workload);
    case "custom-cell":
      return customCellTraining(device, workload);
    case "bidirectional":
      return bidirectionalTraining(device, workload);
    case "beam-search":
      return beamSearching(device, workload);
    case "translation":
      return translationTraining(device, workload);
    default:
      return workload.kind satisfies never;
  }
}

await answerRequests(async (workload) => {
  const device = await open();
  return { ...task(device, workload), detail: `${device.name} ${device.detail}` };
});
