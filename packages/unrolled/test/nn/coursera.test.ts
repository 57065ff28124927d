// The numbers of the Coursera notebooks (Sequence Models, week 1) through the built-in cells; their lstm_backward corrected: it
// drops what flows back from the step after. Columns there are rows here: x [D,N,T] becomes [T,N,D]. T time, N batch, D input,
// H hidden.
import {
  type CellSpec,
  cellOf,
  cellSpec,
  compile,
  concat,
  crossEntropy,
  f32,
  gradient,
  i32,
  linear,
  mul,
  openReference,
  reshape,
  runLayer,
  slice,
  sum,
  type Tensor,
  transpose,
  variable,
  zeros,
} from "unrolled";
import { close } from "unrolled/testing";
import { describe, it } from "vitest";
import { numpyNormal } from "./numpy-draws.js";

const device = openReference();
const [D, H, N] = [3, 5, 10];
type Values = Readonly<Record<string, readonly [readonly number[], ArrayLike<number>]>>;
type Tensors = Readonly<Record<string, Tensor>>;

/** Outputs of a graph over named inputs of given shapes and values. */
function run(inputs: Values, graph: (given: Tensors) => Tensors): Readonly<Record<string, Float64Array>> {
  const entries = Object.entries(inputs);
  const program = compile(
    device,
    Object.fromEntries(entries.map(([name, [shape]]) => [name, f32(...shape)])),
    (given) => ({
      outputs: graph(given),
    }),
  );
  const out = program.run(Object.fromEntries(entries.map(([name, [, values]]) => [name, values])));
  const copied = Object.entries(out).map(([name, v]) => [
    name,
    Float64Array.from(typeof v === "number" ? [v] : (v as ArrayLike<number>)),
  ]);
  program.close();
  return Object.fromEntries(copied);
}

/** The letters one by one, each a unit of its own. */
const identity = (n: number): Tensor =>
  variable("letters", {
    shape: [n, n],
    initial: () => Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0)),
  });

/** Element of a dense row-major array. */
const element = (values: ArrayLike<number>, shape: readonly number[], ...index: readonly number[]): number =>
  values[index.reduce((flat, i, axis) => flat * shape[axis] + i, 0)];

/** [features,N,T] as [T,N,features]. */
const timeMajor = (x: Tensor): Tensor => transpose(x, [2, 1, 0]);
const layer = (spec: CellSpec, weights: Tensors, x: Tensor, state: Tensors) =>
  runLayer(cellOf(spec), weights, x, state, { trace: true });

const rnnWeights = (g: Tensors): Tensors => ({
  weight_ih: g.Wax,
  weight_hh: g.Waa,
  bias_ih: reshape(g.ba, [H]),
  bias_hh: zeros([H]),
});

/** Wf, Wi, Wc, Wo [H,H+D] over (a, x) and their biases in the order i,f,g,o. */
const lstmWeights = (g: Tensors): Tensors => {
  const stacked = (from: number, to: number): Tensor =>
    concat(
      ["Wi", "Wf", "Wc", "Wo"].map((name) => slice(g[name], 1, from, to)),
      0,
    );
  const bias = concat([g.bi, g.bf, g.bc, g.bo], 0);
  return {
    weight_ih: stacked(H, H + D),
    weight_hh: stacked(0, H),
    bias_ih: reshape(bias, [4 * H]),
    bias_hh: zeros([4 * H]),
  };
};

/** Draws in the notebooks' order: each name with its shape. */
const drawnIn = (draw: ReturnType<typeof numpyNormal>, ...named: readonly (readonly [string, ...number[]])[]): Values =>
  Object.fromEntries(named.map(([name, ...shape]) => [name, [shape, draw(...shape)]]));
const lstmParameters = ["f", "i", "o", "c"].flatMap((gate): [string, ...number[]][] => [
  [`W${gate}`, H, H + D],
  [`b${gate}`, H, 1],
]);
const printed = { relative: 0, absolute: 5.1e-9 };
const long = { relative: 0, absolute: 5.1e-12 };

