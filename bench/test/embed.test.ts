// Tables of the record inside documents: made from measurements that are made up, and those of this repository.
import { describe, expect, it } from "vitest";
import type { Family } from "../src/measure/configurations.js";
import type { Series } from "../src/measure/series.js";
import { embed } from "../src/report/embed.js";
import { type Report, reportOf } from "../src/report/report.js";
import { bringUpToDate } from "../src/tables.js";
import { chooseWorkloads } from "../src/workloads.js";

const series = (family: Family, threads: number, rates: readonly number[]): Series => ({
  configuration: { name: family, family, threads, ours: family !== "torch", command: { file: "", args: [] } },
  detail: "",
  rates,
  peakBytes: 1,
});

const measured = {
  series: [
    series("native", 1, [7, 7, 7]),
    series("native", 2, [8000, 8100, 8200]),
    series("wasm", 2, [3000, 3100, 3200]),
    series("torch", 2, [4000, 4050, 4100]),
  ],
  skipped: [],
  slower: [],
  peaks: new Map([["native, 2 threads", [230e9, 230e9, 230e9]]]),
};

const report: Report = {
  date: "2026-11-20T10:00:00Z",
  name: "full",
  command: "npm run bench",
  rounds: 3,
  secondsEach: 0.1,
  loadBefore: 0.9,
  notes: [],
  machine: { processor: "P", cores: 2, memoryBytes: 2 ** 33, system: "S" },
  versions: { node: "20", PyTorch: "1.13" },
  workloads: chooseWorkloads(["lstm-512", "rnn-512"]).map((w) => reportOf(w, measured)),
  startup: [{ what: "first step", seconds: { median: 0.5, low: 0.4, high: 1.5 } }],
  sizes: [],
}; // prettier-ignore

/** What stands between the marks of one part. */
const partOf = (words: string): string[] =>
  embed(`a\n<!-- bench:${words} -->\nold\n<!-- /bench -->\nb`, report, "x/full").split("\n").slice(3, -3);

describe("embed", () => {
  it("renews what stands between marks and nothing else, and changes nothing the second time", () => {
    const once = embed("a\n<!-- bench:start -->\nold\n<!-- /bench -->\nb\n", report, "x");
    expect(once).toBe(
      "a\n<!-- bench:start -->\n\n| process start to | time | quartiles |\n|---|--:|--:|\n| first step | 500 ms | 400 ms-1.50 s |\n\n<!-- /bench -->\nb\n",
    );
    expect(embed(once, report, "x")).toBe(once);
    expect(embed(once, { ...report, startup: [] }, "x")).toContain("Not measured");
  });

  it("shows the rates of two threads, of all workloads or those named", () => {
    expect(partOf("rates").slice(2)).toEqual([
      "| LSTM, H 512, L 2, T 64, N 64, V 65, training | 8.10 k | 2.00 x | 68 % | 0.765 x |",
      "| RNN, H 512, L 2, T 64, N 64, V 65, training | 8.10 k | 2.00 x | 17 % | 0.765 x |",
    ]);
    expect(partOf("rates rnn-512").slice(2)).toEqual([
      "| RNN, H 512, L 2, T 64, N 64, V 65, training | 8.10 k | 2.00 x | 17 % | 0.765 x |",
    ]);
  });

  it("shows the marks that were missed", () => {
    expect(partOf("missed").slice(2)).toEqual([
      "| LSTM, H 512, L 2, T 64, N 64, V 65, training | wasm, 2 threads / torch | 0.765 x | 0.800 x |",
      "| LSTM, H 512, L 2, T 64, N 64, V 65, training | native, 2 threads, share of peak | 68 % | 85 % |",
    ]);
  });

  it("says where the record lies, and that the machine was busy", () => {
    const words = partOf("source").join(" ");
    expect(words).toContain("2026-11-20 (P, 2 cores, Node 20, PyTorch 1.13)");
    expect(words).toContain("[full table](x/full.md), [picture](x/full.svg)");
    expect(words).toContain("load 0.90");
  });

  it("refuses a part or a workload that does not exist, and a mark without an end", () => {
    expect(() => partOf("rate")).toThrow("bench:rate: must be one of rates, missed, source, start");
    expect(() => partOf("constructor")).toThrow("must be one of");
    expect(() => partOf("rates rnn-513")).toThrow("was rnn-513");
    expect(() => embed("<!-- bench:rates -->\n| a |\n", report, "x")).toThrow("found 0");
  });
});

it("README and docs show the newest record (npm run bench -- --tables)", () => {
  expect(bringUpToDate({ check: true })).toEqual([]);
});
