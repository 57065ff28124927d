// What the fused recurrent layers share: one layer, one direction, the whole sequence in one call. The input side (x W + b)
// is an ordinary matmul before it, so its gradient is one large product after it. T time, N batch, H hidden, G gates.
import { type CellActivation, cellActivations } from "../../device/kernels.js";
import { ShapeError } from "../../errors.js";
import type { Buffer, Emitter, PackLayout } from "../op.js";
import { type Shape, sameShape, showShape, type Tensor } from "../tensor.js";
import { mul } from "./elementwise.js";
import { matmul } from "./matmul.js";
import { sumTo } from "./reduce.js";
import { reshape, slice } from "./shape.js";

export interface RecurrentOptions {
  /** Steps of each row, i32 [N]; a row past its length copies its state through. All T where left out. */
  readonly lengths?: Tensor;
  /** Run from the last step to the first. */
  readonly reverse?: boolean;
}

/** An activation that the kernels know, with its parameters where it has some. */
export type LayerActivation =
  | Exclude<CellActivation, "hard-sigmoid" | "leaky-relu" | "scaled-tanh">
  | { readonly name: "hard-sigmoid" | "scaled-tanh"; readonly alpha: number; readonly beta: number }
  | { readonly name: "leaky-relu"; readonly alpha: number };

/** What a recurrent layer gives. States lie between the steps, so the slab has T+1 of them. */
export interface RecurrentStates {
  /** Hidden state after each step, at the step's own index [T,N,H]. */
  readonly y: Tensor;
  /** Hidden state after the last step taken [N,H]. */
  readonly h: Tensor;
  /** Activated gates [T,N,G*H]; not differentiable, for looking at. */
  readonly gates: Tensor;
}

export interface LayerAttributes {
  readonly T: number;
  readonly N: number;
  readonly H: number;
  readonly reverse: boolean;
  readonly lengths: boolean;
}

export const sizes = ({ T, N, H, reverse }: LayerAttributes): Record<string, number> => ({
  T,
  N,
  H,
  reverse: reverse ? 1 : 0,
});

const usual = { gate: "sigmoid", candidate: "tanh", output: "tanh" } as const;
type Places = Readonly<Partial<Record<keyof typeof usual, LayerActivation | undefined>>>;

/** True where all activations are the usual ones (gates sigmoid, the others tanh) and nothing is clipped. */
export const isUsual = (given: Places, clip: number | undefined): boolean =>
  clip === undefined &&
  (Object.keys(given) as (keyof typeof usual)[]).every((place) => (given[place] ?? usual[place]) === usual[place]);

/** Activations by their places, and clip, as the numbers of a kernel with options. */
export function activationNumbers(where: string, given: Places, clip: number | undefined): Record<string, number> {
  const numbers: Record<string, number> = { clip: clip ?? 0 };
  if (clip !== undefined && !(clip > 0)) throw new ShapeError(`${where}: clip must be above 0, was ${clip}`);
  for (const place of Object.keys(given) as (keyof typeof usual)[]) {
    const chosen = given[place] ?? usual[place];
    const { name, alpha, beta } = parameters(chosen);
    // The slope is taken from the value, which must grow with what it comes from.
    if (
      alpha < 0 ||
      (beta < 0 && name !== "hard-sigmoid") ||
      ((alpha === 0 || (beta === 0 && name === "scaled-tanh")) && growing.has(name))
    )
      throw new ShapeError(`${where}: parameters of ${name} must let it grow, were ${alpha} and ${beta}`);
    numbers[place] = cellActivations.indexOf(name);
    numbers[`${place}Alpha`] = alpha;
    numbers[`${place}Beta`] = beta;
  }
  return numbers;
}

const growing: ReadonlySet<CellActivation> = new Set(["hard-sigmoid", "scaled-tanh"]);

