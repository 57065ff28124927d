// The lecture's equations of backpropagation through time against the engine's gradient, in float64; and what they say: a shared
// weight's gradient is the sum over its copies. T time, N batch, D input, H hidden, O outputs.
import {
  add,
  at,
  compile,
  f32,
  gradient,
  linear,
  mul,
  notesBackward,
  notesForward,
  type NotesMatrix as Matrix,
  type NotesNet as Net,
  openReference,
  phis,
  type Scalar,
  scalarBackward,
  scalarForward,
  sigmoid,
  sum,
  type Tensor,
  tanh,
  zeros,
} from "unrolled";
import { close, numbers } from "unrolled/testing";
import { describe, expect, it } from "vitest";

const device = openReference();
const exact = { relative: 1e-12, absolute: 1e-13 };

const matrix = (rows: number, columns: number, seed: number, scale = 1): Matrix => {
  const values = numbers(seed).normal(rows * columns, scale);
  return Array.from({ length: rows }, (_, i) => Array.from(values.subarray(i * columns, (i + 1) * columns)));
};
const flat = (matrices: readonly Matrix[]): number[] => matrices.flat(2);
const plus = (A: Matrix, B: Matrix): Matrix => A.map((row, i) => row.map((a, j) => a + B[i][j]));

const [N, D, H, O] = [3, 2, 4, 2];
const netOf = (phi1: "tanh" | "logistic", phi2: "logistic" | "linear"): Net => ({
  U: matrix(H, D, 1),
  V: matrix(O, H, 2),
  W: matrix(H, H, 3, 0.7),
  phi1: phis[phi1],
  phi2: phis[phi2],
});
const steps = (T: number, columns: number, seed: number): Matrix[] =>
  Array.from({ length: T }, (_, t) => matrix(N, columns, seed + t));

/** The product x W' without a bias. */
const product = (x: Tensor, W: Tensor): Tensor => linear(x, W, zeros([W.shape[0]]));

interface Case {
  readonly T: number;
  readonly phi1: "tanh" | "logistic";
  readonly phi2: "logistic" | "linear";
  /** Every step has weights of its own, with the same values. */
  readonly untied: boolean;
  readonly H0: Matrix;
}

/** The engine's gradients of 1/N sum of C(t) * Y(t) by U, V, W (one for every copy), H0 and X. */
function engine(c: Case, net: Net, X: readonly Matrix[], C: readonly Matrix[]) {
  const copies = c.untied ? c.T : 1;
  const weights = Object.fromEntries(
    Array.from({ length: copies }, (_, k) => [`U${k}`, `V${k}`, `W${k}`])
      .flat()
      .map((name) => {
        const values = net[name[0] as "U" | "V" | "W"];
        return [name, { spec: f32(values.length, values[0].length), values: values.flat() }];
      }),
  );
  const inputs = {
    ...weights,
    H0: { spec: f32(N, H), values: c.H0.flat() },
    X: { spec: f32(c.T, N, D), values: flat(X) },
    C: { spec: f32(c.T, N, O), values: flat(C) },
  };
  const specs = Object.fromEntries(Object.entries(inputs).map(([name, { spec }]) => [name, spec]));
  const names = Object.keys(weights).concat("H0");
  const bend = { tanh, logistic: sigmoid, linear: (z: Tensor) => z };
  const program = compile(device, specs, (given: Readonly<Record<string, Tensor>>) => {
    let h = given.H0;
    let loss: Tensor = zeros([]);
    for (let t = 0; t < c.T; t++) {
      const k = c.untied ? t : 0;
      h = bend[c.phi1](add(product(h, given[`W${k}`]), product(at(given.X, 0, t), given[`U${k}`])) as Scalar);
      const y = bend[c.phi2](product(h, given[`V${k}`]) as Scalar);
      loss = add(loss, sum(mul(mul(1 / N, at(given.C, 0, t)), y)));
    }
    const gradients = gradient(
      loss,
      names.map((name) => given[name]),
    );
    return { outputs: Object.fromEntries(gradients.map((g, i) => [names[i], g])) };
  });
  const out = program.run(Object.fromEntries(Object.entries(inputs).map(([name, { values }]) => [name, values])));
  const copied = Object.fromEntries(Object.entries(out).map(([name, g]) => [name, Array.from(g as ArrayLike<number>)]));
  program.close();
  return copied as Readonly<Record<string, number[]>>;
}

const nothing: Matrix = Array.from({ length: N }, () => new Array<number>(H).fill(0));
const cases: readonly Case[] = ([1, 2, 5] as const).flatMap((T) =>
  [nothing, matrix(N, H, 9)].map((H0, k) => ({
    T,
    H0,
    untied: false,
    phi1: k === 0 ? ("tanh" as const) : ("logistic" as const),
    phi2: k === 0 ? ("logistic" as const) : ("linear" as const),
  })),
);

