// Conformance cases of the recurrent layers: T in {1,2,5}, both directions, ragged lengths, outputs on inputs.
// T time, N batch, H hidden.
import { type KernelName, kernels, rnnActivations } from "../../device/kernels.js";
import type { Trial, TrialCase } from "../trial.js";
import type { PackedMatrix } from "../kernel-call.js";
import { type Numbers, numbers, seedOf } from "../numbers.js";
import { optionChoice } from "./recurrent-options.js";

export const recurrentKernels = [
  "rnn",
  "rnnGrad",
  "lstm",
  "lstmGrad",
  "gru",
  "gruGrad",
  "gruBefore",
  "gruBeforeGrad",
  "rnnVariant",
  "rnnVariantGrad",
  "lstmVariant",
  "lstmVariantGrad",
  "gruVariant",
  "gruVariantGrad",
  "gruBeforeVariant",
  "gruBeforeVariantGrad",
  "lstmNorm",
  "lstmNormGrad",
  "gruNorm",
  "gruNormGrad",
] as const satisfies readonly KernelName[];
export type RecurrentKernel = (typeof recurrentKernels)[number];

export interface SequenceShape {
  readonly T: number;
  readonly N: number;
  readonly H: number;
  readonly reverse: number;
  readonly lengths: readonly number[] | null;
  /** For rnn: index into rnnActivations. For kernels with options: number of their choice (recurrent-options.ts). */
  readonly activation: number;
}

/** Recurrent weights [G*H, H] of rows `from`..`to` (in units of H), packed for the forward pass. */
export function packedForward(R: Float64Array, H: number, from: number, to: number): PackedMatrix {
  const groups = to - from;
  return { x: R.slice(from * H * H, to * H * H), K: H, N: groups * H, kStride: 1, nStride: H, groups };
}

/** The same rows packed for the backward pass. */
export function packedBackward(R: Float64Array, H: number, from: number, to: number): PackedMatrix {
  return { x: R.slice(from * H * H, to * H * H), K: (to - from) * H, N: H, kStride: H, nStride: 1, groups: 1 };
}

const gatesOf = { rnn: 1, lstm: 4, gru: 3, gruBefore: 3 } as const;

type Buffers = Record<string, ArrayLike<number> | PackedMatrix | null>;

/** The kernel's buffers filled with numbers of the sizes that they have in training. */
export function recurrentBuffers(kernel: RecurrentKernel, shape: SequenceShape, draw: Numbers): Buffers {
  const { T, N, H, lengths } = shape;
  if (kernel.includes("Norm")) return normBuffers(kernel, shape, draw);
  const plain = kernel.replace("Variant", "");
  const cell = plain.replace("Grad", "") as keyof typeof gatesOf;
  const choice = optionChoice(kernel, shape.activation);
  const G = gatesOf[cell] - (choice?.numbers.coupled ?? 0);
  const R = draw.normal(G * H * H, 1 / Math.sqrt(H));
  const p: Buffers = cell === "lstm" && choice ? { p: choice.peepholes ? draw.normal((G - 1) * H, 0.5) : null } : {};
  if (plain !== cell) return { ...gradientBuffers(cell, shape, G, R, draw), ...p };
  const common = { pre: draw.normal(T * N * G * H), h0: draw.uniform(N * H), lengths, ...p };
  if (cell === "rnn") return { ...common, r: packedForward(R, H, 0, 1) };
  if (cell === "lstm") return { ...common, c0: draw.normal(N * H), r: packedForward(R, H, 0, G) };
  if (cell === "gru") return { ...common, bR: draw.normal(3 * H), r: packedForward(R, H, 0, 3) };
  return { ...common, rz: packedForward(R, H, 0, 2), rn: packedForward(R, H, 2, 3) };
}

function gradientBuffers(
  cell: keyof typeof gatesOf,
  { T, N, H, lengths, activation }: SequenceShape,
  G: number,
  R: Float64Array,
  draw: Numbers,
): Buffers {
  const slab = (T + 1) * N * H;
  const common = { dh: draw.normal(slab), lengths };
  const gates = draw.uniform(T * N * G * H, 0.05, 0.95);
  const h = draw.uniform(slab);
  if (cell === "rnn") {
    // With relu the slope jumps at 0: keep away from it, on both sides.
    const safe = h.map((value) => (Math.abs(value) < 0.01 ? 0.5 : value));
    return {
      ...common,
      h: rnnActivations[activation] === "relu" ? safe.map((v) => Math.max(v, 0)) : safe,
      rT: packedBackward(R, H, 0, 1),
    };
  }
  if (cell === "lstm")
    return { ...common, dc: draw.normal(slab), gates, c: draw.normal(slab), rT: packedBackward(R, H, 0, G) };
  if (cell === "gru") return { ...common, gates, q: draw.normal(T * N * H), h, rT: packedBackward(R, H, 0, 3) };
  return { ...common, gates, h, rzT: packedBackward(R, H, 0, 2), rnT: packedBackward(R, H, 2, 3) };
}

