// What the commands' descriptions are made of.
import { type Command, Option } from "commander";
import { deviceNames } from "./choices.js";
import { choice, integer } from "./parse.js";

export const example = (lines: readonly string[]): string =>
  ["", "Example:", ...lines.map((line) => `  ${line}`)].join("\n");
export const jsonOption = (): Option =>
  new Option("--json", "machine-readable lines on standard output, and nothing else");

export function option<T>(flags: string, description: string, parse: (option: string) => (text: string) => T): Option {
  const name = flags.match(/--[a-z-]+/)?.[0] ?? flags;
  return new Option(flags, description).argParser(parse(name));
}

export const deviceOptions = (): Option[] => [
  option("--device <name>", "auto, native, wasm or reference (default: auto)", (o) => choice(o, deviceNames)),
  option("--threads <n>", "threads of the device (default: as many as there are cores)", (o) => integer(o, 1, 128)),
];

/** Of commands that run a model directory. */
export const modelOptions = (): Option[] => [
  ...deviceOptions(),
  new Option("--trust-cell", "run the cell of its own that the directory holds (cell.mjs): it is a program"),
  jsonOption(),
];

export function withOptions(
  command: Command,
  groups: readonly (readonly [title: string, options: readonly Option[]])[],
): Command {
  for (const [title, options] of groups) for (const each of options) command.addOption(each.helpGroup(title));
  return command;
}
