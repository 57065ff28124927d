// The head of a spec: its defaults and its strict reading. V classes.
import { limits } from "../limits.js";
import { deepActivations, type HeadSpec, headKinds } from "../nn/heads.js";
import { type Fields, fieldsOf, integerIn, listOf, oneOf, refuseOthers, wrong } from "./fields.js";

type Partly<H> = H extends { readonly kind: infer K } ? { readonly kind: K } & Partial<Omit<H, "kind">> : never;

/** The kind of a head, or its kind and what is not left to its defaults. */
export type HeadOptions = HeadSpec["kind"] | Partly<HeadSpec>;

/** Every default of a head of V classes filled in. */
export function headOf(options: HeadOptions, V: number): HeadSpec {
  const given = typeof options === "string" ? ({ kind: options } as Partly<HeadSpec>) : options;
  switch (given.kind) {
    case "linear":
    case "tied":
      return { kind: given.kind };
    case "deep":
      return { kind: "deep", hidden: given.hidden ?? [128], activation: given.activation ?? "tanh" };
    case "adaptive":
      return { kind: "adaptive", cutoffs: given.cutoffs ?? usualCutoffs(V), factor: given.factor ?? 4 };
    case "sampled":
      return { kind: "sampled", samples: given.samples ?? 1024 };
    default:
      return given satisfies never;
  }
}

/** The most frequent 4 % of the classes, the next 16 %, the rest: of text most words lie in the first part. */
const usualCutoffs = (V: number): readonly number[] =>
  [...new Set([0.04, 0.2].map((part) => Math.ceil(part * V)))].filter((cutoff) => cutoff < V);

/** Reads parsed JSON as a head. SpecError with the path of the first thing that is wrong. */
export function readHead(path: string, value: unknown, V: number): HeadSpec {
  const given = fieldsOf(path, value);
  const read = ofKind(path, oneOf(`${path}.kind`, given.get("kind"), headKinds), given, V);
  refuseOthers(path, given, read);
  return read;
}

function ofKind(path: string, kind: HeadSpec["kind"], given: Fields, V: number): HeadSpec {
  switch (kind) {
    case "linear":
    case "tied":
      return { kind };
    case "deep":
      return {
        kind,
        hidden: listOf(`${path}.hidden`, given.get("hidden"), [1, 16], (at, each) =>
          integerIn(at, each, 1, limits.width),
        ),
        activation: oneOf(`${path}.activation`, given.get("activation"), deepActivations),
      };
    case "adaptive": {
      const cutoffs = listOf(`${path}.cutoffs`, given.get("cutoffs"), [1, 16], (at, each) =>
        integerIn(at, each, 1, V - 1),
      );
      const fall = cutoffs.findIndex((cutoff, i) => i > 0 && cutoff <= cutoffs[i - 1]);
      if (fall >= 0) wrong(`${path}.cutoffs[${fall}]`, `above ${cutoffs[fall - 1]}, the one before`, cutoffs[fall]);
      return { kind, cutoffs, factor: integerIn(`${path}.factor`, given.get("factor"), 1, 64) };
    }
    case "sampled":
      return { kind, samples: integerIn(`${path}.samples`, given.get("samples"), 1, limits.width) };
    default:
      return kind satisfies never;
  }
}
