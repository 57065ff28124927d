// The cells and options that the tests of this folder go through, and a layer of any of them over inputs of its own.
// T time, N batch, D input, H hidden.
import {
  add,
  type CellChoice,
  type CellOptionValue,
  type CellSpec,
  cellOf,
  cellSpec,
  cellVariantNames,
  f32,
  i32,
  type LayerRun,
  mul,
  runLayer,
  type Scalar,
  sum,
  type Tensor,
  type unroll,
} from "unrolled";
import { type CheckedInput, numbers } from "unrolled/testing";

export const [N, H] = [2, 3];
export const cellNames = ["rnn", "jordan", "gru", "lstm", "mgu", "mut1", "mut2", "mut3", "window"] as const;

/** Noise that only training draws. */
const drawn = { zoneout: 0.4, recurrentDropout: 0.4, weightDrop: 0.4 };

/** For every option of every cell a value that is not its first one. */
export const alternatives: Readonly<Record<(typeof cellNames)[number], Readonly<Record<string, CellOptionValue>>>> = {
  rnn: { activation: "sigmoid", clip: 0.3, recurrentInitial: "orthogonal", ...drawn },
  jordan: { outputs: 2, activation: "softsign", outputActivation: "softplus", clip: 0.3 },
  gru: {
    reset: "before",
    update: "replace",
    gateActivation: { name: "hard-sigmoid", alpha: 0.3, beta: 0.4 },
    candidateActivation: { name: "leaky-relu", alpha: 0.1 },
    clip: 0.3,
    layerNorm: true,
    recurrentInitial: "identity",
    ...drawn,
  },
  lstm: {
    forgetBias: null,
    peephole: "gers",
    coupled: "f=1-i",
    inputGate: false,
    forgetGate: false,
    outputGate: false,
    gateActivation: { name: "hard-sigmoid", alpha: 0.3, beta: 0.4 },
    candidateActivation: "softsign",
    outputActivation: { name: "scaled-tanh", alpha: 1.2, beta: 0.8 },
    clip: 0.3,
    projection: 2,
    layerNorm: true,
    multiplicative: true,
    gateRecurrence: true,
    recurrentInitial: "orthogonal",
    ...drawn,
    zoneoutCell: 0.4,
    candidateDropout: 0.4,
  },
  mgu: {},
  mut1: {},
  mut2: {},
  mut3: {},
  window: { window: 3 },
};

export interface Row {
  readonly name: string;
  readonly cell: CellChoice;
  readonly training: boolean;
}

const row = (cell: CellChoice, training = false): Row => {
  const { name, ...options } = typeof cell === "string" ? { name: cell } : cell;
  const said = Object.entries(options).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  return { name: `${name}${said.join("")}${training ? " training" : ""}`.replaceAll('"', ""), cell, training };
};

/** Every cell and variant by its name. */
export const named: readonly Row[] = [...cellNames, ...cellVariantNames].map((name) => row(name));

const single = Object.entries(alternatives).flatMap(([name, options]) =>
  Object.entries(options).flatMap(([key, value]) => {
    const cell = { name, [key]: value } as CellChoice;
    const noisy = ["zoneout", "zoneoutCell", "recurrentDropout", "weightDrop", "candidateDropout"].includes(key);
    return noisy ? [row(cell, true), ...(key.startsWith("zoneout") ? [row(cell)] : [])] : [row(cell)];
  }),
);

const activations = [
  "relu",
  "linear",
  "softsign",
  "softplus",
  { name: "affine", alpha: 0.7, beta: 0.2 },
  { name: "leaky-relu", alpha: 0.2 },
  { name: "thresholded-relu", alpha: 0.1 },
  { name: "scaled-tanh", alpha: 1.7, beta: 0.6 },
  { name: "hard-sigmoid", alpha: 0.3, beta: 0.4 },
  { name: "elu", alpha: 1.3 },
] as const;

