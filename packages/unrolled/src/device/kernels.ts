// The kernel table: every numeric routine a device must have, its arguments in order, how many words each
// buffer must hold, and which output may lie on which input. Encoder, devices, conformance suite and the C++
// header (packages/kernels/cpp/table.h) all read this one table.
// T time, N batch, D input, H hidden, V vocabulary, R rows, K inner length; n plain counts.

/**
 * in/out/inout: buffers of floats; ids/outIds: buffers of integers; optional, optionalInout, optionalIds: the same where
 * the buffer may be absent; int, float: numbers. An `out` is written only where the kernel says.
 */
export type Kind =
  | "in"
  | "out"
  | "inout"
  | "optional"
  | "optionalInout"
  | "ids"
  | "optionalIds"
  | "outIds"
  | "int"
  | "float";
export type NumberKind = "int" | "float";
type Parameters = Readonly<Record<string, Kind>>;
type KeysOf<P extends Parameters, K extends Kind> = { [N in keyof P]: P[N] extends K ? N : never }[keyof P] & string;
export type BufferKey<P extends Parameters> = KeysOf<P, Exclude<Kind, NumberKind>>;
export type NumberKey<P extends Parameters> = KeysOf<P, NumberKind>;

export interface KernelRow<P extends Parameters = Parameters> {
  readonly parameters: P;
  /** Words each buffer must hold, from the numbers (and the tail). */
  readonly extents: (
    n: Readonly<Record<NumberKey<P>, number>>,
    tail: readonly number[],
  ) => Record<BufferKey<P>, number>;
  /** Pairs [output, input]: the output may start at the very same word as the input (never overlap otherwise). */
  readonly inPlace: readonly (readonly [BufferKey<P>, BufferKey<P>])[];
  /** True where a list of further numbers follows the fixed ones. */
  readonly tail: boolean;
}

function row<const P extends Parameters>(
  parameters: P,
  extents: KernelRow<P>["extents"],
  options: { readonly inPlace?: KernelRow<P>["inPlace"]; readonly tail?: boolean } = {},
): KernelRow<P> {
  return { parameters, extents, inPlace: options.inPlace ?? [], tail: options.tail ?? false };
}

/** Words of a packed matrix [K, N]. Column panels are private to the device; 48 is a multiple of every panel width. */
export function packedWords(K: number, N: number, groups: number): number {
  return groups === 1 ? K * roundUp(N, 48) : K * groups * roundUp(N / groups, 16);
}

const roundUp = (n: number, multiple: number): number => Math.ceil(n / multiple) * multiple;
const span = (count: number, stride: number): number => (count - 1) * stride;

/**
 * Instructions of `map`: `[opcode, a, b, c]`; a, b, c are registers (inputs first, then one register per instruction),
 * except for constant, whose `a` is the value itself.
 */
export const mapOpcodes = [
  "constant",
  "add",
  "sub",
  "mul",
  "div",
  "minimum",
  "maximum",
  "power",
  "negate",
  "absolute",
  "exp",
  "log",
  "sqrt",
  "tanh",
  "sigmoid",
  "relu",
  "sign",
  "floor",
  "softplus",
  "equal",
  "less",
  "lessEqual",
  "where",
  "finite",
] as const; // prettier-ignore
export type MapOpcode = (typeof mapOpcodes)[number];
export const mapLimits = { inputs: 12, outputs: 8, instructions: 48 } as const;

export const rnnActivations = ["tanh", "relu", "sigmoid", "linear"] as const;
export type RnnActivation = (typeof rnnActivations)[number];

/** y [1+sum (d-1) s]: words a strided block of up to four dimensions spans. */
const blockSpan = (d: readonly number[], s: readonly number[]): number =>
  d.some((n) => n === 0) ? 0 : 1 + d.reduce((sum, n, i) => sum + span(n, s[i]), 0);

