// What the recurrent cells share: PyTorch's names and layout. weight_ih [G*H,D], weight_hh [G*H,H], bias_ih and bias_hh [G*H].
import { clamp } from "../../graph/ops/index.js";
import type { Shape, Tensor } from "../../graph/tensor.js";
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

/** The input of every activation is limited to [-clip, clip] (ONNX). The carried cell state itself is not. */
export const clipOption = {
  kind: "number",
  low: 0,
  high: 1e6,
  above: true,
  absent: "no limit",
  fallback: null,
} as const;
export const clipped = (x: Tensor, clip: number | null): Tensor => (clip === null ? x : clamp(x, -clip, clip));
