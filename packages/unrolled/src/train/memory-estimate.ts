// The memory that a training step will need, before there is a device or a text. T time, N batch.
import { i32, scratchWords } from "../graph/compile.js";
import { sizeOf } from "../graph/tensor.js";
import { carriedStates, modelOfShapes } from "../models/language-model.js";
import type { LanguageModelSpec } from "../models/spec.js";
import { languageLoss } from "./language-task.js";
import { adam, makeOptimizer } from "./optimizers.js";
import { stepGraph } from "./step.js";
import type { LossOptions, Tensors } from "./task.js";

/** Steps of the two graphs that are planned in place of a long one: memory grows with T as it does between them. */
const planned = [12, 24] as const;

/**
 * Bytes that a float32 training step with Adam needs: weights and their moments, carried states, batch, and the scratch memory
 * that the step's program plans; of a long sequence by what a short one and one of twice its length plan. Fused and unrolled
 * cells, and cells of one's own, are what their graphs say. The spec is not checked.
 */
export function memoryEstimate(
  spec: LanguageModelSpec,
  { batch: N, sequence }: { readonly batch: number; readonly sequence: number },
): number {
  const model = modelOfShapes(spec);
  const carried = carriedStates(spec, N);
  const { weights } = model;
  const optimizer = makeOptimizer(adam(), Object.values(weights)[0].storage, weights);
  const loss = (inputs: Tensors, run: LossOptions) => languageLoss(model, inputs, run);
  const wordsAt = (T: number): number => {
    const shapes = { x: i32(T, N), y: i32(T, N) };
    const { inputs, trace } = stepGraph({ weights, loss, shapes, optimizer, clip: { norm: 5 }, carried });
    return scratchWords(inputs, trace) + 2 * T * N;
  };
  const [short, long] = planned;
  const most = wordsAt(Math.min(sequence, long));
  const beyond = Math.max(0, sequence - long);
  const scratch = beyond === 0 ? most : most + (beyond * (most - wordsAt(short))) / (long - short);
  const kept = [weights, model.frozen, optimizer.state, carried].flatMap((group) => Object.values(group));
  return 4 * kept.reduce((sum, { shape }) => sum + sizeOf(shape), scratch);
}
