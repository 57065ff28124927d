// Whether a model fits this machine, said before anything is allocated.
import { totalmem } from "node:os";
import {
  type Cell,
  draftLanguageModelSpec,
  languageModelSpec,
  limits,
  memoryEstimate,
  parameterCount,
  type LanguageModelSpec,
} from "unrolled";
import { architectureOf } from "./architecture.js";
import { UsageError } from "./exit.js";
import { bytes, count } from "./format.js";
import { plainMethods, stepsKept } from "./methods.js";
import type { RunSettings } from "./settings.js";

/** Bytes that this process may hope for: the machine's memory, or what its container allows. */
export function machineMemory(): number {
  const allowed = process.constrainedMemory?.() ?? 0;
  return allowed > 0 && allowed < totalmem() ? allowed : totalmem();
}

/** What settings do not say by themselves. */
export interface SpecParts {
  /** Bytes; the machine's where left out. */
  readonly available?: number;
  /** The cell of one's own that --cell names. */
  readonly cell?: Cell;
  /** Id of the token that begins a document. */
  readonly separator?: number | null;
}

/**
 * The complete spec of the settings. Throws UsageError with the memory a training step would need where the machine has
 * less, before the spec's other limits are looked at.
 */
export function affordableSpec(
  settings: RunSettings,
  vocabulary: number,
  { available = machineMemory(), cell, separator = null }: SpecParts = {},
): LanguageModelSpec {
  const { tokens, hidden, batch, sequence } = settings;
  if (hidden.length > limits.layers)
    throw new UsageError(`--layers: must be at most ${limits.layers}, was ${hidden.length}`, { code: "layers" });
  const wanted = { tokens, vocabulary, separator, ...architectureOf(settings, cell) };
  const refuseAbove = (needed: number, parameters: number): void => {
    if (needed > available)
      throw new UsageError(
        `--hidden ${hidden.join(",")} --batch ${batch} --sequence ${sequence}: would need ${bytes(needed)} of memory for a training step ` +
          `(${count(parameters)} parameters), this machine has ${bytes(available)}`,
        { code: "memory", hint: "choose fewer --hidden units or --layers, or a smaller --batch or --sequence" },
      );
  };
  const parameters = parameterCount(draftLanguageModelSpec(wanted));
  refuseAbove(4 * 4 * parameters, parameters); // weights, gradient and two moments: more than any limit allows is too much
  const spec = languageModelSpec(wanted);
  const steps = stepsKept(sequence, settings.methods ?? plainMethods);
  refuseAbove(memoryEstimate(spec, { batch, sequence: steps }), parameters);
  return spec;
}
