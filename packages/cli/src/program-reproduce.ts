// The options of `unrolled reproduce`.
import { Command, Option } from "commander";
import type { ReproduceOptions } from "./options.js";
import { choice, integer } from "./parse.js";
import { deviceOptions, example, jsonOption, option, withOptions } from "./program-parts.js";

export function reproduceCommand(
  action: (name: string | undefined, options: ReproduceOptions) => Promise<void>,
): Command {
  const command = new Command("reproduce")
    .description("Runs an experiment of the lectures with several seeds and shows its table; without a name, the list.")
    .summary("the lectures' experiments")
    .argument("[experiment]", "its name; the list where left out")
    .addHelpText("after", example(["unrolled reproduce", "unrolled reproduce agreement --seeds 3 --out results"]))
    .action(action);
  return withOptions(command, [
    [
      "Experiment:",
      [
        option("--seeds <n>", "how many seeds: their mean and 95 % interval (default: 3)", (o) => integer(o, 1, 100)),
        option("--seed <n>", "the first of them (default: 1): others than those that were looked at", (o) =>
          integer(o, 1, 1_000_000),
        ),
        new Option("--quick", "a first look in seconds; claims are not judged"),
        new Option("--full", "the size of the paper, where it is not the one that is run: takes hours or days"),
        option(
          "--precision <p>",
          "of products in training: f32 or, where the processor has it, bf16 (default: f32)",
          (o) => choice(o, ["f32", "bf16"] as const),
        ),
        new Option("--out <dir>", "keep the table there, as dated JSON and Markdown"),
      ],
    ],
    ["Running:", [...deviceOptions(), jsonOption()]],
  ]);
}
