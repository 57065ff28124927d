// Options of beam search and of drawing, shared by translate, eval of pairs and sample.
import { type BeamOptions, DataError, encode, type Vocabulary } from "unrolled";
import { UsageError } from "./exit.js";

export interface SearchOptions {
  readonly beam?: number;
  readonly nBest?: number;
  readonly normalization?: "none" | "gnmt" | "average";
  readonly alpha?: number;
  readonly coverage?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly groups?: number;
  readonly diversity?: number;
  readonly prefix?: string;
}

export interface DrawingOptions {
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly count?: number;
}

const flags = {
  beam: "--beam",
  nBest: "--n-best",
  normalization: "--normalization",
  alpha: "--alpha",
  coverage: "--coverage",
  groups: "--groups",
  diversity: "--diversity",
  temperature: "--temperature",
  topK: "--top-k",
  topP: "--top-p",
  seed: "--seed",
  count: "--count",
  greedy: "--greedy",
  prefix: "--prefix",
  minLength: "--min-length",
  end: "--end",
} as const;

const drawing = ["temperature", "topK", "topP", "seed", "count", "greedy"] as const;
const searching = ["nBest", "normalization", "alpha", "coverage", "groups", "diversity"] as const;

type Given = Readonly<Partial<Record<keyof typeof flags, unknown>>>;

const firstOf = (options: Given, names: readonly (keyof typeof flags)[]): string | undefined => {
  const name = names.find((one) => options[one] !== undefined);
  return name && flags[name];
};

/** Whether tokens are drawn and not searched for. Throws UsageError where options of both are given. */
export function draws(options: Given): boolean {
  const drawn = firstOf(options, drawing);
  const searched = firstOf(options, ["beam", ...searching]);
  if (drawn !== undefined && searched !== undefined)
    throw new UsageError(`${drawn}: must not come with ${searched}: tokens are drawn or searched for, not both`, {
      hint: `leave out ${drawn} or ${searched}`,
    });
  return drawn !== undefined;
}

/** Options of a search that need `--beam`, where there is none. */
export function refuseWithoutBeam(options: Given): void {
  const flag = firstOf(options, [...searching, "prefix", "minLength", "end"]);
  if (flag !== undefined)
    throw new UsageError(`${flag}: must come with --beam, which was left out`, { hint: "--beam 5" });
}

/** What does not fit together, each in one line. `classes` is how many tokens there are, the end too. */
export function checkSearch(options: SearchOptions, beam: number, classes: number): void {
  const { nBest = 1, groups = 1, diversity, minLength, maxLength, alpha, normalization } = options;
  const refuse = (message: string, hint: string): never => {
    throw new UsageError(message, { hint });
  };
  if (beam > classes)
    refuse(`--beam: must be at most the ${classes} tokens there are, was ${beam}`, "5 to 12 are usual");
  if (nBest > beam) refuse(`--n-best: must be at most the beam of ${beam}, was ${nBest}`, `--beam ${nBest}`);
  if (beam % groups !== 0)
    refuse(`--groups: must divide the beam of ${beam} evenly, was ${groups}`, "--beam 6 --groups 3");
  if (diversity !== undefined && groups === 1)
    refuse("--diversity: must come with --groups, which it keeps apart", "--beam 6 --groups 3 --diversity 0.5");
  if (alpha !== undefined && normalization === "none")
    refuse("--alpha: must not come with --normalization none, which it would be the strength of", "leave one out");
  if (minLength !== undefined && maxLength !== undefined && minLength > maxLength)
    refuse(`--min-length: must be at most --max-length ${maxLength}, was ${minLength}`, "exchange the two");
}

/** The library's options of a search; lengths and prefix apart. */
export function searchSettings(options: SearchOptions): Omit<BeamOptions, "beam" | "maximum"> {
  const { nBest, normalization, alpha, coverage, minLength, groups, diversity } = options;
  return {
    ...(nBest !== undefined && { best: nBest }),
    ...(normalization !== undefined && { normalization }),
    ...(alpha !== undefined && { alpha }),
    ...(coverage !== undefined && { coverage }),
    ...(minLength !== undefined && { minimum: minLength }),
    ...(groups !== undefined && { groups }),
    ...(diversity !== undefined && { diversity }),
  };
}

/** The ids of `--prefix`. UsageError for what the vocabulary lacks. */
export function prefixIds(vocabulary: Vocabulary, prefix: string | undefined): Int32Array | undefined {
  if (!prefix) return undefined;
  try {
    return encode(vocabulary, prefix);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new UsageError(`--prefix: ${error.message}`, {
      hint: "a result can begin only with what the model can write",
    });
  }
}
