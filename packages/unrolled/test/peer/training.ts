// The peers' training cases in Keras' convention: plain SGD through a layer, losses and weights afterwards.
// T time, B batch, D input, H hidden, G gates, V ids.
import {
  add,
  assign,
  type Cell,
  cellOf,
  cellSpec,
  compile,
  concat,
  descend,
  type Device,
  f32,
  i32,
  type InputSpec,
  linear,
  makeOptimizer,
  matmul,
  mul,
  readVariable,
  runLayer,
  type Scalar,
  sgd,
  split,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  transpose,
  type Variable,
  variables,
  zeros,
} from "unrolled";
import { close } from "unrolled/testing";
import { type Numbers, valuesOf } from "./onnx.js";

export interface TrainingCase {
  readonly id: string;
  readonly layer: "SimpleRNN" | "GRU" | "LSTM";
  readonly config: { readonly recurrent_activation: string | null };
  readonly bidirectional: "concat" | "ave" | null;
  readonly go_backwards: boolean;
  readonly stateful: boolean;
  readonly weights: { readonly kernel: Numbers; readonly recurrent_kernel: Numbers; readonly bias?: Numbers };
  readonly dense: { readonly kernel: Numbers; readonly bias?: Numbers } | null;
  readonly embedding?: { readonly table: Numbers };
  readonly x?: Numbers;
  readonly ids?: Numbers;
  readonly y: Numbers;
  readonly optimizer: { readonly learning_rate: number };
  readonly batch_size: number;
  readonly epochs: number;
  readonly expected: Readonly<Record<string, Numbers | readonly (number | null)[]>>;
  readonly tolerance: { readonly atol: number };
}

type Named = Readonly<Record<string, Tensor>>;

/** Keras' cell as ours: recurrent activation "hard_sigmoid" is max(0, min(1, x / 5 + 1 / 2)); its GRU resets before. */
function cellFor(one: TrainingCase): Cell {
  const gateActivation = { name: "hard-sigmoid", alpha: 0.2, beta: 0.5 } as const;
  if (one.layer === "SimpleRNN") return cellOf(cellSpec("rnn"));
  if (one.layer === "GRU") return cellOf(cellSpec({ name: "gru", reset: "before", gateActivation }));
  return cellOf(cellSpec({ name: "lstm", gateActivation }));
}

/** Keras' weights [D,G*H], gates z,r,h or i,f,c,o, as ours: transposed, r before z. */
function weightsFor(one: TrainingCase, w: Named, prefix: string): Named {
  const ordered = (t: Tensor): Tensor => {
    if (one.layer !== "GRU") return t;
    const [z, r, n] = split(t, 3, t.shape.length - 1);
    return concat([r, z, n], t.shape.length - 1);
  };
  const W = transpose(ordered(w[`${prefix}kernel`]));
  const none = zeros([W.shape[0]]);
  const bias = w[`${prefix}bias`];
  return {
    weight_ih: W,
    weight_hh: transpose(ordered(w[`${prefix}recurrent_kernel`])),
    bias_ih: bias ? ordered(bias) : none,
    bias_hh: none,
  };
}

/** Every trained array by name, in one storage. */
function trained(one: TrainingCase): Readonly<Record<string, Variable>> {
  const arrays: [string, Numbers][] = [];
  for (const prefix of one.bidirectional ? ["forward ", "backward "] : [""])
    for (const [name, value] of Object.entries(one.weights)) arrays.push([prefix + name, value as Numbers]);
  for (const [name, value] of Object.entries(one.dense ?? {})) arrays.push([`dense_${name}`, value as Numbers]);
  if (one.embedding) arrays.push(["table", one.embedding.table]);
  return variables(
    "weights",
    Object.fromEntries(arrays.map(([name, v]) => [name, { shape: v.shape, initial: () => valuesOf(v) }])),
  );
}

