// Laws of sequences: fused = unrolled, prepared = plain, one long sequence = its pieces, a ragged batch = its rows.
// T time, N batch, D input, H hidden, V vocabulary.
import {
  add,
  type Cell,
  carriedStates,
  compile,
  concat,
  type Device,
  evaluateModel,
  evaluator,
  f32,
  forward,
  full,
  gather,
  gradient,
  gru,
  gruCell,
  i32,
  type InputSpec,
  linear,
  lstm,
  lstmCell,
  mul,
  project,
  rnn,
  rnnCell,
  runLayer,
  type Scalar,
  sum,
  type Tensor,
  unroll,
} from "unrolled";
import { close, identical } from "unrolled/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type Engine, near } from "./engine.js";
import { cells, tinyCorpus, tinyModel } from "./tiny.js";

type Tensors = Readonly<Record<string, Tensor>>;

/** Values that are exact in float32, so that every device starts from the same numbers. */
const values = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 0.8);

function inputsOf(specs: Readonly<Record<string, InputSpec>>): Record<string, Float32Array> {
  const size = ({ shape }: InputSpec): number => shape.reduce((a, b) => a * b, 1);
  return Object.fromEntries(Object.entries(specs).map(([name, spec], i) => [name, values(size(spec), i)]));
}

/** A scalar that every element of every tensor moves differently. */
const weighed = (tensors: readonly Tensor[], weights: readonly Tensor[]): Scalar =>
  tensors.map((t, i) => sum(mul(t, weights[i]))).reduce((a, b) => add(a, b)) as Scalar;

const standardCells: readonly (readonly [string, Cell])[] = [
  ["rnn", rnnCell as unknown as Cell],
  ["gru, reset after", gruCell("after") as unknown as Cell],
  ["gru, reset before", gruCell("before") as unknown as Cell],
  ["lstm", lstmCell as unknown as Cell],
];

/** Whole rows forwards, backwards, and rows of 0 to T steps both ways. */
const ways = [false, true].flatMap((reverse) => [false, true].map((ragged) => ({ reverse, ragged })));

/** Both ways of running a cell, from the same inputs: outputs, what is shown, last states and the gradient of everything. */
export function fusedEqualsUnrolled(device: Device, cell: Cell, T: number, tolerance: number, neverZero = true): void {
  const [N, D, H] = [4, 3, 5];
  const shapes = { ...cell.weights({ D, H }) };
  const states = Object.keys(cell.state({ D, H }));
  const specs: Record<string, InputSpec> = { x: f32(T, N, D), "R y": f32(T, N, H) };
  for (const [name, shape] of Object.entries(shapes)) specs[name] = f32(...shape);
  for (const name of states) Object.assign(specs, { [name]: f32(N, H), [`R ${name}`]: f32(N, H) });
  const asked = ["x", ...Object.keys(shapes), ...states];
  const lengths = [T, T - 1, 0, Math.max(1, T - 2)];
  const run = (layer: typeof runLayer, reverse: boolean, ragged: boolean): Record<string, ArrayLike<number>> => {
    const program = compile(device, { ...specs, lengths: i32(N) }, (given: Tensors) => {
      const pick = (names: readonly string[]): Tensors => Object.fromEntries(names.map((name) => [name, given[name]]));
      const { y, state, trace } = layer(cell, pick(Object.keys(shapes)), given.x, pick(states), {
        reverse,
        trace: true,
        ...(ragged && { lengths: given.lengths }),
      });
      const results = [y, ...states.map((name) => state[name])];
      const loss = weighed(results, [given["R y"], ...states.map((name) => given[`R ${name}`])]);
      const gradients = gradient(
        loss,
        asked.map((name) => given[name]),
      ); // prettier-ignore
      const named = (prefix: string, names: readonly string[], ts: readonly Tensor[]): Tensors =>
        Object.fromEntries(ts.map((t, i) => [`${prefix} ${names[i]}`, t]));
      return {
        outputs: {
          ...named("value of", ["y", ...states], results),
          ...named("gradient of", asked, gradients),
          ...named("every", Object.keys(trace ?? {}), Object.values(trace ?? {})),
        },
      };
    });
    const given = { ...inputsOf(specs), lengths } as Record<string, ArrayLike<number>>;
    const out = Object.entries(program.run(given)).map(([name, v]) => [name, Array.from(v as Float32Array)]);
    program.close();
    return Object.fromEntries(out);
  };
  for (const { reverse, ragged } of ways) {
    const [fused, unrolled] = [runLayer, unroll].map((layer) => run(layer, reverse, ragged));
    const label = `T=${T}${reverse ? ", reversed" : ""}${ragged ? ", ragged" : ""}`;
    if (Object.keys(fused).join() !== Object.keys(unrolled).join())
      throw new Error(`${label}: must show ${Object.keys(unrolled)}, was ${Object.keys(fused)}`);
    for (const name of Object.keys(fused)) near(fused[name], unrolled[name], tolerance, `${name}, ${label}`);
    if (ragged && neverZero) pastTheEnd(unrolled["value of y"], lengths, T, H, label);
  }
}

