// Twelve cells against shared vectors (float64, complex-step gradients), each the built-in one of its name. Conventions are
// converted here, at the border. Skipped where the vectors are not there.
// T time, N batch, D input, H hidden, G gates. The vectors are rows times matrices: x [N,D] Wx [D,G*H].
import { existsSync, readFileSync } from "node:fs";
import {
  type CellChoice,
  cellOf,
  cellSpec,
  compile,
  concat,
  f32,
  gradient,
  mul,
  openReference,
  runLayer,
  slice,
  sum,
  type Tensor,
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

/** Columns in blocks of H, in another order. */
const blocks = (W: Tensor, order: readonly number[]): Tensor => {
  const axis = W.shape.length - 1;
  return concat(
    order.map((from) => slice(W, axis, from * H, (from + 1) * H)),
    axis,
  );
};

/** The standard weights from row-convention matrices; `bh` becomes the recurrent bias. */
const standard = (p: Tensors, order: readonly number[]): Tensors => {
  const b = blocks(p.b, order);
  return {
    weight_ih: transpose(blocks(p.Wx, order)),
    weight_hh: transpose(blocks(p.Wh, order)),
    bias_ih: b,
    bias_hh: p.bh ? blocks(p.bh, order) : zerosLike(b),
  };
};

interface Row {
  readonly cell: CellChoice;
  /** The cell's weights from the vector's parameters. */
  readonly weights: (params: Tensors) => Tensors;
}

const peepholes = (p: Tensors): Tensors => ({ peephole_i: p.pi, peephole_f: p.pf, peephole_o: p.po });
/** Their i,f,o,g as i,f,g,o. */
const ifog = (p: Tensors): Tensors => standard(p, [0, 1, 3, 2]);

/** Wxz as weight_xz, a row convention's matrix turned; those that a mutant has not are left out by it. */
const mutant = (p: Tensors): Tensors =>
  Object.fromEntries(
    Object.entries(p).map(([name, t]) =>
      name.startsWith("W") ? [`weight_${name.slice(1)}`, transpose(t)] : [`bias_${name.slice(1)}`, t],
    ),
  );

const rows: Readonly<Record<string, Row>> = {
  vanilla_tanh: { cell: "rnn", weights: (p) => standard(p, [0]) },
  lstm_ifog: { cell: "lstm", weights: ifog },
  gru_reset_after_r_z_n: { cell: "gru", weights: (p) => standard(p, [0, 1, 2]) },
  gru_cs231n_r_z_n: { cell: "gru-before", weights: (p) => standard(p, [0, 1, 2]) },
  gru_coursera_full_r_u_c: { cell: "gru-full", weights: (p) => standard(p, [0, 1, 2]) },
  gru_coursera_simplified_u_c: { cell: "gru-simplified", weights: (p) => standard(p, [0, 1]) },
  lstm_peephole_gers_o_uses_c_t: { cell: "lstm-peephole", weights: (p) => ({ ...ifog(p), ...peepholes(p) }) },
  lstm_peephole_ng_o_uses_c_prev: { cell: "lstm-peephole-ng", weights: (p) => ({ ...ifog(p), ...peepholes(p) }) },
  lstm_coupled_cifg_fog: { cell: { name: "lstm", coupled: "i=1-f" }, weights: (p) => standard(p, [0, 2, 1]) },
  mut1: { cell: "mut1", weights: mutant },
  mut2: { cell: "mut2", weights: mutant },
  mut3: { cell: "mut3", weights: mutant },
};

function check(name: string, golden: Golden): void {
  const { cell, weights } = rows[name];
  const made = cellOf(cellSpec(cell));
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