const together: readonly Row[] = [
  row({ name: "gru", reset: "before", layerNorm: true }),
  row({ name: "gru", reset: "none", layerNorm: true, clip: 0.6 }),
  row({ name: "gru", update: "replace", zoneout: 0.3, recurrentDropout: 0.3, weightDrop: 0.2 }, true),
  row({ name: "lstm", coupled: "i=1-f", peephole: "ng" }),
  row({ name: "lstm", projection: 2, peephole: "gers", layerNorm: true }),
  row({ name: "lstm", projection: 4, multiplicative: true, clip: 0.5 }),
  row({ name: "lstm", projection: 2, gateRecurrence: true, weightDrop: 0.3, zoneout: 0.3, zoneoutCell: 0.2 }, true),
  row({ name: "lstm", inputGate: false, forgetGate: false, outputGate: false, outputActivation: "linear" }),
  row({ name: "lstm", weightDrop: 0.3, recurrentDropout: 0.3, candidateDropout: 0.2 }, true),
];

/** Every option by itself, every activation, and some together. */
export const optioned: readonly Row[] = [
  ...single,
  ...activations.map((activation) => row({ name: "rnn", activation })),
  ...together,
];

/** D of a layer of this cell: some need their input as wide as their units. */
export const inputWidth = (spec: CellSpec): number => (spec.name === "mut1" || spec.name === "mut2" ? H : 2);

type Tensors = Readonly<Record<string, Tensor>>;
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export interface Trial {
  readonly inputs: Readonly<Record<string, CheckedInput>>;
  /** What the layer gives: y, the states after it, and all it shows. */
  readonly results: (given: Tensors, run?: typeof unroll) => Readonly<Record<string, Tensor>>;
  /** A sum that depends on y at every step and on every state. */
  readonly loss: (given: Tensors, run?: typeof unroll) => Scalar;
}

/** A layer over inputs of its own. Values of one name and shape are the same for every cell. */
export function trial(
  r: Row,
  T: number,
  options: { readonly reverse?: boolean; readonly lengths?: readonly number[] },
): Trial {
  const spec = cellSpec(r.cell);
  const made = cellOf(spec);
  const sizes = { D: inputWidth(spec), H };
  const states = Object.entries(made.state(sizes));
  const shapes = {
    x: [T, N, sizes.D],
    ...made.weights(sizes),
    ...Object.fromEntries(states.map(([name, shape]) => [`state ${name}`, [N, ...shape]])),
  };
  const drawnInputs = Object.entries(shapes).map(([name, shape]): [string, CheckedInput] => {
    const seed = [...name].reduce((sum, c) => (31 * sum + c.charCodeAt(0)) % 65_521, T);
    return [name, { spec: f32(...shape), values: numbers(seed).normal(sizeOf(shape), 0.7) }];
  });
  const integers: Record<string, CheckedInput> = {
    ...(options.lengths && { lengths: { spec: i32(N), values: options.lengths } }),
    ...(r.training && { key: { spec: i32(2), values: [5, 7] } }),
  };
  const results: Trial["results"] = (given, run = runLayer) => {
    const layerRun: LayerRun = {
      reverse: options.reverse ?? false,
      trace: true,
      ...(options.lengths && { lengths: given.lengths }),
      ...(r.training && { key: given.key, stream: 64 }),
    };
    const state = Object.fromEntries(states.map(([name]) => [name, given[`state ${name}`]]));
    const { y, state: last, trace } = run(made, given, given.x, state, layerRun);
    const after = Object.entries(last).map(([name, t]) => [`last ${name}`, t]);
    const shown = Object.entries(trace ?? {}).map(([name, t]) => [`trace ${name}`, t]);
    return { y, ...Object.fromEntries([...after, ...shown]) };
  };
  return {
    inputs: { ...Object.fromEntries(drawnInputs), ...integers },
    results,
    loss: (given, run) =>
      Object.entries(results(given, run))
        .filter(([name]) => !name.startsWith("trace"))
        .map(([, t]) => sum(mul(t, add(t, 0.3))))
        .reduce((a, b) => add(a, b)) as Scalar,
  };
}
