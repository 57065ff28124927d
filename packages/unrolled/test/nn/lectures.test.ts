// Numbers that the lectures print, through the ops that a reader would write. T time, N batch, D input, H hidden, V vocabulary.
// Sources: CS231n assignment 3 (2017), CS231n lecture 10 ("hello"), CSC321 lecture 14 (hand-set nets).
import {
  add,
  compile,
  concat,
  crossEntropy,
  div,
  evaluate,
  f32,
  full,
  i32,
  less,
  lstm,
  linear,
  matmul,
  mul,
  openReference,
  random,
  reshape,
  rnn,
  rnnCell,
  sigmoid,
  slice,
  softmax,
  sub,
  type Tensor,
  tanh,
  transpose,
  unroll,
} from "unrolled";
import { close } from "unrolled/testing";
import { describe, expect, it } from "vitest";

const device = openReference();

/** numpy's linspace, in the shape given. */
function spaced(from: number, to: number, ...shape: number[]): { spec: ReturnType<typeof f32>; values: Float64Array } {
  const n = shape.reduce((a, b) => a * b, 1);
  return {
    spec: f32(...shape),
    values: Float64Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1)),
  };
}

/** Values of a graph over named inputs. */
function valuesOf<K extends string>(
  inputs: Readonly<Record<K, ReturnType<typeof spaced>>>,
  graph: (t: Readonly<Record<K, Tensor>>) => Tensor,
): Float64Array {
  const entries = Object.entries(inputs) as [K, ReturnType<typeof spaced>][];
  const pick = <V>(of: (made: ReturnType<typeof spaced>) => V): Record<K, V> =>
    Object.fromEntries(entries.map(([name, made]) => [name, of(made)])) as Record<K, V>;
  const program = compile(
    device,
    pick((made) => made.spec),
    (t) => ({ outputs: { y: graph(t as Readonly<Record<K, Tensor>>) } }),
  ); // prettier-ignore
  const y = program.run(pick((made) => made.values)).y as ArrayLike<number> | number;
  return Float64Array.from(typeof y === "number" ? [y] : y);
}

/** The assignments print eight digits. */
const printed = { relative: 0, absolute: 5.1e-9 };

