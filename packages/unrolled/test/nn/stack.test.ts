// Stacks: widths and names, directions, residual and highway connections, dropout, learned states; each option changes what
// it says and nothing else. T time, N batch, D input, H hidden.
import {
  add,
  compile,
  concat,
  dropout,
  f32,
  full,
  gruCell,
  i32,
  type LayerOptions,
  layer,
  linear,
  lstmCell,
  mul,
  openReference,
  rnnCell,
  runLayer,
  runStack,
  type Scalar,
  type StackLayer,
  type StackRun,
  sigmoid,
  slice,
  stackShapes,
  stackStates,
  stackWidth,
  sub,
  sum,
  type Tensor,
} from "unrolled";
import { close, gradientCheck, identical } from "unrolled/testing";
import { describe, expect, it } from "vitest";

type Tensors = Readonly<Record<string, Tensor>>;
const device = openReference();
const [T, N, D, H] = [4, 3, 5, 5];
const lengths = [4, 0, 2];

const values = (count: number, seed: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 0.7);

const stackOf = (...options: LayerOptions[]): readonly StackLayer[] => options.map(layer);

/** Weights, states, x, lengths and a key as inputs of a program. */
function givenFor(layers: readonly StackLayer[]) {
  const shapes = { ...Object.fromEntries(stackShapes(layers, D)), ...Object.fromEntries(stackStates(layers, N)) };
  const specs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, f32(...shape)]));
  const all = { ...specs, x: f32(T, N, D), lengths: i32(N), key: i32(2) };
  const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const given: Record<string, ArrayLike<number>> = Object.fromEntries(
    Object.entries(all).map(([name, { shape }], i) => [name, values(count(shape), i)]),
  );
  return { specs: all, given: { ...given, lengths, key: [7, 1] } as Record<string, ArrayLike<number>> };
}

/** Runs anything of a stack's inputs. */
function run(
  layers: readonly StackLayer[],
  trace: (given: Tensors) => Tensors,
  changed: Readonly<Record<string, ArrayLike<number>>> = {},
): Record<string, number[]> {
  const { specs, given } = givenFor(layers);
  const program = compile(device, specs, (tensors: Tensors) => ({ outputs: trace(tensors) }));
  const out = program.run({ ...given, ...changed } as never) as Record<string, ArrayLike<number> | number>;
  const copy = Object.fromEntries(
    Object.entries(out).map(([k, v]) => [k, typeof v === "number" ? [v] : [...Array.from(v)]]),
  );
  program.close();
  return copy;
}

const yOf = (layers: readonly StackLayer[], options: (given: Tensors) => StackRun = () => ({})): number[] =>
  run(layers, (given) => ({ y: runStack(layers, given, given.x, given, options(given)).y })).y;

const weightsOf = (given: Tensors, ending: string): Tensors =>
  Object.fromEntries(
    ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map((name) => [name, given[`rnn.${name}${ending}`]]),
  );

const training = ({ key }: Tensors): StackRun => ({ key });
const ragged = ({ lengths: given }: Tensors): StackRun => ({ lengths: given });

