// `unrolled eval` of models over rows: every measure there is, beside the simplest that could be done.
import {
  type ClassificationReport,
  type LabelledText,
  measureNetwork,
  type NetworkReport,
  rowExamples,
  writerExamples,
  writerMeasurer,
} from "unrolled";
import type { Context } from "../context.js";
import { exitCodes } from "../exit.js";
import { whole } from "../format.js";
import { bitsUnit } from "../reporter.js";
import { harmless, type Style, styleFor } from "../terminal/style.js";
import { perplexity } from "../terminal/words.js";
import { readRowFile, type RowReading } from "./data.js";
import { openRowModel, type RowModel } from "./model.js";
import type { RowEvalOptions } from "./options.js";

export async function evaluateRows(
  directory: string,
  path: string,
  options: RowEvalOptions,
  context: Context,
): Promise<number> {
  const { made, device } = await openRowModel(directory, options, context);
  try {
    const { rows } = await readRowFile(path, readingOf(made, options));
    if (made.kind === "writer") {
      const measurer = writerMeasurer(
        device,
        made.model,
        writerExamples(made.model, rows.rows as readonly LabelledText[], path),
      );
      const result = await measurer.measure();
      measurer.close();
      if (options.json) await context.output.json({ type: "evaluation", task: "write", ...result });
      else
        await context.output.write(
          `${result.nats.toFixed(4)} nats, ${result.bitsPerToken.toFixed(3)} ${bitsUnit(made.model.spec.tokens)}, perplexity ${perplexity(result.perplexity)} over ${whole(result.tokens)} tokens\n`,
        );
      return exitCodes.done;
    }
    const examples = rowExamples(made.model, rows, path);
    const report = await measureNetwork({ model: made.model, device, examples, training: examples });
    if (options.json) await context.output.json(jsonOf(made.model.spec.task, report));
    else await context.output.write(`${lines(report, styleFor(context.output.isTerminal, context.env)).join("\n")}\n`);
    return exitCodes.done;
  } finally {
    device.close();
  }
}

/** How a file is read for a model that is there. */
export function readingOf(
  { kind, model }: RowModel,
  options: Pick<RowEvalOptions, "textColumn" | "labelColumn" | "idColumn">,
): RowReading {
  const { textColumn = null, labelColumn = null, idColumn = null } = options;
  const tokens = kind === "writer" ? model.spec.tokens : model.spec.input.kind;
  const startColumns = kind === "writer" && model.spec.start.kind === "columns" ? model.spec.start.columns : null;
  return { task: model.spec.task, tokens, textColumn, labelColumn, idColumn, startColumns };
}

const jsonOf = (
  task: string,
  { metrics, baselineName, classes, multiLabel, spans, errors }: NetworkReport,
): object => ({
  type: "evaluation",
  task,
  ...metrics,
  baselineName: `${baselineName} of this file`,
  ...(classes && { classes: classes.classes, confusion: classes.confusion }),
  ...(multiLabel && { classes: multiLabel.classes, microF1: multiLabel.microF1, hamming: multiLabel.hamming }),
  ...(spans && { spans }),
  ...(errors && { columns: errors.columns }),
});

function lines({ metrics, baselineName, classes, multiLabel, spans, errors }: NetworkReport, style: Style): string[] {
  const { nats, accuracy, macroF1, baseline, answers, mse, mae, r2 } = metrics;
  const beside = `${baselineName} of this file`;
  if (errors !== undefined && mse !== undefined && mae !== undefined && r2 !== undefined)
    return [
      `mean squared error ${better(style, mse < baseline, number(mse))} (${beside}: ${number(baseline)}), mean absolute error ${number(mae)}, r2 ${r2.toFixed(4)} over ${whole(answers)} steps`,
      ...(errors.columns.length > 1
        ? errors.columns.map(
            ({ column, mse: each, mae: absolute }) =>
              `  ${harmless(column)}: mse ${number(each)}, mae ${number(absolute)}`,
          )
        : []),
    ];
  const first = `accuracy ${better(style, (accuracy ?? 0) > baseline, percent(accuracy ?? 0))} (${beside}: ${percent(baseline)}), macro F1 ${(macroF1 ?? 0).toFixed(4)}, ${(nats ?? 0).toFixed(4)} nats over ${whole(answers)} answers`;
  const found =
    spans === undefined
      ? []
      : [
          `spans: F1 ${spans.f1.toFixed(4)}, precision ${spans.precision.toFixed(4)}, recall ${spans.recall.toFixed(4)} (${whole(spans.support)} there, ${whole(spans.found)} found)`,
        ];
  return [
    first,
    ...found,
    "",
    ...scoreTable((classes ?? multiLabel)?.classes ?? [], style),
    ...(classes === undefined ? [] : confusionTable(classes, style)),
  ];
}

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;
const number = (value: number): string => String(Number(value.toPrecision(5)));
const better = (style: Style, yes: boolean, text: string): string => (yes ? style.good(text) : text);

function scoreTable(classes: ClassificationReport["classes"], style: Style): string[] {
  const width = Math.max(5, ...classes.map(({ label }) => [...label].length));
  return [
    style.dim(`${"label".padEnd(width)}  precision  recall      F1  support`),
    ...classes.map(
      ({ label, precision, recall, f1, support }) =>
        `${harmless(label).padEnd(width)}  ${precision.toFixed(4).padStart(9)}  ${recall.toFixed(4)}  ${f1.toFixed(4)}  ${whole(support).padStart(7)}`,
    ),
  ];
}

/** As many labels as a terminal has room for. */
const mostInTable = 20;

function confusionTable({ classes, confusion }: ClassificationReport, style: Style): string[] {
  if (classes.length > mostInTable) return [];
  const names = classes.map(({ label }) => harmless(label));
  const width = Math.max(5, ...names.map((name) => [...name].length));
  const cell = Math.max(4, ...confusion.flat().map((n) => whole(n).length)) + 1;
  const head = names
    .map((name) =>
      [...name]
        .slice(0, cell - 1)
        .join("")
        .padStart(cell),
    )
    .join(""); // prettier-ignore
  return [
    "",
    style.dim(`${"truth".padEnd(width)} ${head}   (columns: what it was called)`),
    ...confusion.map(
      (row, i) =>
        `${names[i].padEnd(width)} ${row.map((n, j) => ((text) => (i === j ? style.good(text) : text))(whole(n).padStart(cell))).join("")}`,
    ),
  ];
}
