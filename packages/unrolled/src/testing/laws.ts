// Laws that every device keeps to the bit, as functions free of any test framework: each throws where it is broken.
// T time, N batch, H hidden.
import type { Device } from "../device/device.js";
import { attentionTrial } from "./cases/attention.js";
import { type RecurrentKernel, recurrentKernels, recurrentTrial, type SequenceShape } from "./cases/recurrent.js";
import { identical } from "./close.js";
import type { Trial } from "./trial.js";
import { type KernelCall, runKernel, writtenBuffers } from "./kernel-call.js";
import { numbers } from "./numbers.js";

const plentyOfWork = 1e12;

const at = (T: number, N: number, H: number, reverse = 0, lengths: readonly number[] | null = null): SequenceShape => ({
  T,
  N,
  H,
  reverse,
  lengths,
  activation: 0,
});

/**
 * The same kernels give the same bits on every one of these devices, which differ only in their number of threads.
 * Large recurrent layers and products, sums over many rows, and odd shapes that no number of threads divides.
 */
export function sameBitsForThreads(devices: readonly Device[]): void {
  const [first, ...others] = devices;
  for (const [name, call] of threadedCalls()) {
    const expected = runKernel(first, call, plentyOfWork);
    for (const device of others) {
      const actual = runKernel(device, call, plentyOfWork);
      for (const key of writtenBuffers(call.kernel)) {
        identical(actual[key], expected[key], `${name}: ${key}, ${device.threads} threads against ${first.threads}`);
      }
    }
  }
}

function threadedCalls(): (readonly [string, KernelCall])[] {
  const draw = numbers(7);
  const calls: (readonly [string, KernelCall])[] = recurrentKernels.flatMap((kernel) =>
    [at(5, 13, 65, 1, [5, 0, 3, 1, 2, 4, 5, 5, 0, 1, 2, 3, 5]), at(2, 3, 48), at(3, 1, 130), at(2, 2, 260)].map(
      (shape) => [`${kernel} N=${shape.N} H=${shape.H}`, recurrentTrial(kernel, shape, 3)] as const,
    ),
  );
  for (const [M, N, K] of [
    [67, 131, 90],
    [5, 300, 65],
    [300, 5, 17],
    [1, 1, 1000],
  ]) {
    const p = { x: draw.normal(K * N), K, N, kStride: N, nStride: 1, groups: 1 };
    const product = { M, N, K, aRow: K, cRow: N, accumulate: 0 };
    calls.push([
      `multiply ${M}x${N}x${K}`,
      { kernel: "multiply", numbers: product, buffers: { a: draw.normal(M * K), p, bias: null } },
    ]);
    const gemm = { batch: 1, M, N, K, aBatch: 0, aRow: 1, aCol: M, bBatch: 0, bRow: N, bCol: 1, cBatch: 0, cRow: N };
    calls.push([
      `gemm ${M}x${N}x${K}`,
      {
        kernel: "gemm",
        numbers: { ...gemm, accumulate: 0 },
        buffers: { a: draw.normal(M * K), b: draw.normal(K * N) },
      },
    ]);
  }
  for (const [outer, n, inner] of [
    [1, 5003, 1],
    [1, 777, 65],
    [33, 101, 3],
  ]) {
    const x = draw.normal(outer * n * inner);
    calls.push([
      `reduce [${outer},${n},${inner}]`,
      { kernel: "reduce", numbers: { outer, n, inner, kind: 0, scale: 1 }, buffers: { x } },
    ]);
  }
  calls.push(["sumSquares", { kernel: "sumSquares", numbers: { n: 100003 }, buffers: { x: draw.normal(100003) } }]);
  const ids = draw.integers(999, 0, 19);
  calls.push([
    "scatterAdd",
    { kernel: "scatterAdd", numbers: { R: 999, D: 17, V: 19 }, buffers: { x: draw.normal(999 * 17), ids } },
  ]);
  const stats = { mean: draw.normal(301, 0.1), rstd: draw.uniform(301, 0.5, 2) };
  const rows = { dy: draw.normal(301 * 33), x: draw.normal(301 * 33), gain: draw.normal(33) };
  calls.push([
    "layerNormGrad",
    { kernel: "layerNormGrad", numbers: { R: 301, n: 33 }, buffers: { ...rows, ...stats } },
  ]);
  return calls;
}

