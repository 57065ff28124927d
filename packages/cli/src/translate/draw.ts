// What each written token looked at, drawn: shades in a terminal, squares in a picture.
import { harmless } from "../terminal/style.js";

export interface Alignment {
  readonly source: readonly string[];
  /** The last row is that of the end. */
  readonly target: readonly string[];
  /** Rows over the source, one for each target token. */
  readonly rows: readonly ArrayLike<number>[];
}

const shades = " .:-=+*#%@";

/** Letters of a token that was read, at most. */
const tallest = 12;

/** One line for each written token, one column for each token that was read, which stands above it from top to bottom. */
export function drawAlignment({ source, target, rows }: Alignment): string {
  const width = Math.max(...target.map((token) => [...shown(token)].length), 1);
  const read = source.map((token) => [...shown(token)].slice(0, tallest));
  const height = Math.max(...read.map(({ length }) => length), 1);
  const letters = Array.from({ length: height }, (_, line) =>
    `${" ".repeat(width + 2)}${read.map((token) => token[line - height + token.length] ?? " ").join("")}`.trimEnd(),
  );
  const lines = rows.map((row, i) => {
    const cells = source.map((_, s) => shades[Math.min(shades.length - 1, Math.floor((row[s] ?? 0) * shades.length))]);
    return `${shown(target[i] ?? "").padStart(width)} |${cells.join("")}|`;
  });
  return `${[...letters, ...lines].join("\n")}\n`;
}

const shown = (token: string): string => harmless(token === " " ? "·" : token);

const escapes = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
]);
const escaped = (text: string): string => Array.from(harmless(text), (c) => escapes.get(c) ?? c).join("");

/** The same as a picture: source from left to right, target from top to bottom, dark where it looked. */
export function alignmentSvg({ source, target, rows }: Alignment): string {
  const [cell, left, top] = [22, 110, 90];
  const [width, height] = [left + cell * source.length + 10, top + cell * target.length + 10];
  const columns = source.map(
    (token, s) =>
      `<text transform="translate(${left + cell * s + 15},${top - 6}) rotate(-60)">${escaped(token === " " ? "·" : token)}</text>`,
  );
  const lines = target.map(
    (token, t) => `<text x="${left - 6}" y="${top + cell * t + 15}" text-anchor="end">${escaped(token)}</text>`,
  );
  const squares = rows.flatMap((row, t) =>
    source.map(
      (_, s) =>
        `<rect x="${left + cell * s}" y="${top + cell * t}" width="${cell - 1}" height="${cell - 1}" fill="#1b3a6b" fill-opacity="${(row[s] ?? 0).toFixed(3)}"/>`,
    ),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">\n<rect width="${width}" height="${height}" fill="#fff"/>\n${[...columns, ...lines, ...squares].join("\n")}\n</svg>\n`;
}