describe("the notes' equations are what the engine's gradient does", () => {
  it.each(cases)("T=$T, phi $phi1 and $phi2", (c) => {
    const net = netOf(c.phi1, c.phi2);
    const [X, C] = [steps(c.T, D, 20), steps(c.T, O, 40)];
    const back = notesBackward(net, notesForward(net, X, c.H0), C);
    const out = engine(c, net, X, C);
    close(back.UBar.flat(), out.U0, { ...exact, label: "UBar" });
    close(back.VBar.flat(), out.V0, { ...exact, label: "VBar" });
    close(back.WBar.flat(), out.W0, { ...exact, label: "WBar" });
    close(
      back.H0Bar.flat().map((v) => v / N),
      out.H0,
      { ...exact, label: "H0Bar" },
    );
  });

  it("the catch: with a first state the lecture's sum over T-1 terms misses ZBar(1)' H(0)", () => {
    const c = cases[5];
    const net = netOf(c.phi1, c.phi2);
    const [X, C] = [steps(c.T, D, 20), steps(c.T, O, 40)];
    const back = notesBackward(net, notesForward(net, X, c.H0), C);
    const lecture = back.each.W.slice(1).reduce(plus);
    const { W0 } = engine(c, net, X, C);
    expect(Math.max(...lecture.flat().map((v, i) => Math.abs(v - W0[i])))).toBeGreaterThan(1e-3);
    close(plus(lecture, back.each.W[0]).flat(), W0, exact);
  });
});

describe("the lecture's point: a shared weight's gradient is the sum over its copies", () => {
  it("untied over time, each copy's gradient is one term; their sum is the tied gradient", () => {
    const c: Case = { T: 4, phi1: "tanh", phi2: "logistic", untied: true, H0: matrix(N, H, 9) };
    const net = netOf(c.phi1, c.phi2);
    const [X, C] = [steps(c.T, D, 60), steps(c.T, O, 80)];
    const apart = engine(c, net, X, C);
    const tied = engine({ ...c, untied: false }, net, X, C);
    const { each } = notesBackward(net, notesForward(net, X, c.H0), C);
    for (const name of ["U", "V", "W"] as const) {
      const copies = Array.from({ length: c.T }, (_, t) => apart[`${name}${t}`]);
      for (const [t, copy] of copies.entries())
        close(copy, each[name][t].flat(), { ...exact, label: `${name}(${t + 1})` });
      close(
        copies.reduce((a, b) => a.map((v, i) => v + b[i])),
        tied[`${name}0`],
        { ...exact, label: `sum of ${name}(t)` },
      );
    }
  });

  it("one step is a multilayer perceptron with one hidden layer", () => {
    const net = netOf("tanh", "logistic");
    const [[x], [c]] = [steps(1, D, 5), steps(1, O, 6)];
    const back = notesBackward(net, notesForward(net, [x], nothing), [c]);
    const shape = (A: Matrix) => f32(A.length, A[0].length);
    const program = compile(device, { x: shape(x), c: shape(c), first: shape(net.U), second: shape(net.V) }, (g) => {
      const loss = mul(1 / N, sum(mul(g.c, sigmoid(product(tanh(product(g.x, g.first)), g.second)))));
      const [first, second] = gradient(loss, [g.first, g.second]);
      return { outputs: { first, second } };
    });
    const out = program.run({ x: x.flat(), c: c.flat(), first: net.U.flat(), second: net.V.flat() });
    close(back.UBar.flat(), out.first, exact);
    close(back.VBar.flat(), out.second, exact);
    close(back.WBar.flat(), new Array(H * H).fill(0), exact);
    program.close();
  });
});

it("the scalar equations are the vectorised ones with one unit and one example", () => {
  const net = { u: 0.8, v: -1.2, w: 0.6, phi1: phis.tanh, phi2: phis.logistic };
  const [x, yBar] = [
    [0.3, -1, 2, 0.7],
    [1, -0.5, 0.25, 2],
  ];
  const back = scalarBackward(net, scalarForward(net, x, 0.4), yBar);
  const wide: Net = { ...net, U: [[net.u]], V: [[net.v]], W: [[net.w]] };
  const cell = (v: number): Matrix => [[v]];
  const vector = notesBackward(wide, notesForward(wide, x.map(cell), cell(0.4)), yBar.map(cell));
  close(
    [back.uBar, back.vBar, back.wBar, back.h0Bar],
    [vector.UBar, vector.VBar, vector.WBar, vector.H0Bar].flat(2),
    exact,
  );
  close(back.zBar, flat(vector.ZBar), exact);
  close(back.hBar, flat(vector.HBar), exact);
  close(back.rBar, flat(vector.RBar), exact);
  const loss = (u: number, v: number, w: number, h0: number): number =>
    scalarForward({ ...net, u, v, w }, x, h0).y.reduce((total, y, t) => total + y * yBar[t], 0);
  const e = 1e-6;
  const slopes = [
    [e, 0, 0, 0],
    [0, e, 0, 0],
    [0, 0, e, 0],
    [0, 0, 0, e],
  ].map(
    ([a, b, c, d]) =>
      (loss(net.u + a, net.v + b, net.w + c, 0.4 + d) - loss(net.u - a, net.v - b, net.w - c, 0.4 - d)) / (2 * e),
  );
  close([back.uBar, back.vBar, back.wBar, back.h0Bar], slopes, { relative: 1e-8 });
});
