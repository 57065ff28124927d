// Twelve cells against shared vectors (float64, complex-step gradients): the standard cells fused, the others written as cells of one's
// own and unrolled. Conventions are converted here, at the border. Skipped where the vectors are not there.
// T time, N batch, D input, H hidden, G gates. The vectors are rows times matrices: x [N,D] Wx [D,G*H].
import { existsSync, readFileSync } from "node:fs";
import {
  add,
  type Cell,
  cell,
  compile,
  concat,
  f32,
  gradient,
  gruCell,
  lstmCell,
  matmul,
  mul,
  neg,
  openReference,
  rnnCell,
  runLayer,
  sigmoid,
  slice,
  split,
  sub,
  sum,
  type Tensor,
  tanh,
  transpose,
  zerosLike,
} from "unrolled";
import { close } from "unrolled/testing";
import { describe, expect, it } from "vitest";

type Nested = number | readonly Nested[];
interface Golden {
  readonly D: number;
  readonly params: Readonly<Record<string, Nested>>;
  readonly inputs: Readonly<Record<string, Nested>>;
  readonly h: Nested;
  readonly loss: number;
  readonly grads: Readonly<Record<string, Nested>>;
}
type Tensors = Readonly<Record<string, Tensor>>;

const places = ["../../../../../shared/vectors/vectors.json", "../../../../shared/vectors/vectors.json"];
const file = places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
const [N, T, H] = [2, 4, 4];

function shapeOf(nested: Nested): number[] {
  return typeof nested === "number" ? [] : [nested.length, ...shapeOf(nested[0])];
}
const flat = (nested: Nested): number[] => (typeof nested === "number" ? [nested] : nested.flatMap(flat));

/** Columns in blocks of H, in another order, some with their sign turned: what one convention is in another. */
const blocks = (W: Tensor, order: readonly number[], turned: readonly number[] = []): Tensor => {
  const axis = W.shape.length - 1;
  const parts = order.map((from) => slice(W, axis, from * H, (from + 1) * H));
  return concat(
    parts.map((p, to) => (turned.includes(to) ? neg(p) : p)),
    axis,
  ); // prettier-ignore
};

/** The standard weights from row-convention matrices; `bh` becomes the recurrent bias. */
const standard = (p: Tensors, order: readonly number[], turned: readonly number[] = []): Tensors => {
  const b = blocks(p.b, order, turned);
  return {
    weight_ih: transpose(blocks(p.Wx, order, turned)),
    weight_hh: transpose(blocks(p.Wh, order, turned)),
    bias_ih: b,
    bias_hh: p.bh ? blocks(p.bh, order, turned) : zerosLike(b),
  };
};

interface Row {
  readonly cell: Cell;
  /** The cell's weights from the vector's parameters. */
  readonly weights: (params: Tensors) => Tensors;
}

const own = (c: Omit<Parameters<typeof cell>[0], "weights" | "state">, states: readonly string[] = ["h"]): Row => ({
  cell: cell({
    ...c,
    weights: () => ({}),
    state: () => Object.fromEntries(states.map((s) => [s, [H]])),
  }) as unknown as Cell,
  weights: (params) => params,
});

const gates = (p: Tensors, x: Tensor, h: Tensor, count: number): Tensor[] =>
  split(add(add(matmul(x, p.Wx), p.b), matmul(h, p.Wh)), count);

/** Gates that see the cell: element i to gate i. */
const peephole = (late: boolean): Row =>
  own(
    {
      step: (p, x, { h, c }) => {
        const [ai, af, ao, ag] = gates(p, x, h, 4);
        const i = sigmoid(add(ai, mul(p.pi, c)));
        const f = sigmoid(add(af, mul(p.pf, c)));
        const next = add(mul(f, c), mul(i, tanh(ag)));
        const o = sigmoid(add(ao, mul(p.po, late ? next : c)));
        return { h: mul(o, tanh(next)), c: next };
      },
    },
    ["h", "c"],
  ); // prettier-ignore

/** Jozefowicz 2015: MUT1 to MUT3 differ in what the gates see. */
const mutated = (
  z: (p: Tensors, x: Tensor, h: Tensor) => Tensor,
  r: typeof z,
  candidate: (p: Tensors, x: Tensor) => Tensor,
): Row =>
  own({
    step: (p, x, { h }) => {
      const update = sigmoid(add(z(p, x, h), p.bz));
      const reset = sigmoid(add(r(p, x, h), p.br));
      const next = tanh(add(add(matmul(mul(reset, h), p.Whh), candidate(p, x)), p.bh));
      return { h: add(mul(next, update), mul(h, sub(1, update))) };
    },
  }); // prettier-ignore

