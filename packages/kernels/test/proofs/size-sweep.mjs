// One call of every kernel for every size from 0 to 257 of each of its dimensions, for the guard pages: contents are made
// by the replayer, ids and lengths that point far outside among them.
import { kernelNames, kernels, mapOpcodes } from "../../../unrolled/dist/device/kernels.js";
import { encodeRecord, meetStep } from "./recording.mjs";

export const largestSize = 257;

/** Options of the recurrent kernels, each of their activations in turn. */
const options = (n) => ({
  ...{ coupled: n % 2, previous: n % 3 === 0 ? 1 : 0, clip: n % 3, epsilon: 1e-5 },
  ...{ gate: n % 7, gateAlpha: 0.25, gateBeta: 0.5, candidate: (n + 1) % 7, candidateAlpha: 0.5, candidateBeta: 1 },
  ...{ output: (n + 2) % 7, outputAlpha: 0.5, outputBeta: 1 },
});
const recurrent = (n) =>
  [
    { T: 2, N: 3, H: n },
    { T: 3, N: n, H: 5 },
    { T: n, N: 2, H: 3 },
  ].map((size) => ({ ...size, reverse: n % 2, activation: n % 4, ...options(n) }));
const rows = (name) => (n) => [
  { R: 3, [name]: n, log: n % 2, ignore: 1, epsilon: 1e-5 },
  { R: n, [name]: 5, log: n % 2, ignore: 1, epsilon: 1e-5 },
];
const tables = (n) => [
  { R: 5, D: n, V: 4 },
  { R: n, D: 3, V: 4 },
  { R: 9, D: 3, V: n },
];
const updates = (n) => [
  {
    ...{ n, nesterov: n % 2, momentum: 0.5, decay: 0.01, decoupled: n % 2 },
    ...{ alpha: 0.9, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, limit: n % 3 },
  },
];

/** A block of four dimensions with the strides of a dense, a transposed and a spread output. */
const blocks = (n) => [
  { d: [1, 1, 3, n], y: [0, 0, n, 1], x: [0, 0, n, 1] },
  { d: [1, 1, n, 5], y: [0, 0, 5, 1], x: [0, 0, 1, n] },
  { d: [2, n, 2, 3], y: [n * 8, 8, 4, 1], x: [0, 6, 3, 1] },
  { d: [1, 1, 1, n], y: [0, 0, 0, 2], x: [0, 0, 0, 3] },
];
const named = (prefix, values) => Object.fromEntries(values.map((value, i) => [`${prefix}${i}`, value]));

const copies = (n) => blocks(n).map(({ d, y, x }) => ({ ...named("d", d), ...named("ys", y), ...named("xs", x) }));

/** Two inputs, one of them broadcast, two outputs, every opcode in turn. */
function maps(n) {
  return blocks(n).map(({ d, y, x }, i) => {
    const opcode = (n * 4 + i) % mapOpcodes.length;
    const instructions =
      mapOpcodes[opcode] === "constant" ? [opcode, 0.5, 0, 0, 1, 0, 2, 0] : [opcode, 0, 1, 0, 1, 0, 2, 0];
    const tail = [...x, 0, 0, 0, 0, ...y, ...y, 2, 3, ...instructions];
    return { ...named("d", d), inputs: 2, outputs: 2, instructions: 2, tail };
  });
}

const products = (n) =>
  [
    [5, n, 7],
    [n, 5, 7],
    [3, 17, n],
  ].map(([M, N, K]) => ({ M, N, K }));

const multiplies = (n) =>
  products(n).map((size) => ({ ...size, aRow: size.K + (n % 3), cRow: size.N + (n % 2), accumulate: n % 2 }));

const gemms = (n) =>
  products(n).map((size, i) => {
    const { M, N, K } = size;
    const [aRow, aCol] = (n + i) % 2 ? [1, M] : [K, 1];
    const [bRow, bCol] = (n + i) % 4 > 1 ? [1, K] : [N, 1];
    const batches = { batch: 2, aBatch: M * K, bBatch: K * N, cBatch: M * (N + 1) };
    return { ...size, ...batches, aRow, aCol, bRow, bCol, cRow: N + 1, accumulate: n % 2 };
  });

