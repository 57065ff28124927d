// Layers on top of each other: cells of any kind, a size and a direction per layer, residual and highway connections, dropout
// between them. T time, N batch, D input, H hidden, L layers.
import type { Draws } from "../draws.js";
import { SpecError } from "../errors.js";
import {
  add,
  broadcastTo,
  concat,
  dropout,
  full,
  linear,
  maximum,
  mul,
  reshape,
  sigmoid,
  sub,
  where,
  zeros,
} from "../graph/ops/index.js";
import { type Shape, sizeOf, type Tensor } from "../graph/tensor.js";
import {
  type Cell,
  drawsPerLayer,
  inputSize,
  type LayerInput,
  type LayerResult,
  type Named,
  runLayer,
  sequenceOf,
} from "./cell.js";
import { type CellChoice, type CellSpec, cellOf, chosenCell } from "./cells/index.js";
import { cellValues, uniformValues } from "./init.js";
import { startedRows, stepMask } from "./steps.js";

/** One layer as plain JSON. */
export interface LayerSpec {
  readonly cell: CellSpec;
  /** H: units of each direction. */
  readonly hidden: number;
  readonly direction: "forward" | "reverse" | "both";
  /** How the two directions of "both" are put together: side by side [2H], or added [H]. */
  readonly merge: "concat" | "sum";
  /** What the layer's input does beside the layer: x + f(x), or t f(x) + (1-t) x with a gate t = sigmoid(x W' + b). */
  readonly residual: "none" | "add" | "highway";
  /** Probability of dropping an output of the layer in training; what a residual connection carries past it is kept. */
  readonly dropout: number;
  /** One dropout mask for all steps of a sequence (Gal & Ghahramani 2016), not one per step. */
  readonly variational: boolean;
  /** What the states begin as: zeros, or weights of their own. */
  readonly initial: "zero" | "learned";
}

/** A layer to be run: its cell by spec, or a cell of one's own. */
export interface StackLayer extends Omit<LayerSpec, "cell"> {
  readonly cell: CellSpec | Cell;
}

/** What a layer is made of; everything but its size has a default. */
export interface LayerOptions extends Partial<Omit<LayerSpec, "cell" | "hidden">> {
  readonly hidden: number;
  readonly cell?: CellChoice | Cell;
}

/** The complete layer: an LSTM, forward, nothing dropped, where nothing else is said. */
export const layer = ({ cell = "lstm", ...options }: LayerOptions): StackLayer => ({
  direction: "forward",
  merge: "concat",
  residual: "none",
  dropout: 0,
  variational: false,
  initial: "zero",
  ...options,
  cell: chosenCell(cell),
});

/** One direction of one layer, with all its sizes. */
interface Strand {
  readonly reverse: boolean;
  /** "_l0" or "_l0_reverse": PyTorch's ending of weights. */
  readonly weights: string;
  /** ".0" or ".0.reverse": the ending of states. */
  readonly states: string;
  /** Number among all directions of all layers, both counted where there is but one. */
  readonly number: number;
}

interface Level {
  readonly layer: StackLayer;
  readonly cell: Cell;
  readonly l: number;
  /** Width of what comes in and of what goes out. */
  readonly D: number;
  readonly width: number;
  readonly strands: readonly Strand[];
}

const strandsOf = (layer: StackLayer, l: number): readonly Strand[] =>
  [false, true]
    .filter((reverse) => layer.direction === "both" || (layer.direction === "reverse") === reverse)
    .map((reverse) => ({
      reverse,
      weights: reverse ? `_l${l}_reverse` : `_l${l}`,
      states: reverse ? `.${l}.reverse` : `.${l}`,
      number: 2 * l + (reverse ? 1 : 0),
    }));

/** Width of what one layer gives. SpecError for a cell whose first state is not a vector. */
function widthOf(layer: StackLayer, cell: Cell, l: number): number {
  const [first] = Object.values(cell.state({ D: layer.hidden, H: layer.hidden }));
  if (first?.length !== 1)
    throw new SpecError(`layers[${l}].cell: the first state of ${cell.name} must be a vector, was [${first ?? ""}]`);
  return layer.direction === "both" && layer.merge === "concat" ? 2 * first[0] : first[0];
}

