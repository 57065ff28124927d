// The lectures' nets whose weights are set by hand, run through the real cells. T time, N batch, D input, H hidden, O outputs.
// Sources: CSC321 (2017) lecture 14 and homework 5; the "hello" net of CS231n lecture 10, with weights that make its pictures.
import { linear, zeros } from "../graph/ops/index.js";
import type { Shape, Tensor, Variable } from "../graph/tensor.js";
import { variables } from "../graph/variable.js";
import { type Activation, activate } from "./activations.js";
import { type Named, runLayer } from "./cell.js";
import { type CellSpec, cellOf, cellSpec } from "./cells/index.js";

type Matrix = readonly (readonly number[])[];

export interface HandSetNet {
  readonly cell: CellSpec;
  readonly D: number;
  readonly H: number;
  /** Weights of the cell by name; those left out are zero. */
  readonly weights: Readonly<Record<string, Matrix | readonly number[]>>;
  /** What is read off the states: activation(h V' + b). Absent where the state itself is the output. */
  readonly head?: { readonly weight: Matrix; readonly bias: readonly number[]; readonly activation: Activation };
}

const linearRnn = cellSpec("rnn", { activation: "linear" });
const thresholdRnn = cellSpec("rnn", { activation: "hard-threshold" });

export const handSetNets = {
  /** Adds up its inputs: all weights 1. Inputs 2, -0.5, 1, 1 give 2, 1.5, 2.5, 3.5. */
  sum: {
    cell: linearRnn,
    D: 1,
    H: 1,
    weights: { weight_ih: [[1]], weight_hh: [[1]] },
    head: { weight: [[1]], bias: [0], activation: "linear" },
  },
  /** Which of two inputs has the larger total so far. (2,-2), (0,3.5), (1,2.2) give 1.00, 0.92, 0.03. */
  comparison: {
    cell: linearRnn,
    D: 2,
    H: 1,
    weights: { weight_ih: [[1, -1]], weight_hh: [[1]] },
    head: { weight: [[5]], bias: [0], activation: "sigmoid" },
  },
  /** Parity of the bits so far, y(t) = x(t) XOR y(t-1): units AND and OR, the output fed back to them (a Jordan net). */
  parityJordan: {
    cell: cellSpec({ name: "jordan", outputs: 1, activation: "hard-threshold", outputActivation: "hard-threshold" }),
    D: 1,
    H: 2,
    weights: {
      weight_ih: [[1], [1]],
      weight_hh: [[1], [1]],
      bias_h: [-1.5, -0.5],
      weight_oh: [[-1, 1]],
      bias_o: [-0.5],
    },
  },
  /** The same with the loop among the hidden units (an Elman net): y(t-1) is OR - AND. */
  parityElman: {
    cell: thresholdRnn,
    D: 1,
    H: 2,
    weights: {
      weight_ih: [[1], [1]],
      weight_hh: [
        [-1, 1],
        [-1, 1],
      ],
      bias_ih: [-1.5, -0.5],
    },
    head: { weight: [[-1, 1]], bias: [-0.5], activation: "hard-threshold" },
  },
  /** Adds two binary numbers, lowest bit first: unit k is on where bits and carry are more than k; unit 1 is the carry. */
  adder: {
    cell: thresholdRnn,
    D: 2,
    H: 3,
    weights: {
      weight_ih: [
        [1, 1],
        [1, 1],
        [1, 1],
      ],
      weight_hh: [
        [0, 1, 0],
        [0, 1, 0],
        [0, 1, 0],
      ],
      bias_ih: [-0.5, -1.5, -2.5],
    },
    head: { weight: [[1, -1, 1]], bias: [-0.5], activation: "hard-threshold" },
  },
  /**
   * The slide's character model over h, e, l, o (one-hot): its hidden states and logits for "hell" to three and two
   * digits. The slide has no output bias; without one no weights make its logits.
   */
  hello: {
    cell: cellSpec("rnn"),
    D: 4,
    H: 3,
    weights: {
      weight_ih: [
        [0.30952, 2.854067, -0.199314, 0],
        [-0.100335, 1.00208, 0.928651, 0],
        [1.472219, 0.503506, 0.550865, 0],
      ],
      weight_hh: [
        [0.229116, 0.204796, 0.102398],
        [-1.130067, -1.010116, -0.505058],
        [-0.657862, -0.588033, -0.294017],
      ],
    },
    head: {
      weight: [
        [0.428118, -0.381937, 0.805959],
        [1.157505, -2.5882, 2.086483],
        [-2.172304, 0.799088, -3.987645],
        [1.02537, -0.424022, 4.303779],
      ],
      bias: [0.108007, -0.283906, 1.320481, -0.123414],
      activation: "linear",
    },
  },
} as const satisfies Readonly<Record<string, HandSetNet>>;

export type HandSetName = keyof typeof handSetNets;
export const handSetNames = Object.keys(handSetNets) as readonly HandSetName[];

/** The net's weights as variables in one storage: the cell's by name, and "head.weight" [O,H] and "head.bias" [O]. */
export function handSetWeights(net: HandSetNet): Readonly<Record<string, Variable>> {
  const shapes = new Map<string, Shape>(Object.entries(cellOf(net.cell).weights({ D: net.D, H: net.H })));
  const values = new Map(Object.entries(net.weights).map(([name, given]) => [name, given.flat()]));
  if (net.head) {
    shapes.set("head.weight", [net.head.weight.length, net.head.weight[0].length]);
    shapes.set("head.bias", [net.head.bias.length]);
    values.set("head.weight", net.head.weight.flat());
    values.set("head.bias", [...net.head.bias]);
  }
  const specs = [...shapes].map(([name, shape]) => {
    const given = values.get(name);
    return [name, given ? { shape, initial: () => given } : { shape }] as const;
  });
  return variables("hand-set", Object.fromEntries(specs));
}

/** Runs a net from zero states over x [T,N,D]: the states [T,N,H] and the outputs [T,N,O]. */
export function runHandSet(
  net: HandSetNet,
  weights: Named,
  x: Tensor,
): { readonly hidden: Tensor; readonly output: Tensor } {
  const cell = cellOf(net.cell);
  const N = x.shape[1];
  const states = Object.entries(cell.state({ D: net.D, H: net.H })).map(([name, shape]) => [
    name,
    zeros([N, ...shape]),
  ]);
  const { y } = runLayer(cell, weights, x, Object.fromEntries(states));
  const { head } = net;
  return {
    hidden: y,
    output: head ? activate(head.activation, linear(y, weights["head.weight"], weights["head.bias"])) : y,
  };
}
