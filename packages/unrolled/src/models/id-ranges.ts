// Many ids as a short text: "0-31 127 130-160", each above the one before.
import { integerIn, wrong } from "./fields.js";

/** The text of ids that ascend. */
export function idRanges(ids: Iterable<number>): string {
  const ranges: [first: number, last: number][] = [];
  for (const id of ids) {
    const range = ranges.at(-1);
    if (range && id === range[1] + 1) range[1] = id;
    else ranges.push([id, id]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(" ");
}

/** Such a text. SpecError names the path where it is none. */
export function rangesIn(path: string, value: unknown): string {
  if (typeof value !== "string" || !/^(?:\d{1,9}(?:-\d{1,9})?(?: (?=\d)|$))*$/.test(value))
    wrong(path, 'ids and ranges of ids such as "0-31 127"', value);
  return value as string;
}

/** The ids that it names. SpecError where they do not ascend, or are not below `end`. */
export function idsOfRanges(path: string, text: string, end: number): ReadonlySet<number> {
  const ids = new Set<number>();
  let least = 0;
  for (const range of text.split(" ").filter((part) => part !== "")) {
    const [first, last = first] = range.split("-").map(Number);
    integerIn(path, first, least, end - 1);
    integerIn(path, last, first, end - 1);
    for (let id = first; id <= last; id++) ids.add(id);
    least = last + 1;
  }
  return ids;
}
