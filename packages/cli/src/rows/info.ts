// `unrolled info` of models over rows.
import { type LabelledWriterSpec, type NetworkSpec, networkJson, labelledWriterJson } from "unrolled";
import { stackLines } from "../architecture.js";
import type { Context } from "../context.js";
import { exitCodes } from "../exit.js";
import { bytes, count, whole } from "../format.js";
import { inspectFiles } from "../inspect.js";
import type { JsonOptions } from "../options.js";
import { harmless, styleFor } from "../terminal/style.js";
import { describeRowModel } from "./model.js";
import { type RowRecord, readRowRecord } from "./record.js";

export async function rowInfo(directory: string, options: JsonOptions, { output, env }: Context): Promise<number> {
  const made = await describeRowModel(directory);
  const { parameters, step, notes } = made;
  const { files, record } = await inspectFiles(directory, readRowRecord);
  const code = files.every((file) => file.state !== "damaged") ? exitCodes.done : exitCodes.failed;
  if (options.json) {
    const spec = made.kind === "network" ? networkJson(made.spec) : labelledWriterJson(made.spec);
    await output.json({
      type: "info",
      directory,
      spec,
      parameters,
      step: step ?? null,
      run: record ?? null,
      files,
      notes,
    });
    return code;
  }
  const style = styleFor(output.isTerminal, env);
  const row = (name: string, text: string): Promise<void> => output.write(`${style.dim(name.padEnd(12))}${text}\n`);
  const words = made.kind === "network" ? networkWords(made.spec) : writerWords(made.spec);
  await row("task", made.spec.task);
  for (const [i, line] of stackLines(made.spec.layers).entries()) await row(i === 0 ? "model" : "", line);
  for (const [name, text] of words) await row(name, text);
  await row("parameters", `${count(parameters)} (${whole(parameters)}), ${bytes(parameters * 4)} as float32`);
  if (record !== undefined) for (const [name, text] of recordWords(record)) await row(name, text);
  for (const [i, file] of files.entries())
    await row(i === 0 ? "files" : "", `${file.name.padEnd(30)} ${bytes(file.bytes).padStart(8)}  ${file.state}`);
  for (const note of notes) await row("note", note);
  return code;
}

type Words = readonly (readonly [name: string, text: string])[];

const someOf = (names: readonly string[]): string =>
  harmless(`${whole(names.length)}: ${names.slice(0, 12).join(", ")}${names.length > 12 ? ", ..." : ""}`);

function networkWords({ input, output, pool, deep }: NetworkSpec): Words {
  const reads =
    input.kind === "vector"
      ? `vectors of ${someOf(input.columns)}`
      : `${whole(input.vocabulary)} ${input.kind} tokens, embedding ${input.embedding}`;
  const says =
    output.kind === "linear"
      ? `${output.target === "next" ? "the next step of " : ""}${someOf(output.columns)}`
      : `${output.kind} over ${someOf(output.labels)}`;
  return [
    ["reads", reads],
    [
      "answers",
      `${pool === "none" ? "at every step" : `once a row (${pool})`}${deep.length > 0 ? `, after feed-forward layers ${deep.join(", ")}` : ""}: ${says}`,
    ],
  ];
}

const writerWords = ({ tokens, vocabulary, embedding, start, use }: LabelledWriterSpec): Words => [
  ["writes", `${whole(vocabulary)} ${tokens} tokens, embedding ${embedding}`],
  [
    "starts from",
    `${start.kind === "label" ? `labels ${someOf(start.labels)}` : start.kind === "columns" ? `numbers ${someOf(start.columns)}` : `vectors of ${start.width}`} (${use})`,
  ],
];

function recordWords({ settings, counters, validation, files, rows, validationRows, wasted }: RowRecord): Words {
  const measured = Object.entries(validation ?? {}).filter(([name]) => name !== "step");
  return [
    [
      "trained",
      `${whole(counters.step)} steps, epoch ${counters.epoch} of ${settings.epochs}, on ${whole(rows)} rows, ${whole(validationRows)} held out`,
    ],
    ...files.map((file) => ["", `${file.path} (${bytes(file.bytes)})`] as const),
    [
      "settings",
      `${settings.optimizer.name}, rate ${settings.optimizer.rate}, ${settings.schedule.name}, batch ${settings.batch}, seed ${settings.seed}; padding wastes ${(100 * wasted).toFixed(1)} %`,
    ],
    ...(validation === null
      ? []
      : [
          [
            "validation",
            `${measured.map(([name, value]) => `${name} ${Number(value.toPrecision(5))}`).join(", ")} (step ${whole(validation.step)})`,
          ] as const,
        ]),
  ];
}