function parameters(chosen: LayerActivation): { name: CellActivation; alpha: number; beta: number } {
  if (typeof chosen === "string") return { name: chosen, alpha: 0, beta: 0 };
  return { name: chosen.name, alpha: chosen.alpha, beta: "beta" in chosen ? chosen.beta : 0 };
}

/** R [G*H,H] as the matrix [H,G*H] that takes h to the gates, and as the matrix [G*H,H] that takes gradients back. */
export const forwardLayout = (gates: number): PackLayout => ({ transposed: true, groups: gates });
export const backwardLayout: PackLayout = { transposed: false, groups: 1 };

/** The optional lengths are the last input. */
export const lengthsOf = (tensor: Tensor<LayerAttributes>, emit: Emitter): Buffer | undefined =>
  tensor.attributes.lengths ? emit.read(tensor.inputs[tensor.inputs.length - 1]) : undefined;
export const lengthsInput = (tensor: Tensor<LayerAttributes>): readonly Tensor[] =>
  tensor.attributes.lengths ? tensor.inputs.slice(-1) : [];

/** States before each step [T,N,H], from a slab [T+1,N,H]. */
export const before = (slab: Tensor, { T, reverse }: LayerAttributes): Tensor =>
  reverse ? slice(slab, 0, 1, T + 1) : slice(slab, 0, 0, T);
export const after = (slab: Tensor, { T, reverse }: LayerAttributes): Tensor =>
  reverse ? slice(slab, 0, 0, T) : slice(slab, 0, 1, T + 1);
export const last = (slab: Tensor, { T, reverse, N, H }: LayerAttributes): Tensor =>
  reshape(slice(slab, 0, reverse ? 0 : T, reverse ? 1 : T + 1), [N, H]);

/** dR [G*H,H] = sum over all steps and rows of (gradient of the gates)' (state before). */
export function recurrentGradient(dGates: Tensor, hBefore: Tensor): Tensor {
  const rows = (t: Tensor): Tensor => reshape(t, [t.shape[0] * t.shape[1], t.shape[2]]);
  return matmul(rows(dGates), rows(hBefore), { transposeA: true });
}

/** The sum over all steps and rows of a b, [T,N,width] each: the gradient of a weight per unit. */
export const unitGradient = (a: Tensor, b: Tensor): Tensor => sumTo(mul(a, b), a.shape.slice(2));

export const refuseGates = (where: string, dGates: Tensor | undefined): void => {
  if (dGates) throw new ShapeError(`${where}: gates are for looking at and must not be part of a loss`);
};

export const slabShape = ({ T, N, H }: LayerAttributes): Shape => [T + 1, N, H];
export const optional = (t: Tensor | undefined): readonly Tensor[] => (t ? [t] : []);

export function checkLayer(
  where: string,
  gates: number,
  pre: Tensor,
  R: Tensor,
  states: readonly Tensor[],
  options: RecurrentOptions,
): LayerAttributes {
  const [T, N, GH] = pre.shape;
  const H = GH / gates;
  if (pre.shape.length !== 3 || !Number.isInteger(H))
    throw new ShapeError(`${where}: pre-activations must be [T,N,${gates}H], was ${showShape(pre.shape)}`);
  if (!sameShape(R.shape, [gates * H, H]))
    throw new ShapeError(`${where}: recurrent weights must be ${showShape([gates * H, H])}, was ${showShape(R.shape)}`);
  for (const state of states)
    if (!sameShape(state.shape, [N, H]))
      throw new ShapeError(`${where}: initial state must be ${showShape([N, H])}, was ${showShape(state.shape)}`);
  const { lengths } = options;
  if (lengths && (lengths.dtype !== "i32" || !sameShape(lengths.shape, [N])))
    throw new ShapeError(
      `${where}: lengths must be i32 ${showShape([N])}, was ${lengths.dtype} ${showShape(lengths.shape)}`,
    );
  return { T, N, H, reverse: options.reverse ?? false, lengths: lengths !== undefined };
}
