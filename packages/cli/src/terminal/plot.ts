// A curve in braille: each character holds 2 x 4 dots.

/** Dot bits of a braille cell, left column top to bottom, then right column. */
const bits = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

/** Averages `values` down to `width` numbers; shorter lists are returned as they are. */
export function shrink(values: readonly number[], width: number): number[] {
  if (values.length <= width) return [...values];
  return Array.from({ length: width }, (_, i) => {
    const from = Math.floor((i * values.length) / width);
    const to = Math.max(from + 1, Math.floor(((i + 1) * values.length) / width));
    return values.slice(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
  });
}

/**
 * `rows` lines of `columns` characters: the values from left to right, highest at the top, neighbours joined. Values
 * that are not finite leave a gap.
 */
export function plot(values: readonly number[], columns: number, rows: number): string[] {
  const points = shrink(values.filter(Number.isFinite), columns * 2);
  const low = Math.min(...points);
  const high = Math.max(...points);
  const cells = Array.from({ length: rows }, () => new Uint8Array(columns));
  const levels = rows * 4 - 1;
  let before: number | undefined;
  points.forEach((value, x) => {
    const y = high > low ? Math.round(((high - value) / (high - low)) * levels) : levels;
    const top = before === undefined ? y : Math.min(y, before + Math.sign(y - before));
    const bottom = before === undefined ? y : Math.max(y, before + Math.sign(y - before));
    for (let dot = top; dot <= bottom; dot++) cells[dot >> 2][x >> 1] |= bits[x & 1][dot & 3];
    before = y;
  });
  return cells.map((row) => String.fromCodePoint(...Array.from(row, (cell) => 0x2800 + cell)));
}
