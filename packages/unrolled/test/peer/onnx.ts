// The one adapter of the peers' (ONNX) convention onto our layers: cells and weights of every direction of a case.
// T time, B batch, I input, H hidden, G gates, D directions.
import { type Activation, type Cell, type CellChoice, cellOf, cellSpec, readActivation } from "unrolled";

export interface Numbers {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

type Parameters = { readonly alpha?: number; readonly beta?: number } | null;

export interface OnnxLayer {
  readonly op: "RNN" | "GRU" | "LSTM";
  readonly attributes: {
    readonly hidden_size: number;
    readonly direction: "forward" | "reverse" | "bidirectional";
    readonly activations: readonly (readonly string[])[];
    readonly activation_params?: readonly (readonly Parameters[])[];
    readonly clip: number | null;
    readonly linear_before_reset?: number;
    readonly input_forget?: number;
  };
  readonly inputs: {
    readonly W: Numbers;
    readonly R: Numbers;
    readonly B?: Numbers;
    readonly P?: Numbers;
    readonly initial_h?: Numbers;
    readonly initial_c?: Numbers;
  };
}

/** One direction of a layer as ours. */
export interface Direction {
  readonly cell: Cell;
  readonly reverse: boolean;
  readonly weights: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: Float64Array }>>;
}

/** Blocks of the peers' gates in our order: RNN; z,r,n as r,z,n; i,o,f,c as i,f,g,o (coupled: i,g,o); i,o,f as i,f,o. */
const orders = { RNN: [0], GRU: [1, 0, 2], LSTM: [0, 2, 3, 1] } as const;
const coupledOrder = [0, 3, 1];

const names: Readonly<Record<string, string>> = {
  hardsigmoid: "hard-sigmoid",
  leakyrelu: "leaky-relu",
  scaledtanh: "scaled-tanh",
};

function activationOf(name: string, given: Parameters | undefined): Activation {
  const ours = names[name];
  return readActivation("case", ours ? { name: ours, ...given } : name);
}

/** A number as its dtype holds it. */
function rounded(value: number, dtype: string): number {
  if (dtype === "float64") return value;
  const single = Math.fround(value);
  if (dtype !== "float16") return single;
  // Half precision: 11 bits, and steps of 2^-24 below 2^-14.
  const step = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(single) || 1))) - 10);
  const steps = single / step;
  const whole = Math.floor(steps);
  const even = whole % 2 === 0 ? whole : whole + 1;
  return step * (steps - whole === 0.5 ? even : Math.round(steps));
}

export const valuesOf = (numbers: Numbers): Float64Array =>
  Float64Array.from(numbers.data, (value) => rounded(value, numbers.dtype));

/** Values of direction d, cut into blocks of `size` and put in our order. */
function blocks(numbers: Numbers, d: number, size: number, order: readonly number[], first = 0): Float64Array {
  const all = valuesOf(numbers);
  const start = (d * all.length) / numbers.shape[0] + first;
  return Float64Array.from(order.flatMap((from) => [...all.slice(start + from * size, start + (from + 1) * size)]));
}

function choiceOf({ op, attributes, inputs }: OnnxLayer, d: number): CellChoice {
  const { clip } = attributes;
  const [first, second, third] = attributes.activations[d].map((name, i) =>
    activationOf(name, attributes.activation_params?.[d]?.[i]),
  );
  if (op === "RNN") return { name: "rnn", activation: first, clip };
  const gates = { gateActivation: first, candidateActivation: second, clip };
  if (op === "GRU") return { name: "gru", reset: attributes.linear_before_reset ? "after" : "before", ...gates };
  const coupled = attributes.input_forget ? "f=1-i" : "none";
  return { name: "lstm", peephole: inputs.P ? "gers" : "none", coupled, outputActivation: third, ...gates };
}

/** Every direction of a layer of the peers'. */
export function directionsOf(layer: OnnxLayer): readonly Direction[] {
  const { op, attributes, inputs } = layer;
  const { hidden_size: H, direction } = attributes;
  const I = inputs.W.shape[2];
  const coupled = op === "LSTM" && attributes.input_forget === 1;
  const order = coupled ? coupledOrder : orders[op];
  const [G, all] = [order.length, orders[op].length];
  const weightsOf = (d: number): Direction["weights"] => {
    const bias = (first: number): Float64Array =>
      inputs.B ? blocks(inputs.B, d, H, order, first) : new Float64Array(G * H);
    const peepholes: Record<string, { shape: number[]; values: Float64Array }> = {};
    if (inputs.P)
      for (const [gate, block] of [
        ["i", 0],
        ["o", 1],
        ["f", 2],
      ] as const)
        if (gate !== "f" || !coupled)
          peepholes[`peephole_${gate}`] = { shape: [H], values: blocks(inputs.P, d, H, [block]) };
    return {
      weight_ih: { shape: [G * H, I], values: blocks(inputs.W, d, H * I, order) },
      weight_hh: { shape: [G * H, H], values: blocks(inputs.R, d, H * H, order) },
      bias_ih: { shape: [G * H], values: bias(0) },
      bias_hh: { shape: [G * H], values: bias(all * H) },
      ...peepholes,
    };
  };
  return Array.from({ length: direction === "bidirectional" ? 2 : 1 }, (_, d) => ({
    cell: cellOf(cellSpec(choiceOf(layer, d))),
    reverse: direction === "reverse" || d === 1,
    weights: weightsOf(d),
  }));
}
