// Elementwise work before it is encoded: values computed block by block from leaves in memory. Several pieces of work over
// one shape are merged into one `map` call, so that what one computes the next reads from a register.
import { type MapOpcode, mapLimits, mapOpcodes } from "../device/kernels.js";
import { joinAxes } from "./blocks.js";
import type { Arguments, Buffer, Root } from "./op.js";
import type { Shape } from "./tensor.js";

/** A value read from memory: an element for every index of the work's shape, by strides (0: broadcast). */
export interface Leaf {
  readonly kind: "leaf";
  readonly buffer: Buffer;
  readonly strides: readonly number[];
}

/** A value computed from others. */
export interface Step {
  readonly kind: "step";
  readonly opcode: MapOpcode;
  readonly constant: number;
  readonly operands: readonly Value[];
}

export type Value = Leaf | Step;

/** Where a value is written. */
export interface Output {
  readonly buffer: Buffer;
  readonly strides: readonly number[];
  readonly value: Step;
}

export interface MapWork {
  readonly shape: Shape;
  readonly outputs: readonly Output[];
}

/** The leaves and steps that the outputs need, operands before users. */
export function valuesOf(work: MapWork): { readonly leaves: readonly Leaf[]; readonly steps: readonly Step[] } {
  const leaves: Leaf[] = [];
  const steps: Step[] = [];
  const seen = new Set<Value>();
  const visit = (value: Value): void => {
    if (seen.has(value)) return;
    seen.add(value);
    if (value.kind === "leaf") leaves.push(value);
    else {
      for (const operand of value.operands) visit(operand);
      steps.push(value);
    }
  };
  for (const { value } of work.outputs) visit(value);
  return { leaves, steps };
}

export const sameBuffer = (a: Buffer, b: Buffer): boolean =>
  a.root === b.root && a.offset === b.offset && a.words === b.words;

/** True where two operands walk the shape alike. */
export const sameStrides = (a: readonly number[], b: readonly number[], shape: Shape): boolean =>
  shape.every((n, axis) => n === 1 || a[axis] === b[axis]);

/** The second piece of work done in the same pass as the first; undefined where that is more than one call can hold. */
export function merged(first: MapWork, second: MapWork): MapWork | undefined {
  const known: Value[] = [...valuesOf(first).leaves, ...valuesOf(first).steps];
  const replaced = new Map<Value, Value>();
  const replace = (value: Value): Value => {
    const present = replaced.get(value);
    if (present) return present;
    const made =
      value.kind === "leaf"
        ? sameLeaf(value, first, known)
        : sameStep({ ...value, operands: value.operands.map(replace) }, known);
    if (!known.includes(made)) known.push(made);
    replaced.set(value, made);
    return made;
  };
  const outputs = second.outputs.map((output) => ({ ...output, value: replace(output.value) as Step }));
  const work = { shape: first.shape, outputs: [...first.outputs, ...outputs] };
  return fits(work) && joinable(work) ? work : undefined;
}

/** True where a leaf reads just what the output writes, element by element. */
export const isReadBack = (output: Output, leaf: Leaf, shape: Shape): boolean =>
  sameBuffer(output.buffer, leaf.buffer) && sameStrides(output.strides, leaf.strides, shape);

function sameLeaf(leaf: Leaf, first: MapWork, known: readonly Value[]): Value {
  const computed = first.outputs.find((output) => isReadBack(output, leaf, first.shape));
  if (computed) return computed.value;
  const same = known.find(
    (k) => k.kind === "leaf" && sameBuffer(k.buffer, leaf.buffer) && k.strides.every((s, i) => s === leaf.strides[i]),
  );
  return same ?? leaf;
}

function sameStep(step: Step, known: readonly Value[]): Step {
  const same = known.find(
    (k) =>
      k.kind === "step" &&
      k.opcode === step.opcode &&
      Object.is(k.constant, step.constant) &&
      k.operands.every((o, i) => o === step.operands[i]),
  );
  return (same as Step | undefined) ?? step;
}

function fits(work: MapWork): boolean {
  const { leaves, steps } = valuesOf(work);
  return (
    leaves.length <= mapLimits.inputs &&
    steps.length <= mapLimits.instructions &&
    work.outputs.length <= mapLimits.outputs
  );
}

const joinedAxes = (work: MapWork): ReturnType<typeof joinAxes> =>
  joinAxes(
    work.shape,
    [...valuesOf(work).leaves, ...work.outputs].map((operand) => operand.strides),
  );

export const joinable = (work: MapWork): boolean => joinedAxes(work) !== undefined;

/** The `map` call of a piece of work. */
export function mapCall(work: MapWork): { readonly args: Arguments; readonly tail: readonly number[] } {
  const { leaves, steps } = valuesOf(work);
  const block = joinedAxes(work);
  if (!block) throw new Error("map: more than four axes out of order");
  const register = new Map<Value, number>([...leaves, ...steps].map((value, i) => [value, i]));
  const instructions = steps.flatMap(({ opcode, constant, operands }) => {
    if (opcode === "constant") return [mapOpcodes.indexOf(opcode), constant, 0, 0];
    const [a, b = 0, c = 0] = operands.map((operand) => register.get(operand) as number);
    return [mapOpcodes.indexOf(opcode), a, b, c];
  });
  const [d0, d1, d2, d3] = block.d;
  const buffers = [
    ...leaves.map((leaf, i) => [`x${i}`, leaf.buffer]),
    ...work.outputs.map((output, i) => [`y${i}`, output.buffer]),
  ];
  const counts = { inputs: leaves.length, outputs: work.outputs.length, instructions: steps.length };
  const results = work.outputs.map(({ value }) => register.get(value) as number);
  return {
    args: { ...Object.fromEntries(buffers), d0, d1, d2, d3, ...counts },
    tail: [...block.strides.flat(), ...results, ...instructions],
  };
}

/** Where calls write, to see whether a call may run earlier. */
export interface Writes {
  add(buffer: Buffer, index: number): void;
  /** The last call that writes any word of the buffer; -1 for none. */
  last(buffer: Buffer): number;
}

export function makeWrites(resolve: (buffer: Buffer) => { readonly root: Root; readonly offset: number }): Writes {
  const byRoot = new Map<Root, { from: number; to: number; index: number }[]>();
  return {
    add(buffer, index) {
      const { root, offset } = resolve(buffer);
      const list = byRoot.get(root) ?? [];
      list.push({ from: offset, to: offset + buffer.words, index });
      byRoot.set(root, list);
    },
    last(buffer) {
      const { root, offset } = resolve(buffer);
      const touching = (byRoot.get(root) ?? []).filter(
        (write) => write.from < offset + buffer.words && offset < write.to,
      );
      return touching.reduce((last, write) => Math.max(last, write.index), -1);
    },
  };
}
