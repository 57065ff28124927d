// A picture of ratios: one group of bars per workload, logarithmic, with a line where both are as fast and ticks at the marks.
import type { Row, WorkloadReport } from "./report.js";

const colours = { native: "#0b6e99", wasm: "#d9730d" } as const;
const [left, right, barHeight, gap, top] = [190, 70, 14, 12, 54];
const chartWidth = 560;

interface Bar {
  readonly family: "native" | "wasm";
  readonly ratio: number;
  readonly mark: number | undefined;
}

/** Ratios to PyTorch of the builds with two threads; workloads without a ratio are left out. */
export function ratioBars(workloads: readonly WorkloadReport[], title: string): string {
  const groups = workloads
    .map((w) => ({ name: w.workload.name, bars: barsOf(w) }))
    .filter(({ bars }) => bars.length > 0);
  const values = groups.flatMap(({ bars }) => bars.flatMap(({ ratio, mark }) => [ratio, mark ?? ratio]));
  const low = Math.min(0.5, ...values);
  const high = Math.max(2, ...values) * 1.1;
  const place = (ratio: number): number => left + (chartWidth * Math.log(ratio / low)) / Math.log(high / low);
  let y = top;
  const parts: string[] = [];
  for (const { name, bars } of groups) {
    parts.push(text(left - 8, y + (bars.length * barHeight) / 2 + 4, name, 'text-anchor="end"'));
    for (const bar of bars) {
      parts.push(drawBar(bar, y, place, low));
      y += barHeight;
    }
    y += gap;
  }
  const height = y + 24;
  const grid = ticks(low, high).map((tick) => drawTick(tick, place(tick), y));
  const legend = (["native", "wasm"] as const).map(
    (family, i) =>
      `<rect x="${left + i * 150}" y="30" width="12" height="12" fill="${colours[family]}"/>${text(left + 18 + i * 150, 40, `${family}, 2 threads`)}`,
  );
  const width = left + chartWidth + right;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" role="img">
<title>${escapeXml(title)}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
${[text(left, 18, title, 'font-weight="bold"'), ...legend, ...grid, ...parts].join("\n")}
</svg>
`;
}

function barsOf({ rows, workload }: WorkloadReport): Bar[] {
  const mark = workload.marks.find((m) => m.peer === "torch");
  return rows.flatMap((row: Row) => {
    const { family } = row;
    const ratio = row.ratios.torch?.median;
    return (family === "native" || family === "wasm") && row.threads === 2 && ratio
      ? [{ family, ratio, mark: mark?.[family] }]
      : [];
  });
}

function drawBar({ family, ratio, mark }: Bar, y: number, place: (ratio: number) => number, low: number): string {
  const start = place(low);
  const bar = `<rect x="${round(start)}" y="${y + 1}" width="${round(place(ratio) - start)}" height="${barHeight - 2}" fill="${colours[family]}"/>`;
  const label = text(
    place(ratio) + 5,
    y + barHeight - 3,
    `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)} x`,
    'font-size="10"',
  );
  const tick =
    mark === undefined
      ? ""
      : `<line x1="${round(place(mark))}" x2="${round(place(mark))}" y1="${y}" y2="${y + barHeight}" stroke="#111111" stroke-width="2"/>`;
  return bar + label + tick;
}

function drawTick(ratio: number, x: number, bottom: number): string {
  const stroke = ratio === 1 ? 'stroke="#444444"' : 'stroke="#dddddd"';
  return `<line x1="${round(x)}" x2="${round(x)}" y1="${top - 4}" y2="${bottom}" ${stroke}/>${text(x, bottom + 14, `${ratio} x`, 'text-anchor="middle" fill="#555555"')}`;
}

const ticks = (low: number, high: number): number[] =>
  [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].filter((tick) => tick >= low && tick <= high);
const round = (value: number): string => value.toFixed(1);
const text = (x: number, y: number, words: string, rest = ""): string =>
  `<text x="${round(x)}" y="${round(y)}"${rest ? ` ${rest}` : ""}>${escapeXml(words)}</text>`;
const escapeXml = (words: string): string =>
  words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
