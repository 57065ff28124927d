// Fusion of elementwise ops: a tree of them with one user each becomes one `map` call.
import { mapLimits, mapOpcodes } from "../device/kernels.js";
import { joinAxes, spanOf } from "./blocks.js";
import type { Buffer, Emitter, Op, View } from "./op.js";
import { constantOp } from "./ops/elementwise.js";
import { sameShape, sizeOf, stridesOf, type Tensor } from "./tensor.js";

const isConstant = (tensor: Tensor): tensor is Tensor<{ readonly value: number }> =>
  (tensor.op as Op) === (constantOp as Op);

/** Elementwise nodes that are computed inside their only user. `kept` nodes are wanted for themselves. */
export function planFusion(
  order: readonly Tensor[],
  kept: ReadonlySet<Tensor>,
  find: (t: Tensor) => Tensor,
): Set<Tensor> {
  const users = new Map<Tensor, Set<Tensor>>();
  for (const tensor of order)
    for (const input of tensor.inputs.map(find)) users.set(input, (users.get(input) ?? new Set<Tensor>()).add(tensor));
  const inlined = new Set<Tensor>();
  const cost = new Map<Tensor, { instructions: number; leaves: number }>();
  for (const tensor of order) {
    if (!tensor.op.map) continue;
    const inputs = [...new Set(tensor.inputs.map(find))];
    let instructions = 1 + inputs.filter(isConstant).length;
    let leaves = inputs.filter((t) => !isConstant(t)).length;
    for (const input of inputs) {
      const inner = cost.get(input);
      if (!inner || kept.has(input) || users.get(input)?.size !== 1 || !sameShape(input.shape, tensor.shape)) continue;
      if (instructions + inner.instructions > mapLimits.instructions || leaves + inner.leaves - 1 > mapLimits.inputs)
        continue;
      instructions += inner.instructions;
      leaves += inner.leaves - 1;
      inlined.add(input);
    }
    cost.set(tensor, { instructions, leaves });
  }
  return inlined;
}

type Instruction = readonly [number, number, number, number];

/** One `map` call for a node and everything inlined into it. */
export function emitMap(root: Tensor, inlined: ReadonlySet<Tensor>, find: (t: Tensor) => Tensor, emit: Emitter): void {
  const size = sizeOf(root.shape);
  const y = emit.write(root);
  if (size === 0) return;
  const { leaves, steps } = linearise(root, inlined, find);
  const { buffers, block } = operands(leaves, root, emit);
  const register = new Map<Tensor, number>([...leaves, ...steps].map((tensor, i) => [tensor, i]));
  const instructions = steps.map((tensor): Instruction => {
    if (isConstant(tensor)) return [mapOpcodes.indexOf("constant"), tensor.attributes.value, 0, 0];
    const [a, b = 0, c = 0] = tensor.inputs.map((input) => register.get(find(input)) as number);
    return [mapOpcodes.indexOf(tensor.op.map as (typeof mapOpcodes)[number]), a, b, c];
  });
  const [d0, d1, d2, d3] = block.d;
  const xs = Object.fromEntries(buffers.map((buffer, i) => [`x${i}`, buffer]));
  emit.call("map", { y0: y, ...xs, d0, d1, d2, d3, inputs: leaves.length, outputs: 1, instructions: steps.length }, [
    ...block.strides.flat(),
    leaves.length + steps.length - 1,
    ...instructions.flat(),
  ]);
}

/** Leaves (values read from memory) and steps (computed in registers) of a tree, users after what they use. */
function linearise(
  root: Tensor,
  inlined: ReadonlySet<Tensor>,
  find: (t: Tensor) => Tensor,
): { leaves: Tensor[]; steps: Tensor[] } {
  const leaves: Tensor[] = [];
  const steps: Tensor[] = [];
  const seen = new Set<Tensor>();
  const visit = (tensor: Tensor): void => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    if (tensor !== root && !inlined.has(tensor) && !isConstant(tensor)) {
      leaves.push(tensor);
      return;
    }
    for (const input of tensor.inputs) visit(find(input));
    steps.push(tensor);
  };
  visit(root);
  return { leaves, steps };
}

/** Where the leaves lie, broadcast to the root's shape; copied dense where five or more axes would remain. */
function operands(
  leaves: readonly Tensor[],
  root: Tensor,
  emit: Emitter,
): { buffers: Buffer[]; block: { d: readonly number[]; strides: readonly (readonly number[])[] } } {
  const views = leaves.map((leaf) => emit.view(leaf));
  const block = joinAxes(root.shape, [stridesOf(root.shape), ...views.map((view) => broadcastStrides(view, root))]);
  if (block) return { buffers: views.map(spanOf), block: { d: block.d, strides: block.strides.slice(1) } };
  const dense = leaves.map((leaf) => emit.read(leaf));
  const strides = leaves.map((leaf) =>
    broadcastStrides({ ...dense[0], shape: leaf.shape, strides: stridesOf(leaf.shape) }, root),
  );
  const joined = joinAxes(root.shape, [stridesOf(root.shape), ...strides]);
  if (!joined) throw new Error(`map: ${root.op.name} of more than four broadcast axes`);
  return { buffers: dense, block: { d: joined.d, strides: joined.strides.slice(1) } };
}

function broadcastStrides(view: View, root: Tensor): number[] {
  const lead = root.shape.length - view.shape.length;
  return root.shape.map((n, axis) =>
    axis < lead || (view.shape[axis - lead] === 1 && n !== 1) ? 0 : view.strides[axis - lead],
  );
}
