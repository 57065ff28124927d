// Which rows are learnt from and which are held out, and the order in which an epoch meets them: decided by a seed.
import { draws } from "../../draws.js";

/** A fair shuffle (Fisher and Yates) of `list` in place. */
export function shuffle<L extends { [index: number]: number; readonly length: number }>(list: L, seed: number): L {
  const random = draws(seed);
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    const kept = list[i]!;
    list[i] = list[j]!;
    list[j] = kept;
  }
  return list;
}

export interface Split {
  /** Places of rows, in their order in the data. */
  readonly training: readonly number[];
  readonly validation: readonly number[];
}

/**
 * Holds out `fraction` of the rows of every class (all rows, where there are no classes), chosen by `seed`; of a class at least
 * one row is learnt from, so that none is met first when it is too late.
 */
export function splitRows(count: number, fraction: number, seed: number, classes?: readonly string[]): Split {
  const groups = new Map<string, number[]>();
  for (let row = 0; row < count; row++) {
    const name = classes?.[row] ?? "";
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  const held = new Set<number>();
  let number = 0;
  for (const group of groups.values()) {
    const order = shuffle([...group], seed * 65_537 + number++);
    for (const row of order.slice(0, Math.min(group.length - 1, Math.round(group.length * fraction)))) held.add(row);
  }
  const rows = Array.from({ length: count }, (_, row) => row);
  return { training: rows.filter((row) => !held.has(row)), validation: rows.filter((row) => held.has(row)) };
}