describe("Building a recurrent network, step by step", () => {
  it("rnn_cell_forward", () => {
    const draw = numpyNormal(1);
    const inputs = drawnIn(draw, ["x", D, N], ["a", H, N], ["Waa", H, H], ["Wax", H, D], ["Wya", 2, H], ["ba", H, 1]);
    const { a } = run(inputs, (g) => {
      const x = reshape(transpose(g.x), [1, N, D]);
      return { a: transpose(layer(cellSpec("rnn"), rnnWeights(g), x, { h: transpose(g.a) }).state.h) };
    });
    close(element(a, [H, N], 4, 0), 0.59584544, printed);
  });

  it("rnn_forward", () => {
    const draw = numpyNormal(1);
    const inputs = drawnIn(
      draw,
      ["x", D, N, 4],
      ["a", H, N],
      ["Waa", H, H],
      ["Wax", H, D],
      ["Wya", 2, H],
      ["ba", H, 1],
    );
    const { a } = run(inputs, (g) => ({
      a: timeMajor(layer(cellSpec("rnn"), rnnWeights(g), timeMajor(g.x), { h: transpose(g.a) }).y),
    }));
    const row = [0, 1, 2, 3].map((t) => element(a, [H, N, 4], 4, 1, t));
    close(row, [-0.99999375, 0.77911235, -0.99861469, -0.99833267], printed);
  });

  it("lstm_cell_forward", () => {
    const inputs = drawnIn(numpyNormal(1), ["x", D, N], ["a", H, N], ["c", H, N], ...lstmParameters);
    const { a, c } = run(inputs, (g) => {
      const x = reshape(transpose(g.x), [1, N, D]);
      const { state } = layer(cellSpec("lstm"), lstmWeights(g), x, { h: transpose(g.a), c: transpose(g.c) });
      return { a: transpose(state.h), c: transpose(state.c) };
    });
    close(element(a, [H, N], 4, 0), -0.66408471, printed);
    close(element(c, [H, N], 2, 0), 0.63267805, printed);
  });

  it("lstm_forward", () => {
    const inputs = drawnIn(numpyNormal(1), ["x", D, N, 7], ["a", H, N], ...lstmParameters);
    const { a } = run(inputs, (g) => ({
      a: timeMajor(layer(cellSpec("lstm"), lstmWeights(g), timeMajor(g.x), { h: transpose(g.a), c: zeros([N, H]) }).y),
    }));
    close(element(a, [H, N, 7], 4, 3, 6), 0.17211776753, long);
  });

  it("rnn_backward", () => {
    const draw = numpyNormal(1);
    const parameters = [
      ["Wax", H, D],
      ["Waa", H, H],
      ["Wya", 2, H],
      ["ba", H, 1],
      ["by", 2, 1],
    ] as const;
    const inputs = drawnIn(draw, ["x", D, N, 4], ["a", H, N], ...parameters, ["da", H, N, 4]);
    const out = run(inputs, (g) => {
      const { y } = layer(cellSpec("rnn"), rnnWeights(g), timeMajor(g.x), { h: transpose(g.a) });
      const [dx, dWaa, da0] = gradient(sum(mul(timeMajor(g.da), y)), [g.x, g.Waa, g.a]);
      return { dx, dWaa, da0 };
    });
    const row = [0, 1, 2, 3].map((t) => element(out.dx, [D, N, 4], 1, 2, t));
    close(row, [-2.07101689, -0.59255627, 0.02466855, 0.01483317], printed);
    close(element(out.dWaa, [H, H], 1, 2), 2.30333312658, long);
    close(element(out.da0, [H, N], 2, 3), -0.31494237513, long);
  });

  it("lstm_cell_backward", () => {
    const inputs = drawnIn(
      numpyNormal(1),
      ["x", D, N],
      ["a", H, N],
      ["c", H, N],
      ...lstmParameters,
      ["Wy", 2, H],
      ["by", 2, 1],
      ["da", H, N],
      ["dc", H, N],
    );
    const out = run(inputs, (g) => {
      const x = reshape(transpose(g.x), [1, N, D]);
      const { state } = layer(cellSpec("lstm"), lstmWeights(g), x, { h: transpose(g.a), c: transpose(g.c) });
      const loss = sum(concat([mul(transpose(g.da), state.h), mul(transpose(g.dc), state.c)]));
      const [dx, dc] = gradient(loss, [g.x, g.c]);
      return { dx, dc };
    });
    close(element(out.dx, [D, N], 1, 2), 3.23055911511, long);
    close(element(out.dc, [H, N], 2, 3), 0.7975220388, long);
  });

  it("lstm_backward, with what flows back through time: the notebook prints another, wrong gradient", () => {
    const inputs = drawnIn(numpyNormal(1), ["x", D, N, 7], ["a", H, N], ...lstmParameters, ["da", H, N, 4]);
    const names = ["x", "a", "Wf", "Wi", "Wc", "Wo", "bf", "bi", "bc", "bo"];
    const out = run(inputs, (g) => {
      const x = slice(timeMajor(g.x), 0, 0, 4); // its da is four steps long
      const { y } = layer(cellSpec("lstm"), lstmWeights(g), x, { h: transpose(g.a), c: zeros([N, H]) });
      const slopes = gradient(
        sum(mul(timeMajor(g.da), y)),
        names.map((name) => g[name]),
      );
      return Object.fromEntries(slopes.map((slope, i) => [names[i], slope]));
    });
    const row = [0, 1, 2, 3].map((t) => element(out.x, [D, N, 7], 1, 2, t));
    close(row, [0.00218254, 0.28205375, -0.48292508, -0.43281115], printed);
    const W = [H, H + D];
    const found = [
      element(out.a, [H, N], 2, 3),
      element(out.Wf, W, 3, 1),
      element(out.Wi, W, 1, 2),
      element(out.Wc, W, 3, 1),
      element(out.Wo, W, 1, 2),
    ];
    close(found, [0.31277031, -0.08098023, 0.40512433, -0.07937467, 0.03894878], printed);
    close([out.bf[4], out.bi[4], out.bc[4], out.bo[4]], [-0.15745657, -0.50848333, -0.42510818, -0.17958196], printed);
  });
});