/** y has zeros exactly where a row has no step. */
function pastTheEnd(y: ArrayLike<number>, lengths: readonly number[], T: number, H: number, label: string): void {
  for (let t = 0; t < T; t++)
    for (const [n, length] of lengths.entries())
      for (let j = 0; j < H; j++) {
        const value = y[(t * lengths.length + n) * H + j];
        if ((value === 0) !== t >= length)
          throw new Error(`${label}: y[${t},${n},${j}] of ${length} steps is ${value}`);
      }
}

/** Looking rows up in the multiplied table, or multiplying the rows that were looked up. The id V is the zero vector. */
function preparedEqualsPlain(device: Device, tolerance: number): void {
  const [T, N, V, D, width] = [4, 3, 6, 5, 9];
  const specs = { table: f32(V, D), W: f32(width, D), b: f32(width), R: f32(T, N, width) };
  const ids = [0, 5, 2, 2, V, 1, 4, 3, 0, 0, 1, V];
  const run = (way: (given: Tensors) => Tensor): Record<string, ArrayLike<number>> => {
    const program = compile(device, { ...specs, ids: i32(T, N) }, (given) => {
      const pre = way(given);
      const [table, W, b] = gradient(weighed([pre], [given.R]), [given.table, given.W, given.b]);
      return { outputs: { pre, table, W, b } };
    });
    const out = Object.entries(
      program.run({ ...(inputsOf(specs) as Record<keyof typeof specs, ArrayLike<number>>), ids }),
    );
    const copied = Object.fromEntries(out.map(([name, v]) => [name, Array.from(v as Float32Array)]));
    program.close();
    return copied;
  };
  const plain = run(({ table, ids: chosen, W, b }) => linear(gather(table, chosen), W, b));
  const prepared = run(({ table, ids: chosen, W, b }) => project({ table, ids: chosen, frozen: false }, W, b));
  for (const name of ["pre", "table", "W", "b"]) near(prepared[name], plain[name], tolerance, name);
}

/** Forward values of a whole model, weights packed in advance or in the run. */
function frozenEqualsFresh(device: Device, tolerance: number): void {
  const corpus = tinyCorpus();
  for (const [name, options] of cells) {
    const model = tinyModel(corpus, options);
    const ids = Array.from(corpus.training.subarray(0, 12));
    const run = (frozen: boolean): Float64Array => {
      const states = carriedStates(model.spec, 2);
      const program = compile(
        device,
        { x: i32(6, 2) },
        ({ x }) => ({ outputs: { logits: forward(model, x, states, { frozen }).logits } }),
        { frozen },
      );
      program.run({ x: ids.toReversed() });
      const logits = Float64Array.from(program.run({ x: ids }).logits);
      program.close();
      return logits;
    };
    near(run(true), run(false), tolerance, name);
  }
}

/** Nats of every token, however many steps a program runs at once. */
async function piecesEqualWhole(device: Device): Promise<void> {
  const corpus = tinyCorpus();
  const ids = corpus.validation.slice(0, 61);
  for (const [name, options] of cells) {
    const model = tinyModel(corpus, options);
    const each = (T: number): number[] => {
      const made = evaluator(device, model, { batch: 1, sequence: T });
      made.reset();
      const nats: number[] = [];
      for (let from = 0; from < 60; from += T)
        nats.push(
          ...made.program.run({ x: ids.subarray(from, from + T), y: ids.subarray(from + 1, from + T + 1) }).each,
        );
      made.close();
      return nats;
    };
    const whole = each(60);
    for (const T of [1, 3, 20]) identical(each(T), whole, `${name}: nats of each token in pieces of ${T}`);
    const sums = await Promise.all([60, 7, 1].map((sequence) => evaluateModel({ model, device, ids, sequence })));
    close(
      sums.map(({ nats }) => nats),
      new Array(3).fill(whole.reduce((a, b) => a + b) / 60),
      { relative: 1e-6, label: name },
    ); // prettier-ignore
  }
}

