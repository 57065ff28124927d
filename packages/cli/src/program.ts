// The commands and their options. Each command's code is loaded when it is called: the start must be quick.
import { Command, CommanderError, Option } from "commander";
import { cellOptions, layerOptions } from "./architecture-options.js";
import { optimizerNames, rowTokens, scheduleNames } from "./choices.js";
import type { Context } from "./context.js";
import { exitCodes, UsageError } from "./exit.js";
import {
  type EvalOptions,
  type JsonOptions,
  loopbackHosts,
  type ScoreOptions,
  type ServeOptions,
  type StartOptions,
} from "./options.js";
import { methodOptions } from "./program-methods.js";
import { choice, integer, real } from "./parse.js";
import { deviceOptions, example, jsonOption, modelOptions, option, withOptions } from "./program-parts.js";
import { reproduceCommand } from "./program-reproduce.js";
import { sampleCommand } from "./program-sample.js";
import { columnOptions, predictCommand, rowOptions } from "./program-rows.js";
import { evalPairOptions, pairOptions, translateCommand } from "./program-translate.js";
import type { TrainOptions } from "./settings.js";

export const version = "0.1.0";

const seed = (option: string) => integer(option, 0, 0xffffffff);

/** Parses `argv` (without node and the script) and runs the command; resolves to the exit code. */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  let code: number = exitCodes.done;
  const program = root(context);
  const commands: Command[] = [
    trainCommand(async (files, options) => {
      const { trainFiles } = await import("./commands/train.js");
      code = await trainFiles(files, options, context);
    }),
    sampleCommand(async (directory, options) => {
      const { sample } = await import("./commands/sample.js");
      code = await sample(directory, options, context);
    }),
    evalCommand(async (directory, file, options) => {
      const { evaluate } = await import("./commands/eval.js");
      code = await evaluate(directory, file, options, context);
    }),
    scoreCommand(async (directory, sentences, options) => {
      const { score } = await import("./commands/score.js");
      code = await score(directory, sentences, options, context);
    }),
    predictCommand(async (directory, texts, options) => {
      const { predict } = await import("./rows/predict.js");
      code = await predict(directory, texts, options, context);
    }),
    translateCommand(async (directory, texts, options) => {
      const { translate } = await import("./translate/translate.js");
      code = await translate(directory, texts, options, context);
    }),
    infoCommand(async (directory, options) => {
      const { info } = await import("./commands/info.js");
      code = await info(directory, options, context);
    }),
    devicesCommand(async (options) => {
      const { devices } = await import("./commands/devices.js");
      code = await devices(options, context);
    }),
    startCommand(async (options) => {
      const { start } = await import("./commands/start.js");
      code = await start(options, context);
    }),
    reproduceCommand(async (name, options) => {
      const { reproduce } = await import("./commands/reproduce.js");
      code = await reproduce(name, options, context);
    }),
    serveCommand(async (file, options) => {
      const { serve } = await import("./commands/serve.js");
      code = await serve(file, options, context);
    }),
  ];
  for (const command of commands) program.addCommand(command.copyInheritedSettings(program));
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof UsageError && error.hint === undefined) throw withHelp(error, argv);
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitCodes.done;
    if (error.code === "commander.help") return exitCodes.usage;
    throw usageError(error, argv);
  }
  return code;
}

const commandIn = (argv: readonly string[]): string | undefined => argv.find((word) => !word.startsWith("-"));

const withHelp = (error: UsageError, argv: readonly string[]): UsageError =>
  new UsageError(error.message, { code: error.code, hint: `see: unrolled ${commandIn(argv) ?? ""} --help` });

/** Commander's words in our form: where, what was wrong, and what helps. */
function usageError(error: CommanderError, argv: readonly string[]): UsageError {
  const [message, ...more] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = more.join(" ").match(/\(Did you mean (.*)\?\)/)?.[1];
  const command = commandIn(argv);
  const known = command !== undefined && error.code !== "commander.unknownCommand" ? ` ${command}` : "";
  return new UsageError(message.replace(/'/g, '"'), {
    code: error.code === "commander.unknownCommand" ? "unknown-command" : "usage",
    hint: suggestion === undefined ? `see: unrolled${known} --help` : `did you mean ${suggestion}?`,
  });
}

