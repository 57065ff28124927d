// The command that writes, and its options.
import { Command, Option } from "commander";
import type { SampleOptions } from "./options.js";
import { integer, reals } from "./parse.js";
import { example, modelOptions, option, withOptions } from "./program-parts.js";
import { beamOptions, drawOptions } from "./program-search.js";

const seed = (option: string) => integer(option, 0, 0xffffffff);

export function sampleCommand(action: (directory: string, options: SampleOptions) => Promise<void>): Command {
  const command = new Command("sample")
    .description("Write in the manner of the text; each piece appears as it is written.")
    .summary("write in its manner")
    .argument("<dir>", "model directory")
    .addHelpText(
      "after",
      example([
        'unrolled sample play --prompt "ROMEO:" --length 500 --temperature 0.8',
        'unrolled sample play --prompt "ROMEO:" --length 60 --beam 5 --n-best 3',
      ]),
    )
    .action(action);
  const writing: Option[] = [
    new Option("--prompt <text>", "how it begins (default: as the training text does)"),
    option("--length <n>", "tokens to write (default: 500)", (o) => integer(o, 1)),
    ...drawOptions(),
    new Option("--greedy", "always the likeliest token"),
    option("--seed <n>", "the same seed writes the same text (default: another each time)", seed),
    new Option("--label <name>", "what to write, for a model of --task write"),
    option("--vector <numbers>", "what it starts from, for a writer that starts from numbers: 0.5,-1,3", reals),
    option("--count <n>", "samples to write (default: 1)", (o) => integer(o, 1)),
    new Option("--allow-unknown", "read what the vocabulary lacks in the prompt as <unk>"),
  ];
  return withOptions(command, [
    ["Writing:", writing],
    [
      "Searching, in place of drawing:",
      [
        ...beamOptions("the likeliest texts that a beam of n finds"),
        new Option("--end <token>", "the token that ends a text (default: the separator of documents, else none)"),
      ],
    ],
    ["Running:", modelOptions()],
  ]);
}
