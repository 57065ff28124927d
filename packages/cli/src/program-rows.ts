// Options of train for rows (--task), and the command that uses what was learnt from them.
import { Command, Option } from "commander";
import { chosenPoolings, rowTasks } from "./choices.js";
import { choice, sizes } from "./parse.js";
import { example, modelOptions, option, withOptions } from "./program-parts.js";
import type { PredictOptions } from "./rows/options.js";

const tasks = ["language-model", ...rowTasks, "translate"] as const;

export const columnOptions = (): Option[] => [
  new Option("--text-column <name>", "of the text: a name of the header line, a number from 1, or a JSON key"),
  new Option("--label-column <name>", "of the label, the same way"),
  new Option("--id-column <name>", "of vectors: its value says which sequence a row belongs to"),
];

/** Names with commas; 2-9 stands for eight numbers. */
const columnNames = (text: string): readonly string[] =>
  text.split(",").flatMap((each) => {
    const [, from, to] = /^([1-9]\d{0,5})-([1-9]\d{0,5})$/.exec(each.trim()) ?? [];
    if (from === undefined) return [each.trim()];
    return Array.from({ length: Math.max(0, Number(to) - Number(from) + 1) }, (_, i) => String(Number(from) + i));
  });

export const rowOptions = (): Option[] => [
  option(
    "--task <name>",
    "classify, tag, regress or write: learns from rows; translate: from pairs (default: language-model)",
    (o) => choice(o, tasks),
  ),
  ...columnOptions(),
  new Option("--targets <names>", "columns to answer, with commas (default: the next step of all)").argParser((text) =>
    text.split(",").map((name) => name.trim()),
  ),
  option("--pool <how>", "last, mean or max: how steps become one answer (default: last)", (o) =>
    choice(o, chosenPoolings),
  ),
  new Option("--multi-label", "a row or token may have several labels (a|b) or none (-)"),
  new Option("--bidirectional", "reads both ways"),
  option("--feed-forward <sizes>", "feed-forward layers before the answer: 64, or 64,32", sizes),
  option("--start <place>", "where a label starts a writer: state, input or both (default: both)", (o) =>
    choice(o, ["state", "input", "both"]),
  ),
  new Option(
    "--start-columns <names>",
    "write: columns of numbers that start a text, in place of a label: a,b or 2-9",
  ).argParser(columnNames),
  new Option("--validation-file <file>", "rows to hold out, in place of a part of the others"),
];

export function predictCommand(
  action: (directory: string, texts: string[], options: PredictOptions) => Promise<void>,
): Command {
  const command = new Command("predict")
    .description("What a trained model says of texts, tokens or numbers: arguments, files, or lines on standard input.")
    .summary("labels, tags or numbers")
    .argument("<dir>", "model directory of --task classify, tag or regress")
    .argument("[text...]", "texts")
    .addHelpText(
      "after",
      example([
        'unrolled predict names "Dvorak" "Rossi"        which language is it',
        "unrolled predict colours --file program.ts     tags of every character",
        "unrolled predict weather --file today.csv      numbers as CSV",
      ]),
    )
    .action(action);
  return withOptions(command, [
    [
      "What:",
      [
        new Option("--file <file...>", "lines of text, or rows of numbers (.csv, .tsv, .npy)"),
        ...columnOptions().filter(({ long }) => long !== "--text-column"),
      ],
    ],
    ["Running:", modelOptions()],
  ]);
}