/** Batches of time-major inputs: vectors, or ids without the masked zeros (Keras passes the state through them). */
function batchesOf(one: TrainingCase): Record<string, number[]>[] {
  const source = one.x ?? (one.ids as Numbers);
  const [rows, T, D = 1] = source.shape;
  const width = one.y.shape[1];
  return Array.from({ length: rows / one.batch_size }, (_, b) => {
    const range = Array.from({ length: one.batch_size }, (_x, n) => b * one.batch_size + n);
    const y = range.flatMap((n) => one.y.data.slice(n * width, (n + 1) * width));
    const times = Array.from({ length: T }, (_x, t) => t);
    if (one.x)
      return {
        x: times.flatMap((t) => range.flatMap((n) => source.data.slice((n * T + t) * D, (n * T + t + 1) * D))),
        y,
      };
    const kept = range.map((n) => source.data.slice(n * T, (n + 1) * T).filter((id) => id !== 0));
    return { ids: times.flatMap((t) => kept.map((ids) => ids[t] ?? 0)), lengths: kept.map((ids) => ids.length), y };
  });
}

/** Trains as the case says, and throws where a loss, a prediction or a weight is off. */
export function runTraining(device: Device, one: TrainingCase): void {
  const cell = cellFor(one);
  const weights = trained(one);
  const T = (one.x ?? (one.ids as Numbers)).shape[1];
  const [H, B] = [one.weights.recurrent_kernel.shape[0], one.batch_size];
  const names = Object.keys(cell.state({ D: 1, H }));
  const carried = variables("carried", Object.fromEntries(names.map((name) => [name, { shape: [B, H] }])));
  const optimizer = makeOptimizer(sgd({ rate: one.optimizer.learning_rate }), Object.values(weights)[0].storage);
  const specs: Record<string, InputSpec> = { y: f32(B, one.y.shape[1]) };
  if (one.x) specs.x = f32(T, B, one.x.shape[2]);
  else Object.assign(specs, { ids: i32(T, B), lengths: i32(B) });

  const predict = (given: Named): { y: Tensor; state: Named } => {
    const input = one.x ? given.x : { table: weights.table, ids: given.ids, frozen: false };
    const start: Named = one.stateful ? carried : Object.fromEntries(names.map((name) => [name, zeros([B, H])]));
    const side = (prefix: string, reverse: boolean): Named =>
      runLayer(cell, weightsFor(one, weights, prefix), input, start, {
        reverse,
        ...(given.lengths && { lengths: given.lengths }),
      }).state;
    const state = side(one.bidirectional ? "forward " : "", one.go_backwards);
    let y = state.h;
    if (one.bidirectional) {
      const back = side("backward ", !one.go_backwards).h;
      y = one.bidirectional === "concat" ? concat([y, back], 1) : mul(0.5, add(y, back));
    }
    if (!one.dense) return { y, state };
    const kernel = weights.dense_kernel;
    return { y: weights.dense_bias ? linear(y, transpose(kernel), weights.dense_bias) : matmul(y, kernel), state };
  };
  const step = compile(device, { ...specs, rate: f32(optimizer.rateCount) }, (given: Named) => {
    const { y, state } = predict(given);
    const loss = mul(sum(square(sub(y, given.y))), 1 / one.y.shape[1] / B) as Scalar;
    const { updates } = descend(loss, weights, optimizer, given.rate);
    const carry = one.stateful ? names.map((name) => assign(carried[name], stopGradient(state[name]))) : [];
    return { outputs: { loss }, updates: [...updates, ...carry] };
  });
  const look = compile(device, specs, (given: Named) => ({ outputs: { y: predict(given).y } }));

  const batches = batchesOf(one);
  const check = (name: string, found: ArrayLike<number>): void => {
    const expected = one.expected[name];
    if (!expected) return;
    const values = "data" in expected ? valuesOf(expected) : expected;
    const kept = Array.from(values, (value, i) => [found[i], value] as const).filter(([, value]) => value !== null);
    const label = `${one.id}: ${name}`;
    const [a, e] = [kept.map(([x]) => x), kept.map(([, x]) => x as number)];
    close(a, e, { relative: 0, absolute: one.tolerance.atol, label });
  };
  check("predict_before", Float64Array.from(look.run(batches[0] as never).y as Float32Array));
  const losses: number[] = [];
  let t = 0;
  for (let epoch = 0; epoch < one.epochs; epoch++) {
    const each = batches.map((batch) => {
      const rate = optimizer.rates(++t, one.optimizer.learning_rate);
      return step.run({ ...batch, rate } as never).loss as number;
    });
    losses.push(each.reduce((a, b) => a + b) / each.length);
  }
  check("loss_per_epoch", losses);
  check("predict_after", Float64Array.from(look.run(batches[0] as never).y as Float32Array));
  for (const [name, v] of Object.entries(weights)) check(name, readVariable(device, v));
  step.close();
  look.close();
}
