// A run on a terminal: a block of loss plot and status lines at the bottom, redrawn in place, everything else above it.
import type { StartEvent, StepEvent } from "unrolled";
import type { Output } from "../output.js";
import type { Reporter, RunFacts } from "../reporter.js";
import { history } from "./history.js";
import { plot } from "./plot.js";
import { fit, type Style, visibleWidth } from "./style.js";
import { doneLine, lossParts, placeParts, sampleLines, startLines, validationLines } from "./words.js";

/** At most ten redraws a second. */
const interval = 100;
const plotRows = 4;
const plotColumns = 60;

export function liveReporter(output: Output, facts: RunFacts, style: Style, clock: () => number): Reporter {
  const losses = history();
  let start: StartEvent | undefined;
  let last: StepEvent | undefined;
  let drawn: readonly string[] = [];
  let drawnAt = Number.NEGATIVE_INFINITY;

  const block = (): string[] => {
    if (last === undefined) return [];
    const columns = Math.max(10, output.columns - 1);
    const status = [fit(placeParts(last, start, facts), columns), fit(lossParts(last, facts, style), columns)];
    return output.rows < 12 || losses.values.length < 2 ? status : [...curve(losses.values, columns, style), ...status];
  };
  /** Clears what was drawn, also where a narrower window has wrapped it since. */
  const erase = (): string => {
    if (drawn.length === 0) return "";
    const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(visibleWidth(line) / output.columns)), 0);
    return `\r${rows > 1 ? `\u001b[${rows - 1}A` : ""}\u001b[J`;
  };
  const draw = (above: readonly string[], next: readonly string[]): Promise<void> => {
    const text = erase() + above.map((line) => `${line}\n`).join("") + next.join("\n");
    drawn = next;
    drawnAt = clock();
    return output.write(text);
  };
  const above = (lines: readonly string[]): Promise<void> => draw(lines, block());
  return {
    async report(event) {
      switch (event.type) {
        case "start":
          start = event;
          return above(startLines(event, facts));
        case "step":
          last = event;
          losses.add(event.loss);
          return clock() - drawnAt < interval ? undefined : draw([], block());
        case "validation":
          return above(validationLines(event, facts, style));
        case "sample":
          return above(sampleLines(event, style));
        case "checkpoint":
          return;
        case "done":
          return above([doneLine(event, facts)]);
        default:
          return event satisfies never;
      }
    },
    note: (text) => above([text]),
    async close() {
      const final = block();
      last = undefined;
      await draw(final, []);
    },
  };
}

/** The losses so far, with the highest and lowest at the left edge. */
function curve(values: readonly number[], columns: number, style: Style): string[] {
  const label = 6;
  const rows = plot(values, Math.min(plotColumns, columns - label), plotRows);
  const high = Math.max(...values).toFixed(2);
  const low = Math.min(...values).toFixed(2);
  return rows.map((row, i) => {
    const text = i === 0 ? high : i === plotRows - 1 ? low : "";
    return `${style.dim(text.padStart(label - 1))} ${row}`.replace(/\u2800+$/, "");
  });
}
