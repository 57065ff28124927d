// Choosing ids on the device, so that what is chosen can be read by the next run without leaving it.
// R sequences, n scores, K rows of text.
import { ShapeError } from "../../errors.js";
import { node, type Op } from "../op.js";
import { sameShape, type Shape, showShape, sizeOf, type Tensor, type Variable } from "../tensor.js";

/** Where `sample` reads and writes; the meaning of each is in the kernel table. */
export interface SampleSlots {
  /** i32, R words in any shape: what each sequence reads next. */
  readonly next: Variable;
  /** i32 [K,R]: ids that are given, or negative ones that are replaced by a choice. */
  readonly text: Variable;
  /** [K,R]: log-probabilities of the choices. */
  readonly logp: Variable;
  /** [1]: the row whose turn it is. */
  readonly place: Variable;
  /** i32 [K,R]: uniform draws as unsigned 32-bit words. */
  readonly draws: Variable;
  /** [3]: temperature, topK, topP. */
  readonly options: Variable;
}

const sampleOp: Op<{ readonly banned: number }> = {
  name: "sample",
  writes: true,
  lower: (update, emit) => {
    const [x, next, text, logp, place, draws, options] = update.inputs.map((t) => emit.read(t));
    const [R, n] = update.inputs[0].shape;
    const K = update.inputs[2].shape[0];
    emit.call("sample", { next, text, logp, place, x, draws, options, R, n, K, ...update.attributes });
  },
};

/** One more row of text from the scores x [R,n], when the program has run; id `banned` (-1: none) is never chosen. */
export function sample(x: Tensor, slots: SampleSlots, { banned = -1 }: { readonly banned?: number } = {}): Tensor {
  const { next, text, logp, place, draws, options } = slots;
  const [R] = x.shape;
  const rows: Shape = [text.shape[0], R];
  const fits = [text, logp, draws].every((slot) => sameShape(slot.shape, rows));
  if (
    x.shape.length !== 2 ||
    !fits ||
    sizeOf(next.shape) !== R ||
    sizeOf(place.shape) !== 1 ||
    sizeOf(options.shape) !== 3
  )
    throw new ShapeError(
      `sample: must be scores [R,n], next [R], text, logp and draws [K,R], place [1] and options [3], were ${[x, next, text, logp, draws, place, options].map((t) => showShape(t.shape)).join(" ")}`,
    );
  if ([next, text, draws].some((slot) => slot.dtype !== "i32"))
    throw new ShapeError("sample: next, text and draws must be i32, was f32");
  return node(sampleOp, [x, next, text, logp, place, draws, options], next.shape, { banned }, { dtype: "i32" });
}
