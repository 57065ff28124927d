// The harness on tiny workloads: processes start, measure in turn, refuse and end.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startChild } from "../src/measure/child.js";
import type { Configuration } from "../src/measure/configurations.js";
import { measureWorkload } from "../src/measure/series.js";
import { readOptions } from "../src/options.js";
import { type Workload, workloads } from "../src/workloads.js";

const built = fileURLToPath(new URL("../dist/child/ours.js", import.meta.url));
const tiny = (kind: Workload["kind"]): Workload => ({
  ...workloads[0],
  name: "tiny",
  kind,
  hidden: 8,
  layers: 1,
  sequence: 3,
  batch: 2,
  vocabulary: 5,
  beam: 2,
  sentences: 3,
});

function configuration(
  name: string,
  file: string,
  args: readonly string[],
  family: Configuration["family"] = "wasm",
): Configuration {
  return { name, family, threads: 1, ours: family === "wasm", command: { file, args } };
}

/** A process that answers as a measuring process does: one second for each `rate` units of work. */
function pretend(name: string, rate: number, family: Configuration["family"] = "torch"): Configuration {
  const script = `require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const request = JSON.parse(line);
    console.log("a line that is no answer");
    console.log(JSON.stringify(request.do === "prepare" ? { work: 10, detail: "pretends" } : { seconds: (10 * request.repetitions) / ${rate}, peakBytes: 5 }));
  });`;
  return configuration(name, process.execPath, ["-e", script], family);
}

const noPeaks = { measure: async () => new Map([["wasm, 1 thread", 1e9]]), close: async () => {} };
const plan = { rounds: 3, seconds: 0.01 };
const silent = (): void => {};

describe("measuring processes", () => {
  it
    .runIf(existsSync(built))
    .each([
      "training",
      "forward",
      "generation",
      "generation-batch",
      "custom-cell",
      "beam-search",
      "translation",
    ] as const)("measures %s of this library", async (kind) => {
    const ours = configuration("ours", process.execPath, [built, "simd", "1"]);
    const { series, skipped, peaks } = await measureWorkload(tiny(kind), [ours], plan, noPeaks, silent);
    expect(skipped).toEqual([]);
    expect(series[0].detail).toBe("wasm SIMD, 1 thread");
    expect(series[0].rates).toHaveLength(3);
    for (const rate of series[0].rates) expect(rate).toBeGreaterThan(100);
    expect(series[0].peakBytes).toBeGreaterThan(2 ** 24);
    expect(peaks.get("wasm, 1 thread")).toEqual([1e9, 1e9, 1e9]);
  });

  it("keeps a peer's best settings and tells of the slower ones", async () => {
    const all = [pretend("fast", 1000), pretend("near", 900), pretend("slow", 100), pretend("ours", 10, "wasm")];
    const { series, slower } = await measureWorkload(tiny("training"), all, plan, noPeaks, silent);
    expect(series.map((s) => s.configuration.name)).toEqual(["fast", "near", "ours"]);
    expect(series.map((s) => Math.round(s.rates[0]))).toEqual([1000, 900, 10]);
    expect(slower).toEqual([{ name: "slow", rate: 100 }]);
  });

  it("measures a peer once where a step takes very long", async () => {
    const { series } = await measureWorkload(tiny("training"), [pretend("snail", 1, "tfjs")], plan, noPeaks, silent);
    expect(series[0].detail).toContain("measured once");
    expect(series[0].rates).toEqual([1, 1, 1]);
  });

  it("leaves out what cannot start or prepare, and says why", async () => {
    const dies = configuration("dies", process.execPath, ["-e", "throw new Error('no such library')"]);
    const absent = configuration("absent", "/nonexistent/program", []);
    const refuses = configuration("refuses", process.execPath, [
      "-e",
      'console.log(JSON.stringify({ error: "not this" }))',
    ]);
    const { series, skipped } = await measureWorkload(tiny("training"), [dies, absent, refuses], plan, noPeaks, silent);
    expect(series).toEqual([]);
    expect(skipped.map((s) => s.configuration.name)).toEqual(["dies", "absent", "refuses"]);
    expect(skipped[1].reason).toContain("ENOENT");
    expect(skipped[2].reason).toBe("not this");
  });

  it("rejects when a process ends in the middle", async () => {
    const child = startChild({ file: process.execPath, args: ["-e", "setTimeout(() => process.exit(3), 100)"] });
    await expect(child.measure(1)).rejects.toThrow("ended with 3");
    await expect(child.measure(1)).rejects.toThrow("ended with 3");
    await child.close();
  });
});

describe("command line", () => {
  it("chooses workloads", () => {
    expect(readOptions(["--quick"]).workloads.map((w) => w.name)).toContain("lstm-128");
    expect(readOptions(["gru-512", "--rounds", "9"])).toMatchObject({ rounds: 9, name: "gru-512", startup: false });
    expect(readOptions([]).rounds).toBeGreaterThanOrEqual(7);
    expect(readOptions(["--only", "native,torch"]).families).toEqual(["native", "torch"]);
  });

  it("refuses what it does not know, in words", () => {
    expect(() => readOptions(["lstm-513"])).toThrow("was lstm-513");
    expect(() => readOptions(["--rounds", "0"])).toThrow("--rounds: must be a whole number from 1 to 1000, was 0");
    expect(() => readOptions(["--only", "theano"])).toThrow("was theano");
    expect(() => readOptions(["--speed"])).toThrow();
  });
});
