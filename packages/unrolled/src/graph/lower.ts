// Lowering: from a graph to a list of kernel calls on symbolic buffers. Views (reshape, slice, transpose, broadcast) cost
// nothing, elementwise trees become one `map`, and what depends on frozen variables alone is computed once.
import { packedWords } from "../device/kernels.js";
import { copyDense, spanOf } from "./blocks.js";
import type { Call } from "./call.js";
import { type Fusion, mapWork, mergeMaps, planFusion } from "./fuse.js";
import { topological } from "./gradient.js";
import { unpackSmall } from "./in-place.js";
import { merger } from "./merge.js";
import type { Buffer, Emitter, Op, PackLayout, Root, View } from "./op.js";
import { constantOp } from "./ops/elementwise.js";
import { isDense, isPart } from "./ops/shape.js";
import { type Storage, sizeOf, stridesOf, type Tensor } from "./tensor.js";
import { isVariable } from "./variable.js";

export interface Lowered {
  /** Calls that depend on frozen variables alone; run when those change. */
  readonly once: readonly Call[];
  readonly each: readonly Call[];
  /** Roots that `once` writes; they keep their place. */
  readonly persistent: ReadonlySet<Root>;
  readonly storages: ReadonlyMap<Storage, Root>;
}

export interface LowerRequest {
  readonly inputs: ReadonlyMap<Tensor, Root>;
  readonly outputs: readonly { readonly tensor: Tensor; readonly root: Root }[];
  readonly updates: readonly Tensor[];
  readonly guard: Tensor | undefined;
  /** Variables do not change between runs. */
  readonly frozen: boolean;
}

/** What lowering has found out so far. */
interface Lowering {
  readonly request: LowerRequest;
  readonly find: (tensor: Tensor) => Tensor;
  readonly fusion: Fusion;
  /** Products that are added to what their buffer holds. */
  readonly accumulating: Set<Tensor>;
  /** Nodes that change from run to run. */
  readonly varying: ReadonlySet<Tensor>;
  readonly once: Call[];
  readonly each: Call[];
  readonly persistent: Set<Root>;
  readonly storages: Map<Storage, Root>;
  readonly views: Map<Tensor, View>;
  readonly results: Map<Tensor, Buffer[]>;
  readonly dense: Map<Tensor, Buffer>;
  readonly packs: Map<Tensor, Map<string, Buffer>>;
  /** The node being lowered. */
  current: { readonly tensor: Tensor; readonly once: boolean } | undefined;
  guard: Buffer | undefined;
}

export function lower(request: LowerRequest): Lowered {
  const find = merger();
  const roots = [
    ...request.outputs.map((o) => o.tensor),
    ...(request.guard ? [request.guard] : []),
    ...request.updates,
  ];
  const order = [...new Set(topological(roots).map(find))];
  const fusion = planFusion(order, new Set(roots.map(find)), find);
  const written = request.frozen ? writtenStorages(order) : new Set<Storage>();
  const changes = (t: Tensor): boolean => request.inputs.has(t) || (isVariable(t) && written.has(t.storage));
  const varying = new Set<Tensor>();
  for (const tensor of order)
    if (changes(tensor) || tensor.inputs.some((t) => varying.has(find(t)))) varying.add(tensor);
  const state: Lowering = {
    request,
    find,
    fusion,
    accumulating: new Set(),
    varying,
    once: [],
    each: [],
    persistent: new Set(),
    storages: new Map(),
    views: new Map(),
    results: new Map(),
    dense: new Map(),
    packs: new Map(),
    current: undefined,
    guard: undefined,
  }; // prettier-ignore
  const emit = emitter(state);
  const products = new Set([...fusion.accumulated.values()].map(({ product }) => product));
  const inside = (tensor: Tensor): boolean => fusion.inlined.has(tensor) || products.has(tensor) || isConstant(tensor);
  for (const tensor of order) if (!tensor.op.writes && !tensor.op.view && !inside(tensor)) emit.view(tensor);
  for (const { tensor, root } of request.outputs)
    within(state, tensor, false, () => copyDense(emit.view(tensor), wholeBuffer(root), emit));
  if (request.guard) state.guard = emit.read(request.guard);
  lowerUpdates(state, emit);
  return {
    once: mergeMaps(state.once),
    each: mergeMaps(unpackSmall(state.each)),
    persistent: state.persistent,
    storages: state.storages,
  };
}