/**
 * A row of a batch has the same bits as when it is computed alone: `multiply`, softmax and every recurrent kernel,
 * ragged lengths included. What a sentence gives must not depend on its neighbours.
 */
export function rowsAlone(device: Device): void {
  for (const [N, K] of [
    [65, 50],
    [17, 9],
    [130, 33],
  ])
    multiplyRowsAlone(device, 11, N, K);
  for (const kernel of recurrentKernels)
    for (const [N, H] of [
      [5, 17],
      [9, 8],
      [13, 50],
    ])
      for (const reverse of [0, 1]) recurrentRowsAlone(device, kernel, N, H, reverse);
  for (const kernel of ["attend", "attendGrad"] as const) attentionRowsAlone(device, kernel);
}

/** Every row looks at its own places, two queries each. */
function attentionRowsAlone(device: Device, kernel: "attend" | "attendGrad"): void {
  const [N, K, S, A, C] = [7, 2, 9, 17, 35];
  const trial = attentionTrial(kernel, { N, K, S, A, C }, [9, 4, 0, 1, 9, 12, 7]);
  const whole = runKernel(device, trial, plentyOfWork);
  for (let n = 0; n < N; n++) {
    const buffers = Object.entries(trial.buffers).map(([key, content]) => {
      const all = content as ArrayLike<number>;
      return [key, key === "energy" ? all : batchRow(all, n, N, 1)];
    });
    const alone = { ...trial, numbers: { ...trial.numbers, N: 1 }, buffers: Object.fromEntries(buffers) };
    const result = runKernel(device, alone);
    for (const key of writtenBuffers(kernel))
      identical(result[key], batchRow(whole[key], n, N, 1), `${kernel}, row ${n} alone: ${key}`);
  }
}

function multiplyRowsAlone(device: Device, M: number, N: number, K: number): void {
  const draw = numbers(M + N + K);
  const a = draw.normal(M * K);
  const buffers = { p: { x: draw.normal(K * N), K, N, kStride: N, nStride: 1, groups: 1 }, bias: draw.normal(N) };
  const run = (rows: number, part: Float64Array): Float64Array => {
    const size = { M: rows, N, K, aRow: K, cRow: N, accumulate: 0 };
    return runKernel(device, { kernel: "multiply", numbers: size, buffers: { ...buffers, a: part } }, plentyOfWork).c;
  };
  const whole = run(M, a);
  for (let m = 0; m < M; m++) {
    identical(
      run(1, a.slice(m * K, m * K + K)),
      whole.slice(m * N, m * N + N),
      `multiply N=${N} K=${K}, row ${m} alone`,
    );
  }
}

/** Buffers without a batch axis. */
const shared = new Set(["r", "p", "gain", "cellGain", "cellBias", "bR", "rz", "rn", "rT", "rzT", "rnT"]);

/** Row n of a buffer [.., N, width]; width follows from its length. */
function batchRow(all: ArrayLike<number>, n: number, N: number, steps: number): Float64Array {
  const width = all.length / (N * steps);
  const row = new Float64Array(steps * width);
  for (let t = 0; t < steps; t++) for (let i = 0; i < width; i++) row[t * width + i] = all[(t * N + n) * width + i];
  return row;
}

/** How many time steps a recurrent kernel's buffer has. */
function stepsOf(key: string, kernel: RecurrentKernel, T: number): number {
  if (key === "h0" || key === "c0" || key === "dh0" || key === "dc0" || key === "lengths") return 1;
  if (key === "h" || key === "c" || key === "dh" || key === "dc") return T + 1;
  const each = ["pre", "gates", "q", "rh", "normal", "cell", "rstd"];
  return each.includes(key) || key.startsWith("d") ? T : fail(kernel, key);
}

const fail = (kernel: string, key: string): never => {
  throw new Error(`${kernel}: nothing is known about the shape of ${key}`);
};