/** The buffers of the layers with layer normalisation: gains around 1, rstd as large as products over H of size 1 make it. */
function normBuffers(kernel: RecurrentKernel, { T, N, H, lengths }: SequenceShape, draw: Numbers): Buffers {
  const lstm = kernel.startsWith("lstm");
  const G = lstm ? 4 : 3;
  const R = draw.normal(G * H * H, 1 / Math.sqrt(H));
  const slab = (T + 1) * N * H;
  const gain = draw.uniform(G * H, 0.5, 1.5);
  const own = lstm
    ? { cellGain: draw.uniform(H, 0.5, 1.5), cellBias: draw.normal(H, 0.3) }
    : { bR: draw.normal(3 * H) };
  if (!kernel.endsWith("Grad")) {
    const c0 = lstm ? { c0: draw.normal(N * H) } : {};
    const pre = draw.normal(T * N * G * H);
    return { ...own, ...c0, pre, gain, h0: draw.uniform(N * H), lengths, r: packedForward(R, H, 0, G) };
  }
  return {
    ...own,
    ...(lstm
      ? { dc: draw.normal(slab), c: draw.normal(slab), cell: draw.normal(T * N * H) }
      : { h: draw.uniform(slab) }),
    dh: draw.normal(slab),
    gates: draw.uniform(T * N * G * H, 0.05, 0.95),
    normal: draw.normal(T * N * G * H),
    rstd: draw.uniform(2 * T * N, 0.5, 2),
    gain,
    lengths,
    rT: packedBackward(R, H, 0, G),
  };
}

export function recurrentTrial(kernel: RecurrentKernel, shape: SequenceShape, seed: number): Trial {
  const { T, N, H, reverse, activation } = shape;
  const choice = optionChoice(kernel, activation);
  const rnn = kernel === "rnn" || kernel === "rnnGrad";
  const norm = kernel === "lstmNorm" || kernel === "gruNorm";
  // relu and linear do not hold the state below 1: over five steps it grows to some tens.
  const growing = choice !== undefined || (rnn && activation % 2 === 1);
  return {
    kernel,
    numbers: {
      T,
      N,
      H,
      reverse,
      ...(rnn ? { activation } : {}),
      ...(norm ? { epsilon: 1e-2 } : {}),
      ...choice?.numbers,
    },
    buffers: recurrentBuffers(kernel, shape, numbers(seed)),
    // Products over H of size 1 are rounded like sqrt(H)/sqrt(H) ulp; up to five steps hand their errors on.
    tolerance: { relative: 4e-6, scale: growing ? 10 : kernel.endsWith("Grad") ? 4 : 1 },
  };
}

/** Lengths that mix none, all, in between, and values outside [0,T] (which mean none and all). */
function raggedLengths(T: number, N: number): number[] {
  const choices = [T, 0, Math.ceil(T / 2), T - 1, T + 3, -2, 1];
  return Array.from({ length: N }, (_, n) => choices[n % choices.length]);
}

export function recurrentCases(): TrialCase[] {
  return recurrentKernels.flatMap((kernel) => {
    const cases: TrialCase[] = [];
    let turn = 0;
    const add = (T: number, N: number, H: number, reverse: number, ragged: boolean): void => {
      const choice = optionChoice(kernel, turn);
      const activation = choice ? turn : kernel.startsWith("rnn") ? turn % rnnActivations.length : 0;
      turn++;
      const lengths = ragged ? raggedLengths(T, N) : null;
      const shape = { T, N, H, reverse, lengths, activation };
      const option = choice?.name ?? (kernel.startsWith("rnn") ? rnnActivations[activation] : "");
      const name = `T=${T} N=${N} H=${H}${reverse ? ", reverse" : ""}${ragged ? ", ragged" : ""}${option && `, ${option}`}`;
      const trial = (): Trial => recurrentTrial(kernel, shape, seedOf(name));
      cases.push({ kernel, name, trial });
      const { inPlace } = kernels[kernel];
      if (inPlace.length > 0) cases.push({ kernel, name: `${name}, in place`, trial: () => ({ ...trial(), inPlace }) });
      if (kernel.startsWith("lstm") && kernel.endsWith("Grad") && ragged) {
        cases.push({ kernel, name: `${name}, no dc`, trial: () => withoutCellGradient(trial()) });
      }
    };
    for (const T of [1, 2, 5])
      for (const reverse of [0, 1])
        for (const ragged of [false, true])
          for (const [N, H] of [
            [1, 1],
            [3, 5],
            [9, 17],
            [8, 16],
          ] as const)
            add(T, N, H, reverse, ragged);
    for (const [N, H] of [
      [1, 3],
      [2, 4],
      [4, 7],
      [5, 8],
      [17, 9],
      [1, 15],
      [16, 3],
      [7, 50],
      [3, 65],
      [1, 48],
      [65, 4],
    ]) {
      add(2, N, H, N % 2, H % 2 === 0);
    }
    return cases;
  });
}

const withoutCellGradient = (trial: Trial): Trial => ({ ...trial, buffers: { ...trial.buffers, dc: null } });
