// Stopping and going on: by signal, by a reader that leaves or sleeps; and resumed runs equal runs that never stopped, bit for bit.
import { readFileSync } from "node:fs";
import { describeDevices } from "@unrolled/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonLines, scratch, startUnrolled, tiny, unrolled, writeText } from "./command.js";

const folder = scratch();
const text = folder.path("text.txt");
beforeAll(() => writeText(text));
afterAll(folder.remove);

const devices = (await describeDevices()).filter((device) => device.available).map((device) => device.name);
const weights = (name: string): Buffer => readFileSync(folder.path(name, "model.safetensors"));
const options = [...tiny, "--cell", "gru", "--dropout", "0.2", "--seed", "3", "--checkpoint-every", "7"];

async function trained(args: readonly string[]): Promise<void> {
  const { code, stderr } = await unrolled(["train", ...args]);
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`);
}

describe.each(devices)("on %s", (device) => {
  it("in three pieces or in one: the same bits", async () => {
    const whole = `whole-${device}`;
    const pieces = `pieces-${device}`;
    const more = ["--device", device];
    // An epoch has 112 steps: the second piece crosses its end.
    await trained([text, "--out", folder.path(whole), ...options, ...more, "--max-steps", "130"]);
    await trained([text, "--out", folder.path(pieces), ...options, ...more, "--max-steps", "5"]);
    expect(weights(pieces).equals(weights(whole))).toBe(false);
    await trained(["--resume", folder.path(pieces), ...more, "--max-steps", "120"]);
    await trained(["--resume", folder.path(pieces), ...more, "--max-steps", "130"]);
    expect(weights(pieces).equals(weights(whole))).toBe(true);
  });
});

describe("a signal", () => {
  const endless = ["--epochs", "100000", "--sample-every", "0", "--device", "wasm", "--threads", "1"];

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s ends with %d, a checkpoint, whole lines and the way on", async (signal, code) => {
    const out = folder.path(signal);
    const run = startUnrolled(["train", text, "--out", out, ...options, ...endless, "--json"]);
    await run.until('"step":20,');
    const asked = performance.now();
    run.child.kill(signal);
    const ended = await run.ended;
    expect(performance.now() - asked).toBeLessThan(5000);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(`go on with: unrolled train --resume ${out}\n`);
    const lines = jsonLines(ended.stdout);
    const done = lines.at(-1);
    expect(done).toMatchObject({ type: "done", reason: "stopped" });
    const steps = lines.filter((line) => line.type === "step").map((line) => line.step);
    expect(done?.step).toBe(steps.at(-1));

    const goal = Number(done?.step) + 15;
    await trained(["--resume", out, "--max-steps", String(goal), "--device", "wasm", "--threads", "1"]);
    const straight = folder.path(`${signal}-straight`);
    await trained([
      text,
      "--out",
      straight,
      ...options,
      "--device",
      "wasm",
      "--threads",
      "1",
      "--max-steps",
      String(goal),
    ]);
    expect(weights(signal).equals(weights(`${signal}-straight`))).toBe(true);
  });

  it("ends the process also when nobody reads what it says", async () => {
    const out = folder.path("sleeper");
    const run = startUnrolled(["train", text, "--out", out, ...options, ...endless, "--json"]);
    await run.until('"step":5,');
    run.child.stdout?.pause();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const asked = performance.now();
    run.child.kill("SIGTERM");
    const exit = await new Promise((resolve) => run.child.once("exit", resolve));
    expect(performance.now() - asked).toBeLessThan(5000);
    expect(exit).toBe(143);
    run.child.stdout?.resume();
    jsonLines((await run.ended).stdout);
    expect((await unrolled(["info", out])).code).toBe(0);
  });
});

it("a reader that goes away ends a run quietly, with a checkpoint", async () => {
  const out = folder.path("pipe");
  const run = startUnrolled(["train", text, "--out", out, ...options, "--epochs", "100000", "--json"]);
  await run.until('"step":5,');
  run.child.stdout?.destroy();
  const ended = await run.ended;
  expect(ended.code).toBe(141);
  expect(ended.stderr).not.toMatch(/EPIPE|at |error/);
  expect((await unrolled(["info", out])).code).toBe(0);
});

it("a finished run says so and changes nothing", async () => {
  const out = folder.path("finished");
  await trained([text, "--out", out, ...options, "--max-steps", "5"]);
  const before = weights("finished");
  const again = await unrolled(["train", "--resume", out]);
  expect(again.code).toBe(0);
  expect(again.stdout).toContain("is finished: 5 steps are made");
  expect(weights("finished").equals(before)).toBe(true);
});
