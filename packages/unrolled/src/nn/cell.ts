// A cell is one step of a recurrent network as a pure function of weights, input and state, written in ops. `unroll` runs
// it over a sequence: T copies, tied weights. T time, N batch, D input, H hidden.
import { ShapeError } from "../errors.js";
import { add, at, concat, gather, linear, matmul, reshape, slice, stack, where, zeros } from "../graph/ops/index.js";
import { type Shape, sameShape, showShape, sizeOf, type Tensor } from "../graph/tensor.js";
import { checkLengths, stepMask } from "./steps.js";

export interface CellSizes {
  readonly D: number;
  readonly H: number;
}

export type Named<K extends string = string> = Readonly<Record<K, Tensor>>;

/**
 * What goes into a layer: a sequence [T,N,D], or ids [T,N] into a table [V,D] that need not be looked up one by one; the
 * id V stands for the zero vector.
 * `frozen` says that the table and the weights do not change from run to run. Or a sequence whose product with one weight is known
 * already: `product` [T,N,G*H] = x W' for W = `of`, without bias; a cell that asks for anything else has the sequence itself.
 */
export type LayerInput =
  | Tensor
  | { readonly table: Tensor; readonly ids: Tensor; readonly frozen: boolean }
  | { readonly product: Tensor; readonly of: Tensor; readonly sequence: () => Tensor };

/** T, N and D of a layer's input. */
export function inputSize(input: LayerInput): readonly [number, number, number] {
  if ("table" in input) return [input.ids.shape[0], input.ids.shape[1], input.table.shape[1]];
  const { shape } = "product" in input ? input.product : input;
  return [shape[0], shape[1], "product" in input ? input.of.shape[1] : shape[2]];
}

/** What a cell may know of the sequence that it is about to run over. */
export interface SequenceRun {
  readonly T: number;
  readonly N: number;
  /** i32 [2], seed and step. Absent: evaluation, and nothing is random. */
  readonly key?: Tensor;
  /** The first of `drawsPerLayer` streams of draws that are this layer's and direction's own. */
  readonly stream: number;
}

/** Streams of draws that each layer and direction has for itself. */
export const drawsPerLayer = 16;

/** How a layer is run. */
export interface LayerRun {
  /** Steps of each row, i32 [N] with values from 0 to T; all T where left out. */
  readonly lengths?: Tensor;
  /** Each row from its own last step to its first; y[t] still belongs to time t. */
  readonly reverse?: boolean;
  /** i32 [2], seed and step: training. Nothing is random where left out. */
  readonly key?: Tensor;
  readonly stream?: number;
  /** Give what the cell shows of every step, too. */
  readonly trace?: boolean;
  readonly restart?: Restart;
}

/** Where rows begin anew in the middle of a sequence: a document ends and the next one knows nothing of it. */
export interface Restart {
  /** f32 [T,N]: 1 where a row has `states` before that step, whatever it had before; else 0. */
  readonly at: Tensor;
  /** By name, [N,...]. */
  readonly states: Named;
}

/** What a fused layer is told: a LayerRun, and the same as the cell's `begin` saw it. */
export interface FusedOptions {
  readonly lengths?: Tensor;
  readonly reverse: boolean;
  readonly trace: boolean;
  readonly run: SequenceRun;
}

export interface LayerResult<S extends string = string> {
  /** The first state after each step [T,N,H]; zero past the end of a row. */
  readonly y: Tensor;
  /** Every state after the last step that a row has. */
  readonly state: Named<S>;
  /** Where asked for: the states after each step, and gates and candidates by the cell's names, each [T,N,...]. */
  readonly trace?: Named;
}

/**
 * W names of weights, S of states, B of what `begin` adds. (Methods, so that a cell with names of its own is a `Cell`.) The first state is what the layer above sees; it need not be
 * H wide.
 */
export interface Cell<W extends string = string, S extends string = string, B extends string = never> {
  readonly name: string;
  weights(sizes: CellSizes): Readonly<Record<W, Shape>>;
  /** Shapes of the states without the batch axis. */
  state(sizes: CellSizes): Readonly<Record<S, Shape>>;
  /** Once per sequence, before its first step: masks, dropped weights. What it returns is handed to `step` and `fused`. */
  begin?(weights: Named<W>, run: SequenceRun): Named<W | B>;
  /**
   * x [N,D], states [N,...] -> states of the same shapes. Further names [N,...] beside the states are shown in a trace and
   * change nothing. t is the step's index from 0 to T-1.
   */
  step(
    weights: Named<W | B>,
    x: Tensor,
    state: Named<S>,
    t: number,
  ): Named<NoInfer<S>> & Readonly<Record<string, Tensor>>;
  /**
   * The whole sequence in fused kernels, equal to `unroll`; undefined for what these kernels cannot do. Asked for one step at a
   * time where rows begin anew in the middle of a sequence.
   */
  fused?(weights: Named<W | B>, input: LayerInput, state: Named<S>, options: FusedOptions): LayerResult<S> | undefined;
  /** First values of one weight; uniform in +-1/sqrt(H) where left out. */
  initial?(weight: W, sizes: CellSizes, uniform: () => number): Float32Array;
}

