// Labels: the closed set that a model was trained with, and the ids of labels in data. C labels.
import { DataError } from "../../errors.js";
import { limits } from "../../limits.js";
import { compareCodePoints } from "../utf8.js";
import { atLine } from "./table.js";

/** What parts the labels of one step where it may have several: "keyword|error". */
export const labelSeparator = "|";

/** The different labels, at least `least`, sorted by code points: ids do not depend on the order of the data. DataError `label-count`. */
export function labelSet(labels: Iterable<string>, where: string, least = 2): readonly string[] {
  const seen = [...new Set(labels)].sort(compareCodePoints);
  if (seen.length > limits.labels)
    throw new DataError(`${where}: must have at most ${limits.labels} different labels, has ${seen.length}`, {
      code: "label-count",
      hint: "is the label column the right one?",
    });
  if (seen.length < least)
    throw new DataError(
      `${where}: must have at least ${least === 2 ? "two different labels" : "one label"}, has ${seen.length === 1 ? `only ${JSON.stringify(seen[0])}` : "none"}`,
      { code: "label-count", hint: "there is nothing to tell apart" },
    );
  return seen;
}

/** The single labels of a step: "a|b" is two, "-" and nothing are none. */
export const labelsIn = (text: string): readonly string[] =>
  text === "" || text === "-" ? [] : text.split(labelSeparator);

export interface LabelIndex {
  readonly labels: readonly string[];
  /** The id of a label. DataError `label-unknown` with file and line where training had none of it. */
  readonly idOf: (label: string, where: string, line: number) => number;
}

export function labelIndex(labels: readonly string[]): LabelIndex {
  const ids = new Map(labels.map((label, id) => [label, id]));
  const known = labels.length > 12 ? `${labels.slice(0, 12).join(", ")}, ...` : labels.join(", ");
  return {
    labels,
    idOf: (label, where, line) => {
      const id = ids.get(label);
      if (id !== undefined) return id;
      throw atLine(
        where,
        line,
        `label ${JSON.stringify(label)} must be one of the ${labels.length} that the model was trained with, is not`,
        "label-unknown",
        `they are: ${known}`,
      );
    },
  };
}