it("Dinosaurus Island: the loss and a gradient of one step over a name", () => {
  const [V, units] = [27, 100];
  const [x, y] = [
    [12, 3, 5, 11, 22, 3],
    [4, 14, 11, 22, 25, 26],
  ];
  const drawn = drawnIn(
    numpyNormal(1),
    ["a", units, 1],
    ["Wax", units, V],
    ["Waa", units, units],
    ["Wya", V, units],
    ["b", units, 1],
    ["by", V, 1],
  );
  const specs = Object.fromEntries(Object.entries(drawn).map(([name, [shape]]) => [name, f32(...shape)]));
  const program = compile(device, { ...specs, ids: i32(6, 1), y: i32(6) }, (g: Tensors) => {
    const weights = { weight_ih: g.Wax, weight_hh: g.Waa, bias_ih: reshape(g.b, [units]), bias_hh: zeros([units]) };
    const input = { table: identity(V), ids: g.ids, frozen: true };
    const { y: a } = runLayer(cellOf(cellSpec("rnn")), weights, input, { h: transpose(g.a) });
    const { sum: loss } = crossEntropy(linear(reshape(a, [6, units]), g.Wya, reshape(g.by, [V])), g.y);
    return { outputs: { loss, dWaa: gradient(loss, [g.Waa])[0] } };
  });
  const out = program.run({
    ...Object.fromEntries(Object.entries(drawn).map(([name, [, values]]) => [name, values])),
    ids: x,
    y,
  });
  close(out.loss, 126.503975722, { relative: 0, absolute: 5.1e-10 });
  close(element(out.dWaa as ArrayLike<number>, [units, units], 1, 2), 0.194709315347, {
    relative: 0,
    absolute: 5.1e-13,
  });
  program.close();
});
