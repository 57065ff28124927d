// The published equations in plain numbers, one unit wide, beside the cells: what no table of values exists for. And the
// activations against their formulas. T time.
import {
  type Activation,
  activate,
  activationNames,
  type CellChoice,
  cellOf,
  cellSpec,
  compile,
  f32,
  openReference,
  readActivation,
  unroll,
} from "unrolled";
import { close } from "unrolled/testing";
import { describe, expect, it } from "vitest";

const device = openReference();
const sigma = (a: number): number => 1 / (1 + Math.exp(-a));
const { tanh } = Math;

/** Weights by name: numbers of any shape, flat. */
type Weights = Readonly<Record<string, readonly number[]>>;
type State = Readonly<Record<string, readonly number[]>>;

/** What the cell makes of x, one unit wide: its states after each step, flat, in their order. */
function run(choice: CellChoice, weights: Weights, state: State, x: readonly number[]): number[] {
  const cell = cellOf(cellSpec(choice));
  const shapes = cell.weights({ D: 1, H: 1 });
  expect(Object.keys(weights).sort()).toEqual(Object.keys(shapes).sort());
  const named = {
    ...shapes,
    ...Object.fromEntries(Object.entries(state).map(([name, v]) => [`state ${name}`, [1, v.length]])),
  };
  const specs = {
    x: f32(x.length, 1, 1),
    ...Object.fromEntries(Object.entries(named).map(([name, s]) => [name, f32(...s)])),
  };
  const program = compile(device, specs, (given) => {
    const g = given as Readonly<Record<string, (typeof given)["x"]>>;
    const states = Object.fromEntries(Object.keys(state).map((name) => [name, g[`state ${name}`]]));
    const { trace } = unroll(cell, g, g.x, states, { trace: true });
    return { outputs: Object.fromEntries(Object.keys(state).map((name) => [name, (trace as typeof g)[name]])) };
  });
  const values = {
    ...weights,
    ...Object.fromEntries(Object.entries(state).map(([name, v]) => [`state ${name}`, v])),
    x,
  };
  const out = program.run(values) as Readonly<Record<string, ArrayLike<number>>>;
  const after = Object.keys(state).map((name) => Array.from(out[name]));
  program.close();
  return after.flat();
}

const x = [0.7, -1.1, 0.4];
const exact = { relative: 1e-13, absolute: 1e-14 };
/** Gates i,f,g,o: weight_ih, weight_hh, bias. */
const W = { i: 0.5, f: -0.8, g: 1.1, o: 0.3 };
const R = { i: -0.4, f: 0.9, g: 0.6, o: -1.2 };
const b = { i: 0.1, f: 0.2, g: -0.3, o: 0.05 };
const P = { i: 0.7, f: -0.6, o: 0.35 };
type Gate = keyof typeof W;

const weightsOf = (gates: readonly Gate[], peepholes: boolean): Weights => ({
  weight_ih: gates.map((k) => W[k]),
  weight_hh: gates.map((k) => R[k]),
  bias_ih: gates.map((k) => b[k] - 0.25),
  bias_hh: gates.map(() => 0.25),
  ...(peepholes &&
    Object.fromEntries(gates.filter((k) => k !== "g").map((k) => [`peephole_${k}`, [P[k as keyof typeof P]]]))),
});

/** Greff's vanilla LSTM with one thing changed; h and c after each step. */
function odyssey(change: "nig" | "nfg" | "nog" | "niaf" | "noaf" | "np" | "cifg" | "none"): number[] {
  let [h, c] = [0.2, -0.5];
  const [hs, cs]: number[][] = [[], []];
  const p = change === "np" ? { i: 0, f: 0, o: 0 } : P;
  for (const value of x) {
    const sum = (k: Gate): number => W[k] * value + R[k] * h + b[k];
    const i = change === "nig" ? 1 : sigma(sum("i") + p.i * c);
    const f = change === "nfg" ? 1 : change === "cifg" ? 1 - i : sigma(sum("f") + p.f * c);
    const g = change === "niaf" ? sum("g") : tanh(sum("g"));
    c = f * c + i * g;
    const o = change === "nog" ? 1 : sigma(sum("o") + p.o * c);
    h = o * (change === "noaf" ? c : tanh(c));
    hs.push(h);
    cs.push(c);
  }
  return [...hs, ...cs];
}

