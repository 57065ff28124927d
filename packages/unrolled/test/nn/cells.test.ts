// Every cell and every option of every cell: gradients against central differences in float64, fused against unrolled, options
// that change something, specs that are refused. T time, N batch, D input, H hidden.
import {
  add,
  type CellChoice,
  cellOf,
  cellSpec,
  cellVariantNames,
  f32,
  i32,
  type LayerRun,
  mul,
  openReference,
  runLayer,
  type Scalar,
  sum,
  type Tensor,
  unroll,
} from "unrolled";
import { type CheckedInput, gradientCheck, numbers } from "unrolled/testing";
import { describe, it } from "vitest";

const device = openReference();
const [N, H] = [2, 3];

interface Row {
  readonly name: string;
  readonly cell: CellChoice;
  readonly training?: true;
}

const row = (cell: CellChoice, training?: true): Row => {
  const name =
    typeof cell === "string"
      ? cell
      : Object.values(cell)
          .map((v) => JSON.stringify(v))
          .join(" ");
  return { name: name.replaceAll('"', ""), cell, ...(training && { training }) };
};

const rows: readonly Row[] = [
  ...(["rnn", "jordan", "gru", "lstm", "mgu", "mut1", "mut2", "mut3"] as const).map((name) => row(name)),
  ...cellVariantNames.map((name) => row(name)),
];

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
type Tensors = Readonly<Record<string, Tensor>>;

/** A layer over inputs of its own, and the loss that weighs all that it gives. */
function layerOf({ cell, training }: Row, T: number, options: { reverse: boolean; lengths?: readonly number[] }) {
  const spec = cellSpec(cell);
  const made = cellOf(spec);
  const D = spec.name === "mut1" || spec.name === "mut2" ? H : 2;
  const draw = numbers(T);
  const shapes = {
    x: [T, N, D],
    ...made.weights({ D, H }),
    ...Object.fromEntries(
      Object.entries(made.state({ D, H })).map(([name, shape]) => [`state ${name}`, [N, ...shape]]),
    ),
  };
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      { spec: f32(...shape), values: draw.normal(sizeOf(shape), 0.7) },
    ]),
  );
  const states = Object.keys(made.state({ D, H }));
  const weigh = (t: Tensor): Scalar => sum(mul(t, t));
  const loss = (given: Tensors, run = runLayer): Scalar => {
    const layerRun: LayerRun = {
      reverse: options.reverse,
      ...(options.lengths && { lengths: given.lengths }),
      ...(training && { key: given.key, stream: 3 }),
    };
    const state = Object.fromEntries(states.map((name) => [name, given[`state ${name}`]]));
    const { y, state: last } = run(made, given, given.x, state, layerRun);
    return [y, ...Object.values(last)].map(weigh).reduce((a, b) => add(a, b)) as Scalar;
  };
  const integers: Record<string, CheckedInput> = {
    ...(options.lengths && { lengths: { spec: i32(N), values: options.lengths } }),
    ...(training && { key: { spec: i32(2), values: [5, 7] } }),
  };
  return { inputs: { ...inputs, ...integers }, loss };
}

describe("gradients", () => {
  it.each(rows)("$name", (r) => {
    for (const [T, reverse, lengths] of [
      [1, false, undefined],
      [2, false, [1, 2]],
      [5, true, [5, 3]],
    ] as const) {
      const { inputs, loss } = layerOf(r, T, { reverse, ...(lengths && { lengths }) });
      gradientCheck(device, inputs, (given) => loss(given, unroll));
    }
  });
});