describe("stacks", () => {
  it("names and sizes weights and states as PyTorch does, mixed cells and sizes", () => {
    const layers = stackOf(
      { cell: "gru", hidden: 3, direction: "both" },
      { cell: "lstm", hidden: 2, initial: "learned" },
    );
    expect([...stackShapes(layers, 7)]).toEqual([
      ["rnn.weight_ih_l0", [9, 7]],
      ["rnn.weight_hh_l0", [9, 3]],
      ["rnn.bias_ih_l0", [9]],
      ["rnn.bias_hh_l0", [9]],
      ["rnn.weight_ih_l0_reverse", [9, 7]],
      ["rnn.weight_hh_l0_reverse", [9, 3]],
      ["rnn.bias_ih_l0_reverse", [9]],
      ["rnn.bias_hh_l0_reverse", [9]],
      ["rnn.weight_ih_l1", [8, 6]],
      ["rnn.weight_hh_l1", [8, 2]],
      ["rnn.bias_ih_l1", [8]],
      ["rnn.bias_hh_l1", [8]],
      ["rnn.initial_h_l1", [2]],
      ["rnn.initial_c_l1", [2]],
    ]);
    expect([...stackStates(layers, 4)]).toEqual([
      ["h.0", [4, 3]],
      ["h.0.reverse", [4, 3]],
      ["h.1", [4, 2]],
      ["c.1", [4, 2]],
      ["begun", [4, 1]],
    ]);
    expect(stackWidth(layers.slice(0, 1))).toBe(6);
    expect(stackWidth(stackOf({ hidden: 3, direction: "both", merge: "sum" }))).toBe(3);
  });

  it("is its layers one after the other: an rnn below a gru", () => {
    const layers = stackOf({ cell: "rnn", hidden: 3 }, { cell: "gru", hidden: 4 });
    const out = run(layers, (given) => {
      const { y, states } = runStack(layers, given, given.x, given);
      const first = runLayer(rnnCell, weightsOf(given, "_l0") as never, given.x, { h: given["h.0"] });
      const second = runLayer(gruCell(), weightsOf(given, "_l1") as never, first.y, { h: given["h.1"] });
      return { y, "h.0": states["h.0"], "h.1": states["h.1"], a: second.y, b: first.state.h, c: second.state.h };
    });
    identical(out.y, out.a, "y");
    identical(out["h.0"], out.b, "h.0");
    identical(out["h.1"], out.c, "h.1");
  });

  it("both directions side by side or added, each from its own weights, on ragged rows", () => {
    for (const merge of ["concat", "sum"] as const) {
      const layers = stackOf({ hidden: H, direction: "both", merge });
      const out = run(layers, (given) => {
        const { y, states, traces } = runStack(layers, given, given.x, given, { lengths: given.lengths, trace: true });
        const one = (ending: string, states: string, reverse: boolean) =>
          runLayer(
            lstmCell,
            weightsOf(given, ending) as never,
            given.x,
            { h: given[`h${states}`], c: given[`c${states}`] },
            { lengths: given.lengths, reverse },
          );
        const [there, back] = [one("_l0", ".0", false), one("_l0_reverse", ".0.reverse", true)];
        const expected = merge === "sum" ? add(there.y, back.y) : concat([there.y, back.y]);
        return {
          y,
          expected,
          h: states["h.0.reverse"],
          last: back.state.h,
          shown: traces["h.0.reverse"],
          back: back.y,
        };
      });
      identical(out.y, out.expected, `${merge}: y`);
      identical(out.h, out.last, `${merge}: last state backwards`);
      identical(out.shown, out.back, `${merge}: trace`);
    }
  });

  it("only backwards = forwards over the sequence turned round", () => {
    const [back, forward] = [stackOf({ hidden: H, direction: "reverse" }), stackOf({ hidden: H })];
    const flip = (x: Tensor): Tensor =>
      concat(
        [3, 2, 1, 0].map((t) => slice(x, 0, t, t + 1)),
        0,
      );
    const out = run(back, (given) => {
      const renamed = Object.fromEntries(Object.entries(given).map(([k, v]) => [k.replace(/[_.]reverse$/, ""), v]));
      return {
        y: runStack(back, given, given.x, given).y,
        expected: flip(runStack(forward, renamed, flip(given.x), renamed).y),
      };
    });
    close(out.y, out.expected, { relative: 1e-14, absolute: 1e-14 });
  });

  it("residual adds the input, highway gates it; nothing past the end of a row", () => {
    const plain = stackOf({ hidden: H });
    const sequence = (given: Tensors): Tensor => runStack(plain, given, given.x, given).y;
    for (const residual of ["add", "highway"] as const) {
      const layers = stackOf({ hidden: H, residual });
      const out = run(layers, (given) => {
        const f = sequence(given);
        const t =
          residual === "highway" &&
          sigmoid(linear(given.x, given["rnn.highway_weight_l0"], given["rnn.highway_bias_l0"]));
        return {
          y: runStack(layers, given, given.x, given).y,
          expected: t ? add(mul(t, f), mul(sub(1, t), given.x)) : add(given.x, f),
          ragged: runStack(layers, given, given.x, given, ragged(given)).y,
        };
      });
      close(out.y, out.expected, { relative: 1e-14, label: residual });
      for (const [i, value] of out.ragged.entries()) {
        const [t, n] = [Math.floor(i / (N * H)), Math.floor(i / H) % N];
        close(value, t < lengths[n] ? out.y[i] : 0, { relative: 1e-12, label: `${residual} at ${t},${n}` });
      }
    }
    const uneven = stackOf({ hidden: H + 1, residual: "add" });
    expect(() => stackShapes(uneven, D)).toThrow(
      "layers[0].residual: must join equal widths, was add with 5 units coming in and 6 going out",
    );
  });

  it("drops outputs in training only; variational: one mask for all steps", () => {
    const shape = { hidden: H, dropout: 0.5 };
    const [each, once] = [stackOf(shape), stackOf({ ...shape, variational: true })];
    identical(yOf(each), yOf(stackOf({ hidden: H })), "evaluation");
    const zeroAt = (y: readonly number[]): boolean[] => y.map((value) => value === 0);
    const masks = zeroAt(yOf(once, training));
    for (let t = 1; t < T; t++) expect(masks.slice(t * N * H, (t + 1) * N * H)).toEqual(masks.slice(0, N * H));
    const steps = zeroAt(yOf(each, training));
    expect(steps.slice(N * H, 2 * N * H)).not.toEqual(steps.slice(0, N * H));
    expect(masks.some(Boolean) && !masks.every(Boolean)).toBe(true);
    const drawn = run(each, ({ x, key, ...given }) => ({
      y: runStack(each, given, x, given, { key, stream: 100 }).y,
      expected: dropout(runStack(each, given, x, given).y, { rate: 0.5, key, stream: 100 }),
    }));
    identical(drawn.y, drawn.expected, "its own stream of draws");
  });

  it("learned states: where a row begins, and only there; carried from then on", () => {
    const layers = stackOf({ hidden: H, initial: "learned" });
    const out = run(
      layers,
      (given) => {
        const own = { "h.0": given["h.0"], "c.0": given["c.0"], begun: given.begun };
        const start = (row: number, name: string): Tensor => add(full([N, H], 0), row >= 0 ? given[name] : 0);
        const fresh = { "h.0": start(0, "rnn.initial_h_l0"), "c.0": start(0, "rnn.initial_c_l0") };
        const zero = stackOf({ hidden: H });
        const { y, states } = runStack(layers, given, given.x, own, ragged(given));
        const begun = runStack(zero, given, given.x, { "h.0": given["h.0"], "c.0": given["c.0"] }, ragged(given)).y;
        const anew = runStack(zero, given, given.x, fresh, ragged(given)).y;
        const without = runStack(layers, given, given.x, {}, ragged(given)).y;
        return { y, begun, anew, without, after: states.begun };
      },
      { begun: [1, 0, 0] },
    );
    const row = (y: readonly number[], n: number): number[] => y.filter((_, i) => Math.floor(i / H) % N === n);
    identical(row(out.y, 0), row(out.begun, 0), "a row that has begun");
    identical(row(out.y, 2), row(out.anew, 2), "a row that begins");
    identical(out.without, out.anew, "no states given");
    expect(row(out.anew, 0)).not.toEqual(row(out.begun, 0));
    identical(out.after, [1, 0, 1], "who has begun: not the row without steps");
  });

  it("has the gradients of its equations: everything at once", () => {
    const layers = stackOf(
      { cell: "gru", hidden: 3, direction: "both", merge: "concat", dropout: 0.3 },
      { cell: "lstm", hidden: 6, residual: "highway", initial: "learned", variational: true, dropout: 0.2 },
      { cell: "rnn", hidden: 3, direction: "both", residual: "add", initial: "learned" },
    );
    const { specs, given } = givenFor(layers);
    const inputs = Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => [name, { spec, values: name === "begun" ? [1, 0, 0] : given[name] }]),
    );
    gradientCheck(device, { ...inputs, weigh: { spec: f32(T, N, 6), values: values(T * N * 6, 91) } }, (g: Tensors) => {
      const { y, states } = runStack(layers, g, g.x, g, { lengths: g.lengths, key: g.key });
      return add(sum(mul(y, g.weigh)), sum(mul(states["c.1"], states["h.1"]))) as Scalar;
    });
  });
});