const rows: Readonly<Record<string, Row>> = {
  vanilla_tanh: { cell: rnnCell as unknown as Cell, weights: (p) => standard(p, [0]) },
  lstm_ifog: { cell: lstmCell as unknown as Cell, weights: (p) => standard(p, [0, 1, 3, 2]) },
  gru_reset_after_r_z_n: { cell: gruCell("after") as unknown as Cell, weights: (p) => standard(p, [0, 1, 2]) },
  gru_cs231n_r_z_n: { cell: gruCell("before") as unknown as Cell, weights: (p) => standard(p, [0, 1, 2]) },
  // The update gate keeps the candidate there and the old state here: sigmoid(-a) = 1 - sigmoid(a).
  gru_coursera_full_r_u_c: { cell: gruCell("before") as unknown as Cell, weights: (p) => standard(p, [0, 1, 2], [1]) },
  gru_coursera_simplified_u_c: own({
    step: (p, x, { h }) => {
      const [u, c] = gates(p, x, h, 2);
      const update = sigmoid(u);
      return { h: add(mul(update, tanh(c)), mul(sub(1, update), h)) };
    },
  }),
  lstm_peephole_gers_o_uses_c_t: peephole(true),
  lstm_peephole_ng_o_uses_c_prev: peephole(false),
  lstm_coupled_cifg_fog: own(
    {
      step: (p, x, { h, c }) => {
        const [f, o, g] = gates(p, x, h, 3);
        const forget = sigmoid(f);
        const next = add(mul(forget, c), mul(sub(1, forget), tanh(g)));
        return { h: mul(sigmoid(o), tanh(next)), c: next };
      },
    },
    ["h", "c"],
  ), // prettier-ignore
  mut1: mutated(
    (p, x) => matmul(x, p.Wxz),
    (p, x, h) => add(matmul(x, p.Wxr), matmul(h, p.Whr)),
    (_, x) => tanh(x),
  ),
  mut2: mutated(
    (p, x, h) => add(matmul(x, p.Wxz), matmul(h, p.Whz)),
    (p, x, h) => add(x, matmul(h, p.Whr)),
    (p, x) => matmul(x, p.Wxh),
  ),
  mut3: mutated(
    (p, x, h) => add(matmul(x, p.Wxz), matmul(tanh(h), p.Whz)),
    (p, x, h) => add(matmul(x, p.Wxr), matmul(h, p.Whr)),
    (p, x) => matmul(x, p.Wxh),
  ),
};

function check(name: string, golden: Golden): void {
  const { cell: made, weights } = rows[name];
  const given = { ...golden.params, ...golden.inputs };
  const program = compile(
    openReference(),
    Object.fromEntries(Object.entries(given).map(([key, nested]) => [key, f32(...shapeOf(nested))])),
    (p: Tensors) => {
      const params = Object.fromEntries(Object.keys(golden.params).map((key) => [key, p[key]]));
      const state = Object.fromEntries(Object.keys(made.state({ D: golden.D, H })).map((key) => [key, p[`${key}0`]]));
      const { y } = runLayer(made, weights(params), transpose(p.x, [1, 0, 2]), state);
      const h = transpose(y, [1, 0, 2]);
      const loss = sum(mul(p.R, h));
      const asked = Object.keys(golden.grads);
      const gradients = gradient(
        loss,
        asked.map((key) => p[key]),
      ); // prettier-ignore
      return { outputs: { h, loss, ...Object.fromEntries(gradients.map((g, i) => [`d ${asked[i]}`, g])) } };
    },
  );
  const out = program.run(
    Object.fromEntries(Object.entries(given).map(([key, nested]) => [key, flat(nested)])),
  ) as unknown as Readonly<Record<string, ArrayLike<number>>> & { readonly loss: number }; // prettier-ignore
  const exact = { relative: 1e-9, absolute: 1e-12 };
  close(out.h, flat(golden.h), { ...exact, label: `${name}: h` });
  close(out.loss, golden.loss, { ...exact, label: `${name}: loss` });
  for (const [key, nested] of Object.entries(golden.grads))
    close(out[`d ${key}`], flat(nested), { ...exact, label: `${name}: gradient of ${key}` });
}

describe.skipIf(file === undefined)(
  "vectors of twelve cells (skipped: no shared/vectors beside the repository)",
  () => {
    const all: { N: number; T: number; H: number; cells: Record<string, Golden> } = file
      ? JSON.parse(readFileSync(file, "utf8"))
      : { N, T, H, cells: {} };
    it("are all there, and of the sizes expected", () => {
      expect([all.N, all.T, all.H]).toEqual([N, T, H]);
      expect(Object.keys(all.cells).sort()).toEqual(Object.keys(rows).sort());
    });
    it.each(Object.keys(all.cells))("%s", (name) => check(name, all.cells[name]));
  },
);
