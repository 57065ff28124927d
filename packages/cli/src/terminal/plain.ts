// A run as plain lines, at a calm pace: for pipes, log files and terminals that cannot redraw.
import type { StartEvent } from "unrolled";
import type { Output } from "../output.js";
import type { Reporter, RunFacts } from "../reporter.js";
import { plainStyle } from "./style.js";
import { doneLine, lossParts, placeParts, sampleLines, startLines, validationLines } from "./words.js";

/** Seconds between step lines: brisk at first, then calm. */
const pace = (elapsed: number): number => (elapsed < 30 ? 3 : elapsed < 600 ? 15 : 60);

export function plainReporter(output: Output, facts: RunFacts, clock: () => number): Reporter {
  let start: StartEvent | undefined;
  let began = clock();
  let shown = Number.NEGATIVE_INFINITY;
  const lines = (list: readonly string[]): Promise<void> => output.write(list.map((line) => `${line}\n`).join(""));
  return {
    async report(event) {
      switch (event.type) {
        case "start":
          start = event;
          began = clock();
          return lines(startLines(event, facts));
        case "step": {
          const now = clock();
          const last = event.step === start?.totalSteps;
          if (!last && now - shown < pace((now - began) / 1000) * 1000) return;
          shown = now;
          return lines([[...placeParts(event, start, facts), ...lossParts(event, facts, plainStyle)].join("  ")]);
        }
        case "validation":
          return lines(validationLines(event, facts, plainStyle));
        case "sample":
          return lines(sampleLines(event, plainStyle));
        case "checkpoint":
          return;
        case "done":
          return lines([doneLine(event, facts)]);
        default:
          return event satisfies never;
      }
    },
    note: (text) => lines([text]),
    close: async () => {},
  };
}