/** A ragged batch in both directions: every row has the bits it has alone, where the others are not there to pad it. */
function raggedEqualsAlone(device: Device): void {
  const [T, N, D, H] = [5, 4, 3, 17];
  const lengths = [5, 2, 0, 3];
  for (const [kind, gates] of [
    ["rnn", 1],
    ["gru", 3],
    ["before", 3],
    ["lstm", 4],
  ] as const) // prettier-ignore
    for (const reverse of [false, true]) {
      const weights = { W: f32(gates * H, D), b: f32(gates * H), R: f32(gates * H, H), bR: f32(gates * H) };
      const run = (
        steps: number,
        rows: number,
        x: ArrayLike<number>,
        h: ArrayLike<number>,
        ragged: readonly number[] | undefined,
      ) => {
        const specs = { ...weights, x: f32(steps, rows, D), h: f32(rows, H), ...(ragged && { lengths: i32(rows) }) };
        const program = compile(device, specs, (given: Tensors) => {
          const pre = linear(given.x, given.W, given.b);
          const o = { reverse, ...(ragged && { lengths: given.lengths }) };
          const made =
            kind === "lstm"
              ? lstm(pre, given.R, given.h, given.h, o)
              : kind === "rnn"
                ? rnn(pre, given.R, given.h, o)
                : gru(pre, given.R, given.bR, given.h, { ...o, reset: kind === "gru" ? "after" : "before" }); // prettier-ignore
          return { outputs: { y: made.y, h: made.h, dx: gradient(sum(mul(made.h, made.h)), [given.x])[0] } };
        });
        const out = program.run({ ...inputsOf(weights), x, h, ...(ragged && { lengths: ragged }) } as Parameters<
          typeof program.run
        >[0]);
        const copy = { y: Array.from(out.y), h: Array.from(out.h), dx: Array.from(out.dx) };
        program.close();
        return copy;
      };
      const [x, h] = [values(T * N * D, 50), values(N * H, 51)];
      const whole = run(T, N, x, h, lengths);
      const rowOf = (all: ArrayLike<number>, n: number, width: number, steps: number): number[] =>
        Array.from({ length: steps * width }, (_, i) => all[(Math.floor(i / width) * N + n) * width + (i % width)]);
      for (const [n, length] of lengths.entries()) {
        const name = `${kind}${reverse ? " reversed" : ""}, row of ${length} steps`;
        const steps = Math.max(length, 1);
        const alone = run(steps, 1, rowOf(x, n, D, steps), rowOf(h, n, H, 1), length === 0 ? [0] : undefined);
        identical(rowOf(whole.h, n, H, 1), alone.h, `${name}: last state`);
        identical(rowOf(whole.y, n, H, length), alone.y.slice(0, length * H), `${name}: outputs`);
        identical(rowOf(whole.dx, n, D, length), alone.dx.slice(0, length * D), `${name}: gradient of the input`);
        identical(
          rowOf(whole.dx, n, D, T).slice(length * D),
          new Array((T - length) * D).fill(0),
          `${name}: gradient past its end`,
        );
      }
    }
}

/**
 * Step by step, both ways: every row of a ragged batch has the values it has alone, and read backwards it has those of
 * the row turned round.
 */
function unrolledRowsAlone(device: Device, tolerance: number): void {
  const [T, D, H] = [5, 3, 4];
  const lengths = [5, 2, 0, 3];
  const N = lengths.length;
  for (const [name, cell] of standardCells) {
    const weights = Object.fromEntries(
      Object.entries(cell.weights({ D, H })).map(([key, shape]) => [key, f32(...shape)]),
    );
    const first = Object.keys(cell.state({ D, H }));
    const run = (x: readonly number[], rows: number, reverse: boolean, ragged?: readonly number[]) => {
      const steps = x.length / rows / D;
      const specs = { ...weights, x: f32(steps, rows, D), ...(ragged && { lengths: i32(rows) }) };
      const program = compile(device, specs, (given: Tensors) => {
        const start = Object.fromEntries(first.map((key) => [key, full([rows, H], 0.25)]));
        const o = { reverse, ...(ragged && { lengths: given.lengths }) };
        const { y, state } = unroll(cell, given, given.x, start, o);
        return { outputs: { y, h: state[first[0]] } };
      });
      const given = { ...inputsOf(weights), x, ...(ragged && { lengths: ragged }) };
      const out = program.run(given as Parameters<typeof program.run>[0]);
      const copy = { y: Array.from(out.y), h: Array.from(out.h) };
      program.close();
      return copy;
    };
    const x = Array.from(values(T * N * D, 52));
    const rowOf = (all: readonly number[], n: number, width: number, steps: readonly number[]): number[] =>
      steps.flatMap((t) => all.slice((t * N + n) * width, (t * N + n + 1) * width));
    for (const reverse of [false, true]) {
      const whole = run(x, N, reverse, lengths);
      for (const [n, length] of lengths.entries()) {
        if (length === 0) {
          near(rowOf(whole.h, n, H, [0]), new Array(H).fill(0.25), 0, `${name}: state of a row without steps`);
          continue;
        }
        const forwards = Array.from({ length }, (_, t) => t);
        const order = reverse ? forwards.toReversed() : forwards;
        const alone = run(rowOf(x, n, D, order), 1, false);
        const label = `${name}${reverse ? " reversed" : ""}, row of ${length} steps`;
        near(rowOf(whole.h, n, H, [0]), alone.h, tolerance, `${label}: last state`);
        near(rowOf(whole.y, n, H, order), alone.y, tolerance, `${label}: outputs`);
      }
    }
  }
}