/** The layers with their sizes. SpecError where a residual connection would join different widths. */
function levelsOf(layers: readonly StackLayer[], D: number): readonly Level[] {
  let below = D;
  return layers.map((layer, l) => {
    const cell = cellOf(layer.cell);
    const width = widthOf(layer, cell, l);
    if (layer.residual !== "none" && width !== below)
      throw new SpecError(
        `layers[${l}].residual: must join equal widths, was ${layer.residual} with ${below} units coming in and ${width} going out`,
        {
          code: "spec-residual",
          hint: "give the layers and their input one size, or leave the residual connection out",
        },
      );
    const level = { layer, cell, l, D: below, width, strands: strandsOf(layer, l) };
    below = width;
    return level;
  });
}

/** A weight's shape and its first values. */
export interface StackWeight {
  readonly shape: Shape;
  readonly values: (draws: Draws) => Float32Array;
}

/**
 * All weights of a stack over inputs of width D, in order: "rnn.weight_ih_l0" and so on (PyTorch's names, "_reverse" at the
 * end for the backward direction), "rnn.initial_h_l0" of learned states, "rnn.highway_weight_l0" of highway connections.
 */
export function stackWeights(layers: readonly StackLayer[], D: number, name = "rnn"): ReadonlyMap<string, StackWeight> {
  const weights = new Map<string, StackWeight>();
  for (const { layer, cell, D: width, strands, l } of levelsOf(layers, D)) {
    const sizes = { D: width, H: layer.hidden };
    for (const strand of strands) {
      for (const [key, shape] of Object.entries(cell.weights(sizes)))
        weights.set(`${name}.${key}${strand.weights}`, {
          shape,
          values: (draws) => cellValues(cell, key, sizes, draws),
        });
      if (layer.initial === "learned")
        for (const [key, shape] of Object.entries(cell.state(sizes)))
          weights.set(`${name}.initial_${key}${strand.weights}`, {
            shape,
            values: () => new Float32Array(sizeOf(shape)),
          });
    }
    if (layer.residual === "highway") {
      const shape = [width, width];
      weights.set(`${name}.highway_weight_l${l}`, {
        shape,
        values: (draws) => uniformValues(shape, 1 / Math.sqrt(width), draws),
      });
      // Below zero: at first most of the input passes by (Srivastava 2015).
      weights.set(`${name}.highway_bias_l${l}`, { shape: [width], values: () => new Float32Array(width).fill(-1) });
    }
  }
  return weights;
}

/** Shapes of all weights of a stack by name, in the order in which they lie in memory (see `stackWeights`). */
export const stackShapes = (layers: readonly StackLayer[], D: number, name = "rnn"): ReadonlyMap<string, Shape> =>
  new Map([...stackWeights(layers, D, name)].map(([key, { shape }]) => [key, shape]));

/** Width of what the top layer gives. */
export function stackWidth(layers: readonly StackLayer[]): number {
  const top = layers.length - 1;
  return widthOf(layers[top], cellOf(layers[top].cell), top);
}

/** Where states are learned: 0 for a row that has not begun, whose states are not yet its own; then 1. [N,1] */
const begunName = "begun";

/**
 * Shapes of the states that a stack carries for N rows: "h.0", "c.0", "h.0.reverse" and so on; "begun" [N,1] too where a
 * layer learns its first states. All zeros is the beginning.
 */
export function stackStates(layers: readonly StackLayer[], N: number): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const [l, layer] of layers.entries())
    for (const strand of strandsOf(layer, l))
      for (const [key, shape] of Object.entries(cellOf(layer.cell).state({ D: layer.hidden, H: layer.hidden })))
        shapes.set(`${key}${strand.states}`, [N, ...shape]);
  if (layers.some(({ initial }) => initial === "learned")) shapes.set(begunName, [N, 1]);
  return shapes;
}

/** How a stack is run. */
export interface StackRun {
  /** Steps of each row, i32 [N] with values from 0 to T; all T where left out. */
  readonly lengths?: Tensor;
  /** i32 [2], seed and step: training. Nothing is dropped or random where left out. */
  readonly key?: Tensor;
  /** Give what the cells show of every step, too. */
  readonly trace?: boolean;
  /** f32 [T,N]: 1 where a row begins anew before that step, as its layers say they begin; else 0. */
  readonly restart?: Tensor;
  /** What the weights' names begin with: "rnn" where left out. */
  readonly name?: string;
  /** Added to all streams of draws: a stack uses less than 4096 of them, two stacks in one program need different ones. */
  readonly stream?: number;
}

export interface StackResult {
  /** [T,N,stackWidth]; zero past the end of a row. */
  readonly y: Tensor;
  /** By the names of `stackStates`. */
  readonly states: Named;
  /** States, gates and candidates after every step [T,N,...]: "h.0", "i.0", "h.1.reverse"; empty unless asked for. */
  readonly traces: Named;
}

