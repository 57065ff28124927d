// Training methods as the command line and the record know them: how far gradients reach, what a step adds up, what is kept.
import { DataError, type LanguageTaskOptions, type RunOptions, type Vocabulary } from "unrolled";
import { UsageError } from "./exit.js";

/** Options as the command line gives them; absent means "not named". */
export interface MethodOptions {
  readonly backward?: number;
  readonly carry?: boolean;
  readonly documentSeparator?: string;
  readonly recompute?: boolean;
  readonly accumulate?: number;
  readonly ema?: number;
  readonly earlyStop?: number;
  readonly labelSmoothing?: number;
  readonly decayAll?: boolean;
}

/** What is recorded of them. */
export interface MethodSettings {
  /** k2: tokens that gradients reach back over; null: over the new tokens of a step. */
  readonly backward: number | null;
  readonly carry: boolean;
  readonly documentSeparator: string | null;
  readonly recompute: boolean;
  readonly accumulate: number;
  readonly ema: number | null;
  readonly earlyStop: number | null;
  readonly labelSmoothing: number;
  /** adamw decays vectors and embeddings too. */
  readonly decayAll: boolean;
}

/** What a run did before it could be told otherwise. */
export const plainMethods: MethodSettings = {
  backward: null,
  carry: true,
  documentSeparator: null,
  recompute: false,
  accumulate: 1,
  ema: null,
  earlyStop: null,
  labelSmoothing: 0,
  decayAll: true,
};

/** Every option with its default. Throws UsageError for options that say nothing together. */
export function methodSettings(
  options: MethodOptions,
  {
    sequence,
    optimizer,
    validation,
  }: { readonly sequence: number; readonly optimizer: string; readonly validation: number },
): MethodSettings {
  const { backward, carry = true, documentSeparator, earlyStop, decayAll } = options;
  if (backward !== undefined && backward < sequence)
    throw new UsageError(
      `--backward: must be at least ${sequence}, the new tokens of a step (--sequence), was ${backward}`,
      {
        hint: "a step of k1 = --sequence new tokens sends gradients back over k2 = --backward tokens",
      },
    );
  if (backward !== undefined && !carry)
    throw new UsageError("--backward: must be left out with --no-carry, where a step sees nothing before it", {});
  if (decayAll && optimizer !== "adamw")
    throw new UsageError("--decay-all: must come with --optimizer adamw, which is not chosen", {
      hint: "add --optimizer adamw, or leave --decay-all out",
    });
  if (earlyStop !== undefined && validation === 0)
    throw new UsageError("--early-stop: must come with held-out text, --validation is 0", {
      hint: "leave --validation out to hold out a tenth",
    });
  return {
    backward: backward ?? null,
    carry,
    documentSeparator: documentSeparator ?? null,
    recompute: options.recompute ?? false,
    accumulate: options.accumulate ?? 1,
    ema: options.ema ?? null,
    earlyStop: earlyStop ?? null,
    labelSmoothing: options.labelSmoothing ?? 0,
    decayAll: decayAll ?? false,
  };
}

/** What the loop is told, whatever it learns. */
export const runMethods = ({ recompute, accumulate, ema, earlyStop }: MethodSettings): Partial<RunOptions> => ({
  recompute,
  accumulate,
  ...(ema === null ? {} : { ema }),
  ...(earlyStop === null ? {} : { earlyStop }),
});

/** What the language model's task is told. */
export const taskMethods = ({
  backward,
  carry,
  accumulate,
  labelSmoothing,
}: MethodSettings): Partial<LanguageTaskOptions> => ({
  carry,
  accumulate,
  labelSmoothing,
  ...(backward === null ? {} : { backward }),
});

const escapes: Readonly<Record<string, string>> = { "\\n": "\n", "\\t": "\t", "\\r": "\r", "\\0": "\0", "\\\\": "\\" };

/** The id of the token that begins a document; null where a text is one. DataError where it is no token. */
export function separatorId({ documentSeparator: said }: MethodSettings, { tokens }: Vocabulary): number | null {
  if (said === null) return null;
  const token = said.replace(/\\[ntr0\\]/g, (two) => escapes[two]);
  const id = tokens.indexOf(token);
  if (id >= 0) return id;
  throw new DataError(`--document-separator: must be a token of the text, was ${JSON.stringify(token)}`, {
    code: "document-separator",
    hint: "with --tokens char it is one character (\\n for a new line), with --tokens word one word of the text",
  });
}

/** Steps whose values a training step keeps at once: what its memory goes with. */
export function stepsKept(sequence: number, { backward, recompute }: MethodSettings): number {
  const reach = backward ?? sequence;
  return recompute ? Math.min(reach, 2 * Math.ceil(Math.sqrt(reach))) : reach;
}