/** Storages that the program itself writes: they are not frozen though the weights are. */
const writtenStorages = (order: readonly Tensor[]): ReadonlySet<Storage> =>
  new Set(
    order
      .filter((t) => t.op.writes)
      .flatMap((t) => t.inputs.flatMap((input) => (isVariable(input) ? [input.storage] : []))),
  );

export const wholeBuffer = (root: Root): Buffer => ({ root, offset: 0, words: root.words });

const isConstant = (tensor: Tensor): boolean => (tensor.op as Op) === (constantOp as Op);
const denseView = (buffer: Buffer, tensor: Tensor): View => ({
  ...buffer,
  shape: tensor.shape,
  strides: stridesOf(tensor.shape),
});

/** Runs an emission in the name of a node, so that its calls land in the right list and can be named. */
function within<T>(state: Lowering, tensor: Tensor, once: boolean, emission: () => T): T {
  const outer = state.current;
  state.current = { tensor, once };
  try {
    return emission();
  } finally {
    state.current = outer;
  }
}

const runsOnce = (state: Lowering, tensor: Tensor): boolean =>
  state.request.frozen && !state.varying.has(tensor) && !tensor.op.writes;

function makeRoot(state: Lowering, words: number): Buffer {
  const root: Root = { words };
  if (state.current?.once) state.persistent.add(root);
  return wholeBuffer(root);
}

/** The root of a storage; its place is filled in when the program meets the device. */
function storageRoot(state: Lowering, storage: Storage): Root {
  const root = state.storages.get(storage) ?? { words: storage.words, fixed: Number.NaN };
  state.storages.set(storage, root);
  return root;
}

function emitter(state: Lowering): Emitter {
  const { find } = state;
  const emit: Emitter = {
    view(tensor) {
      const known = find(tensor);
      const view = state.views.get(known) ?? compute(state, known, emit);
      state.views.set(known, view);
      return view;
    },
    read(tensor) {
      const known = find(tensor);
      const copied = state.dense.get(known);
      if (copied) return copied;
      const view = emit.view(known);
      if (isDense(view)) return spanOf(view);
      const once = runsOnce(state, known);
      const buffer = within(state, known, once, () => copyDense(view, makeRoot(state, sizeOf(view.shape)), emit));
      state.dense.set(known, buffer);
      return buffer;
    },
    write(tensor, index = 0) {
      const known = find(tensor);
      const buffers =
        state.results.get(known) ?? [tensor.shape, ...tensor.further].map((shape) => makeRoot(state, sizeOf(shape)));
      state.results.set(known, buffers);
      return buffers[index];
    },
    call(kernel, args, tail = []) {
      const { current } = state;
      if (!current) throw new Error("lower: a call outside of a node");
      (current.once ? state.once : state.each).push({ kernel, args, tail, tensor: current.tensor });
    },
    packed: (tensor, layout) => packed(state, find(tensor), layout, emit),
    accumulates: (tensor) => state.accumulating.has(find(tensor)),
    fromVariables: (tensor) => !state.varying.has(find(tensor)),
    place: (tensor, target) => place(state, emit.view(tensor), target, emit),
    get guard() {
      return state.guard;
    },
  };
  return emit;
}

/** Emits a node and says where its first result lies. */
function compute(state: Lowering, tensor: Tensor, emit: Emitter): View {
  if (isVariable(tensor))
    return { ...denseView(wholeBuffer(storageRoot(state, tensor.storage)), tensor), offset: tensor.offset };
  const given = state.request.inputs.get(tensor);
  if (given) return denseView(wholeBuffer(given), tensor);
  const results = (of: Tensor): Buffer[] => state.results.get(state.find(of)) as Buffer[];
  if (isPart(tensor)) {
    emit.view(tensor.inputs[0]);
    return denseView(results(tensor.inputs[0])[tensor.attributes.index], tensor);
  }
  return within(state, tensor, runsOnce(state, tensor), () => {
    if (tensor.op.view) return lookThrough(tensor, emit);
    if (accumulate(state, tensor, emit)) return state.views.get(tensor) as View;
    if (tensor.op.map) emitMap(state, tensor, emit);
    else tensor.op.lower?.(tensor, emit);
    return denseView(results(tensor)[0], tensor);
  });
}

