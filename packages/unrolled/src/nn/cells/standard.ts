// What the standard cells share: PyTorch's names and layout. weight_ih [G*H,D], weight_hh [G*H,H], bias_ih and bias_hh [G*H].
import type { Shape } from "../../graph/tensor.js";
import type { CellSizes } from "../cell.js";

export type StandardWeight = "weight_ih" | "weight_hh" | "bias_ih" | "bias_hh";

export const standardWeights =
  (gates: number) =>
  ({ D, H }: CellSizes): Readonly<Record<StandardWeight, Shape>> => ({
    weight_ih: [gates * H, D],
    weight_hh: [gates * H, H],
    bias_ih: [gates * H],
    bias_hh: [gates * H],
  });
