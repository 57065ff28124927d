// Colour, width and safety of text on a terminal.

export interface Style {
  dim(text: string): string;
  bold(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

const wrap =
  (open: number, close: number) =>
  (text: string): string =>
    `\u001b[${open}m${text}\u001b[${close}m`;
const same = (text: string): string => text;

export const plainStyle: Style = { dim: same, bold: same, good: same, bad: same };
const colours: Style = { dim: wrap(2, 22), bold: wrap(1, 22), good: wrap(32, 39), bad: wrap(31, 39) };

/** Colour only on a terminal that has it, and never against the wish of NO_COLOR (no-color.org). */
export function styleFor(isTerminal: boolean, env: NodeJS.ProcessEnv): Style {
  return isTerminal && !env.NO_COLOR && env.TERM !== "dumb" ? colours : plainStyle;
}

/** True where a line may be redrawn in place. */
export const canRedraw = (isTerminal: boolean, env: NodeJS.ProcessEnv): boolean => isTerminal && env.TERM !== "dumb";

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences that this file itself writes
const escapes = /\u001b\[\d+m/g;

/** Characters that take a place on the line; every code point counts one. */
export const visibleWidth = (text: string): number => [...text.replace(escapes, "")].length;

/**
 * Text from outside, harmless on a terminal: control characters other than newline and tab become the pictures that
 * Unicode has for them, so that no text can move the cursor.
 */
export function harmless(text: string): string {
  let safe = "";
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point === 10 || point === 9) safe += character;
    else if (point < 32) safe += String.fromCodePoint(0x2400 + point);
    else if (point === 127) safe += "\u2421";
    else if (point > 127 && point < 160) safe += "\ufffd";
    else safe += character;
  }
  return safe;
}

/** Joins as many parts as fit into `columns`, in order; `parts` come with the most important first. */
export function fit(parts: readonly string[], columns: number, separator = "  "): string {
  let line = "";
  for (const part of parts) {
    const next = line === "" ? part : line + separator + part;
    if (visibleWidth(next) > columns) break;
    line = next;
  }
  return line;
}
