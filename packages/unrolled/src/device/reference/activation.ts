// Activations of the reference recurrent layers with options. The slope is taken from the value that was kept.
import { cellActivations } from "../kernels.js";
import { sigmoid } from "./elementwise.js";

export interface Activation {
  value(x: number): number;
  /** The derivative where the value is y; 0 where the clip holds. */
  slope(y: number): number;
}

/** The activation of an index in cellActivations, of x clipped to [-clip, clip]; clip 0 clips nothing. */
export function activationOf(kind: number, alpha: number, beta: number, clip: number): Activation {
  const plain = plainActivation(kind, alpha, beta);
  if (clip <= 0) return plain;
  const [low, high] = [plain.value(-clip), plain.value(clip)];
  return {
    value: (x) => plain.value(Math.min(Math.max(x, -clip), clip)),
    slope: (y) => (y >= high || y <= low ? 0 : plain.slope(y)),
  };
}

function plainActivation(kind: number, alpha: number, beta: number): Activation {
  const name = cellActivations[kind];
  switch (name) {
    case "tanh":
      return { value: Math.tanh, slope: (y) => 1 - y * y };
    case "relu":
      return { value: (x) => Math.max(x, 0), slope: (y) => (y > 0 ? 1 : 0) };
    case "sigmoid":
      return { value: sigmoid, slope: (y) => y * (1 - y) };
    case "linear":
      return { value: (x) => x, slope: () => 1 };
    case "hard-sigmoid":
      return {
        value: (x) => Math.min(Math.max(alpha * x + beta, 0), 1),
        slope: (y) => (y > 0 && y < 1 ? alpha : 0),
      };
    case "leaky-relu":
      return { value: (x) => (x < 0 ? alpha * x : x), slope: (y) => (y > 0 ? 1 : alpha) };
    case "scaled-tanh":
      return { value: (x) => alpha * Math.tanh(beta * x), slope: (y) => beta * (alpha - (y * y) / alpha) };
    default:
      return name satisfies never;
  }
}

/** The activations that the options of a kernel name. */
export const gateOf = (a: Options<"gate">): Activation => activationOf(a.gate, a.gateAlpha, a.gateBeta, a.clip);
export const candidateOf = (a: Options<"candidate">): Activation =>
  activationOf(a.candidate, a.candidateAlpha, a.candidateBeta, a.clip);
export const outputOf = (a: Options<"output">): Activation =>
  activationOf(a.output, a.outputAlpha, a.outputBeta, a.clip);

type Options<K extends string> = Readonly<Record<K | `${K}Alpha` | `${K}Beta` | "clip", number>>;
