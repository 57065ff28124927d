// Evaluation of a language model: mean nats per token over given ids, state carried from zero. T time, N batch.
import type { Device } from "../device/device.js";
import { compile, i32, type Program } from "../graph/compile.js";
import { assign } from "../graph/ops/index.js";
import type { Scalar, Tensor, Variable } from "../graph/tensor.js";
import { evict, reside } from "../graph/variable.js";
import { type Chunks, evaluationChunks } from "../text/batches.js";
import { carriedStates, forward, type LanguageModel, languageModelLoss } from "./language-model.js";

export interface Evaluation {
  /** Mean nats per token. */
  readonly nats: number;
  readonly bitsPerToken: number;
  readonly perplexity: number;
  /** Tokens predicted. */
  readonly tokens: number;
}

export const evaluationOf = (nats: number, tokens: number): Evaluation => ({
  nats,
  bitsPerToken: nats / Math.LN2,
  perplexity: Math.exp(nats),
  tokens,
}); // prettier-ignore

type EvaluatorOutputs = { readonly outputs: { readonly sum: Scalar; readonly each: Tensor } };

/** A forward program with states of its own, so that evaluating never touches a training state. */
export interface Evaluator {
  readonly program: Program<"x" | "y", EvaluatorOutputs>;
  /** States back to zero. */
  reset(): void;
  close(): void;
}

/** Programs run on chunks x, y [T,N]; `each` holds the nats of every token, 0 where y is -1. */
export function evaluator(
  device: Device,
  model: LanguageModel,
  { batch: N, sequence: T }: { readonly batch: number; readonly sequence: number },
): Evaluator {
  const states = carriedStates(model.spec, N);
  const program = compile(
    device,
    { x: i32(T, N), y: i32(T, N) },
    ({ x, y }) => {
      const seen = forward(model, x, states, { frozen: true });
      const { sum, each } = languageModelLoss(model, seen, y);
      const carry = Object.entries(states).map(([name, v]) => assign(v, seen.states[name]));
      return { outputs: { sum, each }, updates: carry };
    },
    { frozen: true },
  );
  return {
    program,
    reset: () => zero(device, states),
    close: () => {
      program.close();
      for (const { storage } of Object.values(states)) evict(device, storage);
    },
  };
}

/** Fills the storages of variables with zeros. */
export function zero(device: Device, states: Readonly<Record<string, Variable>>): void {
  for (const storage of new Set(Object.values(states).map((v) => v.storage)))
    device.view(reside(device, storage), storage.dtype).fill(0);
}

/** Runs all chunks from zero states. `pause` is awaited now and then so that a page or a signal gets its turn. */
export async function evaluateChunks(
  made: Evaluator,
  chunks: Chunks,
  pause?: () => Promise<void>,
): Promise<Evaluation> {
  made.reset();
  made.program.refresh();
  let nats = 0;
  for (let i = 0; i < chunks.count; i++) {
    nats += made.program.run(chunks.at(i)).sum;
    await pause?.();
  }
  return evaluationOf(nats / chunks.tokens, chunks.tokens);
}

/**
 * The exact evaluation: one stream over all ids from a zero state, every token after the first predicted once; a model of
 * documents begins each of them anew. DataError
 * below two ids.
 */
export async function evaluateModel(o: {
  readonly model: LanguageModel;
  readonly device: Device;
  readonly ids: Int32Array;
  /** Steps a program runs at once; the result does not depend on it. */
  readonly sequence?: number;
  readonly pause?: () => Promise<void>;
}): Promise<Evaluation> {
  // Documents are run a step at a time: a program of 256 steps would take a second to make.
  const most = o.model.spec.separator === null ? 256 : 64;
  const chunks = evaluationChunks(o.ids, { sequence: o.sequence ?? Math.min(most, Math.max(1, o.ids.length - 1)) });
  const made = evaluator(o.device, o.model, chunks);
  try {
    return await evaluateChunks(made, chunks, o.pause);
  } finally {
    made.close();
  }
}
