// Jordan's cell: the output is fed back, not the hidden layer. D input, H hidden, O outputs.
import { add, linear } from "../../graph/ops/index.js";
import type { Shape } from "../../graph/tensor.js";
import { activate } from "../activations.js";
import { type Cell, type CellSizes, recurrent } from "../cell.js";
import { uniformIn } from "./initial.js";
import { activation, type OptionsOf, widthOrNull } from "./options.js";
import { clipOption, clipped } from "./standard.js";

export const jordanOptions = {
  /** O: width of the output, which is what the layer above sees. */
  outputs: widthOrNull(null, "as many as hidden units"),
  /** Of the hidden units. */
  activation: activation("tanh"),
  outputActivation: activation("sigmoid"),
  clip: clipOption,
};
export type JordanOptions = OptionsOf<typeof jordanOptions>;

type Weight = "weight_ih" | "weight_hh" | "bias_h" | "weight_oh" | "bias_o";

/**
 * h = f(x W' + y R' + b_h), y' = g(h V' + b_o). x [N,D], y [N,O] (the only state), W weight_ih [H,D], R weight_hh [H,O], V
 * weight_oh [O,H]. The first step reads y = 0 (the parity net of CSC321 lecture 14). Source: Jordan 1986. A trace shows h.
 */
export function jordanCellOf(o: JordanOptions): Cell<Weight, "y"> {
  const shapes = ({ D, H }: CellSizes): Readonly<Record<Weight, Shape>> => {
    const O = o.outputs ?? H;
    return { weight_ih: [H, D], weight_hh: [H, O], bias_h: [H], weight_oh: [O, H], bias_o: [O] };
  };
  return {
    name: "jordan",
    weights: shapes,
    state: ({ H }) => ({ y: [o.outputs ?? H] }),
    step: (w, x, { y }) => {
      const h = activate(
        o.activation,
        clipped(add(linear(x, w.weight_ih, w.bias_h), recurrent(y, w.weight_hh)), o.clip),
      );
      return { y: activate(o.outputActivation, clipped(linear(h, w.weight_oh, w.bias_o), o.clip)), h };
    },
    initial: (weight, sizes, uniform) => uniformIn(shapes(sizes)[weight], sizes.H, uniform),
  };
}