describe("CS231n assignment 3", () => {
  it("rnn_step_forward", () => {
    const h = valuesOf(
      {
        x: spaced(-0.4, 0.7, 3, 10),
        h: spaced(-0.2, 0.5, 3, 4),
        Wx: spaced(-0.1, 0.9, 10, 4),
        Wh: spaced(-0.3, 0.7, 4, 4),
        b: spaced(-0.2, 0.4, 4),
      },
      (t) => tanh(add(add(matmul(t.x, t.Wx), matmul(t.h, t.Wh)), t.b)),
    ); // prettier-ignore
    close(h.slice(0, 4), [-0.58172089, -0.50182032, -0.41232771, -0.31410098], printed);
    close(h.slice(8), [0.97934501, 0.99144213, 0.99646691, 0.99854353], printed);
  });

  it("rnn_forward, by the fused layer", () => {
    const h = valuesOf(
      {
        x: spaced(-0.1, 0.3, 2, 3, 4),
        h0: spaced(-0.3, 0.1, 2, 5),
        Wx: spaced(-0.2, 0.4, 4, 5),
        Wh: spaced(-0.4, 0.1, 5, 5),
        b: spaced(-0.7, 0.1, 5),
      },
      (t) =>
        transpose(rnn(linear(transpose(t.x, [1, 0, 2]), transpose(t.Wx), t.b), transpose(t.Wh), t.h0).y, [1, 0, 2]),
    ); // prettier-ignore
    close(h.slice(0, 5), [-0.42070749, -0.27279261, -0.11074945, 0.05740409, 0.22236251], printed);
    close(h.slice(25), [-0.51014825, -0.30524429, -0.06755202, 0.17806392, 0.40333043], printed);
  });

  /** Their gates are i,f,o,g; here they are i,f,g,o. */
  const reordered = (W: Tensor, H: number): Tensor => {
    const axis = W.shape.length - 1;
    return concat(
      [0, 1, 3, 2].map((k) => slice(W, axis, k * H, (k + 1) * H)),
      axis,
    ); // prettier-ignore
  };
  const lstmOf = (t: Readonly<Record<"x" | "h0" | "Wx" | "Wh" | "b", Tensor>>, c0: Tensor) => {
    const H = c0.shape[1];
    const pre = linear(transpose(t.x, [1, 0, 2]), transpose(reordered(t.Wx, H)), reordered(t.b, H));
    return lstm(pre, transpose(reordered(t.Wh, H)), t.h0, c0);
  };

  it("lstm_step_forward", () => {
    const inputs = {
      x: spaced(-0.4, 1.2, 3, 1, 4),
      h0: spaced(-0.3, 0.7, 3, 5),
      c0: spaced(-0.4, 0.9, 3, 5),
      Wx: spaced(-2.1, 1.3, 4, 20),
      Wh: spaced(-0.7, 2.2, 5, 20),
      b: spaced(0.3, 0.7, 20),
    }; // prettier-ignore
    const both = valuesOf(inputs, (t) => {
      const { h, c } = lstmOf(t, t.c0);
      return concat([h, c], 0);
    });
    close(both.slice(0, 5), [0.24635157, 0.28610883, 0.32240467, 0.35525807, 0.38474904], printed);
    close(both.slice(15, 20), [0.32986176, 0.39145139, 0.451556, 0.51014116, 0.56717407], printed);
  });

  it("lstm_forward", () => {
    const inputs = {
      x: spaced(-0.4, 0.6, 2, 3, 5),
      h0: spaced(-0.4, 0.8, 2, 4),
      Wx: spaced(-0.2, 0.9, 5, 16),
      Wh: spaced(-0.3, 0.6, 4, 16),
      b: spaced(0.2, 0.7, 16),
    }; // prettier-ignore
    const h = valuesOf(inputs, (t) => transpose(lstmOf(t, full([2, 4], 0)).y, [1, 0, 2]));
    close(h.slice(8, 12), [0.31358768, 0.33338627, 0.35304453, 0.37250975], printed);
    close(h.slice(20), [0.81733511, 0.83677871, 0.85403753, 0.86935314], printed);
  });

  it("temporal softmax: about 2.3 for ten classes, ten times that for ten steps, and 2.3 where a tenth counts", () => {
    const perRow = (rows: number, steps: number, share: number): number => {
      const program = compile(device, { y: i32(rows * steps), key: i32(2) }, ({ y, key }) => {
        const logits = mul(random("normal", [rows * steps, 10], { key, stream: 0 }), 0.001);
        return { outputs: { loss: div(crossEntropy(logits, y).sum, rows) } };
      });
      const y = Array.from({ length: rows * steps }, (_, i) => (i % 10 < share * 10 ? i % 7 : -1));
      return program.run({ y, key: [1, 2] }).loss;
    };
    close(perRow(100, 1, 1), Math.log(10), { relative: 1e-3 });
    close(perRow(100, 10, 1), 10 * Math.log(10), { relative: 1e-3 });
    close(perRow(5000, 10, 0.1), Math.log(10), { relative: 1e-3 });
  });
});

