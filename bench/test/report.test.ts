// Tables, the record in Markdown, and the picture, from measurements that are made up.
import { describe, expect, it } from "vitest";
import { leastFlops, modelFlops } from "../src/flops.js";
import type { Configuration, Family } from "../src/measure/configurations.js";
import type { Measurements, Series } from "../src/measure/series.js";
import { type Report, reportOf } from "../src/report/report.js";
import { ratioBars } from "../src/report/svg.js";
import { coloured, formatTable, markdownTable, paintFor, plain, short } from "../src/report/table.js";
import { markdown, workloadLines } from "../src/report/words.js";
import { chooseWorkloads, type Workload } from "../src/workloads.js";
import { wellFormed } from "./well-formed.js";

const [workload] = chooseWorkloads(["lstm-512"]) as [Workload];

function series(family: Family, threads: number, rates: readonly number[]): Series {
  const ours = family === "native" || family === "wasm";
  const configuration: Configuration = {
    name: `${family} ${threads}`,
    family,
    threads,
    ours,
    command: { file: "", args: [] },
  };
  return { configuration, detail: `${family} 1.0, OpenBLAS, ${threads} threads`, rates, peakBytes: 2 ** 20 };
}

const measurements: Measurements = {
  series: [
    series("native", 2, [8000, 8100, 810]),
    series("wasm", 2, [3000, 3100, 300]),
    series("torch", 1, [4000, 4050, 405]),
    series("torch", 2, [400, 300, 30]),
  ],
  skipped: [{ configuration: series("brain", 1, []).configuration, reason: "Cannot find module 'brain.js' <here>" }],
  slower: [{ name: "torch 9", rate: 12 }],
  peaks: new Map([["native, 2 threads", [230e9, 231e9, 23e9]]]),
}; // prettier-ignore
const found = reportOf(workload, measurements);
const report: Report = {
  date: "2026-11-20T10:00:00Z",
  name: "test",
  command: "npm run bench -- lstm-512",
  rounds: 3,
  secondsEach: 0.1,
  loadBefore: 0,
  notes: ["a | b"],
  machine: { processor: "P", cores: 2, memoryBytes: 2 ** 33, system: "S" },
  versions: { node: "20" },
  workloads: [found],
  startup: [{ what: "first step", seconds: { median: 0.5, low: 0.4, high: 1.5 } }],
  sizes: [{ what: "a.wasm", bytes: 12345, gzipBytes: 999 }],
}; // prettier-ignore

describe("report", () => {
  it("compares ours with the peer's best setting, round by round", () => {
    const [native, wasm, torch] = found.rows;
    expect(native.ratios.torch).toEqual({ median: 2, low: 2, high: 2 });
    expect(wasm.ratios.torch?.median).toBe(0.75);
    expect(torch.ratios).toEqual({});
  });

  it("judges every mark", () => {
    expect(found.marks.map(({ what, least, met }) => [what, least, met])).toEqual([
      ["native, 2 threads / torch", 1.7, true],
      ["wasm, 2 threads / torch", 0.8, false],
      ["native, 2 threads, share of peak", 0.85, false],
    ]);
  });

  it("counts the products of the model", () => {
    // L 2, G 4, H 512, V 65: 3 * (2 * 2 * 4 * 512 * 1024 + 2 * 512 * 65)
    expect(modelFlops(workload)).toBe(25_365_504);
    expect(leastFlops(workload)).toBe(25_365_504 - 3 * 2 * 4 * 512 * 512 * (1 - 65 / 4096));
    expect(found.rows[0].gflops).toBe((8000 * 25_365_504) / 1e9);
    expect(found.rows[0].modelPeakShare?.median).toBe((8100 * 25_365_504) / 231e9);
    expect(found.rows[0].peakShare?.median).toBe((8100 * leastFlops(workload)) / 231e9);
    expect(found.rows[2].peakShare).toEqual(found.rows[2].modelPeakShare);
  });

  it("shows what was left out and which marks are not met", () => {
    const lines = workloadLines(found, 120, plain).join("\n");
    expect(lines).toContain("left out: brain 1: Cannot find module");
    expect(lines).toContain("wasm, 2 threads / torch: 0.750 x, mark 0.800 x: not met");
    expect(workloadLines(found, 120, coloured).join("\n")).toContain("\u001b[31mnot met\u001b[39m");
  });

  it("writes Markdown with the marks, the start and the sizes", () => {
    const text = markdown(report, "x.svg");
    expect(text).toContain("| lstm-512 | wasm, 2 threads / torch | 0.750 x | 0.800 x | **not met** |");
    expect(text).toContain("| first step | 500 ms | 400 ms-1.50 s |");
    expect(text).toContain("| a.wasm | 12,345 | 999 |");
    expect(text).toContain("](x.svg)");
  });
});

describe("tables", () => {
  const heads = [{ title: "name" }, { title: "n", right: true }, { title: "spare", right: true, spare: 1 }];

  it("aligns words left and numbers right, colours apart", () => {
    const lines = formatTable(
      heads,
      [
        ["\u001b[1mabc\u001b[22m", "1", "22"],
        ["d", "100", "3"],
      ],
      80,
    ); // prettier-ignore
    expect(lines).toEqual(["name    n  spare", "\u001b[1mabc\u001b[22m     1     22", "d     100      3"]);
  });

  it("leaves columns out that do not fit", () => {
    expect(formatTable(heads, [["a", "1", "2"]], 10)).toEqual(["name  n", "a     1"]);
  });

  it("escapes bars in Markdown", () => {
    expect(markdownTable(heads.slice(0, 2), [["a|b", "1"]])).toEqual(["| name | n |", "|---|--:|", "| a\\|b | 1 |"]);
  });

  it("shortens numbers to three digits", () => {
    expect([0.01234, 1, 9.999, 12.34, 123.4, 4700, 12_345_678].map(short)).toEqual([
      "0.0123",
      "1.00",
      "10.00",
      "12.3",
      "123",
      "4.70 k",
      "12.3 M",
    ]);
  });

  it("has colour on terminals only, and not against NO_COLOR", () => {
    expect(paintFor(true, {})).toBe(coloured);
    expect(paintFor(true, { NO_COLOR: "1" })).toBe(plain);
    expect(paintFor(false, {})).toBe(plain);
  });
});

describe("picture", () => {
  it("is well-formed and has one bar for each ratio, none beyond the frame", () => {
    const svg = ratioBars([found], 'ours & "theirs" <2>');
    wellFormed(svg);
    const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)" height="12" fill="#(?:0b6e99|d9730d)"\/>/g)].map((m) =>
      Number(m[1]),
    );
    const [, native, , wasm] = [widths[1], widths[2], widths[0], widths[3]].map(Number);
    expect(svg).toContain("2.00 x");
    expect(svg).toContain("0.75 x");
    expect(widths).toHaveLength(4); // two of the legend, two bars
    expect(native).toBeGreaterThan(wasm);
    expect(Math.max(...widths)).toBeLessThan(560);
  });

  it("is well-formed where nothing can be compared", () => {
    wellFormed(ratioBars([], "empty"));
  });

  it("is seen to fail on a tag that is not closed", () => {
    expect(() => wellFormed("<svg><g></svg>")).toThrow("g");
    expect(() => wellFormed("<svg>a & b</svg>")).toThrow("&");
    expect(() => wellFormed("<svg><rect a=1/></svg>")).toThrow("rect");
  });
});
