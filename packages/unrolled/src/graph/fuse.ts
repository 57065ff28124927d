// Fusion. Elementwise nodes with one user are computed inside it; what is left becomes pieces of work, merged where they
// run over one shape; a product that is added to a result of its own is accumulated there.
import { type KernelRow, kernels, mapLimits } from "../device/kernels.js";
import { spanOf } from "./blocks.js";
import { type Call, resolve } from "./call.js";
import {
  isReadBack,
  joinable,
  type Leaf,
  makeWrites,
  mapCall,
  type MapWork,
  merged,
  sameBuffer,
  type Step,
  type Value,
  valuesOf,
} from "./map-work.js";
import type { Buffer, Emitter, Op, Root, View } from "./op.js";
import { constantOp } from "./ops/elementwise.js";
import { sameShape, stridesOf, type Tensor } from "./tensor.js";

export interface Fusion {
  /** Elementwise nodes that are computed inside their only user. */
  readonly inlined: ReadonlySet<Tensor>;
  /** Sums that are products accumulated onto another result. */
  readonly accumulated: ReadonlyMap<Tensor, { readonly base: Tensor; readonly product: Tensor }>;
}

const isConstant = (tensor: Tensor): tensor is Tensor<{ readonly value: number }> =>
  (tensor.op as Op) === (constantOp as Op);

/** Decides before anything is emitted. `kept` nodes are wanted for themselves. */
export function planFusion(order: readonly Tensor[], kept: ReadonlySet<Tensor>, find: (t: Tensor) => Tensor): Fusion {
  const users = new Map<Tensor, Set<Tensor>>();
  const readers = new Map<Tensor, Set<Tensor>>();
  for (const tensor of order)
    for (const [i, input] of tensor.inputs.map(find).entries())
      for (const by of tensor.op.waits && i > 0 ? [users] : [users, readers])
        by.set(input, (by.get(input) ?? new Set<Tensor>()).add(tensor));
  const onlyUsedHere = (tensor: Tensor): boolean => !kept.has(tensor) && users.get(tensor)?.size === 1;
  const onlyReadHere = (tensor: Tensor): boolean => !kept.has(tensor) && readers.get(tensor)?.size === 1;
  const accumulated = new Map<Tensor, { base: Tensor; product: Tensor }>();
  const inlined = new Set<Tensor>();
  const cost = new Map<Tensor, { instructions: number; leaves: number }>();
  for (const tensor of order) {
    if (!tensor.op.map) continue;
    const inputs = [...new Set(tensor.inputs.map(find))];
    const pair =
      tensor.op.map === "add" && inputs.length === 2 ? accumulation(tensor, inputs, onlyReadHere) : undefined;
    if (pair) {
      accumulated.set(tensor, pair);
      continue;
    }
    let instructions = 1 + inputs.filter(isConstant).length;
    let leaves = inputs.filter((t) => !isConstant(t)).length;
    for (const input of inputs) {
      const inner = cost.get(input);
      if (!inner || !onlyUsedHere(input) || !sameShape(input.shape, tensor.shape)) continue;
      if (instructions + inner.instructions > mapLimits.instructions || leaves + inner.leaves - 1 > mapLimits.inputs)
        continue;
      instructions += inner.instructions;
      leaves += inner.leaves - 1;
      inlined.add(input);
    }
    cost.set(tensor, { instructions, leaves });
  }
  return { inlined, accumulated };
}

/** a + product where the product, and a kernel's result of the same shape, are used nowhere else. */
function accumulation(
  sum: Tensor,
  inputs: readonly Tensor[],
  onlyReadHere: (t: Tensor) => boolean,
): { base: Tensor; product: Tensor } | undefined {
  const fits = (t: Tensor): boolean => onlyReadHere(t) && sameShape(t.shape, sum.shape);
  for (const [base, product] of [inputs, [...inputs].reverse()])
    if (fits(base) && fits(product) && product.op.canAccumulate?.(product) && base.op.lower && !isConstant(base))
      return { base, product };
  return undefined;
}

/** The work of a node and everything inlined into it. */
export function mapWork(
  root: Tensor,
  inlined: ReadonlySet<Tensor>,
  find: (t: Tensor) => Tensor,
  emit: Emitter,
): MapWork {
  const build = (viewOf: (t: Tensor) => View): MapWork => {
    const made = new Map<Tensor, Value>();
    const valueFor = (tensor: Tensor): Value => {
      const value =
        made.get(tensor) ??
        (tensor === root || inlined.has(tensor) || isConstant(tensor) ? step(tensor) : leaf(tensor));
      made.set(tensor, value);
      return value;
    };
    const step = (tensor: Tensor): Step => ({
      kind: "step",
      opcode: tensor.op.map ?? "constant",
      constant: isConstant(tensor) ? tensor.attributes.value : 0,
      operands: tensor.inputs.map((input) => valueFor(find(input))),
    });
    const leaf = (tensor: Tensor): Leaf => ({
      kind: "leaf",
      buffer: spanOf(viewOf(tensor)),
      strides: broadcastStrides(viewOf(tensor), root),
    });
    return {
      shape: root.shape,
      outputs: [{ buffer: emit.write(root), strides: stridesOf(root.shape), value: step(root) }],
    };
  };
  const work = build((tensor) => emit.view(tensor));
  if (joinable(work)) return work;
  return build((tensor) => ({ ...emit.read(tensor), shape: tensor.shape, strides: stridesOf(tensor.shape) }));
}