describe('the "hello" net of CS231n lecture 10', () => {
  const slide = [1.0, 2.2, -3.0, 4.1, 0.5, 0.3, -1.0, 1.2, 0.1, 0.5, 1.9, -1.1, 0.2, -1.5, -0.1, 2.2];
  const logits = { spec: f32(4, 4), values: Float64Array.from(slide) };

  it("its losses: worse than a uniform guess", () => {
    const program = compile(device, { z: f32(4, 4), y: i32(4) }, ({ z, y }) => {
      const { each, sum, count } = crossEntropy(z, y);
      return { outputs: { each, mean: div(sum, count) } };
    });
    const { each, mean } = program.run({ z: slide, y: [1, 2, 2, 3] });
    close(each, [2.079, 2.9, 0.38, 0.231], { relative: 0, absolute: 5e-4 });
    close(mean, 1.397, { relative: 0, absolute: 6e-4 });
    expect(mean).toBeGreaterThan(Math.log(4));
  });

  it("its probabilities: .038 where the slide has .03", () => {
    const p = valuesOf({ z: logits }, (t) => softmax(t.z));
    close(p.slice(4, 8), [0.25, 0.2, 0.05, 0.5], { relative: 0, absolute: 6e-3 });
    close(p[0], 0.038, { relative: 0, absolute: 5e-4 });
  });

  it("weights that make its pictures: hidden states and logits", () => {
    const given = {
      W_hh: [
        [0.229116, 0.204796, 0.102398],
        [-1.130067, -1.010116, -0.505058],
        [-0.657862, -0.588033, -0.294017],
      ],
      W_xh: [
        [0.30952, 2.854067, -0.199314, 0],
        [-0.100335, 1.00208, 0.928651, 0],
        [1.472219, 0.503506, 0.550865, 0],
      ],
      W_hy: [
        [0.428118, -0.381937, 0.805959],
        [1.157505, -2.5882, 2.086483],
        [-2.172304, 0.799088, -3.987645],
        [1.02537, -0.424022, 4.303779],
      ],
      b_y: [[0.108007, -0.283906, 1.320481, -0.123414]],
    }; // prettier-ignore
    const plain = (rows: number[][]) => ({
      spec: f32(rows.length, rows[0].length),
      values: Float64Array.from(rows.flat()),
    });
    // h, e, l, l as one-hot columns.
    const x = { spec: f32(4, 1, 4), values: Float64Array.from([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0]) };
    const out = valuesOf(
      { x, Whh: plain(given.W_hh), Wxh: plain(given.W_xh), Why: plain(given.W_hy), by: plain(given.b_y) },
      (t) => {
        const none = full([3], 0);
        const { y } = unroll(rnnCell, { weight_ih: t.Wxh, weight_hh: t.Whh, bias_ih: none, bias_hh: none }, t.x, {
          h: full([1, 3], 0),
        });
        const h = reshape(y, [4, 3]);
        return concat([reshape(h, [12]), reshape(linear(h, t.Why, reshape(t.by, [4])), [16])]);
      },
    );
    close(out.slice(0, 12), [0.3, -0.1, 0.9, 0.995, 0.3, 0.1, 0.1, -0.5, -0.3, -0.3, 0.9, 0.7], {
      relative: 0,
      absolute: 1e-3,
    });
    close(out.slice(12), slide, { relative: 0, absolute: 1e-2 });
  });
});

describe("CSC321 lecture 14: nets with weights set by hand", () => {
  const sequence = (...steps: number[][]) => ({
    spec: f32(steps.length, 1, steps[0].length),
    values: Float64Array.from(steps.flat()),
  });

  it("sums its inputs", () => {
    const h = valuesOf(
      { x: sequence([2], [-0.5], [1], [1]) },
      ({ x }) => rnn(x, full([1, 1], 1), full([1, 1], 0), { activation: "linear" }).y,
    );
    close(h, [2, 1.5, 2.5, 3.5], { relative: 0, absolute: 0 });
  });

  it("tells which of two inputs has the larger total", () => {
    const W = { spec: f32(1, 2), values: Float64Array.from([1, -1]) };
    const y = valuesOf({ x: sequence([2, -2], [0, 3.5], [1, 2.2]), W }, ({ x, W: weights }) =>
      sigmoid(
        mul(5, rnn(linear(x, weights, full([1], 0)), full([1, 1], 1), full([1, 1], 0), { activation: "linear" }).y),
      ),
    );
    close(y, [1 / (1 + Math.exp(-20)), 0.9241, 0.0293], { relative: 0, absolute: 5e-5 });
  });

  it("parity: AND, OR, and a loop from output to hidden", () => {
    const threshold = (z: Tensor): Tensor => less(0, z);
    const parity = (bits: readonly number[]): number[] => {
      let y: Tensor = full([1], 0);
      const outputs = bits.map((bit) => {
        const both = add(y, bit);
        y = threshold(sub(sub(threshold(sub(both, 0.5)), threshold(sub(both, 1.5))), 0.5));
        return y;
      });
      return Array.from(evaluate(device, concat(outputs)).data);
    };
    expect(parity([0, 1, 0, 1, 1, 0, 1, 0, 1, 1])).toEqual([0, 1, 1, 0, 1, 1, 0, 0, 1, 0]);
  });
});
