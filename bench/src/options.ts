// The command line of the benchmark.
import { parseArgs } from "node:util";
import { type Family, families } from "./measure/configurations.js";
import { chooseWorkloads, type Workload, workloads } from "./workloads.js";

export interface Options {
  readonly workloads: readonly Workload[];
  /** Name of the record's files. */
  readonly name: string;
  readonly quick: boolean;
  readonly json: boolean;
  readonly list: boolean;
  readonly help: boolean;
  readonly write: boolean;
  readonly out: string | undefined;
  readonly rounds: number;
  readonly seconds: number;
  readonly families: readonly Family[];
  /** Thread counts of ours that are measured. */
  readonly threads: readonly number[];
  readonly startup: boolean;
  /** Only bring the tables in the documents up to the newest full record. */
  readonly tables: boolean;
}

export const help = `Usage: npm run bench -- [NAME...] [options]

Measures training and generation of this library beside PyTorch, numpy, tfjs, brain.js and jax-js, all in turn.

  NAME...            workloads by name (--list); where left out all but beam-*, of which one measurement takes half a minute
  --quick            five workloads, two minutes
  --list             names of the workloads
  --only A,B         families: ${families.join(", ")} (default: all but wasm-simd; quick: without tfjs, brain and jax)
  --threads 1,2      thread counts of ours
  --rounds N         measurements of each configuration (7; quick: 3)
  --seconds S        time of one measurement (0.5; quick: 0.15); a step that takes longer is one measurement
  --sentences N      of workloads that translate sentences: so many of them
  --no-startup       leave out the time from process start, and the sizes
  --out DIR          where the dated Markdown, JSON and SVG go (bench/results)
  --no-write         write no files
  --json             the report as JSON on stdout, nothing else
  --tables           measure nothing: bring the tables of README.md and docs/performance.md up to the newest full record, as
                     a full run that writes to bench/results does at its end
`;

/** Throws RangeError or TypeError in words for a user. */
export function readOptions(argv: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      tables: { type: "boolean", default: false },
      "no-write": { type: "boolean", default: false },
      "no-startup": { type: "boolean", default: false },
      only: { type: "string" },
      threads: { type: "string", default: "1,2" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      sentences: { type: "string" },
      out: { type: "string" },
    },
  }); // prettier-ignore
  const { quick } = values;
  const unnamed = workloads.filter((w) => (quick ? w.quick : w.kind !== "beam-search"));
  const named = positionals.length > 0 ? chooseWorkloads(positionals) : unnamed;
  const sentences =
    values.sentences === undefined ? undefined : number("--sentences", values.sentences, 1, 1_000_000, true);
  const chosen = named.map((w) => (sentences !== undefined && w.sentences !== undefined ? { ...w, sentences } : w));
  return {
    workloads: chosen,
    name: positionals.length > 0 ? positionals.join("+").slice(0, 80) : quick ? "quick" : "full",
    quick,
    json: values.json,
    list: values.list,
    help: values.help,
    tables: values.tables,
    write: !values["no-write"],
    out: values.out,
    rounds: number("--rounds", values.rounds ?? (quick ? "3" : "7"), 1, 1000, true),
    seconds: number("--seconds", values.seconds ?? (quick ? "0.15" : "0.5"), 0.001, 600, false),
    families:
      values.only === undefined
        ? families.filter((f) => defaultFamilies(quick).includes(f))
        : values.only.split(",").map(family),
    threads: values.threads.split(",").map((text) => number("--threads", text, 1, 2, true)),
    startup: !values["no-startup"] && positionals.length === 0,
  }; // prettier-ignore
}

const defaultFamilies = (quick: boolean): readonly Family[] =>
  quick ? ["native", "wasm", "torch", "numpy"] : ["native", "wasm", "torch", "numpy", "tfjs", "brain", "jax"];

function family(name: string): Family {
  const found = families.find((f) => f === name);
  if (found) return found;
  throw new RangeError(`--only: must be of ${families.join(", ")}, was ${name}`);
}

function number(option: string, text: string, low: number, high: number, whole: boolean): number {
  const value = Number(text);
  if (value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
  throw new RangeError(`${option}: must be a ${whole ? "whole " : ""}number from ${low} to ${high}, was ${text}`);
}
