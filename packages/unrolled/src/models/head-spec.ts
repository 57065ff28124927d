// The head of a spec: its defaults and its strict reading. V classes.
import { limits } from "../limits.js";
import { deepActivations, type HeadSpec, headKinds } from "../nn/heads.js";
import { type Fields, fieldsOf, integerIn, listOf, oneOf, refuseOthers } from "./fields.js";

type Partly<H> = H extends { readonly kind: infer K } ? { readonly kind: K } & Partial<Omit<H, "kind">> : never;

/** The kind of a head, or its kind and what is not left to its defaults. */
export type HeadOptions = HeadSpec["kind"] | Partly<HeadSpec>;

/** Every default of a head of V classes filled in. */
export function headOf(options: HeadOptions, _V: number): HeadSpec {
  const given = typeof options === "string" ? ({ kind: options } as Partly<HeadSpec>) : options;
  switch (given.kind) {
    case "linear":
    case "tied":
      return { kind: given.kind };
    case "deep":
      return { kind: "deep", hidden: given.hidden ?? [128], activation: given.activation ?? "tanh" };
    default:
      return given satisfies never;
  }
}

/** Reads parsed JSON as a head. SpecError with the path of the first thing that is wrong. */
export function readHead(path: string, value: unknown, V: number): HeadSpec {
  const given = fieldsOf(path, value);
  const read = ofKind(path, oneOf(`${path}.kind`, given.get("kind"), headKinds), given, V);
  refuseOthers(path, given, read);
  return read;
}

function ofKind(path: string, kind: HeadSpec["kind"], given: Fields, _V: number): HeadSpec {
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
    default:
      return kind satisfies never;
  }
}
