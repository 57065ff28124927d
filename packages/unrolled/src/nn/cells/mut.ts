// The three mutants that Jozefowicz, Zaremba, Sutskever 2015 found by search. Gates z,r. D input, H hidden.
import { ShapeError } from "../../errors.js";
import { add, linear, mul, sigmoid, sub, tanh } from "../../graph/ops/index.js";
import type { Shape, Tensor } from "../../graph/tensor.js";
import { type Cell, type CellSizes, type Named, recurrent } from "../cell.js";

type Weight = `weight_${"x" | "h"}${"z" | "r"}` | "weight_xh" | "weight_hh" | "bias_z" | "bias_r" | "bias_h";

interface Mutant {
  /** Weights beside weight_hh and the biases, which all have. */
  readonly weights: readonly Weight[];
  /** The sum of z. */
  readonly z: (w: Named<Weight>, x: Tensor, h: Tensor) => Tensor;
  readonly r: (w: Named<Weight>, x: Tensor, h: Tensor) => Tensor;
  /** What the input adds to the candidate. */
  readonly input: (w: Named<Weight>, x: Tensor) => Tensor;
}

const plainR = (w: Named<Weight>, x: Tensor, h: Tensor): Tensor =>
  add(linear(x, w.weight_xr, w.bias_r), recurrent(h, w.weight_hr));
const projected = (w: Named<Weight>, x: Tensor): Tensor => recurrent(x, w.weight_xh);

const mutants: Readonly<Record<1 | 2 | 3, Mutant>> = {
  1: {
    weights: ["weight_xz", "weight_xr", "weight_hr"],
    z: (w, x) => linear(x, w.weight_xz, w.bias_z),
    r: plainR,
    input: (_, x) => tanh(x),
  },
  2: {
    weights: ["weight_xz", "weight_hz", "weight_hr", "weight_xh"],
    z: (w, x, h) => add(linear(x, w.weight_xz, w.bias_z), recurrent(h, w.weight_hz)),
    r: (w, x, h) => add(x, linear(h, w.weight_hr, w.bias_r)),
    input: projected,
  },
  3: {
    weights: ["weight_xz", "weight_hz", "weight_xr", "weight_hr", "weight_xh"],
    z: (w, x, h) => add(linear(x, w.weight_xz, w.bias_z), recurrent(tanh(h), w.weight_hz)),
    r: plainR,
    input: projected,
  },
};

/**
 * h' = z tanh((r * h) W_hh' + u + b_h) + (1-z) h: z replaces the old state. x [N,D], h [N,H], each W_ab [H,D] or [H,H].
 *
 *     MUT1  z = sigma(x W_xz' + b_z)                      r = sigma(x W_xr' + h W_hr' + b_r)   u = tanh(x)
 *     MUT2  z = sigma(x W_xz' + h W_hz' + b_z)            r = sigma(x + h W_hr' + b_r)         u = x W_xh'
 *     MUT3  z = sigma(x W_xz' + tanh(h) W_hz' + b_z)      r = sigma(x W_xr' + h W_hr' + b_r)   u = x W_xh'
 *
 * MUT1 and MUT2 add x itself to H sums: ShapeError unless D = H. Source: Jozefowicz 2015, section 3.4.
 */
export function mutCellOf(number: 1 | 2 | 3): Cell<Weight, "h"> {
  const mutant = mutants[number];
  const shapes = ({ D, H }: CellSizes): Readonly<Record<Weight, Shape>> => {
    if (number !== 3 && D !== H)
      throw new ShapeError(`mut${number}: input must be as wide as the ${H} hidden units, was ${D}`, {
        code: "cell-width",
        hint: "this cell adds its input to its units: make the embedding, and all layers, one width",
      });
    const matrix = (name: Weight): Shape => (name.startsWith("weight_x") ? [H, D] : [H, H]);
    const matrices = [...mutant.weights, "weight_hh" as const].map((name) => [name, matrix(name)]);
    return { ...Object.fromEntries(matrices), bias_z: [H], bias_r: [H], bias_h: [H] };
  };
  return {
    name: `mut${number}`,
    weights: shapes,
    state: ({ H }) => ({ h: [H] }),
    step: (w, x, { h }) => {
      const z = sigmoid(mutant.z(w, x, h));
      const r = sigmoid(mutant.r(w, x, h));
      const n = tanh(add(linear(mul(r, h), w.weight_hh, w.bias_h), mutant.input(w, x)));
      return { h: add(mul(z, n), mul(sub(1, z), h)), z, r, n };
    },
  };
}
