// A run as JSON lines: one object per event on standard output, words for people on standard error.
import type { Output } from "./output.js";
import type { Reporter } from "./reporter.js";

/** The fields are a contract: docs/cli.md. New fields may come, none goes. */
export function jsonReporter(output: Output, people: Output): Reporter {
  return {
    report: (event) => output.json(event),
    note: (text) => people.write(`${text}\n`),
    close: async () => {},
  };
}
