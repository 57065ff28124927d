// Rows of the kernel table. Element by element, and along one axis.
// T time, N batch, H hidden, V vocabulary, R rows, K inner length; n plain counts.
import { blockSpan, row } from "./row.js";

export const elementwise = {
  /** y[0..n) = value */
  fill: row({ y: "out", n: "int", value: "float" }, ({ n }) => ({ y: n })),

  /** y[i·ys] = x[i·xs] for every index i of the block [d0,d1,d2,d3]. Words between are left alone. Copies integers too. */
  copy: row(
    {
      y: "out",
      x: "in",
      d0: "int",
      d1: "int",
      d2: "int",
      d3: "int",
      ys0: "int",
      ys1: "int",
      ys2: "int",
      ys3: "int",
      xs0: "int",
      xs1: "int",
      xs2: "int",
      xs3: "int",
    }, // prettier-ignore
    (a) => ({
      y: blockSpan([a.d0, a.d1, a.d2, a.d3], [a.ys0, a.ys1, a.ys2, a.ys3]),
      x: blockSpan([a.d0, a.d1, a.d2, a.d3], [a.xs0, a.xs1, a.xs2, a.xs3]),
    }),
  ),

  /**
   * Elementwise program over the block [d0,d1,d2,d3]. Inputs and outputs have four strides each (input stride 0 =
   * broadcast; the elements of outputs must be distinct). tail = strides of the inputs (4 each), strides of the outputs
   * (4 each), register of each output, instructions (4 each). Comparisons give 1 or 0 (0 where a side is NaN).
   * where(a,b,c) = a != 0 ? b : c. finite(a) = 1 where a is neither NaN nor infinite. minimum, maximum, relu and sign pass
   * NaN on. An output may lie on an input only where both are dense.
   */
  map: row(
    {
      y0: "out",
      y1: "out",
      y2: "out",
      y3: "out",
      y4: "out",
      y5: "out",
      y6: "out",
      y7: "out",
      x0: "optional",
      x1: "optional",
      x2: "optional",
      x3: "optional",
      x4: "optional",
      x5: "optional",
      x6: "optional",
      x7: "optional",
      x8: "optional",
      x9: "optional",
      x10: "optional",
      x11: "optional",
      d0: "int",
      d1: "int",
      d2: "int",
      d3: "int",
      inputs: "int",
      outputs: "int",
      instructions: "int",
    }, // prettier-ignore
    (a, tail) => {
      const d = [a.d0, a.d1, a.d2, a.d3];
      const span = (operand: number): number => blockSpan(d, tail.slice(4 * operand, 4 * operand + 4));
      const x = (i: number): number => (i < a.inputs ? span(i) : 0);
      const y = (i: number): number => (i < a.outputs ? span(a.inputs + i) : 0);
      return {
        y0: y(0),
        y1: y(1),
        y2: y(2),
        y3: y(3),
        y4: y(4),
        y5: y(5),
        y6: y(6),
        y7: y(7),
        x0: x(0),
        x1: x(1),
        x2: x(2),
        x3: x(3),
        x4: x(4),
        x5: x(5),
        x6: x(6),
        x7: x(7),
        x8: x(8),
        x9: x(9),
        x10: x(10),
        x11: x(11),
      }; // prettier-ignore
    },
    { tail: true },
  ),

  /** y [outer,inner] = scale * sum (kind 0) or maximum (kind 1) over the middle axis of x [outer,n,inner]. NaN wins a maximum. */
  reduce: row(
    { y: "out", x: "in", outer: "int", n: "int", inner: "int", kind: "int", scale: "float" },
    ({ outer, n, inner }) => ({ y: outer * inner, x: outer * n * inner }),
  ),
} as const;
