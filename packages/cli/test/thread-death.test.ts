// A compute thread that dies in the midst of a run: an error with a hint, no hanging process, and a checkpoint that resumes.
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import { jsonLines, scratch, tiny, unrolled, writeText } from "./command.js";

const folder = scratch();
afterAll(folder.remove);

/** Loaded before the command: ends the device's second thread once the first checkpoint of step 20 is being told. */
const assassin = `
  import { Worker } from "node:worker_threads";
  const send = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ports) {
    if (message.rank === 1) {
      const write = process.stdout.write;
      process.stdout.write = (text, ...rest) => {
        if (String(text).includes('"checkpoint","step":20,')) this.terminate();
        return write.call(process.stdout, text, ...rest);
      };
    }
    return send.call(this, message, ports);
  };`;

it("ends the run with exit code 1, and the run goes on from the checkpoint", async () => {
  const [text, out, script] = [folder.path("text.txt"), folder.path("model"), folder.path("assassin.mjs")];
  writeText(text);
  writeFileSync(script, assassin);
  const options = [...tiny, "--max-steps", "2000", "--checkpoint-every", "10", "--epochs", "1000"];
  const began = performance.now();
  const run = await unrolled(
    ["train", text, "--out", out, ...options, "--device", "wasm", "--threads", "2", "--json"],
    {
      env: { NODE_OPTIONS: `--import=${pathToFileURL(script)}` },
    },
  );
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/^unrolled: wasm.run: all threads must live, one died: .*\nhint: .*\n$/);
  expect(jsonLines(run.stdout).at(-1)).toMatchObject({ type: "error", code: "thread" });
  expect(performance.now() - began).toBeLessThan(60_000);
  const saved = Math.max(...jsonLines(run.stdout).map(({ type, step }) => (type === "checkpoint" ? Number(step) : 0)));
  expect(saved).toBeGreaterThanOrEqual(20);
  const resumed = await unrolled(["train", "--resume", out, "--max-steps", String(saved + 5), "--json"]);
  expect(resumed.code).toBe(0);
  const lines = jsonLines(resumed.stdout);
  expect(lines.find(({ type }) => type === "start")).toMatchObject({ firstStep: saved });
  expect(lines.at(-1)).toMatchObject({ type: "done", step: saved + 5 });
});
