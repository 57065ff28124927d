// The loop of a measuring process, as in bench/src/child/answer.ts, for peers whose work is asynchronous.
import { createInterface } from "node:readline";

/** `prepare(workload)` gives { work, detail, run }; `run` resolves when the work is done. */
export async function answerRequests(prepare) {
  const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
  let task;
  for await (const line of createInterface(process.stdin)) {
    try {
      const request = JSON.parse(line);
      if (request.do === "prepare") {
        task = await prepare(request.workload);
        say({ work: task.work, detail: task.detail });
      } else {
        const start = performance.now();
        for (let i = 0; i < request.repetitions; i++) await task.run();
        say({ seconds: (performance.now() - start) / 1000, peakBytes: process.resourceUsage().maxRSS * 1024 });
      }
    } catch (error) {
      say({
        error: String(error?.message ?? error)
          .split("\n")[0]
          .slice(0, 200),
      });
    }
  }
  process.exit(0);
}
