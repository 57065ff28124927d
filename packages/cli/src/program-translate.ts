// Options of train and eval for pairs (--task translate), and the command that translates.
import { Command, Option } from "commander";
import { attentions, longSentences, samplings, watches } from "./choices.js";
import { choice, integer, real } from "./parse.js";
import { beamOptions, drawOptions, searchOptions } from "./program-search.js";
import { deviceOptions, example, jsonOption, option, withOptions } from "./program-parts.js";
import type { TranslateOptions } from "./translate/translate.js";

const sides = (): Option[] => [
  new Option("--source <file>", "sentences, one a line"),
  new Option("--target <file>", "their translations, line by line"),
];

export const pairOptions = (): Option[] => [
  ...sides(),
  new Option("--validation-source <file>", "sentences to hold out, in place of a part of the others"),
  new Option("--validation-target <file>", "their translations"),
  option("--attention <name>", `${attentions.join(", ")} (default: bahdanau)`, (o) => choice(o, attentions)),
  new Option("--tokenizer <file>", "a Hugging Face tokenizer.json (byte pairs) for both sides, or for the source"),
  new Option("--target-tokenizer <file>", "another for the target"),
  new Option("--shared-vocabulary", "one vocabulary and one table of embeddings for both sides"),
  new Option("--reverse-source", "read sentences from their end, one way only"),
  option(
    "--scheduled-sampling <name>",
    `${samplings.join(", ")}: read what was written, more often as time goes on`,
    (o) => choice(o, samplings),
  ),
  option("--longest <n>", "tokens of a sentence at most (default: 100)", (o) => integer(o, 1, 10_000)),
  option("--long <how>", `${longSentences.join(", ")}: what becomes of longer ones (default: refuse)`, (o) =>
    choice(o, longSentences),
  ),
  option("--watch <metric>", `${watches.join(", ")}: what says that the model got better`, (o) => choice(o, watches)),
];

const beam = "hypotheses side by side; 1 is greedy (default: 5)";

/** What the search of translations has beside that of texts, and how it is run. */
const translatingOptions = (): Option[] => [
  option("--coverage <x>", "penalty for what was not looked at (default: 0)", (o) => real(o, { from: 0 })),
  option("--max-length <n>", "tokens at most (default: twice the sentence and ten more)", (o) => integer(o, 1, 10_000)),
  option("--batch <n>", "sentences side by side (default: 32)", (o) => integer(o, 1, 1000)),
  option("--precision <p>", "f32 or, where the processor has it, bf16: faster, scores to three digits", (o) =>
    choice(o, ["f32", "bf16"] as const),
  ),
];

export const evalPairOptions = (): Option[] => [
  ...sides(),
  ...searchOptions(beam),
  ...translatingOptions(),
  new Option("--lowercase", "upper and lower case are alike to BLEU"),
  option("--bleu-tokenize <how>", "13a, or none for references that are tokenised already (default: 13a)", (o) =>
    choice(o, ["13a", "none"] as const),
  ),
];

export function translateCommand(
  action: (directory: string, texts: string[], options: TranslateOptions) => Promise<void>,
): Command {
  const command = new Command("translate")
    .description("Translates sentences: arguments, a file, or lines on standard input, by beam search.")
    .summary("translate sentences")
    .argument("<dir>", "model directory of --task translate")
    .argument("[sentence...]", "sentences")
    .addHelpText(
      "after",
      example([
        'unrolled translate dates "3 May 1979" --attention   what each written token looked at',
        "unrolled translate ende --file test.en --beam 5",
        'unrolled translate ende "a man rides a horse ." --n-best 3 --json',
        'unrolled translate ende "a man rides a horse ." --temperature 0.8 --top-k 40 --count 5 --seed 1',
      ]),
    )
    .action(action);
  return withOptions(command, [
    [
      "What:",
      [
        new Option("--file <file>", "lines of sentences"),
        new Option("--allow-unknown", "read unknown characters as nothing"),
      ],
    ],
    ["Search:", [...beamOptions(beam), ...translatingOptions()]],
    [
      "Drawing, in place of the search:",
      [
        ...drawOptions(),
        option("--count <n>", "translations of each sentence (default: 1)", (o) => integer(o, 1, 100)),
        option("--seed <n>", "the same seed draws the same (default: another each time)", (o) =>
          integer(o, 0, 0xffffffff),
        ),
      ],
    ],
    [
      "Showing:",
      [
        new Option("--attention", "draw what each written token looked at"),
        new Option("--svg <file>", "the same as a picture, of the last sentence"),
      ],
    ],
    ["Running:", [...deviceOptions(), jsonOption()]],
  ]);
}