/** A weight used at T steps has the sum of the gradients that T weights of their own would have: backpropagation through time. */
function sharedEqualsSum(device: Device, tolerance: number): void {
  const [T, N, H] = [5, 2, 3];
  const step = (h: Tensor, x: Tensor, R: Tensor): Tensor =>
    unroll(rnnCell, { weight_ih: R, weight_hh: R, bias_ih: zero(R), bias_hh: zero(R) }, x, { h }).state.h; // prettier-ignore
  const zero = (R: Tensor): Tensor => sum(mul(R, 0), { axes: [1] });
  const own = Object.fromEntries(Array.from({ length: T }, (_, t) => [`R${t}`, f32(H, H)]));
  const xs = values(T * N * H, 3);
  const R = values(H * H, 4);
  const pieces = Object.fromEntries(Array.from({ length: T }, (_, t) => [`x${t}`, f32(1, N, H)]));
  const given = Object.fromEntries(
    Array.from({ length: T }, (_, t) => [`x${t}`, xs.subarray(t * N * H, (t + 1) * N * H)]),
  );
  const shared = compile(device, { ...pieces, R: f32(H, H) }, (g: Tensors) => {
    let h: Tensor = sum(mul(g.x0, 0), { axes: [0] });
    for (let t = 0; t < T; t++) h = step(h, g[`x${t}`], g.R);
    return { outputs: { R: gradient(sum(mul(h, h)), [g.R])[0] } };
  });
  const untied = compile(device, { ...pieces, ...own }, (g: Tensors) => {
    let h: Tensor = sum(mul(g.x0, 0), { axes: [0] });
    for (let t = 0; t < T; t++) h = step(h, g[`x${t}`], g[`R${t}`]);
    const each = gradient(
      sum(mul(h, h)),
      Object.keys(own).map((name) => g[name]),
    ); // prettier-ignore
    return { outputs: { each: concat(each, 0) } };
  });
  const together = Array.from(shared.run({ ...given, R } as Record<string, Float32Array>).R);
  const each = Array.from(
    untied.run({ ...given, ...Object.fromEntries(Object.keys(own).map((name) => [name, R])) } as Record<
      string,
      Float32Array
    >).each,
  );
  near(
    together,
    Array.from(R, (_, i) => Array.from({ length: T }, (_x, t) => each[t * H * H + i]).reduce((a, b) => a + b)),
    tolerance,
    "gradient of the shared weight",
  ); // prettier-ignore
  shared.close();
  untied.close();
}

export function sequenceSuite(engine: Engine): void {
  describe(`laws of sequences on ${engine.name}`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await engine.open();
    });
    afterAll(() => device.close());
    for (const [name, cell] of standardCells)
      for (const T of [1, 2, 5])
        it(`fused = unrolled: ${name}, T=${T}`, () => fusedEqualsUnrolled(device, cell, T, engine.tolerance));
    it("a table multiplied first = rows multiplied after", () => preparedEqualsPlain(device, engine.tolerance));
    it("frozen = fresh", () => frozenEqualsFresh(device, engine.tolerance));
    it("one long sequence = its pieces, bit for bit", () => piecesEqualWhole(device));
    it("a ragged batch = its rows alone, bit for bit", () => raggedEqualsAlone(device));
    it("unrolled rows alone, forwards and turned round", () => unrolledRowsAlone(device, engine.tolerance));
    it("one weight used T times = T weights, summed", () => sharedEqualsSum(device, engine.tolerance));
  });
}