function broadcastStrides(view: View, root: Tensor): number[] {
  const lead = root.shape.length - view.shape.length;
  return root.shape.map((n, axis) =>
    axis < lead || (view.shape[axis - lead] === 1 && n !== 1) ? 0 : view.strides[axis - lead],
  );
}

/** How many calls back a piece of work looks for one to join. */
const mergeWindow = 32;

/** Work whose result is only copied to its place writes it there. */
function writtenInPlace(calls: readonly Call[]): readonly Call[] {
  const uses = new Map<Root, number>();
  const makers = new Map<Root, number>();
  for (const [index, call] of calls.entries()) {
    const outputs = call.work?.outputs.map((output) => output.buffer) ?? [];
    for (const { root } of outputs) makers.set(root, index);
    const leaves = call.work ? valuesOf(call.work).leaves.map((leaf) => leaf.buffer) : [];
    const named = Object.values(call.args).filter((arg): arg is Buffer => typeof arg === "object");
    for (const { root } of [...leaves, ...named]) uses.set(root, (uses.get(root) ?? 0) + 1);
  }
  const result: (Call | undefined)[] = [...calls];
  for (const [index, call] of calls.entries()) {
    const from = call.kernel === "copy" ? (call.args.x as Buffer) : undefined;
    const maker = from && makers.get(from.root);
    const work = maker === undefined ? undefined : result[maker]?.work;
    if (
      !from ||
      !work ||
      maker === undefined ||
      uses.get(from.root) !== 1 ||
      from.root.parent ||
      from.root.fixed !== undefined
    )
      continue;
    const moved = movedOutput(work, call);
    if (!moved) continue;
    result[maker] = { ...(result[maker] as Call), work: moved };
    result[index] = undefined;
  }
  return result.filter((call) => call !== undefined);
}

/** The work with the output that a copy reads written where the copy puts it. */
function movedOutput(work: MapWork, copy: Call): MapWork | undefined {
  const { x, y } = copy.args as { x: Buffer; y: Buffer };
  const number = (name: string): number => copy.args[name] as number;
  const axes = [0, 1, 2, 3]
    .filter((k) => number(`d${k}`) > 1)
    .map((k) => ({ n: number(`d${k}`), x: number(`xs${k}`), y: number(`ys${k}`) }));
  const strides = stridesOf(work.shape).map((stride, axis) => {
    if (work.shape[axis] === 1) return 0;
    const within = axes.find((a) => stride % a.x === 0 && stride >= a.x && stride * work.shape[axis] <= a.x * a.n);
    return within && within.y * (stride / within.x);
  });
  const whole = work.outputs.find(({ buffer }) => sameBuffer(buffer, x) && buffer.words === buffer.root.words);
  const isAll = axes.reduce((n, a) => n * a.n, 1) === x.words;
  if (!whole || !isAll || strides.includes(undefined)) return undefined;
  const outputs = work.outputs.map((output) =>
    output === whole ? { ...output, buffer: y, strides: strides as number[] } : output,
  );
  const moved = { ...work, outputs };
  return joinable(moved) ? moved : undefined;
}

/** Merges pieces of work over one shape where the later one may run earlier, and encodes what is left. */
export function mergeMaps(calls: readonly Call[]): Call[] {
  const done: Call[] = [];
  const writes = makeWrites(resolve);
  for (const call of writtenInPlace(calls)) {
    const work = call.work;
    const host = work && hostFor(work, done, writes.last);
    const index = host ? host.index : done.length;
    if (host) done[index] = { ...done[index], work: host.work };
    else done.push(call);
    for (const buffer of writtenBy(call)) writes.add(buffer, index);
  }
  return done.map((call) => (call.work ? { ...call, ...mapCall(call.work), work: undefined } : call));
}

/** The latest earlier piece of work that this one can be done with: all it reads is there by then. */
function hostFor(
  work: MapWork,
  done: readonly Call[],
  lastWrite: (buffer: Buffer) => number,
): { index: number; work: MapWork } | undefined {
  const ready = Math.max(-1, ...valuesOf(work).leaves.map((leaf) => lastWrite(leaf.buffer)));
  for (let index = done.length - 1; index >= Math.max(0, ready, done.length - mergeWindow); index--) {
    const host = done[index].work;
    if (!host || !sameShape(squeezed(host.shape), squeezed(work.shape)) || host.shape.length !== work.shape.length)
      continue;
    const readsHost = valuesOf(work).leaves.filter((leaf) => lastWrite(leaf.buffer) === index);
    const asWritten = readsHost.every((leaf) => host.outputs.some((output) => isReadBack(output, leaf, work.shape)));
    const both = asWritten ? merged(host, work) : undefined;
    if (both) return { index, work: both };
  }
  return undefined;
}

const squeezed = (shape: readonly number[]): number[] => shape.filter((n) => n !== 1);

function writtenBy(call: Call): Buffer[] {
  if (call.work) return call.work.outputs.map((output) => output.buffer);
  const { parameters } = kernels[call.kernel] as unknown as KernelRow;
  const written = Object.entries(parameters).filter(([, kind]) =>
    ["out", "inout", "optionalInout", "outIds", "inoutIds"].includes(kind),
  );
  return written.flatMap(([name]) => (typeof call.args[name] === "object" ? [call.args[name] as Buffer] : []));
}