function emitMap(state: Lowering, tensor: Tensor, emit: Emitter): void {
  if (sizeOf(tensor.shape) === 0) return void emit.write(tensor);
  const work = mapWork(tensor, state.fusion.inlined, state.find, emit);
  (state.current?.once ? state.once : state.each).push({ kernel: "map", args: {}, tail: [], work, tensor });
}

/** Lowers a sum as a product that is added to its other side, in place. False where the sum is not such. */
function accumulate(state: Lowering, sum: Tensor, emit: Emitter): boolean {
  const pair = state.fusion.accumulated.get(sum);
  if (!pair) return false;
  const { base, product } = pair;
  const view = emit.view(base);
  if (runsOnce(state, base) === runsOnce(state, product)) {
    state.accumulating.add(product);
    state.results.set(product, [spanOf(view)]);
    within(state, product, runsOnce(state, product), () => product.op.lower?.(product, emit));
    state.views.set(product, view);
    state.views.set(sum, view);
    return true;
  }
  return false;
}

function lookThrough(tensor: Tensor, emit: Emitter): View {
  const [source] = tensor.inputs;
  const seen =
    tensor.op.view?.(tensor, emit.view(source)) ?? tensor.op.view?.(tensor, denseView(emit.read(source), source));
  if (!seen) throw new Error(`lower: ${tensor.op.name} cannot view a dense tensor`);
  return seen;
}

function packed(state: Lowering, tensor: Tensor, layout: PackLayout, emit: Emitter): Buffer {
  const key = `${layout.groups}${layout.transposed}`;
  const made = state.packs.get(tensor) ?? new Map<string, Buffer>();
  state.packs.set(tensor, made);
  const present = made.get(key);
  if (present) return present;
  const view = emit.view(tensor);
  const rank = view.shape.length;
  const [k, n] = layout.transposed ? [rank - 1, rank - 2] : [rank - 2, rank - 1];
  const [K, N] = [view.shape[k], view.shape[n]];
  const buffer = within(state, tensor, runsOnce(state, tensor), () => {
    const y = makeRoot(state, packedWords(K, N, layout.groups));
    emit.call("pack", {
      y,
      x: spanOf(view),
      K,
      N,
      kStride: view.strides[k],
      nStride: view.strides[n],
      groups: layout.groups,
    });
    return y;
  });
  made.set(key, buffer);
  return buffer;
}

/** Makes a whole scratch root a part of the target, so that it is computed there; copies where it has a place already. */
function place(state: Lowering, view: View, target: Buffer, emit: Emitter): void {
  const { root } = view;
  const movable =
    root.fixed === undefined &&
    !root.parent &&
    root !== target.root &&
    view.offset === 0 &&
    sizeOf(view.shape) === root.words &&
    isDense(view) &&
    state.persistent.has(root) === state.persistent.has(target.root); // prettier-ignore
  if (movable) root.parent = target;
  else copyDense(view, target, emit);
}

/** Updates run last, and values that lie in a variable are copied first: every read of a program sees the old state. */
function lowerUpdates(state: Lowering, emit: Emitter): void {
  const updates = state.request.updates.map(state.find);
  for (const update of updates)
    for (const value of update.inputs.map(state.find)) {
      if (isVariable(value)) continue;
      const buffer = emit.read(value);
      if (!Number.isNaN(buffer.root.fixed)) continue;
      const copy = within(state, update, false, () => copyDense(emit.view(value), makeRoot(state, buffer.words), emit));
      state.dense.set(value, copy);
    }
  for (const update of updates) within(state, update, false, () => update.op.lower?.(update, emit));
}
