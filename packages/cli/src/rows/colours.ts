// Colours of tags on a terminal: one of a fixed list for each tag, in the order of the tags.
import type { Style } from "../terminal/style.js";
import { plainStyle } from "../terminal/style.js";

/** Of the 256 colours, some that are told apart on light and dark grounds. */
const palette = [33, 208, 70, 169, 37, 178, 99, 167, 67, 136, 107, 132] as const;

/** Tags that mean "nothing in particular" keep the terminal's own colour. */
const plain: ReadonlySet<string> = new Set(["O", "other", "space", "-"]);

export type Painter = (text: string, tag: string) => string;

/** "B-PER" and "I-PER" share a colour. */
const kindOf = (tag: string): string => (/^[BI]-./.test(tag) ? tag.slice(2) : tag);

/** Undefined where there is no colour to be had. */
export function painter(style: Style, tags: readonly string[]): Painter | undefined {
  if (style === plainStyle) return undefined;
  const kinds = [...new Set(tags.map(kindOf))].filter((kind) => !plain.has(kind));
  const colours = new Map(kinds.map((kind, i) => [kind, palette[i % palette.length]]));
  return (text, tag) => {
    const colour = colours.get(kindOf(tag));
    return colour === undefined ? text : `\u001b[38;5;${colour}m${text}\u001b[39m`;
  };
}