/** Checks nothing, changes nothing: gives a cell its types. */
export const cell = <const W extends string, const S extends string, const B extends string = never>(
  definition: Omit<Cell<W, S, B>, "name"> & { readonly name?: string },
): Cell<W, S, B> => ({
  name: "cell",
  ...definition,
});

/** The input as a sequence of vectors [T,N,D]. */
export function sequenceOf(input: LayerInput): Tensor {
  if ("product" in input) return input.sequence();
  return "table" in input ? gather(input.table, input.ids) : input;
}

/** A table multiplied out ahead of time may hold this many numbers (64 MiB of float32). */
const preparedLimit = 2 ** 24;

/**
 * f(x) for a whole sequence [T,N,D] -> [T,N,width], where f sees each vector by itself. Where the input is ids into a table
 * with fewer rows than the sequence has (or one that is worked out once for all runs), f is taken of the table and its rows
 * are looked up.
 */
export function projectWith(input: LayerInput, width: number, f: (x: Tensor) => Tensor): Tensor {
  if ("table" in input) {
    const [V, D] = input.table.shape;
    if (V <= sizeOf(input.ids.shape) || (input.frozen && V * width <= preparedLimit)) {
      const table = concat([input.table, zeros([1, D])], 0); // the zero vector has a row too: f(0) need not be 0
      return gather(f(table), input.ids);
    }
  }
  return f(sequenceOf(input));
}

/** x W' + b for a whole sequence [T,N,D] -> [T,N,G*H]. */
export const project = (input: LayerInput, W: Tensor, b: Tensor): Tensor =>
  "product" in input && input.of === W ? add(input.product, b) : projectWith(input, W.shape[0], (x) => linear(x, W, b));

/** Names of a cell's states; the first is what the layer above sees. */
export const stateNames = <W extends string, S extends string, B extends string>(c: Cell<W, S, B>): readonly S[] =>
  Object.keys(c.state({ D: 1, H: 1 })) as S[];

/** A LayerRun as the cell sees it. ShapeError for lengths that are none. */
function runOf(c: { readonly name: string }, input: LayerInput, run: LayerRun): FusedOptions {
  const [T, N] = inputSize(input);
  if (run.lengths) checkLengths(c.name, run.lengths, N);
  return {
    ...(run.lengths && { lengths: run.lengths }),
    reverse: run.reverse ?? false,
    trace: run.trace ?? false,
    run: { T, N, ...(run.key && { key: run.key }), stream: run.stream ?? 0 },
  };
}

/** a where a row has this step, else b; there [N] or [T,N] beside tensors of more axes. */
function choose(there: Tensor | undefined, a: Tensor, b: Tensor | number): Tensor {
  if (!there) return a;
  const axes = a.shape.map((n, i) => (i < there.shape.length ? n : 1));
  return where(reshape(there, axes), a, b);
}

/**
 * Runs a cell over a sequence step by step: the unrolled graph of the lectures. A row past its length copies its states
 * through, and y is zero there; in reverse it starts at its own last step. ShapeError for a step that changes its states'
 * shapes.
 */
export function unroll<W extends string, S extends string, B extends string = never>(
  c: Cell<W, S, B>,
  weights: Named<W>,
  input: LayerInput,
  state: Named<S>,
  run: LayerRun = {},
): LayerResult<S> {
  const options = runOf(c, input, run);
  return steps(c, begun(c, weights, options.run), input, state, options, run.restart);
}

const begun = <W extends string, S extends string, B extends string>(
  c: Cell<W, S, B>,
  weights: Named<W>,
  run: SequenceRun,
): Named<W | B> => c.begin?.(weights, run) ?? (weights as Named<W | B>);