/**
 * Runs a stack over a sequence. Weights by the names of `stackWeights`, states by those of `stackStates`: one that is left
 * out begins as its layer says.
 */
export function runStack(
  layers: readonly StackLayer[],
  weights: Named,
  input: LayerInput,
  states: Named = {},
  run: StackRun = {},
): StackResult {
  const [T, N, D] = inputSize(input);
  const after: Record<string, Tensor> = {};
  const traces: Record<string, Tensor> = {};
  let below: LayerInput = input;
  for (const level of levelsOf(layers, D)) {
    const parts = level.strands.map((strand) => {
      const result = runStrand(
        level,
        strand,
        weights,
        below,
        beginning(level, strand, weights, states, N, run),
        run,
        () => beginning(level, strand, weights, {}, N, run),
      );
      for (const [key, value] of Object.entries(result.state)) after[`${key}${strand.states}`] = value;
      for (const [key, value] of Object.entries(result.trace ?? {})) traces[`${key}${strand.states}`] = value;
      return result.y;
    });
    const joined = parts.length > 1 && level.layer.merge === "sum" ? add(parts[0], parts[1]) : concat(parts);
    below = joinPast(level, weights, below, drop(level, joined, run), run, T);
  }
  const learned = layers.some(({ initial }) => initial === "learned");
  if (learned) after[begunName] = begunAfter(states, N, T, run.lengths);
  return { y: below as Tensor, states: after, traces };
}

function runStrand(
  { cell, layer, D }: Level,
  { reverse, weights: ending, number }: Strand,
  weights: Named,
  input: LayerInput,
  state: Named,
  { lengths, key, trace = false, name = "rnn", stream = 0, restart }: StackRun,
  first: () => Named,
): LayerResult {
  const own = Object.keys(cell.weights({ D, H: layer.hidden })).map((w) => [w, weights[`${name}.${w}${ending}`]]);
  return runLayer(cell, Object.fromEntries(own), input, state, {
    ...(lengths && { lengths }),
    ...(key && { key }),
    ...(restart && { restart: { at: restart, states: first() } }),
    reverse,
    trace,
    stream: stream + 64 + drawsPerLayer * number,
  });
}

/** The states that one direction of a layer starts from. */
function beginning(level: Level, strand: Strand, weights: Named, states: Named, N: number, run: StackRun): Named {
  const { cell, layer, D } = level;
  const entries = Object.entries(cell.state({ D, H: layer.hidden })).map(([key, shape]) => {
    const carried = states[`${key}${strand.states}`];
    if (layer.initial === "zero") return [key, carried ?? zeros([N, ...shape])] as const;
    const learned = broadcastTo(weights[`${run.name ?? "rnn"}.initial_${key}${strand.weights}`], [N, ...shape]);
    const begun = states[begunName];
    if (!carried || !begun) return [key, carried ?? learned] as const;
    return [key, where(reshape(begun, [N, ...shape.map(() => 1)]), carried, learned)] as const;
  });
  return Object.fromEntries(entries);
}

/** A row has begun when it had begun before, or has a step now. */
function begunAfter(states: Named, N: number, T: number, lengths: Tensor | undefined): Tensor {
  if (!lengths) return full([N, 1], 1);
  const now = reshape(startedRows(lengths, T), [N, 1]);
  return states[begunName] ? maximum(states[begunName], now) : now;
}

function drop({ layer, l }: Level, y: Tensor, { key, stream = 0 }: StackRun): Tensor {
  if (!key || layer.dropout === 0) return y;
  const draw = { rate: layer.dropout, key, stream: stream + l };
  return layer.variational ? mul(y, dropout(full([1, ...y.shape.slice(1)], 1), draw)) : dropout(y, draw);
}

/** What goes past a layer, put together with what comes out of it. */
function joinPast(level: Level, weights: Named, input: LayerInput, y: Tensor, run: StackRun, T: number): Tensor {
  const { l, layer } = level;
  if (layer.residual === "none") return y;
  const [x, name] = [sequenceOf(input), run.name ?? "rnn"];
  const gate = (): Tensor =>
    sigmoid(linear(x, weights[`${name}.highway_weight_l${l}`], weights[`${name}.highway_bias_l${l}`]));
  const joined = layer.residual === "add" ? add(x, y) : mix(gate(), y, x);
  return run.lengths ? where(reshape(stepMask(run.lengths, T), [...y.shape.slice(0, 2), 1]), joined, 0) : joined;
}

/** t a + (1-t) b */
const mix = (t: Tensor, a: Tensor, b: Tensor): Tensor => add(mul(t, a), mul(sub(1, t), b));