function recurrentRowsAlone(device: Device, kernel: RecurrentKernel, N: number, H: number, reverse: number): void {
  const T = 5;
  const lengths = Array.from({ length: N }, (_, n) => [5, 3, 0, 1, 4][n % 5]);
  const trial = recurrentTrial(kernel, at(T, N, H, reverse, lengths), N + H);
  const whole = runKernel(device, trial, plentyOfWork);
  for (let n = 0; n < N; n++) {
    const buffers = Object.entries(trial.buffers).map(([key, content]) => {
      if (content === null || shared.has(key) || "groups" in content) return [key, content];
      return [key, batchRow(content, n, N, stepsOf(key, kernel, T))];
    });
    const alone: KernelCall = { ...trial, numbers: { ...trial.numbers, N: 1 }, buffers: Object.fromEntries(buffers) };
    const result = runKernel(device, alone);
    for (const key of writtenBuffers(kernel)) {
      const expected = batchRow(whole[key], n, N, stepsOf(key, kernel, T));
      identical(result[key], expected, `${kernel} N=${N} H=${H} reverse=${reverse}, row ${n} alone: ${key}`);
    }
  }
}

/**
 * A sequence of five steps equals its first two and then its last three, state and gradient handed on: the same bits,
 * in both directions.
 */
export function sequenceInPieces(device: Device): void {
  for (const kernel of recurrentKernels)
    for (const [N, H] of [
      [1, 17],
      [4, 16],
      [6, 9],
    ])
      for (const reverse of [0, 1]) piecesOf(device, kernel, N, H, reverse);
}

function piecesOf(device: Device, kernel: RecurrentKernel, N: number, H: number, reverse: number): void {
  const T = 5;
  const split = 2;
  const trial = recurrentTrial(kernel, at(T, N, H, reverse), N * H);
  const whole = runKernel(device, trial);
  const grad = kernel.endsWith("Grad");
  const [early, late] = [
    [0, split],
    [split, T],
  ] as const;
  // The piece that comes first in the order of computation: backward passes run against it.
  const firstIsEarly = (reverse === 0) !== grad;
  const order = firstIsEarly ? [early, late] : [late, early];
  let handed: Readonly<Record<string, Float64Array>> | undefined;
  for (const [from, to] of order) {
    const piece = pieceOf(trial, kernel, from, to, T);
    const result = runKernel(device, handed ? withHanded(piece, handed, N * H, grad, reverse, to - from) : piece);
    for (const key of writtenBuffers(kernel)) {
      if (stepsOf(key, kernel, T) === 1) continue;
      const expected = timeSlice(whole[key], stepsOf(key, kernel, T), T, from, to);
      identical(result[key], expected, `${kernel} H=${H} reverse=${reverse}, steps ${from} to ${to} alone: ${key}`);
    }
    if (handed && grad)
      for (const key of ["dh0", "dc0"])
        if (whole[key]) identical(result[key], whole[key], `${kernel} H=${H} reverse=${reverse}, in pieces: ${key}`);
    handed = result;
  }
}

/** Steps from..to of a buffer with T steps, or the slots around them of one with T + 1. */
function timeSlice(all: ArrayLike<number>, steps: number, T: number, from: number, to: number): Float64Array {
  const width = all.length / steps;
  return Float64Array.from(all).slice(from * width, (to + (steps - T)) * width);
}

function pieceOf(trial: Trial, kernel: RecurrentKernel, from: number, to: number, T: number): KernelCall {
  const buffers = Object.entries(trial.buffers).map(([key, content]) => {
    if (content === null || shared.has(key) || "groups" in content) return [key, content];
    const steps = stepsOf(key, kernel, T);
    return [key, steps === 1 ? content : timeSlice(content, steps, T, from, to)];
  });
  return { ...trial, numbers: { ...trial.numbers, T: to - from }, buffers: Object.fromEntries(buffers) };
}

/** The second piece starts from what the first one ended with. */
function withHanded(
  piece: KernelCall,
  handed: Readonly<Record<string, Float64Array>>,
  slot: number,
  grad: boolean,
  reverse: number,
  T: number,
): KernelCall {
  const buffers = { ...piece.buffers };
  if (!grad) {
    const last = (slab: Float64Array): Float64Array => (reverse ? slab.slice(0, slot) : slab.slice(-slot));
    buffers.h0 = last(handed.h);
    if (handed.c) buffers.c0 = last(handed.c);
    return { ...piece, buffers };
  }
  // A gradient piece hands on the gradient of the slot between the two: it holds what came to that slot from outside.
  for (const [slab, result] of [
    ["dh", "dh0"],
    ["dc", "dc0"],
  ]) {
    if (!handed[result]) continue;
    const joined = Float64Array.from(buffers[slab] as ArrayLike<number>);
    joined.set(handed[result], reverse ? 0 : T * slot);
    buffers[slab] = joined;
  }
  return { ...piece, buffers };
}
