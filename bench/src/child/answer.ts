// The loop of a measuring process: reads requests, measures, answers.
import { createInterface } from "node:readline";
import type { Measured, Prepared, Refused, Request } from "../measure/protocol.js";
import type { Workload } from "../workloads.js";

/** A workload made ready. */
export interface Task extends Prepared {
  /** Does the work once and returns when it is done. */
  readonly run: () => void;
}

/** Answers requests from stdin until it ends. */
export async function answerRequests(prepare: (workload: Workload) => Promise<Task>): Promise<void> {
  let task: Task | undefined;
  for await (const line of createInterface(process.stdin)) {
    try {
      const request = JSON.parse(line) as Request;
      if (request.do === "prepare") {
        task = await prepare(request.workload);
        answer({ work: task.work, detail: task.detail });
      } else if (task) answer(measure(task, request.repetitions));
    } catch (error) {
      answer({ error: error instanceof Error ? error.message : String(error) });
    }
  }
  process.exit(0);
}

function measure(task: Task, repetitions: number): Measured {
  const start = performance.now();
  for (let i = 0; i < repetitions; i++) task.run();
  const seconds = (performance.now() - start) / 1000;
  return { seconds, peakBytes: process.resourceUsage().maxRSS * 1024 };
}

function answer(value: Prepared | Measured | Refused): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