describe("the Search Space Odyssey's ablations", () => {
  const gates = { nig: "fgo", nfg: "igo", nog: "ifg", niaf: "ifgo", noaf: "ifgo", np: "ifgo", cifg: "igo" } as const;
  it.each(Object.keys(gates) as (keyof typeof gates)[])("%s", (name) => {
    const weights = weightsOf([...gates[name]] as Gate[], name !== "np");
    close(run(name, weights, { h: [0.2], c: [-0.5] }, x), odyssey(name), exact);
    expect(odyssey(name)).not.toEqual(odyssey("none"));
  });

  it("fgr: the gates see the gates of the step before", () => {
    const G = [0.3, -0.2, 0.5, 0.8, 0.1, -0.7, -0.4, 0.6, 0.9]; // rows to i,f,o; columns from i,f,o
    let [h, c, before] = [0.2, -0.5, [0.4, 0.6, 0.1]];
    const [hs, cs, gs]: number[][] = [[], [], []];
    for (const value of x) {
      const sum = (k: Gate): number => W[k] * value + R[k] * h + b[k];
      const past = (row: number): number => before.reduce((total, gate, k) => total + G[3 * row + k] * gate, 0);
      const i = sigma(sum("i") + past(0) + P.i * c);
      const f = sigma(sum("f") + past(1) + P.f * c);
      c = f * c + i * tanh(sum("g"));
      const o = sigma(sum("o") + past(2) + P.o * c);
      h = o * tanh(c);
      before = [i, f, o];
      hs.push(h);
      cs.push(c);
      gs.push(i, f, o);
    }
    const weights = { ...weightsOf(["i", "f", "g", "o"], true), weight_gg: G };
    close(run("fgr", weights, { h: [0.2], c: [-0.5], gates: [0.4, 0.6, 0.1] }, x), [...hs, ...cs, ...gs], exact);
  });
});

it("the multiplicative LSTM", () => {
  const [mx, mh] = [1.3, -0.9];
  let [h, c] = [0.2, -0.5];
  const [hs, cs]: number[][] = [[], []];
  for (const value of x) {
    const m = mx * value * (mh * h);
    const sum = (k: Gate): number => W[k] * value + R[k] * m + b[k];
    c = sigma(sum("f")) * c + sigma(sum("i")) * tanh(sum("g"));
    h = sigma(sum("o")) * tanh(c);
    hs.push(h);
    cs.push(c);
  }
  const weights = { ...weightsOf(["i", "f", "g", "o"], false), weight_mx: [mx], weight_mh: [mh] };
  close(run("mlstm", weights, { h: [0.2], c: [-0.5] }, x), [...hs, ...cs], exact);
});

it("the minimal gated unit", () => {
  let h = 0.2;
  const hs = x.map((value) => {
    const f = sigma(W.f * value + R.f * h + b.f);
    const n = tanh(W.g * value + R.g * (f * h) + b.g);
    h = (1 - f) * h + f * n;
    return h;
  });
  close(run("mgu", weightsOf(["f", "g"], false), { h: [0.2] }, x), hs, exact);
});

it("Jordan's net: the output goes round", () => {
  const weights = { weight_ih: [0.5], weight_hh: [-1.4], bias_h: [0.1], weight_oh: [0.9], bias_o: [-0.2] };
  let y = 0.3;
  const ys = x.map((value) => {
    y = sigma(0.9 * tanh(0.5 * value - 1.4 * y + 0.1) - 0.2);
    return y;
  });
  close(run("jordan", weights, { y: [0.3] }, x), ys, exact);
});

describe("activations are their formulas", () => {
  const points = [-3, -0.75, -0.1, 0, 0.1, 0.6, 1.5, 40, -800];
  const formulas: Readonly<Record<string, (x: number, alpha: number, beta: number) => number>> = {
    tanh: (v) => tanh(v),
    sigmoid: (v) => sigma(v),
    relu: (v) => Math.max(0, v),
    linear: (v) => v,
    softsign: (v) => v / (1 + Math.abs(v)),
    softplus: (v) => (v > 30 ? v : Math.log1p(Math.exp(v))),
    "hard-threshold": (v) => (v > 0 ? 1 : 0),
    affine: (v, alpha, beta) => alpha * v + beta,
    "leaky-relu": (v, alpha) => (v >= 0 ? v : alpha * v),
    "thresholded-relu": (v, alpha) => (v > alpha ? v : 0),
    "scaled-tanh": (v, alpha, beta) => alpha * tanh(beta * v),
    "hard-sigmoid": (v, alpha, beta) => Math.min(1, Math.max(0, alpha * v + beta)),
    elu: (v, alpha) => (v >= 0 ? v : alpha * Math.expm1(v)),
  };
  it("all of them", () => expect(Object.keys(formulas).sort()).toEqual([...activationNames].sort()));

  it.each(activationNames)("%s", (name) => {
    const takes = readActivation("test", name);
    const keys = typeof takes === "string" ? [] : Object.keys(takes).filter((key) => key !== "name");
    const given = { name, ...Object.fromEntries(keys.map((key) => [key, key === "alpha" ? 0.7 : 0.35])) };
    const read: Activation = readActivation("test", given);
    const program = compile(device, { x: f32(points.length) }, (t) => ({ outputs: { y: activate(read, t.x) } }));
    const expected = points.map((v) => formulas[name](v, 0.7, 0.35));
    close(program.run({ x: points }).y, expected, { relative: 1e-13, absolute: 1e-15 });
    program.close();
  });
});