function root(context: Context): Command {
  return new Command("unrolled")
    .description("Recurrent networks that learn a text, write in its manner and score sentences.")
    .version(version, "-V, --version", "show the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .exitOverride()
    .configureHelp({ sortSubcommands: false, sortOptions: false })
    .configureOutput({
      writeOut: (text) => void context.output.write(text),
      writeErr: (text) => void context.people.write(text),
      outputError: () => {},
    })
    .addHelpText(
      "after",
      [
        "",
        "Example:",
        "  unrolled train shakespeare.txt --out play     learn a text",
        '  unrolled sample play --prompt "ROMEO:"        write in its manner',
        "  unrolled eval play other.txt                  how well it predicts another text",
        "",
        "Exit codes: 0 done, 1 failed, 2 wrong options or input, 130/143/129 stopped by a signal, 141 reader gone.",
      ].join("\n"),
    );
}

function trainCommand(action: (files: string[], options: TrainOptions) => Promise<void>): Command {
  const command = new Command("train")
    .description("Learn a text: trains a recurrent language model and keeps it in a directory.")
    .summary("learn a text")
    .argument("[file...]", "text files, in reading order")
    .addHelpText(
      "after",
      example([
        "unrolled train shakespeare.txt --out play --hidden 256 --dropout 0.2",
        "unrolled train --resume play --epochs 20      goes on where it stopped",
      ]),
    )
    .action(action);
  return withOptions(command, [
    ["Where:", whereOptions()],
    ["Rows:", rowOptions()],
    ["Pairs (--task translate):", pairOptions()],
    ["Text:", textOptions()],
    ["Model:", layerOptions()],
    ["Cells:", cellOptions()],
    ["Training:", trainingOptions()],
    ["Learning rate:", rateOptions()],
    ["Methods:", methodOptions()],
    ["Running:", modelOptions()],
  ]);
}

const whereOptions = (): Option[] => [
  new Option("--out <dir>", "model directory to make"),
  new Option("--resume <dir>", "go on with this model directory; its files and options hold"),
];

const textOptions = (): Option[] => [
  option("--tokens <kind>", "char, word, byte, bpe (default: char); vector: rows of numbers", (o) =>
    choice(o, [...rowTokens, "bpe"]),
  ),
  option("--bpe <n>", "byte-pair tokens, of each side where there are two (default with --tokens bpe: 8000)", (o) =>
    integer(o, 256, 1_000_000),
  ),
  option("--min-count <n>", "words seen fewer times become <unk> (default: 1)", (o) => integer(o, 1)),
];

const trainingOptions = (): Option[] => [
  option("--batch <n>", "parallel streams of text (default: 50)", (o) => integer(o, 1)),
  option("--sequence <n>", "tokens before gradients are cut (default: 50)", (o) => integer(o, 1)),
  option("--epochs <n>", "passes over the text (default: 10)", (o) => integer(o, 1)),
  option("--max-steps <n>", "stop after so many steps", (o) => integer(o, 1)),
  option("--validation <part>", "part of the text held out (default: 0.1)", (o) => real(o, { from: 0, below: 1 })),
  option("--sample-every <steps>", "show what it writes (default: each tenth of the run; 0: never)", (o) =>
    integer(o, 0),
  ),
  option("--checkpoint-every <steps>", "save so often, besides each epoch (default: about every 500)", (o) =>
    integer(o, 1),
  ),
  option("--seed <n>", "of weights, dropout and samples (default: 1)", seed),
];

const rateOptions = (): Option[] => [
  option("--optimizer <name>", `${optimizerNames.join(", ")} (default: adam)`, (o) => choice(o, optimizerNames)),
  option("--lr <rate>", "learning rate (default: 2e-3; sgd 0.5, adagrad 0.05)", (o) => real(o, { above: 0 })),
  option("--momentum <m>", "of sgd (default: 0.9)", (o) => real(o, { from: 0, below: 1 })),
  option("--weight-decay <w>", "of adamw (default: 0.01)", (o) => real(o, { from: 0 })),
  option("--schedule <name>", `${scheduleNames.join(", ")} (default: constant)`, (o) => choice(o, scheduleNames)),
  option("--decay-every <epochs>", "step: how often the rate falls (default: 5)", (o) => integer(o, 1)),
  option("--decay-after <epochs>", "step: when it falls first (default: as --decay-every)", (o) => integer(o, 0)),
  option("--decay-factor <f>", "step, plateau: by what (default: 0.5)", (o) => real(o, { above: 0, below: 1 })),
  option("--warmup <steps>", "cosine: steps to the full rate (default: 100)", (o) => integer(o, 0)),
  option("--floor <part>", "cosine: part of the rate at the end (default: 0)", (o) => real(o, { from: 0, below: 1 })),
  option("--patience <n>", "plateau: validations without gain (default: 2)", (o) => integer(o, 0)),
  option("--clip-norm <n>", "largest norm of all gradients (default: 5; 0: off)", (o) => real(o, { from: 0 })),
  option("--clip-value <v>", "largest single gradient (default: off)", (o) => real(o, { from: 0 })),
  option("--precision <p>", "of products in training: f32 or, where the processor has it, bf16 (default: f32)", (o) =>
    choice(o, ["f32", "bf16"]),
  ),
];

function evalCommand(
  action: (directory: string, file: string | undefined, options: EvalOptions) => Promise<void>,
): Command {
  const command = new Command("eval")
    .description("How well the model predicts a text: nats, bits and perplexity per token, beside an n-gram model.")
    .summary("how well it predicts a text")
    .argument("<dir>", "model directory")
    .argument("[file]", "text file; the state is carried over the whole of it")
    .addHelpText("after", example(["unrolled eval play sonnets.txt"]))
    .action(action);
  return withOptions(command, [
    [
      "Reading:",
      [
        new Option("--no-ngram", "leave the n-gram line out"),
        new Option("--allow-unknown", "read what the vocabulary lacks as <unk>"),
      ],
    ],
    ["Rows:", columnOptions()],
    ["Pairs:", evalPairOptions()],
    ["Running:", modelOptions()],
  ]);
}

function scoreCommand(
  action: (directory: string, sentences: string[], options: ScoreOptions) => Promise<void>,
): Command {
  const command = new Command("score")
    .description("The log-probability of sentences, best first, and how much likelier the first is than the second.")
    .summary("which sentence is likelier")
    .argument("<dir>", "model directory")
    .argument("[sentence...]", "sentences; without any, the lines of standard input")
    .addHelpText("after", example(['unrolled score play "The apple and pair salad" "The apple and pear salad"']))
    .action(action);
  return withOptions(command, [
    [
      "Showing:",
      [
        new Option("--tokens", "the log-probability of each token"),
        new Option("--allow-unknown", "read what the vocabulary lacks as <unk>"),
      ],
    ],
    ["Running:", modelOptions()],
  ]);
}

function infoCommand(action: (directory: string, options: JsonOptions) => Promise<void>): Command {
  return new Command("info")
    .description("What a model directory holds: model, training so far, files and whether they are sound.")
    .summary("what a model directory holds")
    .argument("<dir>", "model directory")
    .addOption(jsonOption())
    .addHelpText("after", example(["unrolled info play"]))
    .action(action);
}

function devicesCommand(action: (options: JsonOptions) => Promise<void>): Command {
  return new Command("devices")
    .description("Which engines load on this machine, and why the others do not.")
    .summary("which engines load here")
    .addOption(jsonOption())
    .addHelpText("after", example(["unrolled devices"]))
    .action(action);
}

function startCommand(action: (options: StartOptions) => Promise<void>): Command {
  const command = new Command("start")
    .description("A first look: learns TypeScript's own declaration files for a minute, then writes some of its own.")
    .summary("a first look, in a minute")
    .addHelpText("after", example(["unrolled start", "unrolled start --seconds 300"]))
    .action(action);
  return withOptions(command, [
    [
      "Where:",
      [
        new Option("--out <dir>", "model directory (default: model); an existing one is continued"),
        option("--seconds <s>", "how long to learn (default: 60)", (o) => integer(o, 1)),
      ],
    ],
    ["Running:", [...deviceOptions(), jsonOption()]],
  ]);
}

function serveCommand(action: (file: string | undefined, options: ServeOptions) => Promise<void>): Command {
  const command = new Command("serve")
    .description("A page on this machine in which a network learns, in the browser. Ctrl-C ends it.")
    .summary("watch a network learn, in the browser")
    .argument("[file]", "text to learn (default: TypeScript's own lib.es5.d.ts)")
    .addHelpText("after", example(["unrolled serve", "unrolled serve shakespeare.txt --hidden 256"]))
    .action(action);
  const model = new Set(["--hidden", "--layers"]);
  const data = new Set(["--batch", "--sequence"]);
  return withOptions(command, [
    [
      "Where:",
      [
        option("--port <n>", "port (default: 8642; 0: any that is free)", (o) => integer(o, 0, 65_535)),
        option("--host <address>", `${loopbackHosts.join(", ")} (default: 127.0.0.1)`, (o) => choice(o, loopbackHosts)),
        new Option("--no-isolation", "without the headers that allow shared memory: one thread"),
      ],
    ],
    ["Model:", layerOptions().filter(({ long }) => model.has(long ?? ""))],
    ["Training:", trainingOptions().filter(({ long }) => data.has(long ?? ""))],
    ["Running:", [jsonOption()]],
  ]);
}