export const kernels = {
  /** y[0..n) = value */
  fill: row({ y: "out", n: "int", value: "float" }, ({ n }) => ({ y: n })),

  /** y[i·ys] = x[i·xs] for every index i of the block [d0,d1,d2,d3]. Words between are left alone. Copies integers too. */
  copy: row(
    {
      y: "out",
      x: "in",
      d0: "int",
      d1: "int",
      d2: "int",
      d3: "int",
      ys0: "int",
      ys1: "int",
      ys2: "int",
      ys3: "int",
      xs0: "int",
      xs1: "int",
      xs2: "int",
      xs3: "int",
    }, // prettier-ignore
    (a) => ({
      y: blockSpan([a.d0, a.d1, a.d2, a.d3], [a.ys0, a.ys1, a.ys2, a.ys3]),
      x: blockSpan([a.d0, a.d1, a.d2, a.d3], [a.xs0, a.xs1, a.xs2, a.xs3]),
    }),
  ),

  /**
   * Elementwise program over the block [d0,d1,d2,d3]. Inputs and outputs have four strides each (input stride 0 =
   * broadcast; the elements of outputs must be distinct). tail = strides of the inputs (4 each), strides of the outputs
   * (4 each), register of each output, instructions (4 each). Comparisons give 1 or 0 (0 where a side is NaN).
   * where(a,b,c) = a != 0 ? b : c. finite(a) = 1 where a is neither NaN nor infinite. minimum, maximum, relu and sign pass
   * NaN on. An output may lie on an input only where both are dense.
   */
  map: row(
    {
      y0: "out",
      y1: "out",
      y2: "out",
      y3: "out",
      y4: "out",
      y5: "out",
      y6: "out",
      y7: "out",
      x0: "optional",
      x1: "optional",
      x2: "optional",
      x3: "optional",
      x4: "optional",
      x5: "optional",
      x6: "optional",
      x7: "optional",
      x8: "optional",
      x9: "optional",
      x10: "optional",
      x11: "optional",
      d0: "int",
      d1: "int",
      d2: "int",
      d3: "int",
      inputs: "int",
      outputs: "int",
      instructions: "int",
    }, // prettier-ignore
    (a, tail) => {
      const d = [a.d0, a.d1, a.d2, a.d3];
      const span = (operand: number): number => blockSpan(d, tail.slice(4 * operand, 4 * operand + 4));
      const x = (i: number): number => (i < a.inputs ? span(i) : 0);
      const y = (i: number): number => (i < a.outputs ? span(a.inputs + i) : 0);
      return {
        y0: y(0),
        y1: y(1),
        y2: y(2),
        y3: y(3),
        y4: y(4),
        y5: y(5),
        y6: y(6),
        y7: y(7),
        x0: x(0),
        x1: x(1),
        x2: x(2),
        x3: x(3),
        x4: x(4),
        x5: x(5),
        x6: x(6),
        x7: x(7),
        x8: x(8),
        x9: x(9),
        x10: x(10),
        x11: x(11),
      }; // prettier-ignore
    },
    { tail: true },
  ),

  /** y [outer,inner] = scale * sum (kind 0) or maximum (kind 1) over the middle axis of x [outer,n,inner]. NaN wins a maximum. */
  reduce: row(
    { y: "out", x: "in", outer: "int", n: "int", inner: "int", kind: "int", scale: "float" },
    ({ outer, n, inner }) => ({ y: outer * inner, x: outer * n * inner }),
  ),

  /**
   * Lays the matrix x[k·kStride + n·nStride] (K x N) out for `multiply` and the recurrent kernels. groups > 1: the N
   * columns are `groups` gates of N/groups units each. The layout is private to the device.
   */
  pack: row(
    { y: "out", x: "in", K: "int", N: "int", kStride: "int", nStride: "int", groups: "int" },
    ({ K, N, kStride, nStride, groups }) => ({
      y: packedWords(K, N, groups),
      x: blockSpan([K, N], [kStride, nStride]),
    }),
  ),

  /** c [M,N] (rows cRow apart) = (accumulate ? c : bias or 0) + a [M,K] (rows aRow apart) times p (packed, groups 1). */
  multiply: row(
    {
      c: "inout",
      a: "in",
      p: "in",
      bias: "optional",
      M: "int",
      N: "int",
      K: "int",
      aRow: "int",
      cRow: "int",
      accumulate: "int",
    },
    ({ M, N, K, aRow, cRow }) => ({ c: span(M, cRow) + N, a: span(M, aRow) + K, p: packedWords(K, N, 1), bias: N }),
  ),

  /** c[i] [M,N] = (accumulate ? c[i] : 0) + a[i] [M,K] b[i] [K,N] for i < batch; any strides for a and b, rows of c cRow apart. */
  gemm: row(
    {
      c: "inout",
      a: "in",
      b: "in",
      batch: "int",
      M: "int",
      N: "int",
      K: "int",
      aBatch: "int",
      aRow: "int",
      aCol: "int",
      bBatch: "int",
      bRow: "int",
      bCol: "int",
      cBatch: "int",
      cRow: "int",
      accumulate: "int",
    }, // prettier-ignore
    (n) => ({
      c: blockSpan([n.batch, n.M, n.N], [n.cBatch, n.cRow, 1]),
      a: blockSpan([n.batch, n.M, n.K], [n.aBatch, n.aRow, n.aCol]),
      b: blockSpan([n.batch, n.K, n.N], [n.bBatch, n.bRow, n.bCol]),
    }),
  ),

  /** y [R,n] = softmax (log 0) or log-softmax (log 1) of each row of x. The maximum is subtracted first. */
  softmax: row({ y: "out", x: "in", R: "int", n: "int", log: "int" }, ({ R, n }) => ({ y: R * n, x: R * n }), {
    inPlace: [["y", "x"]],
  }),

  /** dx from dy and the forward result y: softmax y(dy - sum(dy y)); log-softmax dy - exp(y) sum(dy). */
  softmaxGrad: row(
    { dx: "out", dy: "in", y: "in", R: "int", n: "int", log: "int" },
    ({ R, n }) => ({ dx: R * n, dy: R * n, y: R * n }),
    { inPlace: [["dx", "dy"]] },
  ),

  /**
   * Per row: loss = logSumExp(logits) - logits[target], lse = logSumExp, weight = 1. A row whose target is `ignore`
   * or outside [0,V) has loss 0 and weight 0 (lse as ever).
   */
  crossEntropy: row(
    { loss: "out", lse: "out", weight: "out", logits: "in", targets: "ids", R: "int", V: "int", ignore: "int" },
    ({ R, V }) => ({ loss: R, lse: R, weight: R, logits: R * V, targets: R }),
  ),

  /** dlogits [R,V] = dloss[row] (exp(logits - lse) - onehot(target)); ignored rows 0. */
  crossEntropyGrad: row(
    { dlogits: "out", logits: "in", lse: "in", targets: "ids", dloss: "in", R: "int", V: "int", ignore: "int" },
    ({ R, V }) => ({ dlogits: R * V, logits: R * V, lse: R, targets: R, dloss: R }),
    { inPlace: [["dlogits", "logits"]] },
  ),

  /** y [R,D] = rows of table [V,D]; an id outside [0,V) gives a row of zeros. */
  gather: row({ y: "out", table: "in", ids: "ids", R: "int", D: "int", V: "int" }, ({ R, D, V }) => ({
    y: R * D,
    table: V * D,
    ids: R,
  })),

  /** table [V,D] = sums of the rows of x [R,D] by id, in row order; ids outside [0,V) are dropped. Writes all of table. */
  scatterAdd: row({ table: "out", x: "in", ids: "ids", R: "int", D: "int", V: "int" }, ({ R, D, V }) => ({
    table: V * D,
    x: R * D,
    ids: R,
  })),

  /** y = gain (x - mean) rstd + bias over rows of n, rstd = 1/sqrt(variance + epsilon), population variance. */
  layerNorm: row(
    { y: "out", mean: "out", rstd: "out", x: "in", gain: "in", bias: "in", R: "int", n: "int", epsilon: "float" },
    ({ R, n }) => ({ y: R * n, mean: R, rstd: R, x: R * n, gain: n, bias: n }),
  ),

  /** u = gain dy, xhat = (x - mean) rstd: dx = rstd (u - mean(u) - xhat mean(u xhat)), dgain = sum dy xhat, dbias = sum dy. */
  layerNormGrad: row(
    {
      dx: "out",
      dgain: "out",
      dbias: "out",
      dy: "in",
      x: "in",
      mean: "in",
      rstd: "in",
      gain: "in",
      R: "int",
      n: "int",
    },
    ({ R, n }) => ({ dx: R * n, dgain: n, dbias: n, dy: R * n, x: R * n, mean: R, rstd: R, gain: n }),
    { inPlace: [["dx", "dy"]] },
  ),

  /**
   * y = x / (1 - rate) where kept, 0 where dropped. Element i is dropped when u(i) < rate, u(i) as in `random`.
   * rate is in [0, 1).
   */
  dropout: row(
    { y: "out", x: "in", key: "ids", n: "int", stream: "int", rate: "float" },
    ({ n }) => ({ y: n, x: n, key: 2 }),
    { inPlace: [["y", "x"]] },
  ),

  /**
   * y[i] from Philox4x32-10: key = (key[0], key[1]), counter = (i / 4, stream, 0, 0), lane i % 4 of the four words.
   * kind 0: u = (word >>> 8) / 2^24 in [0,1). kind 1: standard normal by Box-Muller of the pair of lanes (0,1), (2,3):
   * sqrt(-2 ln(1 - u_even)) times cos (even lane) or sin (odd lane) of 2 pi u_odd. Key, counter: unsigned 32-bit words.
   */
  random: row({ y: "out", key: "ids", n: "int", stream: "int", kind: "int" }, ({ n }) => ({ y: n, key: 2 })),

  /** y [R] = index of the largest of each row of x [R,n]; the first of equals. NaN never wins; 0 if all are NaN. */
  argmax: row({ y: "outIds", x: "in", R: "int", n: "int" }, ({ R, n }) => ({ y: R, x: R * n })),

  // --- Recurrent layers: one layer, one direction. ---------------------------------------------------------------
  // State slabs h, c [T+1,N,H] have slots between the steps: step t reads slot t and writes slot t+1; in reverse it reads
  // slot t+1 and writes slot t, t descending. h0/c0 fill the first slot read. `pre` [T,N,G*H] holds x W + b. Row n past
  // its length (t >= lengths[n]; absent = T for all) copies its state through; its gates, q, rh and pre-activation gradients are 0.
  // The recurrent matrix is packed from R [G*H, H]: K = H, N = G*H, kStride = 1, nStride = H (groups = G), and for the
  // backward pass K = G*H, N = H, kStride = H, nStride = 1 (groups = 1). `dh` [T+1,N,H] is the loss gradient of every slot
  // from outside the recurrence. Sources: Elman 1990; Hochreiter & Schmidhuber 1997, Gers 2000; Cho 2014.

  /** h' = f(pre + h R). */
  rnn: row(
    {
      h: "out",
      pre: "in",
      r: "in",
      h0: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
      activation: "int",
    },
    ({ T, N, H }) => ({ h: (T + 1) * N * H, pre: T * N * H, r: packedWords(H, H, 1), h0: N * H, lengths: N }),
  ),

  rnnGrad: row(
    {
      dpre: "out",
      dh0: "out",
      dh: "in",
      h: "in",
      rT: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
      activation: "int",
    },
    ({ T, N, H }) => ({
      dpre: T * N * H,
      dh0: N * H,
      dh: (T + 1) * N * H,
      h: (T + 1) * N * H,
      rT: packedWords(H, H, 1),
      lengths: N,
    }), // prettier-ignore
  ),

  /** Gates i,f,g,o: c' = f c + i g, h' = o tanh(c'). gates [T,N,4H] keeps the activated gates. */
  lstm: row(
    {
      h: "out",
      c: "out",
      gates: "out",
      pre: "in",
      r: "in",
      h0: "in",
      c0: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
    },
    ({ T, N, H }) => ({
      h: (T + 1) * N * H,
      c: (T + 1) * N * H,
      gates: T * N * 4 * H,
      pre: T * N * 4 * H,
      r: packedWords(H, 4 * H, 4),
      h0: N * H,
      c0: N * H,
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["gates", "pre"]] },
  ),

  /** dc [T+1,N,H]: like dh, for the cell slots; may be absent. dh0, dc0 end as the gradients of the first slot. */
  lstmGrad: row(
    {
      dpre: "out",
      dh0: "out",
      dc0: "out",
      dh: "in",
      dc: "optional",
      gates: "in",
      c: "in",
      rT: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
    }, // prettier-ignore
    ({ T, N, H }) => ({
      dpre: T * N * 4 * H,
      dh0: N * H,
      dc0: N * H,
      dh: (T + 1) * N * H,
      dc: (T + 1) * N * H,
      gates: T * N * 4 * H,
      c: (T + 1) * N * H,
      rT: packedWords(4 * H, H, 1),
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["dpre", "gates"]] },
  ),

  /** Gates r,z,n, reset after the product: q = h R_n + bR_n, n = tanh(pre_n + r q), h' = (1-z) n + z h. bR [3H]. q is kept. */
  gru: row(
    {
      h: "out",
      gates: "out",
      q: "out",
      pre: "in",
      r: "in",
      bR: "in",
      h0: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
    },
    ({ T, N, H }) => ({
      h: (T + 1) * N * H,
      gates: T * N * 3 * H,
      q: T * N * H,
      pre: T * N * 3 * H,
      r: packedWords(H, 3 * H, 3),
      bR: 3 * H,
      h0: N * H,
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["gates", "pre"]] },
  ),

  /** dpre [T,N,3H] for the input side; drec [T,N,3H] for the recurrent side (its n third is dpre_n r). */
  gruGrad: row(
    {
      dpre: "out",
      drec: "out",
      dh0: "out",
      dh: "in",
      gates: "in",
      q: "in",
      h: "in",
      rT: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
    }, // prettier-ignore
    ({ T, N, H }) => ({
      dpre: T * N * 3 * H,
      drec: T * N * 3 * H,
      dh0: N * H,
      dh: (T + 1) * N * H,
      gates: T * N * 3 * H,
      q: T * N * H,
      h: (T + 1) * N * H,
      rT: packedWords(3 * H, H, 1),
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["dpre", "gates"]] },
  ),

  /** Reset before the product: n = tanh(pre_n + (r h) R_n). rz packs R[0..2H) (groups 2), rn packs R[2H..3H) (groups 1). rh [T,N,H] = r h is kept. */
  gruBefore: row(
    {
      h: "out",
      gates: "out",
      rh: "out",
      pre: "in",
      rz: "in",
      rn: "in",
      h0: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
    },
    ({ T, N, H }) => ({
      h: (T + 1) * N * H,
      gates: T * N * 3 * H,
      rh: T * N * H,
      pre: T * N * 3 * H,
      rz: packedWords(H, 2 * H, 2),
      rn: packedWords(H, H, 1),
      h0: N * H,
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["gates", "pre"]] },
  ),

  gruBeforeGrad: row(
    {
      dpre: "out",
      dh0: "out",
      dh: "in",
      gates: "in",
      h: "in",
      rzT: "in",
      rnT: "in",
      lengths: "optionalIds",
      T: "int",
      N: "int",
      H: "int",
      reverse: "int",
    }, // prettier-ignore
    ({ T, N, H }) => ({
      dpre: T * N * 3 * H,
      dh0: N * H,
      dh: (T + 1) * N * H,
      gates: T * N * 3 * H,
      h: (T + 1) * N * H,
      rzT: packedWords(2 * H, H, 1),
      rnT: packedWords(H, H, 1),
      lengths: N,
    }), // prettier-ignore
    { inPlace: [["dpre", "gates"]] },
  ),

  // --- Updates. `guard` [1]: nothing is written unless it is finite (absent = always), so that a step that exploded changes nothing. --------

  /** y [1] = sum of squares of x, always added in the same order. */
  sumSquares: row({ y: "out", x: "in", n: "int" }, ({ n }) => ({ y: 1, x: n })),

  /** y = x where the guard allows. Copies integers too. */
  assign: row({ y: "inout", x: "in", guard: "optional", n: "int" }, ({ n }) => ({ y: n, x: n, guard: 1 })),

  // All optimizers see the gradient scale[0] g (clipping by norm; absent = 1) plus decay w (L2), except where decoupled. rate [1].

  /** v = momentum v + g; w -= rate (nesterov ? g + momentum v : v). v may be absent when momentum is 0. */
  sgd: row(
    {
      w: "inout",
      v: "optionalInout",
      g: "in",
      rate: "in",
      scale: "optional",
      guard: "optional",
      n: "int",
      nesterov: "int",
      momentum: "float",
      decay: "float",
    },
    ({ n }) => ({ w: n, v: n, g: n, rate: 1, scale: 1, guard: 1 }),
  ),

  /** s += g^2; w -= rate g / (sqrt(s) + epsilon). Duchi 2011. */
  adagrad: row(
    {
      w: "inout",
      s: "inout",
      g: "in",
      rate: "in",
      scale: "optional",
      guard: "optional",
      n: "int",
      epsilon: "float",
      decay: "float",
    },
    ({ n }) => ({ w: n, s: n, g: n, rate: 1, scale: 1, guard: 1 }),
  ),

  /** s = alpha s + (1-alpha) g^2; w -= rate g / (sqrt(s) + epsilon). Hinton's lecture 6e. */
  rmsprop: row(
    {
      w: "inout",
      s: "inout",
      g: "in",
      rate: "in",
      scale: "optional",
      guard: "optional",
      n: "int",
      alpha: "float",
      epsilon: "float",
      decay: "float",
    },
    ({ n }) => ({ w: n, s: n, g: n, rate: 1, scale: 1, guard: 1 }),
  ),

  /**
   * m = beta1 m + (1-beta1) g; v = beta2 v + (1-beta2) g^2; w -= rate[0] (m rate[1]) / (sqrt(v rate[2]) + epsilon), where
   * rate = [rate, 1/(1-beta1^t), 1/(1-beta2^t)]. decoupled: w -= rate[0] decay w first (Loshchilov 2019). Kingma 2015.
   */
  adam: row(
    {
      w: "inout",
      m: "inout",
      v: "inout",
      g: "in",
      rate: "in",
      scale: "optional",
      guard: "optional",
      n: "int",
      decoupled: "int",
      beta1: "float",
      beta2: "float",
      epsilon: "float",
      decay: "float",
    }, // prettier-ignore
    ({ n }) => ({ w: n, m: n, v: n, g: n, rate: 3, scale: 1, guard: 1 }),
  ),
} as const;

export type KernelName = keyof typeof kernels;
export const kernelNames = Object.keys(kernels) as readonly KernelName[];
