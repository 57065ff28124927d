// Runs cases of the peers through our layers on a device and compares what they list. T time, B batch, D directions, H hidden.
import {
  type Cell,
  compile,
  concat,
  type Device,
  f32,
  i32,
  type InputSpec,
  reshape,
  runLayer,
  sum,
  type Tensor,
  zeros,
} from "unrolled";
import { close } from "unrolled/testing";
import { directionsOf, type Numbers, type OnnxLayer, valuesOf } from "./onnx.js";

export interface StackedCase {
  readonly id: string;
  readonly X: Numbers;
  readonly sequence_lens?: Numbers;
  readonly layers: readonly OnnxLayer[];
  readonly expected: Readonly<Record<string, Numbers | readonly Numbers[]>>;
  readonly suggested_atol?: number;
  readonly duplicate_of?: string;
  readonly verification: { readonly numpy_float64_max_abs_err: number };
}

export interface CanonicalCase extends OnnxLayer {
  readonly id: string;
  readonly inputs: OnnxLayer["inputs"] & { readonly X: Numbers; readonly sequence_lens?: Numbers };
  readonly expected: Readonly<Record<string, Numbers>>;
  readonly suggested_atol: number;
  readonly verification: { readonly numpy_float64_max_abs_err: number };
}

export const asStacked = (one: CanonicalCase): StackedCase => ({
  ...one,
  X: one.inputs.X,
  ...(one.inputs.sequence_lens && { sequence_lens: one.inputs.sequence_lens }),
  layers: [one],
});

/** What a fault for a test changes: the cell and weights of a layer, or how it is run. */
export interface Fault {
  readonly layer?: (layer: OnnxLayer) => OnnxLayer;
  readonly run?: (run: { lengths?: Tensor; reverse: boolean }) => { lengths?: Tensor; reverse: boolean };
  /** Of a whole result of one direction. */
  readonly y?: (y: Tensor, reverse: boolean) => Tensor;
}

interface Layer {
  readonly y: readonly Tensor[];
  readonly h: readonly Tensor[];
  readonly c: readonly Tensor[];
}

/** Steps taken one by one, counted: none where a cell runs fused. */
function counted(cell: Cell, count: () => void): Cell {
  return {
    ...cell,
    step: (...given) => {
      count();
      return cell.step(...given);
    },
  };
}

/** Runs a case; throws where a listed result is off. Answers whether every layer ran fused. */
export function runCase(device: Device, one: StackedCase, fault: Fault = {}): boolean {
  let steps = 0;
  const specs: Record<string, InputSpec> = { x: f32(...one.X.shape) };
  const given: Record<string, ArrayLike<number>> = { x: valuesOf(one.X) };
  const [, B] = one.X.shape;
  if (one.sequence_lens) [specs.lengths, given.lengths] = [i32(B), one.sequence_lens.data];
  const put = (name: string, shape: readonly number[], values: ArrayLike<number>): void => {
    [specs[name], given[name]] = [f32(...shape), values];
  };
  const layers = one.layers.map((layer) => fault.layer?.(layer) ?? layer);
  const directions = layers.map(directionsOf);
  for (const [l, sides] of directions.entries())
    for (const [d, { weights }] of sides.entries()) {
      for (const [name, { shape, values }] of Object.entries(weights)) put(`${l}.${d}.${name}`, shape, values);
      const H = layers[l].attributes.hidden_size;
      for (const name of ["h", "c"] as const) {
        const initial = layers[l].inputs[`initial_${name}`];
        const size = B * H;
        if (initial) put(`${l}.${d}.state ${name}`, [B, H], valuesOf(initial).slice(d * size, (d + 1) * size));
      }
    }
  const runDirections = (x: Tensor, l: number, inputs: Readonly<Record<string, Tensor>>): Layer => {
    const results = directions[l].map(({ cell, weights, reverse }, d) => {
      const H = layers[l].attributes.hidden_size;
      const own = Object.fromEntries(Object.keys(weights).map((name) => [name, inputs[`${l}.${d}.${name}`]]));
      const state = Object.fromEntries(
        Object.keys(cell.state({ D: 1, H })).map((name) => [name, inputs[`${l}.${d}.state ${name}`] ?? zeros([B, H])]),
      );
      const run = { reverse, ...(inputs.lengths && { lengths: inputs.lengths }) };
      const made = runLayer(
        counted(cell, () => steps++),
        own,
        x,
        state,
        fault.run?.(run) ?? run,
      );
      return { ...made, y: fault.y?.(made.y, reverse) ?? made.y };
    });
    return {
      y: results.map(({ y }) => y),
      h: results.map(({ state }) => state.h),
      c: results.flatMap(({ state }) => (state.c ? [state.c] : [])),
    };
  };
  const program = compile(device, specs, (inputs) => {
    const all: Layer[] = [];
    let x: Tensor = inputs.x;
    for (const l of layers.keys()) {
      all.push(runDirections(x, l, inputs));
      x = concat(all[l].y, 2);
    }
    return { outputs: resultsOf(all) };
  });
  const results = { ...(program.run(given) as Readonly<Record<string, Float32Array>>) };
  for (const [name, value] of Object.entries(wanted(one))) compare(device, one, name, results[name], value);
  program.close();
  return steps === 0;
}

/** Results by the peers' names: Y [T,D,B,H], Y_h and Y_c [D,B,H] of the last layer, layer_Y_h.0 and so on. */
function resultsOf(all: readonly Layer[]): Record<string, Tensor> {
  const joined = (parts: readonly Tensor[]): Tensor =>
    concat(
      parts.map((p) => reshape(p, [1, ...p.shape])),
      0,
    );
  const last = all[all.length - 1];
  const Y = concat(
    last.y.map((y) => reshape(y, [y.shape[0], 1, y.shape[1], y.shape[2]])),
    1,
  );
  const outputs: Record<string, Tensor> = { Y };
  for (const [l, { h, c }] of all.entries()) {
    outputs[`layer_Y_h.${l}`] = joined(h);
    if (c.length > 0) outputs[`layer_Y_c.${l}`] = joined(c);
  }
  outputs.Y_h = joined(last.h);
  outputs.Y_h_sum = sum(outputs.Y_h, { axes: [0, 2] });
  if (last.c.length > 0) outputs.Y_c = joined(last.c);
  return outputs;
}

/** Single expected arrays. */
const wanted = (one: StackedCase): Record<string, Numbers> =>
  Object.fromEntries(
    Object.entries(one.expected).flatMap(([name, value]) =>
      "data" in value ? [[name, value]] : value.map((part, l) => [`${name}.${l}`, part]),
    ),
  );

function compare(
  device: Device,
  one: StackedCase,
  name: string,
  found: Float32Array | undefined,
  value: Numbers,
): void {
  const expected = valuesOf(value);
  const scale = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  // Where the peers suggest nothing, as they do: twice the error of the verification, at least 2e-6 of the scale.
  const suggested = one.suggested_atol ?? Math.max(2 * one.verification.numpy_float64_max_abs_err, 2e-6 * scale);
  const absolute = device.precision === "f64" ? suggested : Math.max(suggested, 1e-5 * scale);
  close(found ?? [], expected, { relative: 0, absolute, label: `${one.id}: ${name}` });
}