const packs = (n) => [
  { K: 3, N: n, kStride: n, nStride: 1, groups: 1 },
  { K: 3, N: n, kStride: 1, nStride: 3, groups: 1 },
  { K: n, N: 5, kStride: 5, nStride: 1, groups: 1 },
  ...[2, 3, 4].map((groups) => ({ K: 3, N: n * groups, kStride: 1, nStride: 3, groups })),
];

const sums = (n) => [
  { outer: 3, n, inner: 1, kind: n % 2, scale: 0.5 },
  { outer: 1, n: 5, inner: n, kind: n % 2, scale: 0.5 },
  { outer: n, n: 3, inner: 2, kind: n % 2, scale: 0.5 },
];

/** Places, units and width of an attention, each in turn. */
const attentions = (n) => [
  { N: 2, K: 1, S: n, A: 5, C: 3 },
  { N: 3, K: 2, S: 4, A: n, C: 3 },
  { N: 2, K: 1, S: 4, A: 5, C: n },
];

const shapes = {
  fill: (n) => [{ n, value: 1 }],
  copy: copies,
  map: maps,
  reduce: sums,
  pack: packs,
  multiply: multiplies,
  gemm: gemms,
  softmax: rows("n"),
  softmaxGrad: rows("n"),
  crossEntropy: rows("V"),
  crossEntropyGrad: rows("V"),
  gather: tables,
  scatterAdd: tables,
  layerNorm: rows("n"),
  layerNormGrad: rows("n"),
  argmax: (n) => rows("n")(Math.max(1, n)),
  dropout: (n) => [{ n, rate: 0.3, probability: 0.3, keep: 0.7, stream: 3 }],
  attend: attentions,
  attendGrad: attentions,
  attendKeysGrad: attentions,
  topK: (n) => [1, 5].map((k) => ({ R: 3, n, k })),
  topKProduct: (n) => products(n).map((size, i) => ({ ...size, k: [1, 5][(n + i) % 2] })),
  toIds: (n) => [{ n }],
  sample: (n) => [
    { R: 3, n, K: 1, banned: (n % 5) - 1 },
    { R: n, n: 5, K: 1, banned: 1 },
  ],
  random: (n) => [{ n, kind: n % 2, stream: 3 }],
  sumSquares: (n) => [{ n }],
  assign: updates,
  sgd: updates,
  adagrad: updates,
  rmsprop: updates,
  adam: updates,
};

const fillOf = (kind, n) => {
  if (/ids$/i.test(kind)) return kind === "outIds" ? "nothing" : "ids";
  if (kind === "out") return "nothing";
  return n % 3 === 2 ? "oddFloats" : "floats";
};

/** A recorded call whose buffers hold just the words they must. */
function recordOf(kernel, { tail = [], ...numbers }, n) {
  const { parameters, extents } = kernels[kernel];
  const sizes = extents(numbers, tail);
  const slots = [];
  const code = [];
  let next = 16;
  for (const [key, kind] of Object.entries(parameters)) {
    if (kind === "int" || kind === "float") {
      if (numbers[key] === undefined) throw new Error(`size-sweep: ${kernel} must be given ${key}`);
      code.push(numbers[key]);
      continue;
    }
    const words = Math.max(0, sizes[key]);
    const unused = kernel === "map" && words === 0 && !["x0", "x1", "y0", "y1"].includes(key);
    if (unused || (kernel !== "map" && kind.startsWith("optional") && n % 2 === 1 && key !== "v")) {
      code.push(0, 0);
      continue;
    }
    const content = key === "place" ? { fill: "words", before: Float32Array.of(0) } : { fill: fillOf(kind, n) };
    slots.push({ offset: next, words, ...content, seed: n * 31 + slots.length + 1 });
    code.push(next, words);
    next += words + 16;
  }
  code.push(...tail);
  const name = `${kernel} ${JSON.stringify(numbers)}`;
  return encodeRecord(name, [kernelNames.indexOf(kernel), meetStep, code.length, ...code], 1, slots);
}

/** Calls `write` with the record of every kernel at every size of `sizes`; answers how many there were. */
export function sweepSizes(sizes, write) {
  let count = 0;
  for (const kernel of kernelNames) {
    for (const n of sizes) {
      for (const numbers of (shapes[kernel] ?? recurrent)(n)) {
        write(recordOf(kernel, numbers, n));
        count++;
      }
    }
  }
  return count;
}

export const allSizes = Array.from({ length: largestSize + 1 }, (_, n) => n);