function steps<W extends string, S extends string, B extends string>(
  c: Cell<W, S, B>,
  weights: Named<W | B>,
  input: LayerInput,
  state: Named<S>,
  { lengths, reverse, trace, run: { T } }: FusedOptions,
  restart?: Restart,
): LayerResult<S> {
  const xs = sequenceOf(input);
  const names = stateNames(c);
  const mask = lengths && stepMask(lengths, T);
  const shown = new Array<Named>(T);
  let current: Named = state;
  for (let i = 0; i < T; i++) {
    const t = reverse ? T - 1 - i : i;
    if (restart) current = restarted(restart, t, current);
    const next: Named = c.step(weights, at(xs, 0, t), current as Named<S>, t);
    checkStates(c.name, names, current, next);
    shown[t] = next;
    const there = mask && at(mask, 0, t);
    current = Object.fromEntries(names.map((name) => [name, choose(there, next[name], current[name])]));
  }
  const whole = (name: string): Tensor => choose(mask, stack(shown.map((values) => values[name])), 0);
  return {
    y: whole(names[0]),
    state: current as Named<S>,
    ...(trace && { trace: Object.fromEntries(Object.keys(shown[0]).map((name) => [name, whole(name)])) }),
  };
}

const restarted = ({ at: rows, states }: Restart, t: number, current: Named): Named =>
  Object.fromEntries(
    Object.entries(current).map(([name, value]) => [name, choose(at(rows, 0, t), states[name], value)]),
  );

/** A fused layer one step at a time, so that rows can begin anew between steps; undefined where it cannot be had. */
function fusedSteps<W extends string, S extends string, B extends string>(
  c: Cell<W, S, B>,
  weights: Named<W | B>,
  input: LayerInput,
  state: Named<S>,
  options: FusedOptions,
  restart: Restart,
): LayerResult<S> | undefined {
  const { T, N } = options.run;
  if (!c.fused || options.lengths || options.reverse) return undefined;
  const results: LayerResult<S>[] = [];
  let current: Named = state;
  for (let t = 0; t < T; t++) {
    const x =
      "table" in input
        ? { ...input, ids: slice(input.ids, 0, t, t + 1), frozen: input.frozen || input.table.shape[0] <= T * N }
        : slice(sequenceOf(input), 0, t, t + 1);
    const before = restarted(restart, t, current) as Named<S>;
    const made = c.fused(weights, x, before, { ...options, run: { ...options.run, T: 1 } });
    if (!made) return undefined;
    results.push(made);
    current = made.state;
  }
  const joined = (of: (result: LayerResult<S>) => Tensor): Tensor => concat(results.map(of), 0);
  const shown = Object.keys(results[0].trace ?? {});
  return {
    y: joined(({ y }) => y),
    state: current as Named<S>,
    ...(options.trace && {
      trace: Object.fromEntries(shown.map((name) => [name, joined(({ trace }) => (trace as Named)[name])])),
    }),
  };
}

function checkStates(where: string, names: readonly string[], before: Named, after: Named): void {
  for (const name of names)
    if (!after[name] || !sameShape(after[name].shape, before[name].shape))
      throw new ShapeError(
        `${where}: step must keep the shape of state ${name} ${showShape(before[name].shape)}, was ${after[name] ? showShape(after[name].shape) : "absent"}`,
        { code: "cell-state", hint: "what step returns must have the shapes that state promises" },
      );
}

/** Runs a cell over a sequence: fused where it can be, else unrolled; both mean the same (see `unroll`). */
export function runLayer<W extends string, S extends string, B extends string = never>(
  c: Cell<W, S, B>,
  weights: Named<W>,
  input: LayerInput,
  state: Named<S>,
  run: LayerRun = {},
): LayerResult<S> {
  const options = runOf(c, input, run);
  const ready = begun(c, weights, options.run);
  const { lengths } = options;
  if (run.restart)
    return (
      fusedSteps(c, ready, input, state, options, run.restart) ?? steps(c, ready, input, state, options, run.restart)
    );
  const made = c.fused?.(ready, input, state, options);
  if (!made) return steps(c, ready, input, state, options);
  // A slab copies the state through past the end of a row: what is seen there is zero.
  const mask = lengths && stepMask(lengths, options.run.T);
  const { trace = {} } = made;
  return {
    y: choose(mask, made.y, 0),
    state: made.state,
    ...(options.trace && {
      trace: Object.fromEntries(Object.entries(trace).map(([name, values]) => [name, choose(mask, values, 0)])),
    }),
  };
}

/** h [N,H] times R' for recurrent weights R [G*H,H] in PyTorch's layout. */
export const recurrent = (h: Tensor, R: Tensor): Tensor => matmul(h, R, { transposeB: true });
