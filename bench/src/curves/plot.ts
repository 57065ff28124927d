// A curve as SVG: measured points and the bound above them, both axes logarithmic.

export interface Line {
  readonly name: string;
  readonly colour: string;
  readonly dashed?: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const [left, right, top, bottom, width, height] = [70, 20, 40, 46, 520, 300];

/** A chart with a legend; `unit` names the y axis. */
export function plot(title: string, xLabel: string, unit: string, lines: readonly Line[]): string {
  const xs = lines.flatMap((line) => line.points.map(([x]) => x));
  const ys = lines.flatMap((line) => line.points.map(([, y]) => y));
  const scale = (values: readonly number[], from: number, to: number) => {
    const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
    return (value: number): number => from + ((Math.log(value) - low) / (high - low || 1)) * (to - from);
  };
  const X = scale(xs, left, left + width);
  const Y = scale([...ys, Math.min(...ys) * 0.8, Math.max(...ys) * 1.2], top + height, top);
  const xTicks = [...new Set(xs)].sort((a, b) => a - b);
  const yTicks = decades(Math.min(...ys), Math.max(...ys));
  const grid = [
    ...yTicks.map(
      (y) =>
        `<line x1="${left}" x2="${left + width}" y1="${round(Y(y))}" y2="${round(Y(y))}" stroke="#e5e5e5"/>${text(left - 6, Y(y) + 4, short(y), "end")}`,
    ),
    ...xTicks.map((x) => text(X(x), top + height + 16, short(x), "middle")),
  ];
  const drawn = lines.map(({ points, colour, dashed }) => {
    const path = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(X(x))} ${round(Y(y))}`).join("");
    const dots = dashed
      ? ""
      : points.map(([x, y]) => `<circle cx="${round(X(x))}" cy="${round(Y(y))}" r="3" fill="${colour}"/>`).join("");
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"${dashed ? ' stroke-dasharray="5 4"' : ""}/>${dots}`;
  });
  const legend = lines.map(
    ({ name, colour }, i) =>
      `<rect x="${left + i * 130}" y="24" width="10" height="10" fill="${colour}"/>${text(left + 14 + i * 130, 33, name, "start")}`,
  );
  const [w, h] = [left + width + right, top + height + bottom];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" font-family="sans-serif" font-size="11" role="img">
<title>${escapeXml(title)}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
${[text(left, 16, `${title} (${unit})`, "start"), ...legend, ...grid, ...drawn, text(left + width / 2, h - 8, xLabel, "middle")].join("\n")}
</svg>
`;
}

/** 1, 2 and 5 times the powers of ten within a range. */
function decades(low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10)
    for (const factor of [1, 2, 5]) if (power * factor >= low && power * factor <= high) ticks.push(power * factor);
  return ticks;
}

const short = (x: number): string =>
  x >= 1e6 ? `${x / 1e6} M` : x >= 1e4 ? `${x / 1e3} k` : String(Number(x.toPrecision(3)));
const round = (value: number): string => value.toFixed(1);
const text = (x: number, y: number, words: string, anchor: string): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeXml(words)}</text>`;
const escapeXml = (words: string): string =>
  words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
